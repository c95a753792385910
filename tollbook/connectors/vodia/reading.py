"""Evidence back into records: calls that were asked for, notes of their tenants, and lines of pushed messages."""

import io
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path

import msgspec
import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.vodia.calls import FIELDS, usage_of
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import Tenant
from tollbook.connectors.vodia.pushes import records_of
from tollbook.records import USAGE, storable

NOTE = b'{"note":"tenant"'
PUSHED = b"["
HASH_BYTES = 16
MAX_SHOWN_BYTES = 80  # of a line that is no record
_ROW = pl.Schema({name: pl.List(pl.String) if name in {"extensions", "trunks"} else pl.String for name in FIELDS})
_NUMBERED = {"line": pl.Int64, "tenant": pl.Int64, "key": pl.String}


def note_line(tenant: Tenant) -> bytes:
    """What the records after it do not say."""
    return NOTE + b',"tenant":' + msgspec.json.encode(tenant) + b"}\n"


class _Note(msgspec.Struct):
    tenant: Tenant


def read_usage(file: Path, options: Options, *, batch_rows: int, is_complete: bool) -> Iterator[UsageBatch]:
    """The evidence's records in its order, of `batch_rows` lines at a time; a line of pushes has one a leg."""
    reader = _Reader(options)
    bytes_read = 0
    with file.open("rb") as stream:
        lines = list(islice(stream, batch_rows))
        while True:
            following = list(islice(stream, batch_rows))
            unfinished = None
            bytes_read += sum(map(len, lines))
            if not following and not is_complete and lines and not lines[-1].endswith(b"\n"):
                unfinished = lines.pop()
                bytes_read -= len(unfinished)
            usage = reader.records(lines)
            parts = [usage.slice(at, batch_rows) for at in range(0, len(usage), batch_rows)] or [usage]
            for part in parts[:-1]:
                yield UsageBatch(usage=part, bytes_read=bytes_read, is_last=False)
            is_last = not following
            yield UsageBatch(usage=parts[-1], bytes_read=bytes_read, is_last=is_last, unfinished=unfinished)
            if is_last:
                return
            lines = following


class _Reader:
    """Knows of which tenant the records are that come next."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._done = 0  # lines
        self._tenant: Tenant | None = None

    def records(self, lines: list[bytes]) -> pl.DataFrame:
        """USAGE of some lines: a note and a blank line give none."""
        tenants = [self._tenant] if self._tenant else []
        asked: list[tuple[int, int | None, bytes]] = []  # line, which tenant, text
        pushed: list[dict[str, object]] = []
        for number, line in enumerate(lines, self._done + 1):
            if line.startswith(NOTE) and (tenant := _tenant(line)):
                tenants.append(tenant)
            elif line.startswith(PUSHED):
                try:
                    pushed += records_of(line, number, self._options)
                except ValueError as error:
                    pushed.append(_broken(number, line, str(error)))
            elif line.strip():
                asked.append((number, len(tenants) - 1 if tenants else None, line))
        self._done += len(lines)
        self._tenant = tenants[-1] if tenants else None
        rows, broken = _rows(asked)
        usage = usage_of(rows, tenants, self._options)
        if others := [*pushed, *broken]:
            also = pl.DataFrame(others, schema=USAGE, orient="row")
            usage = pl.concat([usage, also]).sort("line", maintain_order=True)
        return storable(usage)


def _tenant(line: bytes) -> Tenant | None:
    try:
        return msgspec.json.decode(line, type=_Note).tenant
    except msgspec.MsgspecError:
        return None  # half a note is a line that is no record


def _rows(asked: list[tuple[int, int | None, bytes]]) -> tuple[pl.DataFrame, list[dict[str, object]]]:
    """FIELDS with `line`, `tenant` and `key` (for what has no id), and a record for each line that is none."""
    broken: list[dict[str, object]] = []
    pieces = list(_pieces(asked, broken))
    return pl.concat([pl.DataFrame(schema={**_ROW, **_NUMBERED}), *pieces]), broken


def _pieces(asked: list[tuple[int, int | None, bytes]], broken: list[dict[str, object]]) -> Iterator[pl.DataFrame]:
    """Read all at once; when that is refused, by halves, down to the lines that are to blame."""
    if not asked:
        return
    rows = _at_once([line for _, _, line in asked])
    if rows is not None:
        yield rows.with_columns(
            pl.Series("line", [number for number, _, _ in asked], dtype=pl.Int64),
            pl.Series("tenant", [tenant for _, tenant, _ in asked], dtype=pl.Int64),
            pl.Series("key", [_content_key(line) for _, _, line in asked], dtype=pl.String),
        )
    elif len(asked) == 1:
        number, _, line = asked[0]
        broken.append(_broken(number, line, "it is no record of a call"))
    else:
        middle = len(asked) // 2
        yield from _pieces(asked[:middle], broken)
        yield from _pieces(asked[middle:], broken)


def _at_once(lines: list[bytes]) -> pl.DataFrame | None:
    try:
        rows = pl.read_ndjson(io.BytesIO(b"".join(line.rstrip(b"\n") + b"\n" for line in lines)), schema=_ROW)
    except (pl.exceptions.PolarsError, OverflowError):
        return None
    return rows if rows.height == len(lines) else None


def _broken(number: int, line: bytes, why: str) -> dict[str, object]:
    """The content is the key: the same line again is the same record."""
    shown = line.strip()[:MAX_SHOWN_BYTES].decode("utf-8", "backslashreplace").replace("\0", "\\0")
    return {
        "line": number,
        "record_key": _content_key(line),
        "defect": "unreadable",
        "defect_detail": f"line {number}: {why}: {shown!r}",
    }


def _content_key(line: bytes) -> str:
    return f"unreadable:{blake2b(line.strip(), digest_size=HASH_BYTES).hexdigest()}"
