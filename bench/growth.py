"""How much slower a call gets when the price list or the usage table grows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from bench import data
from bench.goals import Comparison, Finding, Goal
from bench.office import Office
from bench.timing import best_of
from bench.workshop import CALLS, Workshop
from tollbook.rating.engine import Tariff, compile_tariff, rate_calls
from tollbook.rating.frames import TariffSettings

LISTS = {"1 k": 1_000, "60 k": 60_000, "1 M": 1_000_000}
FURTHER, FEW, MANY = 1_000_000, 1_000_000, 10_000_000

EVENLY = Goal(
    name="growth-list-even",
    what="price list of 1 k, 60 k, 1 M prefixes, calls evenly over all of them: longer per call",
    limit=30,
    at_most=True,
    unit="%",
    meaning="5 M calls in memory, 1 M prefixes against 1 k. Evenly spread is the worst case for the caches: every"
    " call reads prices that no other call has brought near.",
    if_missed="The prices of a million prefixes in two versions do not fit the caches, so each call waits for"
    " memory.",
)
CROWDED = Goal(
    name="growth-list",
    what="the same with half of the calls to a sixteenth of the prefixes",
    limit=30,
    at_most=True,
    unit="%",
    meaning="Nearer to real traffic: the share of calls that a share s of the prefixes gets is the fourth root of s.",
    if_missed="As above, to a smaller extent.",
)
TABLE = Goal(
    name="growth-table",
    what="a further 1 M calls into a usage table of 1 M, 10 M rows: longer per call",
    limit=30,
    at_most=True,
    unit="%",
    meaning="`import_usage` into a database that has imported 1 M, or 10 M calls before, all of one month, so that"
    " all go to the same partition and indexes.",
)


def price_lists(shop: Workshop) -> Iterator[Finding]:
    """Price as many calls under lists of each size."""
    for goal, evenly in ((EVENLY, True), (CROWDED, False)):
        shop.say(f"growth: price lists, calls {'evenly' if evenly else 'crowded'}")
        ways = {name: _pricing(shop, prefixes, evenly=evenly) for name, prefixes in LISTS.items()}
        best = best_of(ways, shop.rounds(3))
        calls = shop.size(CALLS)
        each = ", ".join(f"{seconds / calls * 1e9:.0f} ns at {name}" for name, seconds in best.items())
        yield Finding(goal, (best["1 M"] / best["1 k"] - 1) * 100, each)


def _pricing(shop: Workshop, prefixes: int, *, evenly: bool) -> Callable[[], pl.DataFrame]:
    rates = shop.price_list(prefixes)
    calls: pl.DataFrame = shop.calls(rates, evenly=evenly)
    tariff: Tariff = compile_tariff(rates, TariffSettings())
    return lambda: rate_calls(calls, tariff)


def usage_table(shop: Workshop) -> Iterator[Finding]:
    """Import a further file into copies of a small and a large database, in turns."""
    shop.say("growth: making files and the office")
    office = Office(shop)
    edges = [shop.size(count) for count in (FEW, FEW + FURTHER, MANY, MANY + FURTHER)]
    files = [_file(shop, since, until, of=edges[-1]) for since, until in zip([0, *edges], edges, strict=False)]
    office.make("few")
    office.import_file(files[0])
    office.make("many", of="few")
    shop.say("growth: filling the large table")
    office.import_file(files[1])
    office.import_file(files[2])
    best = {"few": float("inf"), "many": float("inf")}
    for _ in range(shop.rounds(2)):
        for name, further in (("few", files[1]), ("many", files[3])):
            shop.say(f"growth: a further file into the table with {name} rows")
            with office.copy("grown", of=name):
                best[name] = min(best[name], office.import_file(further))
    for name in best:
        office.drop(name)
    detail = f"{best['few']:.1f} s at 1 M, {best['many']:.1f} s at 10 M"
    yield Finding(TABLE, (best["many"] / best["few"] - 1) * 100, detail)


def _file(shop: Workshop, since: int, until: int, *, of: int) -> Path:
    path = shop.folder / f"month-{since}.csv"
    frame = data.calls(until - since, shop.price_list(), accounts=shop.accounts, first=since, of=of)
    data.write_calls(frame, path)
    return path


PRICE_LISTS = Comparison("growth-list", (EVENLY, CROWDED), price_lists)
USAGE_TABLE = Comparison("growth-table", (TABLE,), usage_table)
