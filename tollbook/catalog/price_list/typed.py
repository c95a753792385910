"""From cells as text to columns with a type: what the text of each column means."""

from collections.abc import Callable, Mapping
from functools import partial
from zoneinfo import ZoneInfo

import polars as pl

from tollbook.catalog.price_list import cells as cell
from tollbook.catalog.price_list.columns import AMOUNTS, INCREMENTS, MOMENTS, PER_MINUTE, TIMES, WHOLE_NUMBERS
from tollbook.catalog.price_list.mapping import PriceListMapping
from tollbook.catalog.price_list.problems import PROBLEMS, problems_with
from tollbook.rating.frames import NANOS
from tollbook.records import UTC_TIME

Reader = tuple[pl.DataType | type[pl.DataType], Callable[[str], object]]


def typed(cells: pl.DataFrame, mapping: PriceListMapping, timezone: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every column that is there as its type, null where the cell is empty or unreadable; and PROBLEMS.

    The text of each column stays beside it as `<column>_text`, for messages.
    """
    problems = [pl.DataFrame(schema=PROBLEMS)]
    for column, (dtype, read) in _readers(cells, mapping, ZoneInfo(timezone)).items():
        if column not in cells.columns:
            continue
        values, wrong = _typed_column(cells, column, dtype, read)
        cells = cells.rename({column: f"{column}_text"}).with_columns(values)
        problems.append(wrong)
    return cells, pl.concat(problems)


def _readers(cells: pl.DataFrame, mapping: PriceListMapping, zone: ZoneInfo) -> Mapping[str, Reader]:
    mark = mapping.decimal_mark or _decimal_mark(cells)
    per_minute = partial(cell.amount_nanos, mark=mark, factor=mapping.per_minute_factor)
    amount = partial(cell.amount_nanos, mark=mark, factor=mapping.money_unit)
    moment = partial(cell.moment, zone=zone, date_format=mapping.date_format)
    return {
        **dict.fromkeys(AMOUNTS, (NANOS, amount)),
        **dict.fromkeys(PER_MINUTE, (NANOS, per_minute)),
        **dict.fromkeys(WHOLE_NUMBERS, (pl.Int64, cell.whole_number)),
        **dict.fromkeys(INCREMENTS, (pl.Int64, cell.increment_step)),
        **dict.fromkeys(MOMENTS, (UTC_TIME, moment)),
        **dict.fromkeys(TIMES, (pl.Int32, cell.time_of_day_s)),
        "increment": (pl.List(pl.Int64), cell.first_and_next_increment),
        "weekdays": (pl.Int16, cell.weekday_bits),
        "forbidden": (pl.Boolean, cell.yes_or_no),
        "kind": (pl.String, cell.usage_kind),
        "unit": (pl.String, cell.unit_name),
    }


def _typed_column(
    cells: pl.DataFrame, column: str, dtype: pl.DataType | type[pl.DataType], read: Callable[[str], object]
) -> tuple[pl.Series, pl.DataFrame]:
    readable: list[str] = []
    values: list[object] = []
    reasons: dict[str, str] = {}
    for text in cells[column].unique():
        if text:
            try:
                values.append(read(text))
                readable.append(text)
            except ValueError as error:
                reasons[text] = str(error)
    meanings = pl.DataFrame(
        {column: pl.Series(readable, dtype=pl.String), "value": pl.Series(values, dtype=dtype)}
    )
    joined = cells.select(column).join(meanings, on=column, how="left", maintain_order="left")
    return joined["value"].alias(column), problems_with(cells, column, reasons)


def _decimal_mark(cells: pl.DataFrame) -> str | None:
    """The mark of the first amount that has one. A list that uses both is not guessed at: see `amount_nanos`."""
    marks = (
        cells.select("line", mark=pl.col(column).str.extract(r"([.,])")).drop_nulls().head(1)
        for column in AMOUNTS
        if column in cells.columns
    )
    first = pl.concat([pl.DataFrame(schema={"line": pl.Int64, "mark": pl.String}), *marks]).sort("line")
    return first["mark"][0] if first.height else None
