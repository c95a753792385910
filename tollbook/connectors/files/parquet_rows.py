"""Parquet to rows. A row's line is its number in the file."""

from collections.abc import Iterator

import polars as pl

from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.raw import LINE, REASON, TEXT, RawRows, empty_rows, good_rows
from tollbook.connectors.files.stored import StoredFile
from tollbook.errors import BadInput

ROWS_AT_ONCE = 250_000
# Polars panics over some damaged files. What it prints then goes to standard error; the reason comes to us.
_DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


def parquet_names(stored: StoredFile, limits: Limits) -> list[str]:
    """The columns of the file, all of kinds that can be written as text.

    Raises:
        BadInput: no Parquet, too many columns, or a column of lists or bytes.
    """
    try:
        schema = pl.read_parquet_schema(stored.raw)
    except _DAMAGE as error:
        raise _damaged(stored, error) from None
    if len(schema) > limits.max_columns:
        raise BadInput(f"{stored.name}: {len(schema)} columns; the limit is {limits.max_columns}")
    for name, dtype in schema.items():
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Duration, pl.Time):
            raise BadInput(f"{stored.name}: column {name!r} is {dtype}; write it as text or number")
    return list(schema)


def parquet_rows(stored: StoredFile, names: list[str]) -> Iterator[RawRows]:
    """The rows in pieces, the last marked. A row with a NUL in it is no record."""
    stored.raw.seek(0)
    scan = pl.scan_parquet(stored.raw)
    total = int(_collected(scan.select(pl.len()), stored).item())
    for begin in range(0, max(total, 1), ROWS_AT_ONCE):
        piece = _collected(scan.slice(begin, ROWS_AT_ONCE), stored)
        lines = pl.Series(range(begin + 1, begin + 1 + piece.height), dtype=pl.Int64)
        rows = good_rows(piece.select(_as_text(name, dtype) for name, dtype in piece.schema.items()), lines)
        yield RawRows(
            pl.concat([empty_rows(names), _without_nul(rows, names)]), names, is_last=begin + ROWS_AT_ONCE >= total
        )


def _collected(frame: pl.LazyFrame, stored: StoredFile) -> pl.DataFrame:
    try:
        return frame.collect()
    except _DAMAGE as error:
        raise _damaged(stored, error) from None


def _damaged(stored: StoredFile, error: Exception) -> BadInput:
    return BadInput(f"{stored.name}: is no readable Parquet ({error}); write it again")


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, (pl.Datetime, pl.Date)):
        column = column.dt.to_string("iso:strict")
    return column.cast(pl.String).fill_null("")


def _without_nul(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    has_nul = pl.any_horizontal(pl.col(names).str.contains("\0", literal=True))
    return rows.with_columns(
        pl.when(has_nul).then(pl.lit("holds a NUL")).alias(REASON),
        pl.when(has_nul).then(pl.concat_str(names, separator=",")).alias(TEXT),
        *(pl.when(~has_nul).then(name).alias(name) for name in names),
    ).select([*names, LINE, REASON, TEXT])
