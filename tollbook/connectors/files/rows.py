"""Which of the forms a file has, and its rows."""

from collections.abc import Iterator
from itertools import chain

import polars as pl

from tollbook.connectors.files.csv_rows import CsvParser
from tollbook.connectors.files.json_rows import JsonParser, names_in
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.parquet_rows import parquet_names, parquet_rows
from tollbook.connectors.files.plain_block import has_blanks, plain_lines
from tollbook.connectors.files.raw import LINE, REASON, TEXT, RawRows
from tollbook.connectors.files.record_text import excerpt
from tollbook.connectors.files.shape import Shape, check_columns, fixed_shape, shape_from_header
from tollbook.connectors.files.stored import StoredFile
from tollbook.connectors.files.text import Block, blocks, utf8_chunks
from tollbook.errors import BadInput


def raw_rows(
    stored: StoredFile, layout: Layout, *, complete: bool, limits: Limits, keep_lines: bool
) -> Iterator[RawRows]:
    """The rows of the file in some pieces, the last marked; of comma-separated text with their lines, if wanted.

    Raises:
        BadInput: the file cannot be read, or is not of this layout at all.
    """
    form = layout.file.format
    if stored.kind == "parquet" or form == "parquet":
        if stored.kind != "parquet" or form not in ("auto", "parquet"):
            raise BadInput(
                f"{stored.name}: layout {layout.name!r} reads {form}, the file is not that; choose another"
            )
        names = parquet_names(stored, limits)
        check_columns(names, layout, stored.name)
        yield from parquet_rows(stored, names)
        return
    text = blocks(utf8_chunks(stored.chunks(), layout.file.encoding), max_line_bytes=limits.max_line_bytes)
    first = next(text)
    is_json = form == "jsonl" or (form == "auto" and first.data.lstrip()[:1] == b"{")
    make_parser = _json_parser if is_json else _csv_parser
    parser, rest_of_first = make_parser(first, layout, stored.name, limits)
    names = list(parser.names)
    has_begun = False
    for block in chain([rest_of_first], text):
        rows, unfinished = _parsed(parser, block, complete=complete)
        is_tight = parser.was_plain and not has_blanks(block.data)
        if not has_begun and rows.height:
            has_begun = True
            if not layout.file.header or is_json:
                _refuse_if_nothing_is_read(rows, layout, stored.name)
        lines = plain_lines(block.data) if keep_lines and parser.was_plain and parser.has_commas else None
        yield RawRows(rows, names, parser.fallback_lines, block.is_last, unfinished, is_tight, lines)
        parser.fallback_lines = 0


def _parsed(parser: CsvParser | JsonParser, block: Block, *, complete: bool) -> tuple[pl.DataFrame, bytes | None]:
    """The rows of a block; of the last block of a growing file also the text left for the next pass."""
    data, tail = block.data, b""
    if block.unended and not complete:
        cut = data.rfind(b"\n", 0, -1) + 1
        data, tail = data[:cut], data[cut:-1]
    rows = parser.parse(data, more_may_come=not (block.is_last and complete))
    return rows, (parser.carried + tail or None) if block.is_last else None


def _csv_parser(first: Block, layout: Layout, name: str, limits: Limits) -> tuple[CsvParser, Block]:
    """The parser for delimited text, and the first block without what stands before the records."""
    form = layout.file
    data = first.data
    for _ in range(form.skip_lines):
        data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
    line = 1 + form.skip_lines
    if form.header:
        data, line, shape = _header(data, line, layout, name)
    else:
        shape = fixed_shape(layout)
    if max(shape.names_by_width) > limits.max_columns:
        raise BadInput(
            f"{name}, line {line - 1}: more than {limits.max_columns} columns; this is no file of calls"
        )
    fallback = form.fallback_encoding if form.encoding.lower() in ("utf-8", "utf8") else "none"
    parser = CsvParser(shape, limits, fallback, next_line=line)
    return parser, Block(data, first.is_last, first.unended and bool(data))


def _header(data: bytes, line: int, layout: Layout, name: str) -> tuple[bytes, int, Shape]:
    """The text after the header line, the number of the line that follows it, and the shape it tells."""
    comment = layout.file.comment.encode()
    while data:
        end = data.find(b"\n")
        header, data, line = data[:end], data[end + 1 :], line + 1
        if not header.strip() or (comment and header.startswith(comment)):
            continue
        where = f"{name}, line {line - 1}"
        if b"\0" in header:
            raise BadInput(
                f"{where}: the header holds NUL bytes; if the file is UTF-16, set encoding = 'utf-16-le'"
            )
        try:
            text = header.decode()
        except UnicodeDecodeError:
            fallback = layout.file.fallback_encoding
            text = header.decode("utf-8" if fallback == "none" else fallback, "replace")
        return data, line, shape_from_header(text, layout, where)
    return b"", line, Shape(",", layout.file.quoting, layout.file.comment, {1: ("record",)})


def _json_parser(first: Block, layout: Layout, name: str, limits: Limits) -> tuple[JsonParser, Block]:
    names = names_in(first.data, limits, name)
    parser = JsonParser(names, limits)
    if names:
        check_columns(names, layout, f"{name}, line 1")
    return parser, first


def _refuse_if_nothing_is_read(rows: pl.DataFrame, layout: Layout, name: str) -> None:
    """A file whose whole beginning holds no record is another kind of file, not a file of bad records."""
    if rows[REASON].null_count():
        return
    line, reason, text = rows.select(LINE, REASON, TEXT).row(0)
    raise BadInput(
        f"{name}, line {line}: {reason}: {excerpt(text)}; no line of it can be read by layout {layout.name!r}: choose "
        "another layout, or correct the file"
    )
