"""Holiday calendars by name: national ones, and an operator's own dates."""

import csv
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from tollbook.errors import BadInput

# Calls of these years are compared with national calendars.
FIRST_YEAR, LAST_YEAR = 1990, 2069
MAX_FILE_BYTES = 1 << 20

Calendars = Mapping[str, frozenset[date]]


def holiday_calendars(
    names: Iterable[str],
    *,
    own: Calendars | None = None,
    years: Iterable[int] = range(FIRST_YEAR, LAST_YEAR + 1),
) -> dict[str, frozenset[date]]:
    """The dates of each calendar. An own calendar wins over a national one of the same name.

    National calendars are those of the `holidays` library: a country ("PL", "US") or a part of one ("DE-BY"),
    with the days on which holidays are observed when they fall on a weekend.

    Raises:
        BadInput: a name is neither own nor national.
    """
    own = own or {}
    years = tuple(years)
    return {name: own[name] if name in own else _national(name, years) for name in names}


def _national(name: str, years: tuple[int, ...]) -> frozenset[date]:
    import holidays  # noqa: PLC0415  only price lists with holidays pay for it

    country, _, part = name.partition("-")
    try:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))
    except NotImplementedError:
        raise BadInput(
            f"holiday calendar {name!r} is not known; write a country like PL, a part of one like DE-BY, "
            "or give its dates in a file with --holidays"
        ) from None


def read_own_calendars(path: Path) -> dict[str, frozenset[date]]:
    """An operator's calendars: TOML (`Company = ["2026-12-24"]`) or CSV with the columns `calendar` and `date`.

    Raises:
        BadInput: not readable, or something that is not a date, with its line or calendar.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInput(f"{path} has {size} bytes; the limit for a file of holidays is {MAX_FILE_BYTES}")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text; save it as UTF-8") from None
    return _from_toml(path, text) if path.suffix.lower() == ".toml" else _from_csv(path, text)


def _from_toml(path: Path, text: str) -> dict[str, frozenset[date]]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not a TOML file: {error}") from None
    return own_calendars(tables, where=str(path))


def own_calendars(tables: Mapping[str, object], *, where: str) -> dict[str, frozenset[date]]:
    """Calendars from a TOML table of name = list of dates."""
    calendars: dict[str, frozenset[date]] = {}
    for name, dates in tables.items():
        if not isinstance(dates, list):
            raise BadInput(f'{where}: {name} is not a list of dates; write {name} = ["2026-12-24"]')
        calendars[name] = frozenset(_date(value, f"{where}, {name}") for value in dates)
    return calendars


def _from_csv(path: Path, text: str) -> dict[str, frozenset[date]]:
    rows = csv.DictReader(text.splitlines())
    if not {"calendar", "date"} <= set(rows.fieldnames or ()):
        raise BadInput(f"{path} needs the columns calendar and date; it has {', '.join(rows.fieldnames or ())}")
    calendars: dict[str, set[date]] = {}
    for row in rows:
        where = f"{path}, line {rows.line_num}"
        calendars.setdefault((row["calendar"] or "").strip(), set()).add(_date(row["date"], where))
    return {name: frozenset(dates) for name, dates in calendars.items()}


def _date(value: object, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise BadInput(f"{where}: {value!r} is not a date; write it as 2026-12-24") from None
