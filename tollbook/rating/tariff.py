"""A price list made ready for rating: checked, sorted, laid out. Made once, used for any number of batches."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType

import numpy as np
import polars as pl

from tollbook.errors import BadInput
from tollbook.rating.directory import begins, build_directory
from tollbook.rating.frames import TariffSettings
from tollbook.rating.lookup import ALWAYS_WAS, OPEN_END, Directory
from tollbook.rating.prefix import MAX_DIGITS, Flags, prefix_start
from tollbook.rating.pricelist import PriceListConflict, checked
from tollbook.rating.schedules import Schedules, number_windows
from tollbook.rating.terms import Terms, build_terms
from tollbook.rating.windows import Calendars
from tollbook.records import KINDS, Measure

NO_CALENDARS: Calendars = MappingProxyType({})

_SLOT = ("first_key", "length", "cli_first_key", "cli_length")
_RATE = (*_SLOT, "since_us", "min_digits", "max_digits", "until_us")


@dataclass(frozen=True, slots=True)
class KindTable:
    """What one kind of usage costs."""

    measure: Measure
    directory: Directory  # number, CLI, start → rate
    schedules: Schedules  # rate, second → row
    terms: Terms  # row → numbers
    rows: pl.DataFrame  # row - 1 → what a person reads: line, prefixes, destination, unit, window


@dataclass(frozen=True, slots=True)
class Tariff:
    """A compiled price list. Immutable; may be pickled and shared between threads."""

    settings: TariffSettings
    calendars: Calendars
    tables: Mapping[str, KindTable]  # every usage kind; one without rates has a table without prefixes


def compile_tariff(
    rates: pl.DataFrame,
    settings: TariffSettings,
    *,
    holidays: Mapping[str, frozenset[date]] = NO_CALENDARS,
    known_at: datetime | None = None,
) -> Tariff:
    """A price list (RATES) as a tariff that `rate_calls` can use.

    `holidays` has the dates of each calendar that windows name. With `known_at` (aware) the list is read as it was
    known then: rows recorded later do not count.

    Raises:
        PriceListConflict: two rows of one prefix claim the same second; both lines are named.
        BadInput: a cell or setting that cannot be used, with its line.
    """
    calendars = dict(holidays)
    rows = checked(rates, settings, calendars=calendars, known_at=known_at)
    none = rows.clear()
    by_kind = {str(kind): part for (kind,), part in rows.partition_by("kind", as_dict=True).items()}
    tables = {kind: _table(measure, by_kind.get(kind, none), calendars) for kind, measure in KINDS.items()}
    return Tariff(settings, calendars, tables)


def with_markup(tariff: Tariff, basis_points: int) -> Tariff:
    """The same price list with a markup on what it comes to. The lists share their tables."""
    return replace(tariff, settings=replace(tariff.settings, rate_markup_basis_points=basis_points))


def _table(measure: Measure, rows: pl.DataFrame, calendars: Calendars) -> KindTable:
    windows, numbered = number_windows(rows)
    rows = _sorted(numbered)
    begins_rate = begins(rows, *_RATE)
    begins_part = begins_rate | begins(rows, "window")
    _refuse_conflicts(rows, begins_rate, begins_part)
    schedules = Schedules.of(rows, windows, begins_rate=begins_rate, begins_part=begins_part, calendars=calendars)
    return KindTable(
        measure=measure,
        directory=build_directory(rows.filter(begins_rate)),
        schedules=schedules,
        terms=build_terms(measure, rows, begins_rate=begins_rate, begins_part=begins_part),
        rows=rows.select(
            "line",
            "prefix",
            "cli_prefix",
            "destination",
            "unit",
            window=pl.Series([None, *map(str, windows)], dtype=pl.String).gather(rows["window"]),
        ),
    )


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    """By prefix and CLI prefix, then in the order in which rates are tried, then by window and step."""
    order = (*_RATE, "window", "from_s")
    return rows.with_columns(
        prefix_start("prefix").alias("first_key"),
        pl.col("prefix").str.len_bytes().cast(pl.Int64).alias("length"),
        prefix_start("cli_prefix").alias("cli_first_key"),
        pl.col("cli_prefix").str.len_bytes().cast(pl.Int64).alias("cli_length"),
        pl.col("active_from").cast(pl.Int64).fill_null(ALWAYS_WAS).alias("since_us"),
        pl.col("active_until").cast(pl.Int64).fill_null(OPEN_END).alias("until_us"),
        pl.col("min_digits").fill_null(0),
        pl.col("max_digits").fill_null(MAX_DIGITS),
    ).sort(order, descending=[name == "since_us" for name in order])


def _refuse_conflicts(rows: pl.DataFrame, begins_rate: Flags, begins_part: Flags) -> None:
    """Raise for rows that claim the same call, and for rows of one rate that do not fit together."""
    alike = ~(begins_part | begins(rows, "from_s"))
    _refuse_pair(rows, alike, "are the same rate, window and step")
    first_rows = rows.filter(begins_rate)
    shares_length = first_rows["min_digits"].to_numpy()[1:] <= first_rows["max_digits"].to_numpy()[:-1]
    clashes = ~begins(first_rows, *_SLOT, "since_us")
    clashes[1:] &= shares_length
    _refuse_pair(first_rows, clashes, "hold from the same moment for the same calls")
    late = rows.filter(begins_part).filter(pl.col("from_s") > 0)
    if late.height:
        line, from_s = late.select("line", "from_s").row(0)
        raise BadInput(
            f"price list line {line}: from_s is {from_s}; the first step of a rate and window begins at 0"
        )
    mixed = rows.filter(~begins_rate & (rows["unit"] != rows["unit"].shift()).fill_null(False).to_numpy())
    if mixed.height:
        line, unit = mixed.select("line", "unit").row(0)
        raise BadInput(f"price list line {line}: unit is {unit}; all rows of one rate have the same")


def _refuse_pair(rows: pl.DataFrame, clashes: Flags, how: str) -> None:
    if clashes.any():
        second = int(np.flatnonzero(clashes)[0])
        lines = sorted(rows["line"].slice(second - 1, 2).to_list())
        raise PriceListConflict(
            f"price list lines {lines[0]} and {lines[1]}, prefix {rows['prefix'][second]!r}, {how}; "
            "remove one, or give them different dates, windows or lengths"
        )
