"""Evidence back into lines and columns. Whole chunks at once; a line that is none is found and kept apart."""

import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.metroport.billings import usage_of
from tollbook.connectors.metroport.options import Options
from tollbook.records import storable, table

FIELDS = (
    *("id", "userid", "ano", "src", "dst", "calldate", "billingfield", "duration", "datatransfer", "msg"),
    *("traffic_types_id", "retail_totalnetto", "retail_vat"),
)
MAX_SHOWN_BYTES = 300  # of a line that is no record
_LINE = table({"asked": pl.String, "type": pl.String, "record": pl.Struct(dict.fromkeys(FIELDS, pl.String))})
# A fraction that stands bare would pass through a float on its way to text: it is quoted first. The name in quotes
# cannot stand inside another text, whose own quotes would have a backslash.
_BARE = re.compile(rb'("(?:retail_totalnetto|duration|datatransfer)"[ \t]*:[ \t]*)(-?\d+[.eE][\d.eE+-]*)')


def read_usage(file: Path, options: Options, *, batch_rows: int, is_complete: bool) -> Iterator[UsageBatch]:
    """The evidence's records, each once, in batches of `batch_rows` lines."""
    done, bytes_read = 0, 0
    with file.open("rb") as stream:
        lines = list(islice(stream, batch_rows))
        while True:
            following = list(islice(stream, batch_rows))
            unfinished = None
            if not following and not is_complete and lines and not lines[-1].endswith(b"\n"):
                unfinished = lines.pop()
            bytes_read += sum(map(len, lines))
            yield UsageBatch(
                usage=storable(usage_of(_rows(lines, done), options)),
                bytes_read=bytes_read,
                is_last=not following,
                unfinished=unfinished,
            )
            if not following:
                return
            done, lines = done + len(lines), following


def _rows(lines: list[bytes], before: int) -> pl.DataFrame:
    """`line`, `asked`, `type`, the fields as text, and `text` where a line is no record. Blank ones are left out."""
    numbers = [number for number, line in enumerate(lines, start=before + 1) if line.strip()]
    rows = _decoded([line for line in lines if line.strip()])
    return rows.select(
        pl.Series("line", numbers, dtype=pl.Int64), "asked", "type", "text", pl.col("record").struct.unnest()
    )


def _decoded(lines: list[bytes]) -> pl.DataFrame:
    """Read all at once; when that is refused, by halves, down to the lines that are to blame."""
    frame = _at_once(lines)
    if frame is not None:
        return frame.with_columns(text=pl.lit(None, dtype=pl.String))
    if len(lines) == 1:
        shown = lines[0].strip()[:MAX_SHOWN_BYTES].decode("utf-8", "replace")
        return pl.DataFrame([{"text": shown}], schema=_LINE | {"text": pl.String})
    middle = len(lines) // 2
    return pl.concat([_decoded(lines[:middle]), _decoded(lines[middle:])])


def _at_once(lines: list[bytes]) -> pl.DataFrame | None:
    if not lines:
        return pl.DataFrame(schema=_LINE)
    text = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    try:
        frame = pl.read_ndjson(io.BytesIO(_BARE.sub(rb'\1"\2"', text)), schema=_LINE)
    except (pl.exceptions.PolarsError, OverflowError):
        return None
    return frame if frame.height == len(lines) else None
