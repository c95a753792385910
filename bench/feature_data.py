"""A price list that uses everything the engine knows, and calls for it."""

from datetime import date

import numpy as np
import polars as pl

from bench.data import SEED
from tollbook.rating.frames import NANOS, RATES, TariffSettings

FEATURES = (
    "a third of the prefixes in three windows (peak, weekend, holidays), a third in three steps, a third capped, a"
    " tenth with prices of their own for two CLI prefixes, a tenth for numbers of 11 or 12 digits only, and one call"
    " in twenty set aside before its price"
)
SETTINGS = TariffSettings(timezone="Europe/Warsaw")
CALENDAR = "PL"
HOLIDAYS = {CALENDAR: frozenset({date(2026, 1, 1), date(2026, 1, 6)})}

_OWN_ORIGINS = ("4822000", "482201")
_WEEKDAYS, _WEEKEND = 0b001_1111, 0b110_0000
_MORNING_S, _EVENING_S = 8 * 3600, 20 * 3600


def feature_list(plain: pl.DataFrame) -> pl.DataFrame:
    """The plain list (RATES) with further rows: windows, steps, origins; and caps and lengths on its rows."""
    rng = np.random.default_rng(SEED + 1)
    names = plain.select(pl.col("prefix").unique(maintain_order=True))
    drawn = names.with_columns(
        pl.Series(name, rng.random(names.height) < share)
        for name, share in (("windows", 1 / 3), ("steps", 1 / 3), ("cap", 1 / 3), ("origin", 0.1), ("length", 0.1))
    )
    rows = plain.join(drawn, on="prefix", maintain_order="left").with_columns(
        maximum_charge_nanos=pl.when("cap").then(_nanos(2_000_000_000)),
        min_digits=pl.when("length").then(11),
        max_digits=pl.when("length").then(12),
    )
    rows = pl.concat([rows, *_origins(rows)])
    rows = pl.concat([rows, *_windows(rows)])
    rows = pl.concat([rows, *_steps(rows)])
    numbered = rows.with_columns(line=pl.int_range(1, pl.len() + 1))
    return numbered.select(pl.col(name).cast(dtype) for name, dtype in RATES.items())


def _origins(rows: pl.DataFrame) -> list[pl.DataFrame]:
    return [
        rows.filter("origin").with_columns(cli_prefix=pl.lit(origin), first_per_min_nanos=_nanos(150_000_000))
        for origin in _OWN_ORIGINS
    ]


def _windows(rows: pl.DataFrame) -> list[pl.DataFrame]:
    windowed = rows.filter("windows")
    peak = {"weekdays": _WEEKDAYS, "from_time_s": _MORNING_S, "until_time_s": _EVENING_S}
    return [
        windowed.with_columns(_cells(peak), next_per_min_nanos=_nanos(600_000_000)),
        windowed.with_columns(_cells({"weekdays": _WEEKEND}), next_per_min_nanos=_nanos(50_000_000)),
        windowed.with_columns(_cells({"holiday": CALENDAR}), next_per_min_nanos=_nanos(40_000_000)),
    ]


def _cells(values: dict[str, int] | dict[str, str]) -> list[pl.Expr]:
    return [pl.lit(value).cast(RATES[name]).alias(name) for name, value in values.items()]


def _nanos(value: int) -> pl.Expr:
    return pl.lit(value, dtype=NANOS)


def _steps(rows: pl.DataFrame) -> list[pl.DataFrame]:
    stepped = rows.filter("steps")
    return [
        stepped.with_columns(from_s=pl.lit(from_s, dtype=pl.Int64), next_per_min_nanos=_nanos(price))
        for from_s, price in ((60, 300_000_000), (180, 100_000_000))
    ]


def feature_calls(calls: pl.DataFrame) -> pl.DataFrame:
    """The same calls; one in twenty has no account."""
    rng = np.random.default_rng(SEED + 2)
    nobodys = pl.Series(rng.random(calls.height) < 0.05)
    return calls.with_columns(known_reason=pl.when(nobodys).then(pl.lit("no_account")))
