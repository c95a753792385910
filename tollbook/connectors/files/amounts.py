"""Durations and quantities: from text to whole microseconds, messages or bytes. Exact, never through a float."""

import re

import polars as pl

from tollbook.connectors.files.layout import AMOUNT_UNITS, TIME_UNITS_US

MAX_DURATION_US = 366 * 24 * 3600 * 1_000_000  # a call of more than a year is a slip
MAX_QUANTITY = 1 << 50  # a pebibyte
_NUMBER = re.compile(r"(-?)(?=\.?\d)([0-9]{0,18})(?:\.([0-9]{1,30}))?")
_CLOCK = re.compile(r"(?:([0-9]{1,6}):)?([0-9]{1,6}):([0-9]{1,2})(?:\.([0-9]{1,30}))?")
_LARGEST_WHOLE = 1 << 62
_SPELLED_OUT = {"sec": "s", "second": "s", "minute": "min", "msg": "message", "b": "byte"}


def measured(texts: pl.Series, units: pl.Series, *, is_time: bool, decimal_comma: bool) -> pl.Series:
    """Microseconds, or messages or bytes; null where the text is no number or the unit is none.

    Without a unit it is seconds, or single messages and bytes.
    """
    scales = {unit: scale_of(unit, is_time=is_time) for unit in units.unique().to_list()}
    result = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(texts))
    for scale in {scale for scale in scales.values() if scale is not None}:
        whose = units.is_in([unit for unit, of in scales.items() if of == scale])
        own = texts if whose.all() else texts.zip_with(whose, pl.Series([""]).new_from_index(0, len(texts)))
        found = scaled(own, scale, round_up=is_time, decimal_comma=decimal_comma)
        result = result.zip_with(result.is_not_null(), found)
    return result


def scale_of(unit: str, *, is_time: bool) -> int | None:
    """How much one unit is. Case counts only between kB and KB, which is none."""
    if not unit:
        return 1_000_000 if is_time else 1
    known = TIME_UNITS_US if is_time else AMOUNT_UNITS
    plain = unit.lower().removesuffix("s") or "s"
    return known.get(unit) or known.get(unit.lower()) or known.get(plain) or known.get(_SPELLED_OUT.get(plain, ""))


def scaled(texts: pl.Series, scale: int, *, round_up: bool, decimal_comma: bool = False) -> pl.Series:
    """`text × scale` as whole numbers, null where the text is no number.

    `round_up`: a part of a unit counts as a whole one (a microsecond); else it is no number (there is no half byte).
    """
    whole = texts.cast(pl.Int64, strict=False)
    whole = pl.select(pl.when(whole.abs() <= _LARGEST_WHOLE // scale).then(whole * scale)).to_series()
    if not whole.null_count():
        return whole
    rest = texts.filter(whole.is_null() & (texts != "")).unique().drop_nulls().to_list()
    if not rest:
        return whole
    read = [_read(text.replace(",", ".") if decimal_comma else text, scale, round_up=round_up) for text in rest]
    others = texts.replace_strict(rest, pl.Series(read, dtype=pl.Int64), default=None, return_dtype=pl.Int64)
    return whole.zip_with(whole.is_not_null(), others)


def _read(text: str, scale: int, *, round_up: bool) -> int | None:
    if found := _CLOCK.fullmatch(text):
        hours, minutes, whole, fraction = found.groups()
        sign, seconds = "", int(hours or 0) * 3600 + int(minutes) * 60 + int(whole)
        whole = str(seconds)
    elif found := _NUMBER.fullmatch(text):
        sign, whole, fraction = found.groups()
    else:
        return None
    fraction = fraction or ""
    divisor: int = 10 ** len(fraction)
    units, part = divmod(int(f"{sign}{whole or 0}{fraction}") * scale, divisor)
    if (part and not round_up) or abs(units) > _LARGEST_WHOLE:
        return None
    return units + 1 if part else units
