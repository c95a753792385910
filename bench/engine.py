"""The rating engine in memory: against DuckDB, and with every feature in use against itself."""

from collections.abc import Iterator

import polars as pl

from bench.duckdb_peer import DuckDB, Totals, totals
from bench.feature_data import FEATURES, HOLIDAYS, SETTINGS, feature_calls, feature_list
from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.timing import best_of
from bench.workshop import Workshop
from tollbook.rating.engine import compile_tariff, rate_calls
from tollbook.rating.frames import TariffSettings

_MORE = (
    "The engine does more than the statement: it checks every time, quantity and number, gives outcome and reason as"
    " text, the value before rounding, and the rows in their order. Reading a rate's columns from all over memory"
    " takes the largest part."
)
ASOF = Goal(
    name="engine-asof",
    what="engine, 5 M calls in memory, against DuckDB's ASOF join",
    limit=2.5,
    meaning="60,000 prefixes in two dated versions, mixed increments, connect fees, grace, 1 % forbidden, 10 % not"
    " answered. `rate_calls` on a Polars frame, against one SQL statement with the same integer arithmetic over"
    " break points that Tollbook compiled, from DuckDB's own tables into NumPy arrays. Counts and sums by outcome"
    " and reason are equal, or there is no figure.",
    if_missed=_MORE,
)
LENGTH = Goal(
    name="engine-length",
    what="the same, against DuckDB joining once per prefix length",
    limit=4,
    meaning="The same statement without break points: one hash join for each length that a prefix can have, the"
    " longest match taken.",
    if_missed=_MORE,
)
FEATURE = Goal(
    name="engine-features",
    what="engine with windows, steps, caps, origins and set-asides in use, speed against plain",
    limit=0.33,
    meaning=f"As many calls and prefixes, with {FEATURES}.",
)


def against_duckdb(shop: Workshop) -> Iterator[Finding]:
    """Price the same calls in Polars and NumPy, and in DuckDB."""
    shop.say("engine: making calls, loading them into DuckDB")
    rates = shop.price_list()
    calls = shop.calls(rates)
    tariff = compile_tariff(rates, TariffSettings())
    duck = DuckDB(calls, rates, shop.folder)
    ours = engine_totals(rate_calls(calls, tariff))
    for theirs in (totals(duck.by_asof()), totals(duck.by_length())):
        if theirs != ours:
            raise WrongResult(f"DuckDB's totals are {theirs}, the engine's {ours}")
    shop.say("engine: pricing")
    best = best_of(
        {
            "engine": lambda: rate_calls(calls, tariff),
            ASOF.name: duck.by_asof,
            LENGTH.name: duck.by_length,
        },
        shop.rounds(6),
    )
    for goal in (ASOF, LENGTH):
        detail = f"{speed(calls, best['engine'])} against {speed(calls, best[goal.name])}"
        yield Finding(goal, best[goal.name] / best["engine"], detail)


def with_features(shop: Workshop) -> Iterator[Finding]:
    """Price calls under a plain price list and under one that uses everything."""
    shop.say("features: making calls")
    plain_rates = shop.price_list()
    calls = shop.calls(plain_rates)
    rates = feature_list(plain_rates)
    rich_calls = feature_calls(calls)
    plain = compile_tariff(plain_rates, TariffSettings())
    rich = compile_tariff(rates, SETTINGS, holidays=HOLIDAYS)
    shop.say("features: pricing")
    ways = {"plain": lambda: rate_calls(calls, plain), "rich": lambda: rate_calls(rich_calls, rich)}
    best = best_of(ways, shop.rounds(6))
    detail = f"{speed(calls, best['rich'])} against {speed(calls, best['plain'])}"
    yield Finding(FEATURE, best["plain"] / best["rich"], detail)


def engine_totals(rated: pl.DataFrame) -> Totals:
    """As `duckdb_peer.totals`."""
    sums = rated.group_by("outcome", "reason").agg(
        pl.len(), pl.col("rate_line").sum(), pl.col("billed").sum(), pl.col("price_nanos").sum()
    )
    return {(outcome, reason): tuple(figures) for outcome, reason, *figures in sums.iter_rows()}


def speed(calls: pl.DataFrame, seconds: float) -> str:
    """Calls per second, for people."""
    return f"{calls.height / seconds / 1e6:.1f} M calls/s"


AGAINST_DUCKDB = Comparison("duckdb", (ASOF, LENGTH), against_duckdb)
WITH_FEATURES = Comparison("features", (FEATURE,), with_features)
