"""The columns of a sheet of customers, and what may stand in them."""

import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tollbook.catalog.price_list.cells import whole_number, yes_or_no
from tollbook.customers.identities import SCHEMES
from tollbook.customers.models import Customer, TaxTreatment
from tollbook.customers.spreadsheet import Column, Sheet, read_sheet, short_text

LANGUAGES = ("en", "pl")
MAX_PAYMENT_DAYS = 365
MAX_CREDIT_LIMIT = Decimal(10) ** 11
AMOUNT = re.compile(r"\d{1,12}(?:[.,]\d{1,9})?", re.ASCII)
# 1,234 may be a thousand and something, or one and a bit.
AMBIGUOUS_AMOUNT = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


def read_customer_sheet(path: Path) -> Sheet:
    """The customers in a file. Each row's values are those of the model's fields, and of the identity SCHEMES.

    Raises:
        BadInput: the file as a whole cannot be used.
    """
    return read_sheet(path, COLUMNS)


def country(cell: str) -> str:
    if not re.fullmatch("[A-Z]{2}", cell):
        raise ValueError("is not a country; write two capital letters like PL")
    return cell


def currency(cell: str) -> str:
    if not re.fullmatch("[A-Z]{3}", cell):
        raise ValueError("is not a currency; write three capital letters like EUR")
    return cell


def language(cell: str) -> str:
    if cell not in LANGUAGES:
        raise ValueError(f"is not a language of documents; there are {', '.join(LANGUAGES)}")
    return cell


def tax_treatment(cell: str) -> str:
    if cell not in TaxTreatment.values:
        raise ValueError(f"is not a tax treatment; there are {', '.join(TaxTreatment.values)}")
    return cell


def timezone(cell: str) -> str:
    try:
        ZoneInfo(cell)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone; write it as Europe/Warsaw or UTC") from None
    return cell


def email(cell: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", cell):
        raise ValueError("is not an e-mail address")
    return short_text(Customer, "email")(cell)


def tax_rate(cell: str) -> Decimal:
    """Percent, from 0 to below 100, with at most two decimals."""
    if not re.fullmatch(r"\d{1,2}(?:[.,]\d{1,2})?", cell, re.ASCII):
        raise ValueError("is not a tax rate; write percent without the sign, as 23 or 8.5")
    return Decimal(cell.replace(",", "."))


def payment_days(cell: str) -> int:
    days = whole_number(cell)
    if days > MAX_PAYMENT_DAYS:
        raise ValueError(f"is more than {MAX_PAYMENT_DAYS} days")
    return days


def credit_limit(cell: str) -> Decimal:
    if AMBIGUOUS_AMOUNT.fullmatch(cell):
        raise ValueError("could be read in two ways; write 1234 or 1.2340")
    if not AMOUNT.fullmatch(cell):
        raise ValueError("is not an amount; write it as 500 or 500.00")
    amount = Decimal(cell.replace(",", "."))
    if amount >= MAX_CREDIT_LIMIT:
        raise ValueError(f"is too large; it must be below {MAX_CREDIT_LIMIT}")
    return amount


# What an empty cell means is the model's default.
COLUMNS = (
    Column("code", short_text(Customer, "code"), is_required=True),
    Column("name", short_text(Customer, "name"), is_required=True),
    Column("street", short_text(Customer, "street")),
    Column("postcode", short_text(Customer, "postcode")),
    Column("city", short_text(Customer, "city")),
    Column("country", country),
    Column("tax_id", short_text(Customer, "tax_id")),
    Column("email", email),
    Column("currency", currency, is_required=True),
    Column("language", language, when_empty="en"),
    Column("timezone", timezone, when_empty="UTC"),
    Column("tax_rate", tax_rate, when_empty=Decimal(0)),
    Column("tax_treatment", tax_treatment, when_empty="standard"),
    Column("tax_note", short_text(Customer, "tax_note")),
    Column("payment_days", payment_days, when_empty=14),
    Column("is_prepaid", yes_or_no, when_empty=False),
    Column("credit_limit", credit_limit, when_empty=None),
    *(Column(scheme, read) for scheme, read in SCHEMES.items()),
)
