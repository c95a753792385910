"""A sheet of customers or accounts: a CSV whose first line names the columns, read cell by cell.

Every row is looked at before anything is decided, so that all bad cells are named at once. A row is one line: a
line with too many cells, or with a quotation mark that does not close, is a bad row by itself.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import models

from tollbook.catalog.price_list import BadRow, nearest_name
from tollbook.errors import BadInput

MAX_FILE_BYTES = 256 << 20
MAX_CELL_CHARACTERS = 20_000
SEPARATORS = (",", ";", "\t")
SHOWN_PROBLEMS = 200  # every mistake of an ordinary sheet; not a million lines when the wrong file was given
SHOWN_CHARACTERS = 80

Reader = Callable[[str], object]  # the text of a cell; raises ValueError with what is wrong with it


@dataclass(frozen=True, slots=True)
class Column:
    """One column a sheet may have."""

    name: str
    read: Reader = str
    is_required: bool = False  # must be there, and filled in
    when_empty: object = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a sheet whose every cell could be read. `values` has the columns that the sheet has."""

    line: int
    values: dict[str, object]

    def text(self, column: str) -> str:
        """The cell of a column that is read as text; "" when the sheet does not have it."""
        return str(self.values.get(column, ""))


@dataclass(slots=True)
class Sheet:
    """What was read: the good rows, and what is wrong with the others."""

    path: Path
    columns: frozenset[str]  # those the file has
    rows: list[Row] = field(default_factory=list)
    problems: list[BadRow] = field(default_factory=list)


class BadSheet(BadInput):
    """Rows of a sheet cannot be used; nothing was written. `rows` has all of them."""

    def __init__(self, path: Path, rows: Sequence[BadRow], next_step: str) -> None:
        rows = sorted(rows, key=lambda row: row.line)
        shown = "\n".join(f"  {row}" for row in rows[:SHOWN_PROBLEMS])
        rest = f"\n  … and {len(rows) - SHOWN_PROBLEMS} more" if len(rows) > SHOWN_PROBLEMS else ""
        count = len({row.line for row in rows})
        super().__init__(
            f"{path}: {count} row{'s' if count > 1 else ''} cannot be used, nothing was written; {next_step}\n"
            f"{shown}{rest}"
        )
        self.rows = rows


def read_sheet(path: Path, columns: Sequence[Column]) -> Sheet:
    """Read every row. A column that the file does not have is in no row; an empty cell is the column's `when_empty`.

    Raises:
        BadInput: the file as a whole cannot be used: not there, not text, an unknown or missing column, no rows.
    """
    lines = _lines(path)
    header_line, header = next(lines, (0, ""))
    separator = max(SEPARATORS, key="".join(header.split('"')[::2]).count)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=separator), [])]
    _check_header(path, names, columns)
    by_name = {column.name: column for column in columns}
    sheet = Sheet(path, frozenset(names))
    for line, text in lines:
        cells = _cells(text, separator)
        if cells is None or len(cells) != len(names):
            reason = (
                f"does not have the header's {len(names)} cells, or a quotation mark is not closed on the line"
            )
            sheet.problems.append(BadRow(line, "", text[:SHOWN_CHARACTERS], reason))
            continue
        values, problems = _values(line, dict(zip(names, cells, strict=True)), by_name)
        sheet.problems += problems
        if not problems:
            sheet.rows.append(Row(line, values))
    if not sheet.rows and not sheet.problems:
        raise BadInput(f"{path} has no rows below the column names on line {header_line}")
    return sheet


def short_text(model: type[models.Model], name: str) -> Callable[[str], str]:
    """A reader of texts that fit into a field of `model`."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.CharField)
    limit = field.max_length or MAX_CELL_CHARACTERS

    def read(cell: str) -> str:
        if len(cell) > limit:
            raise ValueError(f"has {len(cell)} characters; the limit is {limit}")
        return cell

    return read


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that have anything on them, with their number."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInput(f"{path} has {size} bytes; the limit for a sheet is {MAX_FILE_BYTES}: split it")
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(f"{path}, line {line}: not UTF-8 text; save the sheet as CSV UTF-8") from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # A line of nothing but separators is what spreadsheets leave at the end.
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip(" \t,;\ufeff"))


def _check_header(path: Path, names: list[str], columns: Sequence[Column]) -> None:
    known = [column.name for column in columns]
    for name in names:
        if name not in known:
            raise BadInput(
                f"{path}: unknown column {name!r}{nearest_name(name, known)}; columns are {', '.join(known)}"
            )
        if names.count(name) > 1:
            raise BadInput(f"{path}: column {name!r} is there twice; rename or remove one of them")
    for column in columns:
        if column.is_required and column.name not in names:
            raise BadInput(
                f"{path} has no column {column.name!r}; its first line must name the columns"
                f" (it names {', '.join(names) or 'none'})"
            )


def _cells(text: str, separator: str) -> list[str] | None:
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator, strict=True))]
    except csv.Error:
        return None


def _values(
    line: int, cells: dict[str, str], by_name: dict[str, Column]
) -> tuple[dict[str, object], list[BadRow]]:
    values: dict[str, object] = {}
    problems: list[BadRow] = []
    for name, cell in cells.items():
        try:
            values[name] = _value(cell, by_name[name])
        except ValueError as error:
            problems.append(BadRow(line, name, cell[:SHOWN_CHARACTERS], str(error)))
    return values, problems


def _value(cell: str, column: Column) -> object:
    if not cell:
        if column.is_required:
            raise ValueError("is empty; every row needs it")
        return column.when_empty
    if len(cell) > MAX_CELL_CHARACTERS:
        raise ValueError(f"has {len(cell)} characters; the limit is {MAX_CELL_CHARACTERS}")
    if "\0" in cell:
        raise ValueError("has a NUL byte; remove it")
    return column.read(cell)
