"""A price list is checked before it prices anything. What is wrong is named with its line."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from tollbook.errors import BadInput
from tollbook.money import INT64_MAX, MAX_DECIMALS, decimal_of
from tollbook.rating.frames import LONGEST_CALL_S, RATES, UNITS, TariffSettings
from tollbook.rating.prefix import MAX_DIGITS, prefix_start
from tollbook.rating.windows import DAY_S, EVERY_DAY, Calendars
from tollbook.records import KINDS, Measure, conform

MAX_STEP = 10**12  # seconds or units of an increment, of `from_s` or of a grace period
# A price before rounding is counted in 1/60 nano-units. The room left over is for rounding to whole units.
EXACT_LIMIT = INT64_MAX - 60 * 10**9
MAX_CHARGE_NANOS = EXACT_LIMIT // 60
SHOWN_PROBLEMS = 5

# What an empty cell means.
_DEFAULTS: Mapping[str, str | int | bool] = {
    "cli_prefix": "",
    "from_s": 0,
    "first_increment": 1,
    "next_increment": 1,
    "connect_fee_nanos": 0,
    "minimum_charge_nanos": 0,
    "grace_period_s": 0,
    "minimum_s": 0,
    "is_forbidden": False,
}
# Rows alike in these are one rate; the window makes them its parts, `from_s` the steps.
RATE_KEY = ("kind", "prefix", "cli_prefix", "min_digits", "max_digits", "active_from", "active_until")
WINDOW_KEY = ("weekdays", "from_time_s", "until_time_s", "holiday")
# A row recorded later with these alike corrects the earlier one.
_CORRECTION_KEY = [*(name for name in RATE_KEY if name != "active_until"), *WINDOW_KEY, "from_s"]

_TIMED = [kind for kind, measure in KINDS.items() if measure is Measure.TIME]
_MESSAGES = [kind for kind, measure in KINDS.items() if measure is Measure.MESSAGES]
_BYTES = [kind for kind, measure in KINDS.items() if measure is Measure.BYTES]
_BYTE_UNITS = [unit for unit in UNITS if unit != "message"]


class PriceListConflict(BadInput):
    """Two rows of a price list claim the same call at the same second."""


def checked(
    rates: pl.DataFrame, settings: TariffSettings, *, calendars: Calendars, known_at: datetime | None
) -> pl.DataFrame:
    """The rows that count, with empty cells filled in: RATES, one row per step.

    With `known_at`, rows recorded after it are left out. Of rows that differ only in when they were recorded, the
    last one counts.

    Raises:
        BadInput: a setting or cell that cannot be used, with its line.
    """
    _check_settings(settings)
    rows = conform(rates, RATES)
    if known_at is not None:
        recorded = pl.col("recorded_at")
        rows = rows.filter(recorded.is_null() | (recorded <= known_at.astimezone(UTC)))
    rows = rows.with_columns(pl.col(name).fill_null(default) for name, default in _DEFAULTS.items())
    # A forbidden destination needs no price, and each kind only its own sort of price.
    timed, free_of_price = pl.col("kind").is_in(_TIMED), pl.col("is_forbidden")
    rows = rows.with_columns(
        pl.col("first_per_min_nanos", "next_per_min_nanos").fill_null(pl.when(free_of_price | ~timed).then(0)),
        pl.col("per_unit_nanos").fill_null(pl.when(free_of_price & ~timed).then(0)),
        pl.col("unit").fill_null(pl.when(pl.col("kind").is_in(_MESSAGES)).then(pl.lit("message"))),
    )
    _refuse(rows, calendars)
    return _corrected(rows)


def _check_settings(settings: TariffSettings) -> None:
    if not 0 <= settings.decimals <= MAX_DECIMALS:
        raise BadInput(f"decimals is {settings.decimals}; a price has 0 to {MAX_DECIMALS}")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(
            f"timezone is {settings.timezone!r}, which is not in the time zone database; write it like Europe/Warsaw"
        ) from None


def _refuse(rows: pl.DataFrame, calendars: Calendars) -> None:
    """Raise one error for all rows that cannot be used, with the first few of them."""
    tests = list(_tests(calendars))
    is_bad = rows.select(bad.fill_null(False).any().alias(str(number)) for number, (_, bad, _) in enumerate(tests))
    problems = []
    for number, (column, bad, expected) in enumerate(tests):
        if is_bad[str(number)][0]:
            for line, value in (
                rows.filter(bad.fill_null(False)).select("line", column).head(SHOWN_PROBLEMS).rows()
            ):
                shown = "empty" if value is None else _shown(column, value)
                problems.append((line, f"line {line}: {column} is {shown}; {expected}"))
    if problems:
        raise BadInput("price list " + "\n".join(text for _, text in sorted(problems)[:SHOWN_PROBLEMS]))


def _shown(column: str, value: object) -> str:
    if column.endswith("_nanos") and isinstance(value, int):
        return format(decimal_of(value).normalize(), "f")
    return repr(value) if isinstance(value, str) else str(value)


def _tests(calendars: Calendars) -> Iterator[tuple[str, pl.Expr, str]]:
    """What must not be: the column, the rows in which it is wrong, what was expected."""
    yield "kind", pl.col("kind").is_null() | ~_in("kind", list(KINDS)), f"it must be one of {', '.join(KINDS)}"
    for prefix in ("prefix", "cli_prefix"):
        yield (
            prefix,
            prefix_start(prefix).is_null(),
            f"it must be up to {MAX_DIGITS} digits, or empty for any number",
        )
    for increment in ("first_increment", "next_increment"):
        yield increment, ~_between(increment, 1, MAX_STEP), f"it must be 1 to {MAX_STEP}"
    for time, most in (("from_s", MAX_STEP), ("grace_period_s", MAX_STEP), ("minimum_s", LONGEST_CALL_S)):
        yield time, ~_between(time, 0, most), f"it must be 0 to {most}"
    yield from _price_tests()
    yield from _window_tests(calendars)
    start, end = pl.col("active_from"), pl.col("active_until")
    yield "active_until", end <= start, "it must be after active_from"
    shortest, longest = pl.col("min_digits"), pl.col("max_digits")
    yield "min_digits", ~_between("min_digits", 1, MAX_DIGITS), f"it must be 1 to {MAX_DIGITS}"
    yield "max_digits", ~_between("max_digits", 1, MAX_DIGITS), f"it must be 1 to {MAX_DIGITS}"
    yield "max_digits", longest < shortest, "it must not be below min_digits"


def _price_tests() -> Iterator[tuple[str, pl.Expr, str]]:
    timed = pl.col("kind").is_in(_TIMED)
    for price in ("first_per_min_nanos", "next_per_min_nanos"):
        yield price, pl.col(price).is_null(), "a kind counted in time needs a price per minute"
        yield price, ~timed & (pl.col(price) != 0), "messages and data have a price per unit, not per minute"
        yield price, ~_between(price, -EXACT_LIMIT, EXACT_LIMIT), f"the limit is {decimal_of(EXACT_LIMIT)}"
    yield "per_unit_nanos", timed & pl.col("per_unit_nanos").is_not_null(), "a kind counted in time has none"
    yield "per_unit_nanos", ~timed & pl.col("per_unit_nanos").is_null(), "messages and data need a price per unit"
    yield "unit", timed & pl.col("unit").is_not_null(), "a kind counted in time has none"
    yield (
        "unit",
        pl.col("kind").is_in(_MESSAGES) & (pl.col("unit") != "message"),
        "messages are counted in message",
    )
    not_bytes = pl.col("unit").is_null() | ~_in("unit", _BYTE_UNITS)
    yield "unit", pl.col("kind").is_in(_BYTES) & not_bytes, f"data is counted in one of {', '.join(_BYTE_UNITS)}"
    for price in ("per_unit_nanos", "connect_fee_nanos"):
        yield (
            price,
            ~_between(price, -MAX_CHARGE_NANOS, MAX_CHARGE_NANOS),
            f"the limit is {decimal_of(MAX_CHARGE_NANOS)}",
        )
    for bound in ("minimum_charge_nanos", "maximum_charge_nanos"):
        yield bound, ~_between(bound, 0, MAX_CHARGE_NANOS), f"it must be 0 to {decimal_of(MAX_CHARGE_NANOS)}"
    least, most = pl.col("minimum_charge_nanos"), pl.col("maximum_charge_nanos")
    yield "maximum_charge_nanos", most < least, "it must not be below minimum_charge"


def _window_tests(calendars: Calendars) -> Iterator[tuple[str, pl.Expr, str]]:
    yield "weekdays", ~_between("weekdays", 1, EVERY_DAY), "name at least one of the days 1 (Monday) to 7 (Sunday)"
    yield "from_time_s", ~_between("from_time_s", 0, DAY_S - 1), "a window begins at 00:00 to 23:59:59"
    yield "until_time_s", ~_between("until_time_s", 0, DAY_S), "a window ends at 00:00 to 24:00"
    known = f"the calendars known are: {', '.join(sorted(calendars)) or 'none'}"
    yield "holiday", ~_in("holiday", list(calendars)), known


def _in(column: str, allowed: list[str]) -> pl.Expr:
    return pl.col(column).is_in(allowed)


def _between(column: str, least: int, most: int) -> pl.Expr:
    return pl.col(column).is_between(least, most)


def _corrected(rows: pl.DataFrame) -> pl.DataFrame:
    """Without the rows that a later recording of the same row corrects."""
    if rows["recorded_at"].null_count() == rows.height:
        return rows
    # Two rows recorded at the same moment both stay: they contradict each other, and that is said later.
    recorded = pl.col("recorded_at").fill_null(datetime.min.replace(tzinfo=UTC))
    return rows.filter(recorded == recorded.max().over(_CORRECTION_KEY))
