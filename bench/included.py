"""The rating engine with allowances in use, against itself: prices, what is taken of pools, and what that leaves."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from bench.engine import speed
from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.timing import best_of
from bench.workshop import Workshop
from tollbook.rating.allowances import POOLS, TAKERS, AllowanceTerms, take
from tollbook.rating.engine import Tariff, compile_tariff, rate_calls
from tollbook.rating.frames import TariffSettings
from tollbook.rating.left import rate_left

ACCOUNTS_OF_A_CUSTOMER = 10
INCLUDED = Goal(
    name="engine-allowances",
    what="engine with allowances in use, speed against plain",
    limit=0.25,
    meaning="As many calls and prefixes as above, of a month. Each account has minutes of its own, each customer of ten"
    " accounts shares more; together they cover about half of what is charged. Calls are priced, take what is included"
    " in the order in which they began, and what is left of them is priced again.",
    if_missed="Finding each call's pool and adding up what was taken of it before, once for own and once for shared"
    " minutes, looks at every charged call twice by hash, where pricing reads along sorted tables; to keep calls sorted"
    " by account would spare the first, not the second.",
)

# Own ones of each account first, then what the customer's accounts share.
OWN = AllowanceTerms(id=1, kind="voice_out")
SHARED = AllowanceTerms(id=2, kind="voice_out")


def with_allowances(shop: Workshop) -> Iterator[Finding]:
    """Price calls, and price them with what is included."""
    shop.say("allowances: making calls")
    rates = shop.price_list()
    calls = shop.calls(rates).with_columns(account_id=pl.col("cli").cast(pl.Int64))
    calls = calls.with_columns(
        customer_id=pl.col("account_id") // ACCOUNTS_OF_A_CUSTOMER,
        row=pl.int_range(pl.len(), dtype=pl.Int64),
        wall_s=pl.col("start").dt.epoch("s"),
        unit=pl.lit(1, dtype=pl.Int64),
    )
    tariff = compile_tariff(rates, TariffSettings())
    plain = rate_calls(calls, tariff)
    pools = _pools(plain)
    shop.say("allowances: pricing")
    left = _with_allowances(calls, tariff, pools)
    free = int((left["reason"] == "allowance").sum())
    if not 0 < free < left.height:
        raise WrongResult(f"{free} calls of {left.height} are free by an allowance")
    best = best_of(
        {
            "plain": lambda: rate_calls(calls, tariff),
            "included": lambda: _with_allowances(calls, tariff, pools),
        },
        shop.rounds(4),
    )
    detail = f"{speed(calls, best['included'])} against {speed(calls, best['plain'])}"
    yield Finding(INCLUDED, best["plain"] / best["included"], detail)


def _with_allowances(calls: pl.DataFrame, tariff: Tariff, pools: pl.DataFrame) -> pl.DataFrame:
    """What is left of the charged calls, priced."""
    charged = rate_calls(calls, tariff).filter(pl.col("outcome") == "charged")
    takers = charged.select(TAKERS.names())
    covered = take(takers, [OWN, SHARED], pools).covered
    told = charged.join(covered, on="row", how="left", maintain_order="left").with_columns(
        pl.col("covered").fill_null(0),
        pl.col("pays_fee").fill_null(value=True),
        tier_sixtieths=pl.lit(None, dtype=pl.Int64),
    )
    return rate_left(told, tariff)


def _pools(rated: pl.DataFrame) -> pl.DataFrame:
    """For every account a third of what it uses, and as much again for those of a customer together."""
    months = rated.filter(pl.col("outcome") == "charged").with_columns(
        period=pl.col("start").dt.month_start().dt.date()
    )
    own = months.group_by("account_id", "customer_id", "period").agg(left=pl.col("billed").sum() // 3)
    shared = own.group_by("customer_id", "period").agg(pl.col("left").sum())
    both = [
        own.with_columns(allowance_id=pl.lit(OWN.id, dtype=pl.Int64)),
        shared.with_columns(
            allowance_id=pl.lit(SHARED.id, dtype=pl.Int64), account_id=pl.lit(None, dtype=pl.Int64)
        ).select(*own.columns, "allowance_id"),
    ]
    found = pl.concat(both)
    number = pl.Series(np.arange(found.height))
    return found.with_columns(
        pool_id=number, subscription_id=number, since="period", until=pl.lit(date(9999, 1, 1))
    ).select(POOLS.names())


WITH_ALLOWANCES = Comparison("allowances", (INCLUDED,), with_allowances)
