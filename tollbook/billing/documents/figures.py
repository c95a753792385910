"""Figures as people of a language write them: amounts, dates, durations, telephone numbers."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import phonenumbers

from tollbook.billing.documents.invoice import TaxCategory, TaxRate, Unit, currency_decimals
from tollbook.billing.documents.words import words_of

MINUS = "\u2212"  # as wide as a digit, unlike the hyphen
NO_BREAK = "\u00a0"
NUMBERS_REMEMBERED = 10_000  # a customer calls the same numbers again


@dataclass(frozen=True, slots=True)
class Figures:
    """Writes figures in one language."""

    language: str

    @property
    def words(self) -> dict[str, Any]:
        return words_of(self.language)

    def number(self, value: Decimal, decimals: int) -> str:
        """`1,234.50` or `1 234,50`: exactly so many decimals. The value must not have more."""
        style = self.words["numbers"]
        sign = MINUS if value < 0 else ""
        whole, _, fraction = f"{abs(value):,.{decimals}f}".partition(".")
        text = whole.replace(",", style["group"])
        return f"{sign}{text}{style['decimal']}{fraction}" if decimals else f"{sign}{text}"

    def quantity(self, value: Decimal, unit: Unit) -> str:
        """`1 call`, `2.5 MB`: with as many decimals as the value has."""
        exponent = value.normalize().as_tuple().exponent
        decimals = max(0, -exponent) if isinstance(exponent, int) else 0
        one, several = self.words["unit"][unit.value]
        return f"{self.number(value, decimals)}{NO_BREAK}{one if abs(value) == 1 else several}"

    def amount(self, value: Decimal, currency: str) -> str:
        """An amount without its currency, for columns that name it once."""
        return self.number(value, currency_decimals(currency))

    def money(self, value: Decimal, currency: str) -> str:
        """An amount with its currency where this language puts it: `€1,234.56`, `1 234,56 zł`."""
        symbol = self.words["symbols"].get(currency)
        pattern = self.words["numbers"]["money" if symbol else "money_code"]
        written = pattern.format(amount=self.amount(abs(value), currency), symbol=symbol, code=currency)
        return f"{MINUS}{written}" if value < 0 else str(written)

    def day(self, value: date) -> str:
        return value.strftime(self.words["numbers"]["date"])

    def period(self, since: date, until: date) -> str:
        """First and last day of [since, until)."""
        last = until - timedelta(days=1)
        return self.day(since) if last == since else f"{self.day(since)}{NO_BREAK}\u2013 {self.day(last)}"

    def data_volume(self, octets: int) -> str:
        """`12.40 MB` from bytes, cut to two decimals; below 0.01 MB the bytes themselves."""
        hundredths = octets // 10_000
        if not hundredths:
            return f"{self.number(Decimal(octets), 0)}{NO_BREAK}B"
        return f"{self.number(Decimal(hundredths).scaleb(-2), 2)}{NO_BREAK}MB"

    def tax_rate(self, rate: TaxRate) -> str:
        """`23%`, or the word for having none."""
        if rate.category is not TaxCategory.STANDARD:
            return str(self.words["tax"][rate.category.value])
        percent = rate.percent.normalize()
        return f"{percent:f}%".replace(".", self.words["numbers"]["decimal"])


def duration(seconds: int) -> str:
    """`1:02:03`; a month of calls can have more than 24 hours."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"


@lru_cache(maxsize=NUMBERS_REMEMBERED)
def telephone(number: str) -> str:
    """`48601234567` as `+48 601 234 567`; what is no international number stays as it was written."""
    if not number.isdecimal():
        return number
    try:
        parsed = phonenumbers.parse(f"+{number}")
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_possible_number(parsed):
        return number
    international: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return international


def iban(number: str) -> str:
    """In groups of four, as banks print it."""
    plain = number.replace(" ", "")
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))
