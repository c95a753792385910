"""A file of xDRs, one a line, to batches of usage records.

Between the xDRs stand notes of what the xDRs themselves do not say: a customer's currency, as the platform gave it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import msgspec
import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.portabilling.mapping import LINE, XDR, to_usage
from tollbook.connectors.portabilling.options import Services
from tollbook.records import USAGE, table

BLOCK_BYTES = 4 << 20
FEW = 32  # lines that are tried one by one
NOTE = "note"  # the member that makes a line a note; no xDR has it
HASH_BYTES = 16
ROW = table({name: pl.String for name in (*XDR, NOTE, "iso_4217")})


def note_line(i_customer: str, currency: str) -> bytes:
    """A customer's currency, which their xDRs do not say."""
    return msgspec.json.encode({NOTE: "customer", "i_customer": i_customer, "iso_4217": currency}) + b"\n"


def read_usage(file: Path, services: Services, *, batch_rows: int, is_complete: bool) -> Iterator[UsageBatch]:
    """The file's records in its order, `batch_rows` at a time.

    A line that is no xDR becomes a record that says so. Memory holds a block and a batch.
    """
    reader = _Reader(services)
    waiting: list[pl.DataFrame] = []
    bytes_read = 0
    unfinished = b""
    with file.open("rb") as stored:
        while block := stored.read(BLOCK_BYTES):
            bytes_read += len(block)
            block = unfinished + block
            ends = block.rfind(b"\n") + 1
            unfinished = block[ends:]
            if not ends:
                continue
            waiting.append(reader.records(block[:ends]))
            waiting, full = _cut(waiting, batch_rows)
            for usage in full:
                yield UsageBatch(usage=usage, bytes_read=bytes_read, is_last=False)
    if unfinished and is_complete:
        waiting.append(reader.records(unfinished + b"\n"))
        unfinished = b""
    left, full = _cut(waiting, batch_rows)
    batches = [*full, *left] or [pl.DataFrame(schema=USAGE)]
    for at, usage in enumerate(batches, 1):
        is_last = at == len(batches)
        rest_of_file = unfinished or None
        yield UsageBatch(
            usage=usage, bytes_read=bytes_read, is_last=is_last, unfinished=rest_of_file if is_last else None
        )


def _cut(waiting: Sequence[pl.DataFrame], rows: int) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """What is left waiting, and full batches."""
    if sum(map(len, waiting)) < rows:
        return [part for part in waiting if len(part)], []
    joined = pl.concat(waiting)
    cuts = len(joined) - len(joined) % rows
    left = joined.slice(cuts)
    return [left] if len(left) else [], [joined.slice(at, rows) for at in range(0, cuts, rows)]


@dataclass
class _Reader:
    services: Services
    next_line: int = 1
    currencies: dict[str, str] = field(default_factory=dict)

    def records(self, block: bytes) -> pl.DataFrame:
        """The records of whole lines."""
        first, lines = self.next_line, block.count(b"\n")
        self.next_line += lines
        broken: list[dict[str, object]] = []
        xdrs = _parsed(block, lines)
        if xdrs is not None:
            xdrs = xdrs.with_columns(pl.int_range(first, first + lines, dtype=pl.Int64).alias(LINE))
        else:  # line by line where need be: what is no xDR is kept as such, a blank line is nothing
            said = [(at, line) for at, line in enumerate(block.split(b"\n")[:-1], first) if line.strip()]
            xdrs = pl.concat([pl.DataFrame(schema=[*ROW.items(), (LINE, pl.Int64)]), *_pieces(said, broken)])
        usage = to_usage(self._without_notes(xdrs), self.services, self.currencies)
        if broken:
            usage = pl.concat([usage, pl.DataFrame(broken, schema=USAGE)]).sort(LINE)
        return _with_keys(usage, block, first)

    def _without_notes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The xDRs; what the notes between them say is known from here on."""
        notes = rows.filter(pl.col(NOTE).is_not_null())
        if notes.is_empty():
            return rows
        self.currencies.update(notes.select("i_customer", "iso_4217").drop_nulls().iter_rows())
        return rows.filter(pl.col(NOTE).is_null())


def _with_keys(usage: pl.DataFrame, block: bytes, first: int) -> pl.DataFrame:
    """What has no id of the platform's may come again, too: its text says that it is the same."""
    without = usage["record_key"].is_null()
    if not without.any():
        return usage
    lines = block.split(b"\n")
    texts = [lines[number - first] for number in usage.filter(without)[LINE]]
    keys = [f"unreadable:{blake2b(text, digest_size=HASH_BYTES).hexdigest()}" for text in texts]
    return usage.with_columns(usage["record_key"].scatter(without.arg_true(), keys))


def _pieces(lines: list[tuple[int, bytes]], broken: list[dict[str, object]]) -> Iterator[pl.DataFrame]:
    """XDR with LINE of as many lines at once as can be read; of the others a record goes to `broken`."""
    if not lines:
        return
    xdrs = _parsed(b"\n".join(line for _, line in lines) + b"\n", len(lines))
    if xdrs is not None:
        yield xdrs.with_columns(pl.Series(LINE, [number for number, _ in lines], dtype=pl.Int64))
    elif len(lines) == 1:
        broken.append(_broken_record(*lines[0]))
    else:
        step = 1 if len(lines) <= FEW else -(-len(lines) // 2)
        for at in range(0, len(lines), step):
            yield from _pieces(lines[at : at + step], broken)


def _parsed(block: bytes, lines: int) -> pl.DataFrame | None:
    """A row a line; none where a line is not one JSON object."""
    if not lines:
        return pl.DataFrame(schema=ROW)
    try:
        rows = pl.read_ndjson(block, schema=ROW)
    except pl.exceptions.PolarsError:
        return None
    return rows if len(rows) == lines else None


def _broken_record(number: int, line: bytes) -> dict[str, object]:
    shown = line[:80].decode("utf-8", "backslashreplace").replace("\0", "\\0")
    return {
        "line": number,
        "defect": "unreadable",
        "defect_detail": f"line {number} is no xDR: {shown!r}",
    }
