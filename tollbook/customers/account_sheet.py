"""A sheet of accounts and their numbers: one row per account, or several when its numbers have different dates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tollbook.catalog.price_list import BadRow, nearest_name
from tollbook.catalog.price_list.cells import moment
from tollbook.customers.models import Account
from tollbook.customers.number_plan import Holding
from tollbook.customers.spreadsheet import Column, Row, Sheet, read_sheet, short_text

# E.164: at most 15 digits, and none shorter than country code and a four-digit number.
MIN_DIGITS, MAX_DIGITS = 7, 15
PERIODS = (("active_from", "active_until"), ("numbers_from", "numbers_until"))


def read_account_sheet(path: Path) -> Sheet:
    """The rows of a file of accounts. Dates are still text: their zone is the customer's.

    Raises:
        BadInput: the file as a whole cannot be used.
    """
    return read_sheet(path, COLUMNS)


def numbers(cell: str) -> tuple[int, ...]:
    """Numbers separated by blanks, commas or semicolons; E.164 with or without plus."""
    return tuple(dict.fromkeys(_digits(part) for part in re.split(r"[\s,;]+", cell) if part))


def _digits(text: str) -> int:
    digits = text.removeprefix("+")
    if not re.fullmatch(rf"[1-9]\d{{{MIN_DIGITS - 1},{MAX_DIGITS - 1}}}", digits, re.ASCII):
        raise ValueError(
            f"{text!r} is not an E.164 number; write country code and number without blanks, as +442079460000"
        )
    return int(digits)


COLUMNS = (
    Column("customer", is_required=True),
    Column("code", short_text(Account, "code"), is_required=True),
    Column("product", is_required=True),
    Column("name", short_text(Account, "name")),
    Column("numbers", numbers, when_empty=()),
    Column("numbers_from"),
    Column("numbers_until"),
    Column("active_from"),
    Column("active_until"),
)


@dataclass(frozen=True, slots=True)
class Payer:
    """What an account's row needs to know of its customer."""

    customer_id: int
    zone: str


@dataclass(slots=True)
class AccountEntry:
    """What a sheet says of one account. `fields` has the model's fields that the sheet has columns for."""

    line: int  # of its first row
    code: str
    customer: str
    zone: str
    fields: dict[str, object]
    numbers: list[Holding] = field(default_factory=list)


def account_entries(
    sheet: Sheet, payers: Mapping[str, Payer], products: Mapping[str, int]
) -> tuple[list[AccountEntry], list[BadRow]]:
    """The accounts of a sheet with their rows put together, and what is wrong with rows."""
    entries: dict[str, AccountEntry] = {}
    problems: list[BadRow] = []
    for row in sheet.rows:
        entry, wrong = _entry(row, payers, products)
        problems += wrong
        if entry is None:
            continue
        first = entries.setdefault(entry.code, entry)
        if first is not entry:
            first.numbers += entry.numbers
            problems += _disagreements(row, first, entry)
    return list(entries.values()), problems


def _entry(
    row: Row, payers: Mapping[str, Payer], products: Mapping[str, int]
) -> tuple[AccountEntry | None, list[BadRow]]:
    problems = []
    payer, product_id = payers.get(row.text("customer")), products.get(row.text("product"))
    for column, found, names in (("customer", payer, payers), ("product", product_id, products)):
        if found is None:
            near = nearest_name(row.text(column), names) or f"; add the {column} first"
            problems.append(BadRow(row.line, column, row.text(column), f"is no {column} here{near}"))
    if payer is None:
        return None, problems
    dates, wrong_dates = _dates(row, payer.zone)
    problems += wrong_dates
    if problems:
        return None, problems
    fields: dict[str, object] = {"customer_id": payer.customer_id, "product_id": product_id}
    fields |= {key: row.values[key] for key in ("name",) if key in row.values}
    fields |= {key: moment for key, moment in dates.items() if key.startswith("active_")}
    entry = AccountEntry(row.line, row.text("code"), row.text("customer"), payer.zone, fields)
    since, until = dates.get("numbers_from"), dates.get("numbers_until")
    digits: tuple[int, ...] = row.values.get("numbers", ())  # type: ignore[assignment]  # as its reader gives it
    entry.numbers = [Holding(number, entry.code, since, until, payer.zone, line=row.line) for number in digits]
    return entry, []


def _dates(row: Row, zone: str) -> tuple[dict[str, datetime | None], list[BadRow]]:
    """The moments of the row in UTC. An empty cell is an open begin or end."""
    dates: dict[str, datetime | None] = {}
    problems = []
    for column in (column for period in PERIODS for column in period if column in row.values):
        cell = row.text(column)
        try:
            dates[column] = moment(cell, zone=ZoneInfo(zone), date_format=None) if cell else None
        except ValueError as error:
            problems.append(BadRow(row.line, column, cell, str(error)))
    for begin, end in PERIODS:
        since, until = dates.get(begin), dates.get(end)
        if since and until and until <= since:
            problems.append(BadRow(row.line, end, row.text(end), f"is not after {begin} {row.text(begin)}"))
    return dates, problems


def _disagreements(row: Row, first: AccountEntry, again: AccountEntry) -> list[BadRow]:
    """Further rows give an account further numbers; about everything else they say what the first row says."""
    column_of = {"customer_id": "customer", "product_id": "product"}
    return [
        BadRow(
            row.line,
            column_of.get(key, key),
            row.text(column_of.get(key, key)),
            f"is not what line {first.line} says of account {first.code!r}",
        )
        for key, value in again.fields.items()
        if value != first.fields[key]
    ]
