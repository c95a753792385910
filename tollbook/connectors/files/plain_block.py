"""Whole blocks of delimited text in which nothing is unusual: read at once, as nearly all of most files can be."""

import numpy as np
import polars as pl

from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.shape import Shape

_BLANKS = (b" ", b"\t", b"\v", b"\f")
_UNUSUAL = (b"\0", b"\r", b'"')


def plain_columns(data: bytes, shape: Shape, limits: Limits) -> pl.DataFrame | None:
    """The columns of a block of whole lines; None when any of its lines needs a closer look."""
    if shape.quoting == "unescaped" or len(shape.names_by_width) != 1 or any(byte in data for byte in _UNUSUAL):
        return None
    if shape.comment and _has_comment(data, shape.comment[:1].encode()):
        return None
    width = len(shape.names)
    lines, delimiters = _count(data, b"\n"), _count(data, shape.delimiter.encode())
    # A blank line has no delimiter: it shows, unless one is all that a record may have.
    if width == 1 or delimiters != lines * (width - 1):
        return None
    if _has_longer_line(data, limits.max_line_bytes) or not is_utf8(data):
        return None
    try:
        columns = read_values(data, shape, tuple(shape.names))
    except pl.exceptions.PolarsError:  # a line is too wide, and the count is right because another is too narrow
        return None
    return columns if columns.height == lines else None


def read_values(data: bytes, shape: Shape, names: tuple[str, ...]) -> pl.DataFrame:
    """The values of lines that all have these columns, as text."""
    return pl.read_csv(
        data,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=shape.delimiter,
        quote_char='"' if shape.quoting == "doubled" else None,
        empty_string_is_null=False,
    )


def _has_comment(data: bytes, mark: bytes) -> bool:
    # To look for one byte first is twenty times as fast as for two, and there is none in most files.
    return mark in data and (data.startswith(mark) or b"\n" + mark in data)


def plain_lines(data: bytes) -> pl.Series:
    """The lines of a block that `plain_columns` has read."""
    # One column: NUL, which parts nothing here, stands for the delimiter.
    return pl.read_csv(data, has_header=False, schema={"line": pl.String}, separator="\0", quote_char=None)["line"]


def has_blanks(data: bytes) -> bool:
    """Whether a value may have blanks at its ends. Beyond ASCII there are too many of them to look for."""
    return not data.isascii() or any(blank in data for blank in _BLANKS)


def _count(data: bytes, byte: bytes) -> int:
    # Six times as fast as `bytes.count`.
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(byte)))


def _has_longer_line(data: bytes, limit: int) -> bool:
    """Whether a line is longer than that, its end not counted. Goes on by the last line end within the limit."""
    at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + limit + 1)
        if end < 0:
            return True
        at = end + 1
    return False


def is_utf8(data: bytes) -> bool:
    """Whether the text is UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
