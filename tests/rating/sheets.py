"""Tariff sheets and call sheets as people write them, for tests that can be checked on paper.

Columns are set apart by two blanks or more; `-` is an empty cell. Columns left out have the defaults below.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from tollbook.rating.engine import Tariff, compile_tariff, rate_calls
from tollbook.rating.frames import CALLS, RATES, TariffSettings

UK_NUMBER = "447700900000"
MONDAY_NOON = "2026-01-05T12:00:00"

_RATE_DEFAULTS: dict[str, str | None] = {"prefix": "44", "cli_prefix": "", "kind": "voice_out", "from_s": "0"}
_CALL_DEFAULTS: dict[str, str | None] = {
    "kind": "voice_out",
    "start": MONDAY_NOON,
    "answered": "yes",
    "cld": UK_NUMBER,
    "cli": "48221234567",
}
# Short column names of the sheets.
_PRICES = {
    "price": ("first_per_min_nanos", "next_per_min_nanos"),
    "first_price": ("first_per_min_nanos",),
    "next_price": ("next_per_min_nanos",),
    "per_unit": ("per_unit_nanos",),
    "connect_fee": ("connect_fee_nanos",),
    "minimum_charge": ("minimum_charge_nanos",),
    "maximum_charge": ("maximum_charge_nanos",),
}
_DAYS = {
    "none": 0,
    "Mon-Fri": 0b0011111,
    "Sat-Sun": 0b1100000,
    "Sun": 0b1000000,
    "Sat": 0b0100000,
    "Fri": 0b0010000,
}


def sheet(text: str) -> list[dict[str, str | None]]:
    """The rows of a sheet, cells as text."""
    header, *lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    return [
        {name: None if cell == "-" else cell for name, cell in zip(header, line, strict=True)} for line in lines
    ]


def price_list(text: str) -> pl.DataFrame:
    """RATES. The first row is line 2, as in a file with a header."""
    rows = [_rate(line, _RATE_DEFAULTS | row) for line, row in enumerate(sheet(text), start=2)]
    return pl.DataFrame(rows, schema=RATES, orient="row")


def tariff(
    text: str,
    *,
    holidays: Mapping[str, frozenset[date]] | None = None,
    known_at: datetime | None = None,
    **settings: Any,
) -> Tariff:
    return compile_tariff(price_list(text), TariffSettings(**settings), holidays=holidays or {}, known_at=known_at)


def calls(text: str) -> pl.DataFrame:
    """CALLS with the call's name in `call`. `talked` is the duration in seconds."""
    rows = [_CALL_DEFAULTS | row for row in sheet(text)]
    return pl.DataFrame([_call(row) for row in rows], schema={"call": pl.String} | dict(CALLS), orient="row")


def assert_rated(tariff: Tariff, records: pl.DataFrame, expected: str) -> None:
    """Rate the calls and compare the columns the expected sheet has, `price` and `exact` in the currency."""
    rows = sheet(expected)
    rated = rate_calls(records, tariff)
    seen = [{name: _seen(name, row) for name in rows[0]} for row in rated.iter_rows(named=True)]
    assert seen == [{name: _expected(name, cell) for name, cell in row.items()} for row in rows]


def _rate(line: int, row: Mapping[str, str | None]) -> dict[str, Any]:
    rate: dict[str, Any] = dict.fromkeys(RATES) | {"line": line}
    for name, cell in row.items():
        if name in _PRICES:
            rate |= dict.fromkeys(_PRICES[name], None if cell is None else _nanos(cell))
        elif name == "increments":
            rate["first_increment"], rate["next_increment"] = map(int, str(cell).split("/"))
        elif name == "hours":
            rate["from_time_s"], rate["until_time_s"] = (
                (None, None) if cell is None else map(_clock, cell.split("-"))
            )
        elif name == "weekdays":
            rate["weekdays"] = None if cell is None else _DAYS[cell]
        elif name in {"prefix", "cli_prefix"}:
            rate[name] = "" if cell in (None, "any") else cell
        elif name == "forbidden":
            rate["is_forbidden"] = cell == "yes"
        else:
            rate[name] = _cell(RATES[name], cell)
    return rate


def _call(row: Mapping[str, str | None]) -> dict[str, Any]:
    call: dict[str, Any] = dict.fromkeys(CALLS)
    for name, cell in row.items():
        if name == "talked":
            call["duration_us"] = None if cell is None else int(Decimal(cell) * 10**6)
        elif name == "answered":
            call["answered"] = None if cell is None else cell == "yes"
        else:
            call[name] = _cell(CALLS.get(name, pl.String()), cell)
    return call


def _cell(dtype: object, cell: str | None) -> Any:
    if cell is None or dtype == pl.String:
        return cell
    return _moment(cell) if isinstance(dtype, pl.Datetime) else int(cell)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _nanos(text: str) -> int:
    return int(Decimal(text) * 10**9)


def _clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _seen(name: str, row: Mapping[str, Any]) -> object:
    match name:
        case "price":
            return None if row["price_nanos"] is None else Decimal(row["price_nanos"]) / 10**9
        case "exact":
            return None if row["exact_sixtieths"] is None else Fraction(row["exact_sixtieths"], 60 * 10**9)
        case "line":
            return row["rate_line"]
    return row[name]


def _expected(name: str, cell: str | None) -> object:
    if cell is None or name in ("call", "outcome", "reason"):
        return cell
    return {"price": Decimal, "exact": Fraction, "line": int, "billed": int}[name](cell)
