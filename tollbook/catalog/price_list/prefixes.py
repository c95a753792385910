"""The prefixes a row of a price list is for. Usually one; through a mapping also lists and ranges."""

import re

import polars as pl

from tollbook.catalog.price_list.mapping import COUNTRY_CODE, PriceListMapping
from tollbook.catalog.price_list.problems import problems_at, problems_with

MAX_DIGITS = 18
MAX_RANGE = 10_000  # prefixes one range like 4420-4429 may stand for
RANGE = re.compile(r"(\d+)-(\d+)", re.ASCII)


def with_prefixes(cells: pl.DataFrame, mapping: PriceListMapping) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells with `prefix` and `cli_prefix` as digits, one row per prefix; and what was wrong (PROBLEMS).

    `+` and blanks are ignored; an empty prefix stands for any number. `prefix_text` keeps what was written.
    """
    cells = cells.with_columns(prefix_text="prefix", prefix=_without_blanks("prefix"))
    problems = []
    if mapping.prefix_lists:
        cells, wrong_lists = _expand(cells)
        problems.append(wrong_lists)
    if mapping.prefix_remove:
        cells = cells.with_columns(pl.col("prefix").str.strip_prefix(mapping.prefix_remove))
    before = [_without_blanks(COUNTRY_CODE)] if COUNTRY_CODE in cells.columns else []
    if mapping.prefix_add or before:
        cells = cells.with_columns(prefix=pl.concat_str(pl.lit(mapping.prefix_add), *before, "prefix"))
    problems.append(_not_digits(cells, "prefix", pl.col("prefix_text")))
    if "cli_prefix" in cells.columns:
        cells = cells.with_columns(cli_prefix_text="cli_prefix", cli_prefix=_without_blanks("cli_prefix"))
        problems.append(_not_digits(cells, "cli_prefix", pl.col("cli_prefix_text")))
    return cells, pl.concat(problems)


def _without_blanks(column: str) -> pl.Expr:
    return pl.col(column).str.replace_all(r"[\s+]", "")


def _not_digits(cells: pl.DataFrame, column: str, written: pl.Expr) -> pl.DataFrame:
    is_digits = pl.col(column).str.contains(r"^[0-9]*$")
    return pl.concat(
        [
            problems_at(cells, ~is_digits, column, written, "is not a prefix; write digits only"),
            problems_at(
                cells,
                is_digits & (pl.col(column).str.len_bytes() > MAX_DIGITS),
                column,
                written,
                f"is longer than {MAX_DIGITS} digits",
            ),
        ]
    )


def _expand(cells: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    several = cells.filter(pl.col("prefix").str.contains(r"[^0-9]"))["prefix"].unique()
    expanded: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for text in several:
        try:
            expanded[text] = prefixes_in(text)
        except ValueError as error:
            reasons[text] = str(error)
            expanded[text] = [""]  # its line is a bad row already; digits keep it from being named twice
    problems = problems_with(cells, "prefix", reasons)
    parts = pl.DataFrame(
        {"prefix": list(expanded), "part": list(expanded.values())},
        schema={"prefix": pl.String, "part": pl.List(pl.String)},
    )
    cells = (
        cells.join(parts, on="prefix", how="left", maintain_order="left")
        .with_columns(pl.col("part").fill_null(pl.concat_list("prefix")))
        .explode("part")
        .with_columns(prefix="part")
        .drop("part")
    )
    return cells, problems


def prefixes_in(text: str) -> list[str]:
    """The prefixes of a list: `44,4420;4477` are three, `4420-4422` too.

    Raises:
        ValueError: with the reason, when a part is neither digits nor a range.
    """
    prefixes: list[str] = []
    for part in re.split("[,;]", text):
        match = RANGE.fullmatch(part)
        if match:
            prefixes += _range(match[1], match[2])
        elif part.isascii() and part.isdigit():
            prefixes.append(part)
        elif part:
            raise ValueError(f"{part!r} is neither a prefix nor a range like 4420-4422")
    if not prefixes:
        raise ValueError("names no prefix")
    return prefixes


def _range(first: str, last: str) -> list[str]:
    if len(first) != len(last) or last < first:
        raise ValueError(
            f"{first}-{last} is not a range; write both ends with the same number of digits, in order"
        )
    if int(last) - int(first) >= MAX_RANGE:
        raise ValueError(f"{first}-{last} stands for more than {MAX_RANGE} prefixes; write shorter prefixes")
    return [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]
