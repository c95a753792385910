"""Files of cells that people upload, CSV or XLSX, as rows of text; with what is wrong with a cell kept beside it.

A CSV row is one line: a line with a quotation mark that does not close is a bad row by itself, and swallows none.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tollbook.catalog.price_list import BadRow
from tollbook.customers.cells import MAX_COLUMNS, MAX_ROWS, SHOWN_CHARACTERS, GridRow, read_cell
from tollbook.errors import BadInput

MAX_FILE_BYTES = 10 << 20
SEPARATORS = (",", ";", "\t", "|")
BLANK = " \t,;|\ufeff\u00a0"  # a line of nothing else is what spreadsheets leave at the end
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(slots=True)
class Grid:
    """A file: the row of column names, the rows below it, and what could not be read as rows."""

    name: str
    header: GridRow
    rows: list[GridRow]
    problems: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was not read, for a person


def read_grid(name: str, content: bytes) -> Grid:
    """The cells of a file, by what is in it whatever it is called.

    Raises:
        BadInput: it is too large, has too many rows or none, or is neither a CSV nor an XLSX.
    """
    if len(content) > MAX_FILE_BYTES:
        raise BadInput(f"{name} has {len(content)} bytes; the limit is {MAX_FILE_BYTES}: split it")
    if content.startswith(OLE):
        raise BadInput(
            f"{name} is an old Excel file, or one with a password; save it as an Excel workbook (.xlsx) without one"
        )
    problems: list[BadRow] = []
    notes: list[str] = []
    if content.startswith(ZIP):
        from tollbook.customers.workbook import workbook_rows  # noqa: PLC0415  openpyxl takes a while to import

        rows = workbook_rows(name, content, notes)
    else:
        rows = _csv_rows(name, content, problems)
    found = iter(rows)
    header = next(found, None)
    if header is None:
        raise BadInput(f"{name} is empty; its first row must name the columns")
    below = _at_most(found, name)
    if not below and not problems:
        raise BadInput(f"{name} has no rows below the column names in line {header.line}")
    return Grid(name, header, below, problems, notes)


def _at_most(rows: Iterable[GridRow], name: str) -> list[GridRow]:
    kept: list[GridRow] = []
    for row in rows:
        if len(kept) == MAX_ROWS:
            raise BadInput(f"{name} has more than {MAX_ROWS} rows; split it")
        kept.append(row)
    return kept


def _csv_rows(name: str, content: bytes, problems: list[BadRow]) -> Iterator[GridRow]:
    text = _text(name, content).replace("\r\n", "\n").replace("\r", "\n")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip(BLANK)]
    if len(lines) > MAX_ROWS + 1:
        raise BadInput(f"{name} has more than {MAX_ROWS} rows; split it")
    if not lines:
        return
    separator = max(SEPARATORS, key="".join(lines[0][1].split('"')[::2]).count)
    for number, line in lines:
        try:
            cells = next(csv.reader([line], delimiter=separator, strict=True))
        except csv.Error:
            reason = "has a quotation mark that is not closed on the line; close it, or double the one inside"
            problems.append(BadRow(number, "", line[:SHOWN_CHARACTERS], reason))
            continue
        if len(cells) > MAX_COLUMNS:
            reason = f"has {len(cells)} cells; the limit is {MAX_COLUMNS}"
            problems.append(BadRow(number, "", line[:SHOWN_CHARACTERS], reason))
            continue
        yield GridRow(number, [read_cell(cell) for cell in cells])


def _text(name: str, content: bytes) -> str:
    """UTF-8, or what Excel calls Unicode text. Nothing else is guessed: letters would be other letters."""
    try:
        if content.startswith(UTF16):
            return content.decode("utf-16")
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{name}, line {line}: not UTF-8 text; save the file as CSV UTF-8, or as XLSX") from None
    if text.startswith("<"):
        raise BadInput(f"{name} is a web page or XML; save it as CSV UTF-8, or as XLSX")
    return text
