"""Start times: from what platforms write to UTC, and the day as it was written."""

import re
from datetime import UTC, datetime

import polars as pl

from tollbook.connectors.files.amounts import scaled
from tollbook.connectors.files.layout import TimeField
from tollbook.records import UTC_TIME

# A start outside of this is a clock never set, or a slip: nobody can be billed for it.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
NO_DAY = "000000"

EPOCHS_US = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
_NAIVE = pl.Datetime("us")
_ISO_HEAD = 19  # 2024-05-31T23:59:59
_ISO_UTC = 20  # with a Z after it
_ISO_TAIL = re.compile(r"(?:[.,](\d{1,9}))?(Z|z|([+-])(\d{2}):?(\d{2})?)?")


def parsed_times(texts: pl.Series, field: TimeField) -> tuple[pl.Series, pl.Series]:
    """The moments in UTC, null where none can be read; and the times as written, which no zone has touched."""
    utc = pl.Series([None], dtype=UTC_TIME).new_from_index(0, len(texts))
    written = pl.Series([None], dtype=_NAIVE).new_from_index(0, len(texts))
    for form in field.formats:
        if form == "iso":
            found_utc, found_written = _iso(texts, field)
        elif form in EPOCHS_US:
            moments = scaled(texts, EPOCHS_US[form], round_up=False).cast(_NAIVE)
            found_utc, found_written = moments.dt.replace_time_zone("UTC"), moments
        else:
            found_utc, found_written = _patterned(texts, form, field)
        utc, written = _first(utc, found_utc), _first(written, found_written)
        if not written.null_count():
            break
    is_possible = (utc >= EARLIEST) & (utc < LATEST)
    return (utc if is_possible.all(ignore_nulls=False) else _only(utc, is_possible)), written


def written_days(written: pl.Series) -> pl.Series:
    """The days as written, `yymmdd`.

    They do not depend on `field.zone`: they are part of record keys, and must not change when a zone is corrected.
    """
    return written.dt.date().dt.strftime("%y%m%d").fill_null(NO_DAY)


def _iso(texts: pl.Series, field: TimeField) -> tuple[pl.Series, pl.Series]:
    """ISO 8601 date and time, `T` or a blank between, with or without fraction and zone."""
    if (whole := _all_utc(texts)) is not None:
        return whole.dt.replace_time_zone("UTC"), whole
    heads = texts.str.slice(0, _ISO_HEAD)
    written = heads.str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us")
    if written.null_count():
        with_blank = heads.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
        written = _first(written, with_blank)
    tails = texts.str.slice(_ISO_HEAD)
    known = tails.unique()
    read = {tail: _tail(tail) for tail in known.drop_nulls().to_list()}
    good = [tail for tail, value in read.items() if value is not None]
    fraction = _looked_up(tails, {tail: value[0] for tail, value in read.items() if value is not None})
    offset = _looked_up(tails, {tail: value[1] for tail, value in read.items() if value is not None})
    written = _only(written, tails.is_in(good)) + fraction.cast(pl.Duration("us"))
    zoned = (written - offset.cast(pl.Duration("us"))).dt.replace_time_zone("UTC")
    return _first(zoned, _only(_to_utc(written, field), offset.is_null())), written


def _all_utc(texts: pl.Series) -> pl.Series | None:
    """Times that are all written as most systems do, 2024-05-31T23:59:59Z; else None."""
    lengths = texts.str.len_bytes()
    if lengths.min() != _ISO_UTC or lengths.max() != _ISO_UTC or not texts[0].endswith("Z"):
        return None
    moments = texts.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="us")
    return None if moments.null_count() else moments


def _tail(tail: str) -> tuple[int, int | None] | None:
    """Fraction and distance from UTC, in microseconds, of what follows the seconds; no zone is None."""
    found = _ISO_TAIL.fullmatch(tail.strip())
    if found is None:
        return None
    fraction, zone, sign, hours, minutes = found.groups()
    micros = int((fraction or "0").ljust(6, "0")[:6])
    if zone is None:
        return micros, None
    if sign is None:
        return micros, 0
    distance = (int(hours) * 3600 + int(minutes or 0) * 60) * 1_000_000
    return micros, -distance if sign == "-" else distance


def _looked_up(texts: pl.Series, values: dict[str, int | None] | dict[str, int]) -> pl.Series:
    return texts.replace_strict(list(values.keys()), list(values.values()), default=None, return_dtype=pl.Int64)


def _patterned(texts: pl.Series, pattern: str, field: TimeField) -> tuple[pl.Series, pl.Series]:
    found = texts.str.to_datetime(pattern, strict=False, time_unit="us")
    if found.dtype == UTC_TIME:  # the pattern reads a zone
        return found, found.dt.replace_time_zone(None)
    return _to_utc(found, field), found


def _to_utc(written: pl.Series, field: TimeField) -> pl.Series:
    """Local times to UTC. The hour that spring leaves out does not exist and is null."""
    ambiguous = "null" if field.ambiguous == "refuse" else field.ambiguous
    local = written.dt.replace_time_zone(field.zone, ambiguous=ambiguous, non_existent="null")  # type: ignore[arg-type]
    return local.dt.convert_time_zone("UTC")


def _first(left: pl.Series, right: pl.Series) -> pl.Series:
    return right if left.null_count() == len(left) else left.zip_with(left.is_not_null(), right)


def _only(values: pl.Series, where: pl.Series) -> pl.Series:
    nothing = pl.Series([None], dtype=values.dtype).new_from_index(0, len(values))
    return values.zip_with(where.fill_null(value=False), nothing)
