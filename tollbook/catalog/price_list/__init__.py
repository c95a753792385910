"""The price list file: one CSV of prefixes and prices becomes the rating engine's table RATES."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tollbook.catalog.price_list.columns import COLUMNS, nearest_name
from tollbook.catalog.price_list.mapping import PriceListMapping, our_columns, read_mapping
from tollbook.catalog.price_list.prefixes import with_prefixes
from tollbook.catalog.price_list.problems import BadPriceList, BadRow, bad_rows
from tollbook.catalog.price_list.rules import broken_rules, with_defaults
from tollbook.catalog.price_list.table import read_cells
from tollbook.catalog.price_list.typed import typed
from tollbook.errors import BadInput
from tollbook.rating.frames import RATES, TariffSettings
from tollbook.records import conform

__all__ = ["COLUMNS", "BadPriceList", "BadRow", "PriceList", "PriceListMapping", "nearest_name", "read_mapping",
           "read_price_list"]  # fmt: skip

PRICE_COLUMNS = ("price", "first_price", "next_price", "per_unit", "forbidden")


@dataclass(frozen=True, slots=True)
class PriceList:
    """The rates of one file, and the rows that were left out of it."""

    rates: pl.DataFrame  # rating.frames.RATES, in the order of the file
    skipped: list[BadRow]  # empty unless bad rows were to be skipped


def read_price_list(
    path: Path, *, settings: TariffSettings, mapping: PriceListMapping | None = None, skip_bad_rows: bool = False
) -> PriceList:
    """Read a price list in our layout, or in another one through a saved mapping.

    Dates without a zone are read in the zone of `settings`. With `skip_bad_rows` the rows that cannot be used are
    left out and named; and so are the other rows for the same number, CLI prefix and kind, because half the steps
    or windows of a rate would give wrong prices where none should be given.

    Raises:
        BadPriceList: some rows cannot be used; it names every one.
        BadInput: the file as a whole cannot be used: not there, not text, an unknown column, no rows.
    """
    mapping = mapping or PriceListMapping()
    cells = read_cells(
        path,
        separator=mapping.separator,
        encoding=mapping.encoding,
        header=mapping.header,
        skip_lines=mapping.skip_lines,
    )
    ours = our_columns(cells.frame, mapping, path)
    _need_columns(path, ours)
    rows, wrong_prefixes = with_prefixes(ours, mapping)
    rows, wrong_cells = typed(rows, mapping, settings.timezone)
    rows = with_defaults(rows)
    problems = pl.concat([cells.problems, wrong_prefixes, wrong_cells])
    # Only rows whose every cell was read: an unreadable price is not also a missing one.
    readable = rows.join(problems, on="line", how="anti") if problems.height else rows
    problems = pl.concat([problems, broken_rules(readable)])
    if problems.is_empty():
        return PriceList(_some_rates(path, rows), [])
    if not skip_bad_rows:
        raise BadPriceList(path, bad_rows(problems))
    rows, left_out = _without(rows, problems)
    return PriceList(_some_rates(path, rows), bad_rows(pl.concat([problems, left_out])))


def _need_columns(path: Path, cells: pl.DataFrame) -> None:
    if "prefix" not in cells.columns:
        raise BadInput(
            f"{path} has no column 'prefix'; its first line must name the columns (it names "
            f"{', '.join(cells.columns[1:]) or 'none of ours'}), or give a mapping"
        )
    if not any(name in cells.columns for name in PRICE_COLUMNS):
        raise BadInput(f"{path} has no prices; it needs a column 'price', or 'per_unit' for messages and data")


def _some_rates(path: Path, rows: pl.DataFrame) -> pl.DataFrame:
    if rows.is_empty():
        raise BadInput(f"{path} has no usable rates; there must be at least one row below the column names")
    return conform(rows, RATES)


def _without(rows: pl.DataFrame, problems: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows no problem touches, and PROBLEMS for the good rows of a rate that has a bad one."""
    rate = ["prefix", "cli_prefix", "kind"]
    is_bad = pl.col("line").is_in(problems["line"].unique().implode())
    touched = (
        rows.filter(is_bad).select(*rate, bad_line="line").unique(subset=rate, keep="first", maintain_order=True)
    )
    good = rows.filter(~is_bad)
    left_out = good.join(touched, on=rate).select(
        "line",
        pl.lit("prefix").alias("column"),
        pl.col("prefix").alias("value"),
        pl.format("is left out with line {}, a row of the same rate", "bad_line").alias("reason"),
    )
    return good.join(touched, on=rate, how="anti", maintain_order="left"), left_out
