"""The file's columns to usage records: what a layout means, done to a whole table at once."""

from collections.abc import Sequence

import polars as pl

from tollbook.connectors.files.amounts import measured
from tollbook.connectors.files.columns import each_value_once, text_of
from tollbook.connectors.files.defects import with_defects
from tollbook.connectors.files.layout import (
    AmountField,
    AnsweredField,
    Column,
    Condition,
    KindField,
    Layout,
    TextField,
    TimeField,
)
from tollbook.connectors.files.raw import LINE, REASON, TEXT
from tollbook.connectors.files.times import parsed_times
from tollbook.records import INCOMING, KINDS, USAGE, Measure, conform

USAGE_TEXTS = {
    "cli": "cli",
    "cld": "cld",
    "account": "account_ref",
    "tenant": "tenant_ref",
    "trunk": "trunk_ref",
    "display": "display_text",
}
_KIND = pl.col("\0kind")
_TIME_KINDS = [kind for kind, measure in KINDS.items() if measure is Measure.TIME]


# A layout says nothing of prices; keys are given afterwards.
NOT_IN_FILES = [
    pl.lit(None, USAGE[name]).alias(name) for name in ("record_key", "platform_price_nanos", "platform_currency")
]


def to_usage(rows: pl.DataFrame, layout: Layout, names: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Usage records still without keys, row for row; and the start of each as the file writes it.

    Whatever cannot be made sense of is null, with its defect and the column and value that show it.
    """
    texts = {usage: layout.texts.get(name, TextField()) for name, usage in USAGE_TEXTS.items()}
    written = (
        rows.lazy()
        .with_columns(_kinds(rows, layout.kind, names).alias("\0kind"))
        .select(
            pl.col(LINE).alias("line"),
            pl.col(REASON).alias("_reason"),
            pl.col(TEXT).alias("_text"),
            _KIND.alias("kind"),
            _KIND.is_in(_TIME_KINDS).alias("_is_time"),
            _start(layout.start, names).alias("_start"),
            _text(layout.answered.column, names).alias("_answered"),
            *_amount("duration", layout.duration, names),
            *_amount("quantity", layout.quantity, names),
            *(_usage_text(field, names).alias(usage) for usage, field in texts.items()),
        )
        .with_columns(*_time_texts(), pl.when(~pl.col("_is_time")).then("_quantity").otherwise(pl.lit("")))
        .collect()
    )
    start, written_start = parsed_times(written["_start"], layout.start)
    comma = layout.duration.decimal_comma
    duration = measured(written["_duration"], written["_duration_unit"], is_time=True, decimal_comma=comma)
    comma = layout.quantity.decimal_comma
    quantity = measured(written["_quantity"], written["_quantity_unit"], is_time=False, decimal_comma=comma)
    is_free_without = ~pl.col("answered") & pl.col("_is_time") & (pl.col("_duration") == "")
    facts = written.with_columns(
        start.alias("start"),
        duration.alias("duration_us"),
        quantity.alias("quantity"),
        _answered(written, duration, layout.answered, names).alias("answered"),
    )
    # Platforms leave the duration of a call that was not answered empty.
    facts = facts.with_columns(pl.when(is_free_without).then(0).otherwise("duration_us").alias("duration_us"))
    usage = with_defects(facts, layout).with_columns(NOT_IN_FILES)
    return conform(usage, USAGE), written_start


def _text(column: Column | None, names: Sequence[str]) -> pl.Expr:
    found = text_of(column, names)
    return pl.lit("") if found is None else found


def _usage_text(field: TextField, names: Sequence[str]) -> pl.Expr:
    """A text of the record; null when there is nothing in it."""
    text = _text(field.column, names)
    if field.incoming is not None:
        text = pl.when(_KIND.is_in(list(INCOMING))).then(_text(field.incoming, names)).otherwise(text)
    if field.extract is not None:
        text = text.str.extract(field.extract, 1)
    return pl.when(text != "").then(text).otherwise(pl.lit(field.value, pl.String))


def _start(field: TimeField, names: Sequence[str]) -> pl.Expr:
    start = pl.concat_str([_text(column, names) for column in field.columns], separator=" ")
    if field.otherwise is None:
        return start
    return pl.when(start.str.strip_chars() == "").then(_text(field.otherwise, names)).otherwise(start)


def _amount(name: str, field: AmountField, names: Sequence[str]) -> tuple[pl.Expr, pl.Expr]:
    """The text of an amount and of its unit, under their working names."""
    text = _text(field.column, names)
    if field.value is not None:
        text = pl.when(text == "").then(pl.lit(field.value)).otherwise(text)
    unit = _text(field.unit_column, names)
    if field.unit is not None:
        unit = pl.when(unit == "").then(pl.lit(field.unit)).otherwise(unit)
    return text.alias(f"_{name}"), unit.alias(f"_{name}_unit")


def _time_texts() -> list[pl.Expr]:
    """The duration of kinds counted in time; where its column is empty the quantity stands for it, in its own unit."""
    is_time, has_own = pl.col("_is_time"), pl.col("_duration") != ""
    return [
        pl.when(is_time & has_own).then(own).when(is_time).then(other).otherwise(pl.lit("")).alias(own)
        for own, other in (("_duration", "_quantity"), ("_duration_unit", "_quantity_unit"))
    ]


def _answered(written: pl.DataFrame, duration: pl.Series, field: AnsweredField, names: Sequence[str]) -> pl.Series:
    if text_of(field.column, names) is None:
        return ~written["_is_time"] | (duration > 0).fill_null(value=True)
    return was_answered(written["_answered"], field)


def was_answered(texts: pl.Series, field: AnsweredField) -> pl.Series:
    """What the column says; null where its value is in neither list."""
    if field.filled:
        return texts != ""
    yes = [word.lower() for word in field.yes]
    no = None if field.no is None else [word.lower() for word in field.no]

    def meaning(word: pl.Expr) -> pl.Expr:
        is_yes = word.str.to_lowercase().is_in(yes)
        return is_yes if no is None else pl.when(is_yes | word.str.to_lowercase().is_in(no)).then(is_yes)

    return each_value_once(texts, meaning)


def _kinds(rows: pl.DataFrame, field: KindField, names: Sequence[str]) -> pl.Series:
    """The first rule that holds, else the file's own word in ours, else the default."""

    def meaning(word: pl.Expr) -> pl.Expr:
        ours = word.str.to_lowercase().replace(dict(field.names))
        return (
            pl.when(word == "").then(pl.lit(field.value)).when(ours.is_in(list(KINDS))).then(ours).otherwise(word)
        )

    if text_of(field.column, names) is None:
        kinds = pl.Series([field.value]).new_from_index(0, rows.height)
    else:
        kinds = each_value_once(rows.select(_text(field.column, names)).to_series(), meaning)
    ruled: pl.Expr = pl.lit(kinds)
    for rule in reversed(field.rules):
        holds = pl.all_horizontal([_holds(condition, names) for condition in rule.when])
        ruled = pl.when(holds).then(pl.lit(rule.kind)).otherwise(ruled)
    return rows.select(ruled).to_series() if field.rules else kinds


def _holds(condition: Condition, names: Sequence[str]) -> pl.Expr:
    text = _text(condition.column, names)
    tests = []
    if condition.one_of is not None:
        tests.append(text.str.to_lowercase().is_in([value.lower() for value in condition.one_of]))
    if condition.prefix is not None:
        tests.append(text.str.starts_with(condition.prefix))
    if condition.matches is not None:
        tests.append(text.str.contains(condition.matches))
    return pl.all_horizontal(tests)
