"""Whole tables in and out of PostgreSQL: COPY through Django's own cursor, so that a batch is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import polars as pl
from django.db import connection, transaction

from tollbook.ahead import one_ahead
from tollbook.errors import BadInput

Params = tuple[Any, ...]

ROWS_AT_A_TIME = 10_000  # of a stream, held in memory
SLICE_ROWS = 50_000  # of a table on its way in, held as text


def copy_in(table: str, frame: pl.DataFrame) -> None:
    """Add the rows of `frame` to `table`; the frame's columns are named as the table's.

    Part of the transaction that is open. An empty frame is nothing to do. The server works on one slice of the
    rows while the next is turned into text; columns that hold nothing are not sent at all.

    Raises:
        BadInput: a text holds a NUL byte, which PostgreSQL cannot store and which would fail the whole COPY.
    """
    if frame.is_empty():
        return
    filled = frame.select(column for column in frame if column.null_count() < len(column))
    statement = f"COPY {table} ({', '.join(filled.columns)}) FROM STDIN (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for rows in one_ahead(map(_as_csv, filled.iter_slices(SLICE_ROWS))):
            if b"\0" in rows:
                raise BadInput(f"a text for {table} holds a NUL byte; remove it before the record is stored")
            copy.write(rows)


def _as_csv(frame: pl.DataFrame) -> bytes:
    """The rows as COPY reads them: null is nothing, an empty text is `""`."""
    buffer = BytesIO()
    frame.write_csv(buffer, include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.6f+00")
    return buffer.getvalue()


def copy_out(query: str, schema: pl.Schema, params: Params = ()) -> pl.DataFrame:
    """What `query` selects, as a table of `schema`. The query names its columns as the schema does."""
    expressions = ", ".join(_as_csv_column(name, dtype) for name, dtype in schema.items())
    statement = f"COPY (SELECT {expressions} FROM ({query}) AS q) TO STDOUT (FORMAT csv)"
    buffer = BytesIO()
    with connection.cursor() as cursor, cursor.copy(statement, params or None) as copy:
        for block in copy:
            buffer.write(block)
    if buffer.tell() == 0:
        return pl.DataFrame(schema=schema)
    buffer.seek(0)
    plain = pl.Schema({name: _csv_type(dtype) for name, dtype in schema.items()})
    frame = pl.read_csv(buffer, has_header=False, schema=plain)
    return frame.with_columns(pl.col(name).cast(dtype) for name, dtype in schema.items())


def _as_csv_column(name: str, dtype: pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return f"(extract(epoch FROM {name}) * 1000000)::bigint"
    if isinstance(dtype, pl.Date):
        return f"{name} - date '1970-01-01'"
    if isinstance(dtype, pl.Boolean):
        return f"{name}::int"
    return name


def _csv_type(dtype: pl.DataType) -> pl.DataType:
    if isinstance(dtype, pl.Datetime):
        return pl.Int64()
    if isinstance(dtype, pl.Date):
        return pl.Int32()
    return pl.Int8() if isinstance(dtype, pl.Boolean) else dtype


def stream(query: str, params: Params | dict[str, Any] = ()) -> Iterator[tuple[Any, ...]]:
    """What `query` selects, row by row, however much it is."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read inside is from one moment, whatever is posted meanwhile.

    Inside a transaction that is open already it is that transaction, and sees what that sees.
    """
    is_first = not connection.in_atomic_block
    with transaction.atomic():
        if is_first:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def allocate_ids(sequence: str, count: int) -> int:
    """The first of `count` ids in a row, which nobody else will get.

    A sequence alone gives one at a time; the lock makes nextval and setval one step.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [sequence])
        try:
            cursor.execute("SELECT setval(%s, nextval(%s) + %s) - %s", [sequence, sequence, count - 1, count - 1])
            row: tuple[int] = cursor.fetchone()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [sequence])
    return row[0]


def lock_table(table: str) -> None:
    """Let nobody else write `table` until the transaction that is open ends. Reading goes on."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
