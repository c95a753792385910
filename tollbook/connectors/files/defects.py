"""Records that make no sense: which defect, and what shows it to a person."""

from collections.abc import Iterable

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US, MAX_QUANTITY
from tollbook.connectors.files.layout import Column, Layout
from tollbook.records import KINDS

MAX_TEXT_BYTES = 1_000  # of a number, account, name or kind: longer is no such thing, and no index could hold it
_TEXTS = ("kind", "cli", "cld", "account_ref", "tenant_ref", "trunk_ref", "display_text")
_SHOWN_CHARS = 60


def with_defects(facts: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """`defect` and `defect_detail`: the first rule here that applies. What is too large or too long becomes null.

    What is no record at all is null everywhere but in its line.
    """
    duration, quantity = pl.col("duration_us"), pl.col("quantity")
    is_too_long = {name: (pl.col(name).str.len_bytes() > MAX_TEXT_BYTES).fill_null(value=False) for name in _TEXTS}
    facts = facts.with_columns(
        pl.when(pl.col("_is_time") & duration.is_between(0, MAX_DURATION_US)).then(duration),
        pl.when(~pl.col("_is_time") & quantity.is_between(0, MAX_QUANTITY)).then(quantity),
        *(pl.when(~is_long).then(name).alias(name) for name, is_long in is_too_long.items()),
        pl.coalesce(pl.when(is_long).then(pl.lit(name)) for name, is_long in is_too_long.items()).alias(
            "_too_long"
        ),
    ).with_columns(_defect().alias("defect"))
    defective = facts["defect"].is_not_null()
    details = pl.Series("defect_detail", [None], dtype=pl.String).new_from_index(0, facts.height)
    if not defective.any():
        return facts.with_columns(details)
    found = facts.filter(defective).select(_detail(layout)).to_series()
    cleared = ("kind", "start", "answered", "duration_us", "quantity", *_TEXTS[1:])
    return facts.with_columns(
        details.scatter(defective.arg_true(), found),
        *(pl.when(pl.col("_reason").is_null()).then(name).alias(name) for name in cleared),
    )


def _defect() -> pl.Expr:
    amount = pl.when("_is_time").then("duration_us").otherwise("quantity")
    is_unreadable = (
        pl.col("_reason").is_not_null() | pl.col("_too_long").is_not_null() | pl.col("answered").is_null()
    )
    is_known = pl.col("kind").is_in(list(KINDS))
    return pl.coalesce(
        pl.when(is_unreadable).then(pl.lit("unreadable")),
        pl.when(pl.col("start").is_null()).then(pl.lit("bad_time")),
        pl.when(~is_known).then(pl.lit("unknown_kind")),
        pl.when(amount.is_null()).then(pl.lit("bad_quantity")),
    )


def _detail(layout: Layout) -> pl.Expr:
    """For a person: line, column, value, what was expected."""
    line = pl.format("line {}", "line")
    too_long = pl.format("{}: {} is longer than {} bytes", line, "_too_long", pl.lit(MAX_TEXT_BYTES))
    answered = _named(line, [layout.answered.column], "_answered", "says neither answered nor unanswered")
    formats = " or ".join(layout.start.formats)
    expected = f"is no time that exists (expected {formats}, else in zone {layout.start.zone}, from 1990 to 2099)"
    start = _named(line, layout.start.columns, "_start", expected)
    kind = pl.format("{}: kind {} is none of {}", line, _shown("kind"), pl.lit(", ".join(KINDS)))
    duration = _named(line, [layout.duration.column], "_duration", "is no duration from 0 to 366 days")
    quantity = _named(
        line, [layout.quantity.column], "_quantity", "is no whole number of messages or bytes, 0 or more"
    )
    return (
        pl.when(pl.col("_reason").is_not_null())
        .then(pl.format("{}: {}: {}", line, "_reason", _shown("_text")))
        .when(pl.col("_too_long").is_not_null())
        .then(too_long)
        .when(pl.col("defect") == "unreadable")
        .then(answered)
        .when(pl.col("defect") == "bad_time")
        .then(start)
        .when(pl.col("defect") == "unknown_kind")
        .then(kind)
        .when(pl.col("_is_time"))
        .then(duration)
        .otherwise(quantity)
    )


def _named(line: pl.Expr, columns: Iterable[Column | None], value: str, what: str) -> pl.Expr:
    where = ", ".join(str(column) for column in columns if column is not None)
    return pl.format("{}, column {}: {} {}", line, pl.lit(where or "(none)"), _shown(value), pl.lit(what))


def _shown(column: str) -> pl.Expr:
    """The beginning of a value in quotes, safe to store: no NUL, no line end."""
    value = pl.col(column).fill_null("")
    start = value.str.slice(0, _SHOWN_CHARS).str.replace_all("\0", "\\0", literal=True)
    start = start.str.replace_all("\n", "\\n", literal=True)
    return pl.format(
        "'{}{}'", start, pl.when(value.str.len_chars() > _SHOWN_CHARS).then(pl.lit("…")).otherwise(pl.lit(""))
    )
