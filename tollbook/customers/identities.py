"""Identities of customers: what a NIP, a PESEL, an identity card or a VAT id must look like.

Checksums are those of `python-stdnum`, which cites the offices that give the numbers out; that of the Polish identity
card is here. Nothing but zeros passes some of these checksums and is nobody's, so it is refused before.
"""

import re
from collections.abc import Callable, Mapping

from stdnum.exceptions import ValidationError
from stdnum.pl import nip as polish_nip
from stdnum.pl import pesel as polish_pesel
from stdnum.util import get_cc_module

POLISH_CARD = re.compile(r"[A-Z]{3}\d{6}", re.ASCII)
CARD_WEIGHTS = (7, 3, 1, 9, 7, 3, 1, 7, 3)  # the weighted sum is a multiple of ten
OTHER_CARD = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)


def is_placeholder(text: str) -> bool:
    """Whether it is zeros in place of a number (`000-000-00-00`), as people write who have none."""
    digits = re.sub(r"[^0-9A-Za-z]", "", text).upper().removeprefix("PL")
    return digits != "" and set(digits) == {"0"}


def nip(text: str) -> str:
    """A Polish tax number: ten digits, the last one a checksum. Dashes, blanks and PL before it are dropped."""
    _refuse_zeros(text)
    try:
        return str(polish_nip.validate(text))
    except ValidationError as error:
        raise ValueError(f"is not a NIP ({_reason(error)})") from None


def pesel(text: str) -> str:
    """A Polish personal number: eleven digits with a date of birth and a checksum."""
    _refuse_zeros(text)
    try:
        return str(polish_pesel.validate(text))
    except ValidationError as error:
        raise ValueError(f"is not a PESEL ({_reason(error)})") from None


def id_card(text: str) -> str:
    """An identity card or other document of a person, in capitals without blanks.

    Three letters and six digits are a Polish identity card, whose check digit is the first of the six. Documents of
    other countries, which foreigners have instead, are taken as they are.
    """
    _refuse_zeros(text)
    compact = re.sub(r"[\s-]", "", text).upper()
    if not OTHER_CARD.fullmatch(compact):
        raise ValueError("is not an identity card; write its 5 to 20 letters and digits, as ABS123456")
    if POLISH_CARD.fullmatch(compact):
        values = (int(character, 36) for character in compact)  # A is 10, as on the card
        if sum(weight * value for weight, value in zip(CARD_WEIGHTS, values, strict=True)) % 10:
            raise ValueError("is not an identity card (its check digit is wrong)")
    return compact


def vat_id(text: str) -> str:
    """A VAT id with its country's letters, as PL1234563218, checked by that country's rule."""
    _refuse_zeros(text)
    compact = text.replace(" ", "").replace("-", "").upper()
    country = {"EL": "gr"}.get(compact[:2], compact[:2].lower())
    rule = get_cc_module(country, "vat") if country.isalpha() and country.isascii() else None
    if rule is None:
        raise ValueError("is not a VAT id; write it with its country's letters, as PL1234563218")
    try:
        digits = str(rule.validate(compact))
    except ValidationError as error:
        raise ValueError(f"is not a VAT id of {compact[:2]} ({_reason(error)})") from None
    return digits if digits.startswith(compact[:2]) else compact[:2] + digits


SCHEMES: Mapping[str, Callable[[str], str]] = {"nip": nip, "pesel": pesel, "id_card": id_card, "vat_id": vat_id}


def _refuse_zeros(text: str) -> None:
    if is_placeholder(text):
        raise ValueError("is nothing but zeros, which is nobody's")


def _reason(error: ValidationError) -> str:
    return str(error).rstrip(".").lower()
