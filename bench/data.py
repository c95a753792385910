"""Price lists and calls to measure with. The same seed and size always give the same data.

The calls are a month of an operator: in the order of time, evenly spread over accounts and prefixes. Real traffic
is less even, so it is kinder to caches and makes fewer postings.
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from tollbook.rating.frames import CALLS, RATES
from tollbook.records import UTC_TIME

SEED = 20260101
MONTH = datetime(2026, 1, 1, tzinfo=UTC)
MONTH_US = int(MONTH.timestamp()) * 1_000_000
MONTH_S = 31 * 86_400
FIRST_RECORD_ID = 1_000_000_000  # ids of one length grow as text, too
FIRST_NUMBER = 48_220_000_000  # of the accounts
KIND = "voice_out"

# How many of 20 prefixes have so many digits; the rest of a list is the eight first digits 1 to 8.
_LENGTHS = np.repeat([3, 4, 5, 6, 7, 8, 9], [1, 2, 4, 6, 4, 2, 1])
_NUMBER_DIGITS = np.array([11, 12, 13])
_INCREMENTS = np.array([(60, 60), (60, 1), (1, 1), (60, 6), (30, 6)])
_PRICE_STEP_NANOS = 100_000  # prices have 4 decimals
_CROWDING = 4  # half of the calls (0.5) go to 0.5 ** 4 of the prefixes
_ANYWHERE = 0.1  # of the calls go to any number, not to one of a chosen prefix; some of these have no rate

Ints = npt.NDArray[np.int64]


def price_list(prefixes: int) -> pl.DataFrame:
    """So many prefixes (RATES), each in two versions that follow one another within the month.

    Mixed increments, connect fees on one in four, a grace period on one in three, one in a hundred forbidden.
    """
    rng = np.random.default_rng(SEED)
    names = pl.Series("prefix", _prefixes(prefixes, rng)).cast(pl.String)
    change_us = MONTH_US + rng.integers(1, 30, prefixes) * 86_400_000_000
    forbidden = rng.random(prefixes) < 0.01
    versions = [
        _version(names, forbidden, rng, active_from=None, active_until=change_us),
        _version(names, forbidden, rng, active_from=change_us, active_until=None),
    ]
    rows = pl.concat(versions).with_columns(line=pl.int_range(1, pl.len() + 1))
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in RATES.items()
    )


def _version(
    prefixes: pl.Series, forbidden: npt.NDArray[np.bool_], rng: np.random.Generator, **dates: Ints | None
) -> pl.DataFrame:
    count = len(prefixes)
    increments = _INCREMENTS[rng.integers(0, len(_INCREMENTS), count)]
    first_price = _prices(rng, count)
    return pl.DataFrame(
        {
            "prefix": prefixes,
            "cli_prefix": "",
            "destination": "Destination " + prefixes.str.slice(0, 4),
            "kind": KIND,
            "from_s": 0,
            "first_per_min_nanos": first_price,
            "next_per_min_nanos": np.where(rng.random(count) < 0.3, _prices(rng, count), first_price),
            "first_increment": increments[:, 0],
            "next_increment": increments[:, 1],
            "connect_fee_nanos": np.where(rng.random(count) < 0.25, _prices(rng, count), 0),
            "minimum_charge_nanos": 0,
            "grace_period_s": np.where(rng.random(count) < 0.33, 3, 0),
            "minimum_s": 0,
            "is_forbidden": forbidden,
        }
    ).with_columns(_moments(values, count).alias(name) for name, values in dates.items())


def _moments(values: Ints | None, count: int) -> pl.Series:
    return pl.Series([None] * count, dtype=UTC_TIME) if values is None else pl.Series(values).cast(UTC_TIME)


def _prices(rng: np.random.Generator, count: int) -> Ints:
    return rng.integers(10, 10_000, count) * _PRICE_STEP_NANOS


def _prefixes(count: int, rng: np.random.Generator) -> Ints:
    """Different prefixes as integers, none with a leading zero, in random order after the first digits."""
    chosen = np.arange(1, 9)
    while len(chosen) < count:
        lengths = _LENGTHS[rng.integers(0, len(_LENGTHS), count)]
        drawn = rng.integers(10 ** (lengths - 1), 10**lengths)
        chosen = np.concatenate([chosen, rng.permutation(np.setdiff1d(drawn, chosen))])
    return chosen[:count]


def calls(
    count: int, rates: pl.DataFrame, *, accounts: int, first: int = 0, of: int | None = None, evenly: bool = True
) -> pl.DataFrame:
    """Calls as the engine reads them (CALLS), with `record_id`; one in ten not answered.

    They are the calls from `first` on of the `of` that fill the month. Not `evenly`, half of them go to a sixteenth
    of the prefixes.
    """
    rng = np.random.default_rng([SEED, first])
    since, until = (MONTH_S * edge // (of or count) for edge in (first, first + count))
    answered = rng.random(count) < 0.9
    duration = np.where(answered | (rng.random(count) < 0.05), 1 + rng.exponential(120, count).astype(np.int64), 0)
    return pl.DataFrame(
        {
            "record_id": np.arange(count) + FIRST_RECORD_ID + first,
            "kind": pl.repeat(KIND, count, eager=True),
            "start": pl.Series(MONTH_US + np.sort(rng.integers(since, until, count)) * 1_000_000).cast(UTC_TIME),
            "answered": answered,
            "duration_us": duration * 1_000_000,
            "quantity": pl.Series([None], dtype=pl.Int64).new_from_index(0, count),
            "cld": pl.Series(_numbers(count, rates, rng, evenly=evenly)).cast(pl.String),
            "cli": pl.Series(rng.integers(0, accounts, count) + FIRST_NUMBER).cast(pl.String),
            "known_reason": pl.Series([None], dtype=pl.String).new_from_index(0, count),
        }
    ).select("record_id", *CALLS)


def _numbers(count: int, rates: pl.DataFrame, rng: np.random.Generator, *, evenly: bool) -> Ints:
    names = rates["prefix"].unique(maintain_order=True)
    prefix, length = names.cast(pl.Int64).to_numpy(), names.str.len_bytes().cast(pl.Int64).to_numpy()
    share = rng.random(count)
    chosen = (len(names) * (share if evenly else share**_CROWDING)).astype(np.int64)
    rest = 10 ** (_NUMBER_DIGITS[rng.integers(0, 3, count)] - length[chosen])
    of_prefix = prefix[chosen] * rest + rng.integers(0, rest)
    return np.where(rng.random(count) < _ANYWHERE, rng.integers(10**11, 10**12, count), of_prefix)


def write_calls(frame: pl.DataFrame, path: Path) -> None:
    """A file of calls in Tollbook's own layout."""
    frame.select(
        "record_id",
        "start",
        duration_s=pl.col("duration_us") // 1_000_000,
        cli="cli",
        cld="cld",
        answered=pl.when("answered").then(pl.lit("yes")).otherwise(pl.lit("no")),
    ).write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%SZ")


def write_price_list(rates: pl.DataFrame, path: Path) -> None:
    """A price list (`price_list`) as the file that people import."""
    moments = [pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in ("active_from", "active_until")]
    rates.select(
        "prefix",
        "destination",
        "first_increment",
        "next_increment",
        _amount("first_per_min_nanos").alias("first_price"),
        _amount("next_per_min_nanos").alias("next_price"),
        _amount("connect_fee_nanos").alias("connect_fee"),
        grace_period="grace_period_s",
        forbidden=pl.when("is_forbidden").then(pl.lit("yes")).otherwise(pl.lit("no")),
    ).with_columns(rates.select(moments)).write_csv(path)


def _amount(name: str) -> pl.Expr:
    """Nano-units below 1 as people write them."""
    return "0." + (pl.col(name) // _PRICE_STEP_NANOS).cast(pl.String).str.zfill(4)
