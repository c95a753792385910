"""Evidence back into lines and columns, whole blocks at once; a line that is none is found and kept apart.

Lines come from the database (with what stands beside a row) or from REST (where a note before them has it).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import polars as pl

from tollbook.connectors.base import UsageBatch
from tollbook.connectors.fusionpbx.mapping import ROW, usage_of
from tollbook.connectors.fusionpbx.options import Options
from tollbook.records import storable, table

LEAST_DID_DIGITS = 7  # that must agree at the end of two numbers for them to be the same one
MAX_SHOWN_BYTES = 300  # of a line that is no record
_NOTE = table(
    {
        "note": pl.String,
        "columns": pl.List(pl.String),
        "missing": pl.List(pl.String),
        "tenant": pl.String,
        "domain_uuid": pl.String,
        "extensions": pl.List(pl.List(pl.String)),
        "numbers": pl.List(pl.String),
    }
)
_LINE = table({**_NOTE, **{name: kind for name, kind in ROW.items() if name not in {"line", "text"}}})


def read_usage(file: Path, options: Options, *, batch_rows: int, is_complete: bool) -> Iterator[UsageBatch]:
    """The evidence's records, each once, in batches of `batch_rows` lines."""
    reader = _Reader(options)
    bytes_read = 0
    with file.open("rb") as stream:
        lines = list(islice(stream, batch_rows))
        while True:
            following = list(islice(stream, batch_rows))
            unfinished = None
            if not following and not is_complete and lines and not lines[-1].endswith(b"\n"):
                unfinished = lines.pop()
            bytes_read += sum(map(len, lines)) + len(unfinished or b"")
            yield UsageBatch(
                usage=reader.usage(lines), bytes_read=bytes_read, is_last=not following, unfinished=unfinished
            )
            if not following:
                return
            lines = following


@dataclass
class _Reader:
    options: Options
    lines_read: int = 0
    tenants: dict[str, str] = field(default_factory=dict)  # domain_uuid → name, as notes said
    extensions: dict[str, str] = field(default_factory=dict)  # extension_uuid → extension
    members: dict[str, str] = field(default_factory=dict)  # domain_uuid|extension → extension
    numbers: dict[str, list[str]] = field(default_factory=dict)  # domain_uuid → DIDs

    def usage(self, lines: list[bytes]) -> pl.DataFrame:
        numbered = [number for number, line in enumerate(lines, self.lines_read + 1) if line.strip()]
        self.lines_read += len(lines)
        rows = _decoded([line for line in lines if line.strip()])
        rows = rows.with_columns(pl.Series("line", numbered, dtype=pl.Int64))
        is_note = pl.col("note").is_in(["columns", "tenant"]).fill_null(value=False)
        for note in rows.filter(pl.col("note") == "tenant").iter_rows(named=True):
            self._hear(note)
        return storable(usage_of(self._filled(rows.filter(~is_note).select(ROW.names())), self.options))

    def _hear(self, note: dict[str, object]) -> None:
        domain, extensions = str(note["domain_uuid"]), note["extensions"]
        self.tenants[domain] = str(note["tenant"])
        for uuid, extension in extensions if isinstance(extensions, list) else []:
            self.extensions[uuid] = extension
            self.members[f"{domain}|{extension}"] = extension
        numbers = note["numbers"]
        self.numbers[domain] = numbers if isinstance(numbers, list) else []

    def _filled(self, rows: pl.DataFrame) -> pl.DataFrame:
        """What notes say, where the line itself does not."""
        if not self.tenants:
            return rows
        domain = pl.col("domain_uuid")
        caller = pl.format("{}|{}", domain, "caller_id_number")
        digits = pl.coalesce(pl.col("caller_destination").replace("", None), "destination_number")
        dids = pl.DataFrame(
            [(uuid, number) for uuid, numbers in self.numbers.items() for number in numbers],
            schema=["domain_uuid", "did"],
            orient="row",
            schema_overrides={"domain_uuid": pl.String, "did": pl.String},
        )
        called = rows.select("line", "domain_uuid", dialled=digits).join(dids, on="domain_uuid")
        own = called.filter(_is_one_end_of_the_other("dialled", "did"))["line"].unique()
        return rows.with_columns(
            pl.coalesce("tenant", _looked_up(domain, self.tenants)).alias("tenant"),
            pl.coalesce("extension", _looked_up(pl.col("extension_uuid"), self.extensions)).alias("extension"),
            pl.coalesce("caller_extension", _looked_up(caller, self.members)).alias("caller_extension"),
            pl.when(pl.col("is_did").is_null() & pl.col("line").is_in(own.implode()))
            .then(pl.lit("true"))
            .otherwise("is_did")
            .alias("is_did"),
        )


def _is_one_end_of_the_other(one: str, other: str) -> pl.Expr:
    left, right = (pl.col(name).str.replace_all(r"[^0-9]", "") for name in (one, other))
    long_enough = (left.str.len_chars() >= LEAST_DID_DIGITS) & (right.str.len_chars() >= LEAST_DID_DIGITS)
    return long_enough & (left.str.ends_with(right) | right.str.ends_with(left))


def _looked_up(what: pl.Expr, known: dict[str, str]) -> pl.Expr:
    if not known:
        return pl.lit(None, dtype=pl.String)
    return what.replace_strict(known, default=None, return_dtype=pl.String)


def _decoded(lines: list[bytes]) -> pl.DataFrame:
    """Read all at once; when that is refused, by halves, down to the lines that are to blame."""
    frame = _at_once(lines)
    if frame is not None:
        return frame.with_columns(text=pl.lit(None, dtype=pl.String))
    if len(lines) == 1:
        shown = lines[0].strip()[:MAX_SHOWN_BYTES].decode("utf-8", "replace").replace("\0", "\\0")
        return pl.DataFrame([{"text": shown}], schema=_LINE | {"text": pl.String})
    middle = len(lines) // 2
    return pl.concat([_decoded(lines[:middle]), _decoded(lines[middle:])])


def _at_once(lines: list[bytes]) -> pl.DataFrame | None:
    if not lines:
        return pl.DataFrame(schema=_LINE)
    text = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines)
    try:
        frame = pl.read_ndjson(io.BytesIO(text), schema=_LINE)
    except (pl.exceptions.PolarsError, OverflowError):
        return None
    return frame if frame.height == len(lines) else None
