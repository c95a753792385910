"""Files that people upload: every spelling of a good one is read alike, and of a bad one it is said what is wrong."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from tollbook.customers.extension_sheet import COLUMNS, TITLES
from tollbook.customers.extension_template import template_csv, template_xlsx
from tollbook.customers.grid import Grid, read_grid
from tollbook.customers.workbook import MAX_UNPACKED_BYTES
from tollbook.errors import BadInput


def cells(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in (grid.header, *grid.rows)]


def troubles(grid: Grid) -> list[tuple[int, str, str]]:
    return [(row.line, cell.text, cell.trouble) for row in grid.rows for cell in row.cells if cell.trouble]


def book(*rows: Any, **sheets: Any) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.worksheets[0].append(row)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def repacked(content: bytes, part: str, text: bytes) -> bytes:
    """The workbook with another text in one of its parts."""
    result = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        names = [*old.namelist(), *([] if part in old.namelist() else [part])]
        for name in names:
            new.writestr(name, text if name == part else old.read(name))
    return result.getvalue()


GOOD = [["ext", "name"], ["101", 'Łódź, "A"']]


@pytest.mark.parametrize(
    "content",
    [
        'ext,name\n101,"Łódź, ""A"""\n'.encode(),
        'ext;name\r\n101;"Łódź, ""A"""\r\n'.encode(),
        'ext\tname\r101\t"Łódź, ""A"""\r'.encode(),
        'ext|name\n101|"Łódź, ""A"""'.encode(),
        '\ufeffext,name\n101,"Łódź, ""A"""\n'.encode(),
        'ext\tname\n101\t"Łódź, ""A"""\n'.encode("utf-16"),
        '"ext","name"\n\n,,\n 101 ,"Łódź, ""A"""\n;;\n'.encode(),
        book(*GOOD),
    ],
    ids=["comma", "semicolon", "tab", "bar", "BOM", "Excel's Unicode text", "blank lines", "XLSX"],
)
def test_one_sheet_in_many_spellings(content: bytes) -> None:
    assert cells(read_grid("sheet", content)) == GOOD


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; its first row must name the columns"),
        (b"\n,,,\n", "is empty"),
        (b"ext,name\n", "has no rows below the column names in line 1"),
        ("ext,name\n101,Łódź\n".encode("cp1250"), "line 2: not UTF-8 text; save the file as CSV UTF-8"),
        (b"\xff\xfee", "not UTF-8 text"),
        (b"<html><table>", "is a web page or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file, or one with a password"),
        (b"PK\x03\x04 and then nothing", "is a damaged file"),
        (b"ext\n" + b"1\n" * 20_001, "has more than 20000 rows"),
        (b"e" * (10 << 20) + b"x", "the limit is 10485760"),
        (book(["ext"], *([1] for _ in range(20_001))), "has more than 20000 rows"),
        (repacked(book(*GOOD), "xl/vbaProject.bin", b"Sub AutoOpen()"), "has macros"),
        (repacked(book(*GOOD), "xl/worksheets/sheet1.xml", b"<worksheet"), "cannot be read as an Excel workbook"),
        (
            repacked(book(*GOOD), "xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'),
            "has a document type",
        ),
    ],
)
def test_what_is_no_sheet(content: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_grid("sheet", content)


def test_a_packed_bomb_is_not_unpacked() -> None:
    bomb = repacked(book(*GOOD), "xl/sharedStrings.xml", b" " * (MAX_UNPACKED_BYTES + 1))
    assert len(bomb) < 1 << 20
    began = monotonic()
    with pytest.raises(BadInput, match=r"unpacks to .* copy the rows into a new workbook"):
        read_grid("bomb.xlsx", bomb)
    assert monotonic() - began < 1


def test_another_packed_file_is_no_workbook() -> None:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(BadInput, match="no Excel workbook"):
        read_grid("sheet.ods", content.getvalue())


def sheet_xml(rows: str) -> bytes:
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    head = f'<worksheet xmlns="{namespace}"><dimension ref="A1:B2"/><sheetData>'
    return f"{head}{rows}</sheetData></worksheet>".encode()


ROW = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'


def test_a_million_empty_rows_hide_nothing() -> None:
    rows = (
        ROW.format(1, "ext")
        + "".join(f'<row r="{line}"/>' for line in range(2, 1_000_000))
        + ROW.format(1_000_000, 7)
    )
    content = repacked(book(*GOOD), "xl/worksheets/sheet1.xml", sheet_xml(rows))
    grid = read_grid("sheet.xlsx", content)

    # The file says of itself that it ends in line 2.
    assert [(row.line, row.cells[0].text) for row in grid.rows] == [(1_000_000, "7")]


def test_a_row_that_excel_cannot_have() -> None:
    content = repacked(
        book(*GOOD), "xl/worksheets/sheet1.xml", sheet_xml(ROW.format(1, "ext") + ROW.format(10**12, 7))
    )
    with pytest.raises(BadInput, match="has a row beyond 1048576"):
        read_grid("sheet.xlsx", content)


def test_what_excel_made_of_a_cell_is_said() -> None:
    day = datetime(2026, 2, 1, tzinfo=UTC).replace(tzinfo=None)
    grid = read_grid(
        "sheet.xlsx",
        book(
            ["ext", "did"],
            [4665, 12094555948],
            [4666.0, 1209455594812345678],
            [day, 12.5],
            [True, "=1+1"],
        ),
    )

    assert cells(grid)[1] == ["4665", "12094555948"]
    assert cells(grid)[2][0] == "4666"
    assert [(line, said[:36]) for line, _, said in troubles(grid)] == [
        (3, "is a number of which Excel keeps 15 "),
        (4, "is a date to Excel, whatever was typ"),
        (4, "is the fraction 12.5 to Excel, whate"),
        (5, "is a formula without its value; copy"),
    ]
    assert cells(grid)[4][0] == "TRUE"


def test_zeros_in_front_are_kept_where_a_person_sees_them() -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(["ext"])
    sheet.append([42])
    sheet["A2"].number_format = "0000"
    assert cells(read_grid("sheet.xlsx", saved(workbook)))[1] == ["0042"]


def test_a_formula_is_its_value() -> None:
    rows = ROW.format(1, "ext") + '<row r="2"><c r="A2"><f>4000+665</f><v>4665</v></c></row>'
    content = repacked(book(*GOOD), "xl/worksheets/sheet1.xml", sheet_xml(rows))
    assert cells(read_grid("sheet.xlsx", content))[1] == ["4665"]


def test_a_text_that_begins_like_a_formula_is_a_text() -> None:
    workbook = Workbook()
    workbook.worksheets[0].append(["name"])
    workbook.worksheets[0].append(["=cmd|' /C calc'!A0"])
    workbook.worksheets[0]["A2"].data_type = "s"
    grid = read_grid("sheet.xlsx", saved(workbook))
    assert (cells(grid)[1], troubles(grid)) == (["=cmd|' /C calc'!A0"], [])


def test_only_the_first_sheet_is_read_and_the_others_are_named() -> None:
    workbook = load_workbook(BytesIO(book(*GOOD)))
    hidden = workbook.create_sheet("Old", 0)
    hidden.sheet_state = "hidden"
    workbook.create_sheet("Notes").append(["call them first"])
    workbook.active = 1
    grid = read_grid("sheet.xlsx", saved(workbook))
    assert (cells(grid), grid.notes) == (GOOD, ["sheet 'Sheet' was read, and not 'Notes'"])


def test_a_line_that_cannot_be_read_swallows_no_other() -> None:
    grid = read_grid("sheet.csv", b'ext,name\n101,"Ann\n102,Bob\n')
    assert [row.line for row in grid.rows] == [3]
    assert [(bad.line, bad.reason[:29]) for bad in grid.problems] == [(2, "has a quotation mark that is ")]


def test_the_templates_name_the_columns_in_their_order() -> None:
    titles = [
        *("Extension number*", "Name", "DID numbers", "Published", "Email for notifications"),
        *("Timezone", "Product*", "Huntgroup"),
    ]
    assert template_csv().decode("utf-8-sig") == ",".join(titles) + "\r\n"
    sheet = load_workbook(BytesIO(template_xlsx())).worksheets[0]
    assert [cell.value for cell in sheet[1]] == titles == list(TITLES)
    assert [sheet.column_dimensions[letter].number_format for letter in "ABCDEFGH"] == ["@"] * len(COLUMNS)


@given(st.binary(max_size=400), st.sampled_from(["", "csv", "part"]), st.integers(0, 4_000))
@settings(max_examples=60)
def test_whatever_is_uploaded_is_read_or_refused(noise: bytes, where: str, place: int) -> None:
    """Bytes of any kind, alone, behind a good header, or inside a good workbook: never anything but a sentence."""
    good = book(*GOOD)
    content = {"": noise, "csv": b"ext,name\n" + noise, "part": good[:place] + noise + good[place + len(noise) :]}[
        where
    ]
    try:
        grid = read_grid("sheet", content)
    except BadInput:
        return
    assert grid.header.cells
