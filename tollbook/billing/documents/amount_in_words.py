"""An amount in words, as cheques and Polish invoices carry it: so that no figure can be read wrongly.

The hundredths stay figures (`45/100`), which is how both languages write them on documents.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tollbook.billing.documents.invoice import currency_decimals
from tollbook.billing.documents.words import words_of
from tollbook.errors import BadInput

MOST = 10**12  # amounts below it have words


def amount_in_words(amount: Decimal, currency: str, language: str) -> str:
    """`Decimal("123.45")` PLN in Polish is `sto dwadzieścia trzy złote 45/100`.

    Raises:
        BadInput: a million millions or more, or a language there are no words for.
    """
    words = words_of(language)
    cardinal, form = GRAMMARS[language]
    whole, fraction = divmod(abs(amount), 1)
    if whole >= MOST:
        raise BadInput(f"{amount} {currency} has no words; amounts below {MOST} have")
    names = words["currencies"].get(currency)
    parts = [cardinal(int(whole), words["numerals"]), form(int(whole), names) if names else currency]
    if decimals := currency_decimals(currency):
        parts.append(f"{int(fraction.scaleb(decimals)):0{decimals}}/{10**decimals}")
    if amount < 0:
        parts.insert(0, "minus")
    return " ".join(parts)


def polish(number: int, numerals: dict[str, Any]) -> str:
    """A whole number in Polish, nominative: 1234 is `tysiąc dwieście trzydzieści cztery`."""
    words = []
    for scale, group in _groups(number, numerals["scales"]):
        if not (scale and group == 1):  # "tysiąc", not "jeden tysiąc"
            hundreds, rest = divmod(group, 100)
            words += [numerals["hundreds"][hundreds - 1]] if hundreds else []
            words += _below_100(rest, numerals)
        words += [polish_form(group, scale)] if scale else []
    return " ".join(words) or str(numerals["below_20"][0])


def polish_form(number: int, forms: list[str]) -> str:
    """The noun after a number: 1 złoty; 2, 23, 104 złote; 0, 5, 12, 21, 112 złotych."""
    if number == 1:
        return forms[0]
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return forms[1]
    return forms[2]


def english(number: int, numerals: dict[str, Any]) -> str:
    """A whole number in English: 1234 is `one thousand two hundred and thirty-four`."""
    words: list[str] = []
    for scale, group in _groups(number, numerals["scales"]):
        hundreds, rest = divmod(group, 100)
        words += [numerals["hundreds"][hundreds - 1]] if hundreds else []
        words += ["and"] if rest and (hundreds or (words and not scale)) else []
        words += ["-".join(_below_100(rest, numerals))] if rest else []
        words += scale
    return " ".join(words) or str(numerals["below_20"][0])


def english_form(number: int, forms: list[str]) -> str:
    return forms[0] if number == 1 else forms[1]


def _groups(number: int, scales: list[list[str]]) -> list[tuple[list[str], int]]:
    """Groups of three digits with their scale's name, the highest first, those of 0 left out."""
    named = [(scale, number // 1000 ** (power + 1) % 1000) for power, scale in enumerate(scales)]
    return [(scale, group) for scale, group in [*reversed(named), ([], number % 1000)] if group]


def _below_100(number: int, numerals: dict[str, Any]) -> list[str]:
    """Tens and ones, or the one word below 20; nothing for 0."""
    if number < 20:
        return [numerals["below_20"][number]] if number else []
    tens, ones = divmod(number, 10)
    return [numerals["tens"][tens - 2], *_below_100(ones, numerals)]


GRAMMARS: dict[str, tuple[Callable[[int, dict[str, Any]], str], Callable[[int, list[str]], str]]] = {
    "en": (english, english_form),
    "pl": (polish, polish_form),
}
