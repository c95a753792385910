"""The empty sheet that people fill in with extensions, as CSV and as an Excel workbook."""

import csv
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from tollbook.customers.extension_sheet import COLUMNS, TITLES

SHEET = "Extensions"
TEXT = "@"  # Excel's own word for: leave as typed
WIDTH = 24
AUTHOR = "Tollbook"


def template_csv() -> bytes:
    """The line of column names. Excel knows by the mark at its beginning that it is UTF-8."""
    text = StringIO()
    csv.writer(text).writerow(TITLES)
    return text.getvalue().encode("utf-8-sig")


def template_xlsx() -> bytes:
    """A sheet whose cells stay as they are typed, with what each column is for in a comment."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = SHEET
    sheet.freeze_panes = "A2"
    for place, (column, title) in enumerate(zip(COLUMNS, TITLES, strict=True), start=1):
        cell = sheet.cell(1, place, title)
        cell.font = Font(bold=True)
        cell.comment = Comment(column.help, AUTHOR)
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].number_format = TEXT
        sheet.column_dimensions[letter].width = WIDTH
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()
