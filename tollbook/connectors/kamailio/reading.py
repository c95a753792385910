"""Evidence back into lines and columns. Whole chunks at once; a line that is none is found and kept apart."""

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.kamailio.calls import usage_of
from tollbook.connectors.kamailio.options import Options
from tollbook.records import table

MAX_SHOWN_BYTES = 300  # of a line that is no record
_ROWS = ("cdr", "invite", "bye")  # of Kamailio's tables, in a line


def read_usage(file: Path, options: Options, *, batch_rows: int, is_complete: bool) -> Iterator[UsageBatch]:
    """The evidence's calls, each once, in batches of `batch_rows` lines."""
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
                usage=usage_of(_rows(lines, done, options), options),
                bytes_read=bytes_read,
                is_last=not following,
                unfinished=unfinished,
            )
            if not following:
                return
            done, lines = done + len(lines), following


def _rows(lines: list[bytes], before: int, options: Options) -> pl.DataFrame:
    """`line`, `what`, the rows of Kamailio's tables as structs, and `text` where a line is no record."""
    columns = ("id", "start_time", "end_time", "duration", "time", "sip_code", *options.columns.values())
    row = pl.Struct(dict.fromkeys(columns, pl.String))
    schema = table({"what": pl.String, **dict.fromkeys(_ROWS, row)})
    numbered = [(number, line) for number, line in enumerate(lines, start=before + 1) if line.strip()]
    decoded = _decoded([line for _, line in numbered], schema)
    return decoded.with_columns(pl.Series("line", [number for number, _ in numbered], dtype=pl.Int64))


def _decoded(lines: list[bytes], schema: pl.Schema) -> pl.DataFrame:
    """Read all at once; when that is refused, by halves, down to the lines that are to blame."""
    frame = _at_once(lines, schema)
    if frame is not None:
        return frame.with_columns(text=pl.lit(None, dtype=pl.String))
    if len(lines) == 1:
        shown = lines[0].strip()[:MAX_SHOWN_BYTES].decode("utf-8", "replace")
        return pl.DataFrame([{"text": shown}], schema=table({**schema, "text": pl.String}))
    middle = len(lines) // 2
    return pl.concat([_decoded(lines[:middle], schema), _decoded(lines[middle:], schema)])


def _at_once(lines: list[bytes], schema: pl.Schema) -> pl.DataFrame | None:
    if not lines:
        return pl.DataFrame(schema=schema)
    text = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    try:
        frame = pl.read_ndjson(io.BytesIO(text), schema=schema)
    except (pl.exceptions.PolarsError, OverflowError):
        return None
    return frame if frame.height == len(lines) else None
