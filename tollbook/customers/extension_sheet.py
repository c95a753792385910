"""The sheet with which a customer's extensions are made, all at once: its columns, and what each cell means.

The columns and their order are those of PortaBilling's extension upload.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollbook.catalog.price_list import BadRow, nearest_name
from tollbook.customers.account_facts import fitting
from tollbook.customers.cells import SHOWN_CHARACTERS, Cell, GridRow
from tollbook.customers.customer_sheet import email, timezone
from tollbook.customers.grid import Grid
from tollbook.customers.models import Account
from tollbook.customers.operations.extensions import read_extension
from tollbook.customers.operations.numbers import MAX_NUMBER, MIN_NUMBER
from tollbook.errors import BadInput

MAX_NUMBERS = 100  # of an extension
YES = frozenset({"y", "yes", "true", "1"})
NO = frozenset({"n", "no", "false", "0"})
SHORTENED = re.compile(r"[0-9]+(?:[.,][0-9]+)?[eE]\+?[0-9]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the sheet: one extension to be made. A cell that could not be read is as if it were empty."""

    line: int
    extension: str = ""
    name: str = ""
    numbers: tuple[int, ...] = ()
    is_published: bool = False
    email: str = ""
    timezone: str = ""
    product: str = ""
    huntgroup: str = ""


def extension_number(text: str) -> str:
    _refuse_shortened(text)
    try:
        return read_extension(text)
    except BadInput:
        raise ValueError("is not an extension; write digits only, as 4665") from None


def did_numbers(text: str) -> tuple[int, ...]:
    """`12094555948, +1 209 455 5949`: country code and number of each."""
    _refuse_shortened(text)
    numbers: dict[int, None] = {}
    for part in re.split("[,;]", text):
        digits = re.sub(r"[\s().-]", "", part).removeprefix("+")
        if not digits:
            continue
        if not re.fullmatch("[1-9][0-9]*", digits, re.ASCII) or not MIN_NUMBER <= int(digits) <= MAX_NUMBER:
            shown = part.strip()[:SHOWN_CHARACTERS]
            raise ValueError(f"has {shown!r}, which is no number; write country code and number, as 12094555948")
        if int(digits) in numbers:
            raise ValueError(f"names +{digits} twice; name it once")
        numbers[int(digits)] = None
    if len(numbers) > MAX_NUMBERS:
        raise ValueError(f"has {len(numbers)} numbers; an extension has at most {MAX_NUMBERS}")
    return tuple(numbers)


def published(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise ValueError("is neither Y nor N")
    return word in YES


def _text(name: str) -> Callable[[str], Any]:
    return lambda text: fitting(Account, name, text)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet: what people call it, and how a cell is read."""

    name: str  # field of Entry
    title: str  # in the template
    help: str
    read: Callable[[str], Any] = str
    also: tuple[str, ...] = field(default=())  # other names under which it is known
    is_required: bool = False


COLUMNS: Sequence[Column] = (
    Column(
        "extension",
        "Extension number",
        "digits, as they are dialled inside",
        extension_number,
        ("extension", "ext", "extension no", "number", "id"),
        is_required=True,
    ),
    Column("name", "Name", "of who has it", _text("name"), ("extension name", "full name")),
    Column(
        "numbers",
        "DID numbers",
        "your numbers with country code, apart by commas",
        did_numbers,
        ("did", "dids", "did number", "numbers"),
    ),
    Column("published", "Published", "Y or N: in the company directory; empty is N", published, ("is published",)),
    Column(
        "email",
        "Email for notifications",
        "where voice mail and notices go",
        email,
        ("email", "e-mail", "mail", "email address", "notification email"),
    ),
    Column("timezone", "Timezone", "as Europe/Warsaw; empty is yours", timezone, ("time zone", "tz")),
    Column("product", "Product", "its name", str, ("product name",), is_required=True),
    Column(
        "huntgroup", "Huntgroup", "name of one there is, which it joins", str, ("hunt group", "huntgroup name")
    ),
)
TITLES = tuple(f"{column.title}{'*' if column.is_required else ''}" for column in COLUMNS)


def entries_of(grid: Grid) -> tuple[list[Entry], list[BadRow]]:
    """Every row, and everything that is wrong with a cell by itself. A row with a bad cell is still an entry.

    Raises:
        BadInput: the first row does not name the columns.
    """
    columns = _columns(grid)
    entries, problems = [], list(grid.problems)
    for row in grid.rows:
        if [_plain(cell.text) for cell in row.cells] == [_plain(cell.text) for cell in grid.header.cells]:
            problems.append(BadRow(row.line, "", "", "is the row of column names once more; remove it"))
            continue
        if len(row.cells) > len(columns) and any(cell.text for cell in row.cells[len(columns) :]):
            value = next(cell.text for cell in row.cells[len(columns) :] if cell.text)
            reason = (
                f"is in a cell beyond the {len(columns)} columns that have names; put commas into quotation marks"
            )
            problems.append(BadRow(row.line, "", value[:SHOWN_CHARACTERS], reason))
            continue
        entry, wrong = _entry(row, columns)
        entries.append(entry)
        problems += wrong
    return entries, problems


def _columns(grid: Grid) -> list[Column | None]:
    """What each column of the file is; None for one without a name."""
    known = {_plain(name): column for column in COLUMNS for name in (column.title, *column.also)}
    found: list[Column | None] = []
    for cell in grid.header.cells:
        column = known.get(_plain(cell.text))
        if column is None and _plain(cell.text):
            titles = [column.title for column in COLUMNS]
            raise BadInput(
                f"{grid.name}, line {grid.header.line}: unknown column {cell.text!r}{nearest_name(cell.text, titles)}; "
                f"the first row names the columns: {', '.join(TITLES)}"
            )
        if column is not None and column in found:
            raise BadInput(f"{grid.name}: column {column.title!r} is there twice; remove one of them")
        found.append(column)
    for column in COLUMNS:
        if column.is_required and column not in found:
            raise BadInput(
                f"{grid.name} has no column {column.title!r}; the first row names the columns: {', '.join(TITLES)}"
            )
    return found


def _plain(title: str) -> str:
    """A column's name without what people add to it: `Published (Y/N) *` is `published`."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\(.*?\)", "", title.lower()))


def _entry(row: GridRow, columns: Sequence[Column | None]) -> tuple[Entry, list[BadRow]]:
    values: dict[str, Any] = {}
    problems = []
    cells = [*row.cells, *[Cell("")] * (len(columns) - len(row.cells))]
    for column, cell in zip(columns, cells, strict=False):
        try:
            if column is None:
                if cell.text:
                    raise ValueError("is in a column without a name; name it or remove it")
            elif (value := _value(cell, column)) is not None:
                values["is_published" if column.name == "published" else column.name] = value
        except ValueError as error:
            title = column.title if column else ""
            problems.append(BadRow(row.line, title, cell.text[:SHOWN_CHARACTERS], str(error)))
    return Entry(row.line, **values), problems


def _value(cell: Cell, column: Column) -> Any:
    if cell.trouble:
        raise ValueError(cell.trouble)
    if not cell.text:
        if column.is_required:
            raise ValueError("is empty; every row needs it (of merged cells only the first has what they say)")
        return None
    return column.read(cell.text)


def _refuse_shortened(text: str) -> None:
    if SHORTENED.fullmatch(text):
        raise ValueError(
            "was shortened by a spreadsheet, and digits are lost; format the column as text, type it again"
        )
