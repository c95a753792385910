"""An Excel workbook (XLSX) as rows of cells. Values only: no formula is worked out, no macro is run.

Excel keeps a number of 15 digits at most, and takes 1-2 for a date: where a cell is no longer what was typed, its
trouble says so.
"""

import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL

from tollbook.customers.cells import MAX_COLUMNS, MAX_ROWS, SHOWN_CHARACTERS, Cell, GridRow, read_cell
from tollbook.errors import BadInput

MAX_UNPACKED_BYTES = 100 << 20  # 20,000 rows take a tenth; what is packed to blow up would take gigabytes
MAX_PARTS = 2_000
LAST_LINE = 1_048_576  # Excel has no more; a file that claims to is none of Excel's
LOOKED_AT = 4_096  # bytes of a part, in which a document type would stand
MACROS = "xl/vbaProject.bin"
WORKBOOK = "xl/workbook.xml"
SAFE_DIGITS = 15  # of a number; Excel makes zeros of what follows
AS_TEXT = "format the column as text and type it again"

Line = tuple[int, Sequence[Any]]  # openpyxl's cells


def workbook_rows(name: str, content: bytes, notes: list[str]) -> Iterator[GridRow]:
    """The rows of the first sheet that have anything in them. Which other sheets there are is put into `notes`.

    Raises:
        BadInput: it is no XLSX, has macros, or would take too much room.
    """
    _refuse_unsafe(name, content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of the styles and validations that it leaves out
        try:
            written = list(_filled(name, _sheet(name, content, notes=notes)))
            values = {}
            if any(cell.data_type == "f" for _, cells in written for cell in cells):
                values = dict(_filled(name, _sheet(name, content, has_values=True)))
        except BadInput:
            raise
        except Exception as error:  # whatever openpyxl meets in a file that is not what it says it is
            raise BadInput(
                f"{name} cannot be read as an Excel workbook ({error or type(error).__name__}); save it as .xlsx again"
            ) from None
    for line, cells in written:
        worked_out = values.get(line, (EMPTY_CELL,) * (MAX_COLUMNS + 1))
        pairs = zip(cells, worked_out, strict=False)
        yield GridRow(line, _without_end([_cell(cell, value) for cell, value in pairs]))


def _refuse_unsafe(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            parts = packed.infolist()
            # What a part says of its size is believed: not a byte more of it is unpacked.
            size = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or size > MAX_UNPACKED_BYTES:
                raise BadInput(
                    f"{name} unpacks to {size} bytes in {len(parts)} parts; the limits are {MAX_UNPACKED_BYTES} and "
                    f"{MAX_PARTS}: copy the rows into a new workbook"
                )
            names = {part.filename for part in parts}
            if MACROS in names:
                raise BadInput(f"{name} has macros; save it as an Excel workbook without them (.xlsx)")
            if WORKBOOK not in names:
                raise BadInput(f"{name} is packed, but no Excel workbook; save it as .xlsx, or as CSV UTF-8")
            for part in parts:
                if b"<!DOCTYPE" in packed.open(part).read(LOOKED_AT):
                    raise BadInput(f"{name}: {part.filename} has a document type, which Excel never writes")
    except BadInput:
        raise
    except Exception as error:  # as many kinds of it as there are ways to damage or encrypt a packed file
        raise BadInput(f"{name} is a damaged file ({error}); save it as .xlsx again") from None


def _sheet(name: str, content: bytes, *, has_values: bool = False, notes: list[str] | None = None) -> Any:
    """The first sheet that can be seen: what was written in its cells, or the values that Excel worked out."""
    workbook = load_workbook(BytesIO(content), read_only=True, data_only=has_values, keep_links=False)
    sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise BadInput(f"{name} has no sheet; save it as .xlsx again")
    if notes is not None and len(sheets) > 1:
        others = ", ".join(repr(sheet.title) for sheet in sheets[1:])
        notes.append(f"sheet {sheets[0].title!r} was read, and not {others}")
    sheets[0].reset_dimensions()  # what a file says of its size may leave rows out
    return sheets[0]


def _filled(name: str, sheet: Any) -> Iterator[Line]:
    """The lines that have anything in them."""
    empty = {id(EMPTY_CELL)}  # there is one of it, and a million rows of nothing else are passed over quickly
    count = 0
    for line, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1), start=1):
        if line > LAST_LINE:
            raise BadInput(f"{name} has a row beyond {LAST_LINE}; copy the rows into a new workbook")
        if set(map(id, cells)) == empty or all(cell.value in (None, "") for cell in cells):
            continue
        count += 1
        if count > MAX_ROWS + 1:
            raise BadInput(f"{name} has more than {MAX_ROWS} rows; split it")
        yield line, cells


def _cell(cell: Any, worked_out: Any) -> Cell:
    if cell.data_type == "f":
        if worked_out.value is None:
            shown = str(cell.value)[:SHOWN_CHARACTERS]
            return Cell(shown, "is a formula without its value; copy the cell and paste its value")
        cell = worked_out
    value = cell.value
    if cell.data_type == "e":
        return Cell(str(value), "is an error of Excel's; correct the cell")
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, (date, time, timedelta)):
        return Cell(str(value), f"is a date to Excel, whatever was typed; {AS_TEXT}")
    if isinstance(value, (int, float)):
        return _number(value, str(cell.number_format or ""))
    return read_cell("" if value is None else str(value))


def _number(value: float, number_format: str) -> Cell:
    if value != value or abs(value) >= 10**SAFE_DIGITS:  # noqa: PLR0124  not a number is not itself
        return Cell(
            f"{value:.0f}", f"is a number of which Excel keeps {SAFE_DIGITS} digits, so some are lost; {AS_TEXT}"
        )
    if value != int(value):
        return Cell(repr(value), f"is the fraction {value} to Excel, whatever was typed; {AS_TEXT}")
    digits = str(int(value))
    # Shown as 0042 because its format says so: that is what a person saw.
    return Cell(digits.zfill(len(number_format)) if re.fullmatch("0+", number_format) else digits)


def _without_end(cells: list[Cell]) -> list[Cell]:
    while cells and not cells[-1].text:
        cells.pop()
    return cells
