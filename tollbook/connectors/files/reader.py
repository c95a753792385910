"""Read a file of calls, whatever its form, into batches of usage records.

Memory holds a few batches, never the file: 20 million calls are read in well under 2 GB.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.files.identity import Identifier
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.mapping import to_usage
from tollbook.connectors.files.plain_usage import plain_usage
from tollbook.connectors.files.raw import LINE, RawRows
from tollbook.connectors.files.rows import raw_rows
from tollbook.connectors.files.stored import StoredFile, open_stored
from tollbook.connectors.files.times import written_days

BATCH_ROWS = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBatch(UsageBatch):
    """A run of records of a file, with what stood there. What is no record has defect "unreadable"."""

    source: pl.DataFrame | None  # the input's columns as text, row for row with `usage`; null where unreadable
    lines: (
        pl.Series | None
    )  # the rows of `source` as lines of comma-separated text without quotes, if they all are
    first_line: int  # line where the first record of the batch begins; 0 in an empty batch
    last_line: int  # line where the last record begins
    fallback_lines: int  # lines not in the layout's encoding, read in its fallback encoding


def read_usage(
    file: Path | str | BinaryIO,
    layout: Layout,
    *,
    batch_rows: int = BATCH_ROWS,
    keep_source: bool = False,
    complete: bool = True,
    identify: bool = True,
    member: str | None = None,
    name: str | None = None,
    limits: Limits | None = None,
) -> Iterator[FileBatch]:
    """Yield the file's records, each exactly once, in file order.

    `complete=False` says that the file may still grow: a last line without its end is left for the next pass and
    reported in `unfinished`. `identify=False` leaves `record_key` null (pricing a file needs no identity and is
    faster). `member` chooses a file inside a zip by name or pattern; `name` is what errors call a stream.

    Blank lines, and comment lines where the layout has them, are not records.

    Raises:
        BadInput: the file cannot be used at all: not there, not this layout, encrypted, damaged, too large. A
            damaged or too large compressed file shows only when it has been read that far: batches may have been
            given before, and whoever writes them must be able to write them again.
    """
    limits = limits or Limits()
    with open_stored(file, compression=layout.file.compression, member=member, name=name, limits=limits) as stored:
        identifier = Identifier(layout.identity) if identify else None
        held: FileBatch | None = None
        pieces = raw_rows(stored, layout, complete=complete, limits=limits, keep_lines=keep_source)
        for rows in _sized(pieces, batch_rows):
            if held is not None:
                yield held
            held = _batch(rows, layout, stored, identifier, keep_source=keep_source)
        assert held is not None  # raw_rows gives at least one, empty if need be
        yield held


def _sized(pieces: Iterator[RawRows], batch_rows: int) -> Iterator[RawRows]:
    """The same rows in pieces of `batch_rows`; the last may be smaller. One with `is_last` ends it."""
    waiting: list[RawRows] = []
    count = 0
    for piece in pieces:
        waiting.append(piece)
        count += piece.frame.height
        if count < batch_rows and not piece.is_last:
            continue
        joined = RawRows.joined(waiting)
        while joined.frame.height > batch_rows:
            head, joined = joined.split(batch_rows)
            yield head
        if joined.is_last or joined.frame.height == batch_rows:
            yield joined
            waiting, count = [], 0
        else:
            waiting, count = [joined], joined.frame.height


def _batch(
    rows: RawRows, layout: Layout, stored: StoredFile, identifier: Identifier | None, *, keep_source: bool
) -> FileBatch:
    read = plain_usage(rows.frame, layout, rows.names) if rows.is_tight and rows.frame.height else None
    usage, written = read or to_usage(rows.frame, layout, rows.names)
    if identifier is not None:
        days = written_days(written)
        usage = usage.with_columns(record_key=identifier.keys(rows.frame, days, rows.names))
    lines = rows.frame[LINE]
    return FileBatch(
        usage=usage,
        source=rows.frame.select(rows.names) if keep_source else None,
        lines=rows.lines,
        first_line=lines[0] if len(lines) else 0,
        last_line=lines[-1] if len(lines) else 0,
        bytes_read=stored.bytes_read(),
        fallback_lines=rows.fallback_lines,
        is_last=rows.is_last,
        unfinished=rows.unfinished,
    )
