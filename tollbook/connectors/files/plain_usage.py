"""Calls in which nothing is unusual to usage records. `to_usage` makes the same of them, and knows all others too."""

from collections.abc import Sequence

import polars as pl

from tollbook.connectors.files.amounts import MAX_DURATION_US, scale_of
from tollbook.connectors.files.columns import found_column
from tollbook.connectors.files.defects import MAX_TEXT_BYTES
from tollbook.connectors.files.layout import KindField, Layout, TextField
from tollbook.connectors.files.mapping import NOT_IN_FILES, USAGE_TEXTS, was_answered
from tollbook.connectors.files.raw import LINE
from tollbook.connectors.files.times import parsed_times
from tollbook.records import INCOMING, KINDS, USAGE, Measure, conform


def plain_usage(rows: pl.DataFrame, layout: Layout, names: Sequence[str]) -> tuple[pl.DataFrame, pl.Series] | None:
    """What `to_usage` says of these rows; None when they, or the layout, need its care.

    The rows are records without blanks, and there is at least one.
    """
    start, duration_us = _start(rows, layout, names), _duration_us(rows, layout, names)
    if start is None or duration_us is None or not _is_call(layout.kind, names):
        return None
    texts = {usage: layout.texts.get(text, TextField()) for text, usage in USAGE_TEXTS.items()}
    answer = found_column(layout.answered.column, names)
    answered = was_answered(rows[answer], layout.answered) if answer else duration_us > 0
    if answered.null_count() or any(field.extract for field in texts.values()):
        return None
    utc, written = start
    usage = rows.select(
        pl.col(LINE).alias("line"),
        pl.lit(layout.kind.value).alias("kind"),
        utc.alias("start"),
        answered.alias("answered"),
        duration_us.alias("duration_us"),
        *(_text(field, names).alias(usage) for usage, field in texts.items()),
        *NOT_IN_FILES,
        quantity=pl.lit(None, pl.Int64),
        **dict.fromkeys(("defect", "defect_detail"), pl.lit(None, pl.String)),
    )
    longest = usage.select(pl.max_horizontal(pl.col(*texts).str.len_bytes().max())).item()
    return None if (longest or 0) > MAX_TEXT_BYTES else (conform(usage, USAGE), written)


def _is_call(field: KindField, names: Sequence[str]) -> bool:
    """Whether all records are outgoing calls, because the layout says so and the file nothing else."""
    says_no_other = not field.rules and found_column(field.column, names) is None
    return says_no_other and KINDS[field.value] is Measure.TIME and field.value not in INCOMING


def _start(rows: pl.DataFrame, layout: Layout, names: Sequence[str]) -> tuple[pl.Series, pl.Series] | None:
    column, *others = layout.start.columns
    found = found_column(column, names)
    if found is None or others:
        return None
    utc, written = parsed_times(rows[found], layout.start)
    return None if utc.null_count() else (utc, written)


def _duration_us(rows: pl.DataFrame, layout: Layout, names: Sequence[str]) -> pl.Series | None:
    """Durations that are all whole numbers of the layout's unit."""
    field = layout.duration
    column, scale = found_column(field.column, names), scale_of(field.unit or "", is_time=True)
    if column is None or scale is None or found_column(field.unit_column, names):
        return None
    units = rows[column].cast(pl.Int64, strict=False)
    if units.null_count() or not units.is_between(0, MAX_DURATION_US // scale).all():
        return None
    return units * scale


def _text(field: TextField, names: Sequence[str]) -> pl.Expr:
    """A text of the record; null when there is nothing in it."""
    found, otherwise = found_column(field.column, names), pl.lit(field.value, pl.String)
    return otherwise if found is None else pl.when(pl.col(found) != "").then(found).otherwise(otherwise)
