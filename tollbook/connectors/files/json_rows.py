"""JSON lines to rows: one object a line. Numbers stay as they are written; nothing becomes a float."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.raw import LINE, empty_rows, good_rows, refused_rows
from tollbook.connectors.files.record_text import NotARecord
from tollbook.errors import BadInput


def names_in(block: bytes, limits: Limits, file_name: str) -> list[str]:
    """The keys of the objects in the first block, in the order in which they are met.

    Raises:
        BadInput: more different keys than a file may have columns.
    """
    names: dict[str, None] = {}
    for line in block.split(b"\n"):
        if line.strip():
            try:
                names.update(dict.fromkeys(_object(line, limits)))
            except NotARecord:
                continue
        if len(names) > limits.max_columns:
            raise BadInput(f"{file_name}: more than {limits.max_columns} different keys; this is no file of calls")
    return list(names)


@dataclass
class JsonParser:
    """Turns blocks of whole lines into rows. A key that the first block does not have is passed over."""

    names: Sequence[str]
    limits: Limits
    next_line: int = 1
    carried: bytes = b""  # never anything: no record runs over a line end
    fallback_lines: int = field(default=0, init=False)
    was_plain: bool = field(default=False, init=False)
    has_commas: bool = field(default=False, init=False)

    def parse(self, block: bytes, *, more_may_come: bool) -> pl.DataFrame:  # noqa: ARG002 - one shape for all parsers
        """The rows of a block."""
        lines, values, refused = [], [], []
        texts = block.split(b"\n")[:-1]
        for line, text in enumerate(texts, start=self.next_line):
            if not text.strip():
                continue
            try:
                found = _object(text, self.limits)
            except NotARecord as reason:
                refused.append((line, str(reason), text.decode("utf-8", "backslashreplace")))
            else:
                lines.append(line)
                values.append([found.get(name, "") for name in self.names])
        self.next_line += len(texts)
        columns = pl.DataFrame(values, schema=dict.fromkeys(self.names, pl.String), orient="row")
        good = good_rows(columns, pl.Series(lines, dtype=pl.Int64))
        return pl.concat([empty_rows(self.names), good, refused_rows(refused)], how="diagonal").sort(LINE)


def _object(line: bytes, limits: Limits) -> dict[str, str]:
    if len(line) > limits.max_line_bytes:
        raise NotARecord(f"longer than {limits.max_line_bytes} bytes")
    try:
        found = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise NotARecord(f"is no JSON ({error})") from None
    if not isinstance(found, dict):
        raise NotARecord("is no JSON object")
    values = {key: _text(value) for key, value in found.items()}
    whole = "\x1f".join(part for item in values.items() for part in item)
    if "\0" in whole:
        raise NotARecord("holds a NUL")
    try:
        whole.encode()
    except UnicodeEncodeError:
        raise NotARecord("holds half a surrogate pair, which is no text") from None
    return values


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
