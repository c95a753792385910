"""Cells and rows of the files that people upload, whatever the file is."""

from dataclasses import dataclass

MAX_ROWS = 20_000  # that have anything in them, besides the column names
MAX_COLUMNS = 50
MAX_CELL_CHARACTERS = 2_000
SHOWN_CHARACTERS = 80
BLANKS = " \t\u00a0"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell says; or in `trouble` why that is not to be relied on, for a person."""

    text: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row that has anything in it."""

    line: int  # as a person counts: the first is 1
    cells: list[Cell]


def read_cell(written: str) -> Cell:
    """A text as a cell has it: without blanks around it."""
    text = written.strip(BLANKS)
    if len(text) > MAX_CELL_CHARACTERS:
        shown = text[:SHOWN_CHARACTERS]
        return Cell(shown, f"has {len(text)} characters; a cell has at most {MAX_CELL_CHARACTERS}")
    if not text.isprintable():
        return Cell(text, "has a line break, or a character that cannot be seen; type it anew")
    return Cell(text)
