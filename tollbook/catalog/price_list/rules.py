"""What the columns of one row must be together, and what an empty cell stands for: the last step to RATES."""

from collections.abc import Iterator

import polars as pl

from tollbook.catalog.price_list.cells import DAY_S
from tollbook.catalog.price_list.prefixes import MAX_DIGITS
from tollbook.catalog.price_list.problems import PROBLEMS, problems_at
from tollbook.rating.frames import NANOS, RATES, UNITS
from tollbook.records import KINDS, UTC_TIME, Measure

TYPED: dict[str, pl.DataType | type[pl.DataType]] = {
    "price": NANOS,
    "first_price": NANOS,
    "next_price": NANOS,
    "increment": pl.List(pl.Int64),
    "grace_period": pl.Int64,
    "minimum_duration": pl.Int64,
    "connect_fee": NANOS,
    "minimum_charge": NANOS,
    "maximum_charge": NANOS,
    "per_unit": NANOS,
    "from_time": pl.Int32,
    "until_time": pl.Int32,
    "forbidden": pl.Boolean,
    "recorded_at": UTC_TIME,
}
# Rows alike in these are the steps of one rate in one window.
PART = [
    *("kind", "prefix", "cli_prefix", "min_digits", "max_digits", "active_from", "active_until", "recorded_at"),
    *("weekdays", "from_time_s", "until_time_s", "holiday"),
]
ONCE_PER_CALL = {
    "connect_fee": "connect_fee_nanos",
    "minimum_charge": "minimum_charge_nanos",
    "maximum_charge": "maximum_charge_nanos",
    "grace_period": "grace_period_s",
    "minimum_duration": "minimum_s",
}
DEFAULT_KIND = "voice_out"
MEASURED_IN = {kind: measure.value for kind, measure in KINDS.items()}
MESSAGE_UNIT = "message"


def with_defaults(typed: pl.DataFrame) -> pl.DataFrame:
    """Every column of RATES; prices that are nowhere given stay null, for `broken_rules` to name."""
    missing = {
        name: dtype for name, dtype in {**RATES, **TYPED}.items() if name not in typed.columns and name != "line"
    }
    rows = typed.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in missing.items())
    rows = rows.with_columns(
        pl.col("kind").fill_null(DEFAULT_KIND), is_forbidden=pl.col("forbidden").fill_null(False)
    )
    measure = pl.col("kind").replace_strict(MEASURED_IN, return_dtype=pl.String)
    is_time = measure == Measure.TIME.value
    forbidden_price = pl.when("is_forbidden").then(0)
    return rows.with_columns(
        pl.col("prefix", "cli_prefix", "destination", "category").fill_null(""),
        pl.col("from_s").fill_null(0),
        pl.when(pl.col("unit").is_null() & (measure == Measure.MESSAGES.value))
        .then(pl.lit(MESSAGE_UNIT))
        .otherwise("unit")
        .alias("unit"),
        pl.col("holiday").replace("", None),
        measure=measure,
        first_per_min_nanos=pl.coalesce("first_price", "price", pl.when(is_time).then(forbidden_price)),
        next_per_min_nanos=pl.coalesce("next_price", "price", pl.when(is_time).then(forbidden_price)),
        per_unit_nanos=pl.coalesce("per_unit", pl.when(~is_time).then(forbidden_price)),
        first_increment=pl.coalesce("first_increment", pl.col("increment").list.first(), 1),
        next_increment=pl.coalesce("next_increment", pl.col("increment").list.last(), 1),
        connect_fee_nanos=pl.col("connect_fee").fill_null(0),
        minimum_charge_nanos=pl.col("minimum_charge").fill_null(0),
        maximum_charge_nanos="maximum_charge",
        grace_period_s=pl.col("grace_period").fill_null(0),
        minimum_s=pl.col("minimum_duration").fill_null(0),
        from_time_s="from_time",
        until_time_s="until_time",
    )


def broken_rules(rows: pl.DataFrame) -> pl.DataFrame:
    """PROBLEMS of rows whose cells can each be read but make no sense together."""
    found = [
        problems_at(rows, where, column, _written(rows, column), reason) for where, column, reason in _rules(rows)
    ]
    return pl.concat([pl.DataFrame(schema=PROBLEMS), *found, *_fees_of_later_steps(rows)])


def _fees_of_later_steps(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Steps that name another fee or limit than the first step of their rate: a call has it once, from its begin."""
    if not (rows["from_s"] > 0).any():
        return
    first_steps = (
        rows.filter(pl.col("from_s") == 0).unique(PART, keep="first").select(*PART, *ONCE_PER_CALL.values())
    )
    joined = rows.join(first_steps, on=PART, how="inner", nulls_equal=True, suffix="_of_first")
    for column, value in ONCE_PER_CALL.items():
        differs = pl.col(value).ne_missing(pl.col(f"{value}_of_first")) & (_written(rows, column) != "")
        yield problems_at(
            joined,
            differs,
            column,
            _written(rows, column),
            "differs from the first step's; a call has it only once",
        )


def _written(rows: pl.DataFrame, column: str) -> pl.Expr:
    return pl.col(f"{column}_text") if f"{column}_text" in rows.columns else pl.lit("")


def _rules(rows: pl.DataFrame) -> Iterator[tuple[pl.Expr, str, str]]:
    """Where a rule is broken, the column to name, and the reason."""
    yield from _price_rules()
    yield from _unit_rules()
    yield from _order_rules()
    has_own_increment = [
        pl.col(f"{name}_text") != "" for name in _columns(rows, "first_increment", "next_increment")
    ]
    yield (
        pl.col("increment").is_not_null() & pl.any_horizontal(pl.lit(False), *has_own_increment),
        "increment",
        "is given twice; use either increment or first_increment and next_increment",
    )


def _columns(rows: pl.DataFrame, *names: str) -> list[str]:
    return [name for name in names if f"{name}_text" in rows.columns]


def _price_rules() -> Iterator[tuple[pl.Expr, str, str]]:
    is_time = pl.col("measure") == Measure.TIME.value
    first, following = pl.col("first_per_min_nanos"), pl.col("next_per_min_nanos")
    per_minute = first.is_not_null() | following.is_not_null()
    yield is_time & ~per_minute & pl.col("per_unit").is_null(), "price", "is missing; write 0 if calls are free"
    yield is_time & first.is_null() & following.is_not_null(), "first_price", "is missing, and so is price"
    yield is_time & following.is_null() & first.is_not_null(), "next_price", "is missing, and so is price"
    yield (
        is_time & pl.col("per_unit").is_not_null(),
        "per_unit",
        "is for messages and data; calls have a price per minute",
    )
    yield ~is_time & pl.col("per_unit_nanos").is_null(), "per_unit", "is missing; write 0 if it is free"
    yield ~is_time & per_minute, "price", "is per minute; messages and data have a price per_unit"


def _unit_rules() -> Iterator[tuple[pl.Expr, str, str]]:
    is_time = pl.col("measure") == Measure.TIME.value
    is_message = pl.col("measure") == Measure.MESSAGES.value
    has_unit, unit_is_message = pl.col("unit").is_not_null(), pl.col("unit") == MESSAGE_UNIT
    byte_units = ", ".join(unit for unit in UNITS if unit != MESSAGE_UNIT)
    yield is_time & has_unit, "unit", "is for messages and data; calls have a price per minute"
    yield is_message & ~unit_is_message, "unit", f"is not what messages are counted in; write {MESSAGE_UNIT}"
    is_data = ~is_time & ~is_message
    yield is_data & ~has_unit, "unit", f"is missing; write one of {byte_units}"
    yield is_data & unit_is_message, "unit", f"is not what data is counted in; write one of {byte_units}"


def _order_rules() -> Iterator[tuple[pl.Expr, str, str]]:
    for bound in ("minimum_charge", "maximum_charge"):
        yield pl.col(f"{bound}_nanos") < 0, bound, "is below 0"
    for length in ("min_digits", "max_digits"):
        yield ~pl.col(length).is_between(1, MAX_DIGITS), length, f"is not a length from 1 to {MAX_DIGITS}"
    yield pl.col("from_time_s") == DAY_S, "from_time", "is the end of a day; a window begins at 00:00 to 23:59:59"
    ends_early = pl.col("active_until") <= pl.col("active_from")
    yield ends_early, "active_until", "is not after active_from"
    yield pl.col("max_digits") < pl.col("min_digits"), "max_digits", "is less than min_digits"
    cap_too_low = pl.col("maximum_charge_nanos") < pl.col("minimum_charge_nanos")
    yield cap_too_low, "maximum_charge", "is less than minimum_charge"
