"""From the bytes of a price list to a table of cells, with the line each row stands on.

A row is one line. A line that does not have the header's number of cells, or has a quotation mark that does not
close, is a bad row by itself: it never shifts or swallows the rows after it.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tollbook.catalog.price_list.problems import PROBLEMS, problems_at
from tollbook.errors import BadInput

MAX_FILE_BYTES = 1 << 30
MAX_COLUMNS = 200
SEPARATORS = (",", ";", "\t")
SHOWN_CHARACTERS = 80  # of a line that is no row


@dataclass(frozen=True, slots=True)
class Cells:
    """A price list as text: `line` and one String column per column of the file, "" where a cell is empty."""

    frame: pl.DataFrame
    problems: pl.DataFrame  # PROBLEMS


def read_cells(
    path: Path, *, separator: str | None = None, encoding: str = "utf-8", header: bool = True, skip_lines: int = 0
) -> Cells:
    """Every row of the file. Without a header the columns are called "1", "2", "3" and so on.

    Raises:
        BadInput: no such file, too large, not text in this encoding, or nothing in it.
    """
    lines = _lines(path, encoding, skip_lines)
    if lines.is_empty():
        raise BadInput(f"{path} has no rows; a price list begins with a line of column names")
    first = lines["text"][0]
    separator = separator or max(SEPARATORS, key=_outside_quotes(first).count)
    names = next(csv.reader([first], delimiter=separator))
    if len(names) > MAX_COLUMNS:
        raise BadInput(f"{path}, line {lines['line'][0]}: {len(names)} columns; the limit is {MAX_COLUMNS}")
    if header:
        lines = lines.slice(1)
        names = [name.strip() for name in names]
    else:
        names = [str(position) for position in range(1, len(names) + 1)]
    _refuse_repeated(path, names)
    return _split(lines, names, separator)


def _lines(path: Path, encoding: str, skip_lines: int) -> pl.DataFrame:
    """The lines that have anything on them: `line`, `text`."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInput(f"{path} has {size} bytes; the limit for a price list is {MAX_FILE_BYTES}")
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    try:
        text = raw.decode("utf-8-sig" if encoding.lower().replace("-", "") == "utf8" else encoding)
    except LookupError:
        raise BadInput(f"{encoding!r} is not a known encoding; write it as utf-8 or cp1250") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{path}, line {line}: not {encoding} text; save the file as UTF-8 or name its encoding in a mapping"
        ) from None
    texts = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return (
        pl.DataFrame({"text": texts}, schema={"text": pl.String})
        .with_row_index("line", offset=1)
        .with_columns(pl.col("line").cast(pl.Int64))
        .slice(skip_lines)
        # A line of nothing but separators is what spreadsheets leave at the end.
        .filter(pl.col("text").str.contains(r"[^\s,;]"))
    )


def _split(lines: pl.DataFrame, names: list[str], separator: str) -> Cells:
    sep = f"\\x{ord(separator):02x}"
    cell = f'(?:"(?:[^"]|"")*"|[^"{sep}]*)'
    well_formed = f"^{cell}(?:{sep}{cell}){{{len(names) - 1}}}$"
    lines = lines.with_columns(
        is_row=pl.col("text").str.contains(well_formed), has_nul=pl.col("text").str.contains("\0", literal=True)
    )
    shown = pl.col("text").str.slice(0, SHOWN_CHARACTERS)
    problems = pl.concat(
        [
            problems_at(
                lines,
                ~pl.col("is_row"),
                "",
                shown,
                f"does not have the header's {len(names)} cells, or a quotation mark is not closed on the line",
            ),
            problems_at(lines, pl.col("is_row") & pl.col("has_nul"), "", shown, "has a NUL byte"),
        ]
    )
    rows = lines.filter(pl.col("is_row") & ~pl.col("has_nul"))
    if rows.is_empty():
        return Cells(pl.DataFrame(schema={"line": pl.Int64, **dict.fromkeys(names, pl.String)}), problems)
    cells = pl.read_csv(
        "\n".join(rows["text"]).encode(),
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=separator,
        empty_string_is_null=False,
    ).select(pl.all().str.strip_chars().fill_null(""))
    return Cells(cells.insert_column(0, rows["line"]), problems.match_to_schema(PROBLEMS))


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _refuse_repeated(path: Path, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(f"{path}: column {repeated[0]!r} is there twice; rename or remove one of them")
