"""What is wrong with a price list, row by row, and the error that tells it all at once."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tollbook.errors import BadInput

SHOWN_PROBLEMS = 20  # a list with one mistake in every row must not fill the screen


@dataclass(frozen=True, slots=True)
class BadRow:
    """One cell that cannot be used. A row with two such cells gives two of these."""

    line: int
    column: str  # as the rating rules name it; "" when the whole line is meant
    value: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.column}" if self.column else "")
        return f"{where} {self.value!r}: {self.reason}"


class BadPriceList(BadInput):
    """Rows of a price list cannot be used; nothing was imported. `rows` has all of them."""

    def __init__(self, path: Path, rows: list[BadRow]) -> None:
        lines = {row.line for row in rows}
        shown = "\n".join(f"  {row}" for row in rows[:SHOWN_PROBLEMS])
        rest = f"\n  … and {len(rows) - SHOWN_PROBLEMS} more" if len(rows) > SHOWN_PROBLEMS else ""
        super().__init__(
            f"{path}: {len(lines)} rows cannot be used, nothing was imported; "
            f"correct them, or leave them out with --skip-bad-rows\n{shown}{rest}"
        )
        self.rows = rows


# One row per problem while the list is checked.
PROBLEMS = pl.Schema({"line": pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String})


def problems_at(frame: pl.DataFrame, where: pl.Expr, column: str, value: pl.Expr, reason: str) -> pl.DataFrame:
    """One problem for every row of `frame` for which `where` is true."""
    return frame.filter(where).select(
        "line",
        pl.lit(column).alias("column"),
        value.cast(pl.String).fill_null("").alias("value"),
        pl.lit(reason).alias("reason"),
    )


def problems_with(frame: pl.DataFrame, column: str, reasons: dict[str, str]) -> pl.DataFrame:
    """One problem for every row whose text in `column` is a key of `reasons`."""
    wrong = pl.DataFrame(
        {column: list(reasons), "reason": list(reasons.values())}, schema={column: pl.String, "reason": pl.String}
    )
    return (
        frame.select("line", column)
        .join(wrong, on=column, how="inner", maintain_order="left")
        .select("line", pl.lit(column).alias("column"), pl.col(column).alias("value"), "reason")
    )


def bad_rows(problems: pl.DataFrame) -> list[BadRow]:
    """The problems in order of line, each once."""
    ordered = problems.unique(maintain_order=True).sort("line", maintain_order=True)
    return [BadRow(*row) for row in ordered.iter_rows()]
