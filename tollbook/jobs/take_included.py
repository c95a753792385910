"""New usage takes what is included: allowances first, then tiers price what is left of it.

Part of the transaction in which the records are written. Where nobody has anything included, it costs a look at two
tables.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl
from django.db import connection

from tollbook.billing.operations import pools
from tollbook.catalog.models import Allowance
from tollbook.catalog.price_list import cells
from tollbook.catalog.queries import compiled_version
from tollbook.customers.models import Customer
from tollbook.jobs.count_tiers import count_tiers
from tollbook.jobs.price_book import Compiled
from tollbook.rating.allowances import AllowanceTerms, Fee, Period, period_of, take
from tollbook.rating.frames import UNITS, VERDICT
from tollbook.rating.included import INCLUDED
from tollbook.rating.left import rate_left
from tollbook.rating.windows import Window
from tollbook.records import KINDS, Measure

IS_ANYTHING_INCLUDED = "SELECT EXISTS (SELECT FROM catalog_allowance), EXISTS (SELECT FROM catalog_tierscheme)"
_BYTES = [kind for kind, measure in KINDS.items() if measure is Measure.BYTES]


def take_included(records: pl.DataFrame, *, compiled: Compiled, posted_at: datetime) -> pl.DataFrame:
    """Rated records that are really new, with `id`; the same rows with the VERDICT that is left.

    Only charged ones that a price list priced take anything: what a platform priced is as the platform has it. They
    take in the order of their start, then id. What they took is written down, and with it everything that depends on
    it; the records themselves are not.
    """
    with connection.cursor() as cursor:
        cursor.execute(IS_ANYTHING_INCLUDED)
        has_allowances, has_tiers = cursor.fetchone()
    if not has_allowances and not has_tiers:
        return records
    takers = _takers(records, compiled)
    if takers.is_empty():
        return records
    included = takers.select("row", *(pl.lit(value).alias(name) for name, value in _NOTHING.items()))
    included = included.cast({name: dtype for name, dtype in INCLUDED.items()})
    covered = _cover(takers) if has_allowances else None
    if covered is not None:
        included = included.update(covered, on="row")
    counted = count_tiers(takers, included, posted_at=posted_at) if has_tiers else None
    if counted is not None:
        included = included.update(counted, on="row")
    if covered is None and counted is None:
        return records
    return _priced_anew(records, takers.join(included, on="row", maintain_order="left"), compiled)


_NOTHING = {"covered": 0, "pays_fee": True, "tier_sixtieths": None}


def _takers(records: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """The records that could take something, as TAKERS (`row` is their id), with what else is asked of them."""
    is_priced = (pl.col("outcome") == "charged") & pl.col("rate_line").is_not_null()
    charged = records.filter(is_priced).with_columns(row="id", unit=pl.lit(1, pl.Int64))
    if charged.is_empty():
        return charged
    if charged["kind"].is_in(_BYTES).any():
        charged = charged.drop("unit").join(
            _units(charged, compiled), on=["version_id", "rate_line", "kind"], how="left", maintain_order="left"
        )
        charged = charged.with_columns(pl.col("unit").fill_null(1))
    customers = charged["customer_id"].unique().to_list()
    zones = dict(Customer.objects.filter(pk__in=customers).values_list("pk", "timezone"))
    wall = pl.lit(None, dtype=pl.Int64)
    for zone in sorted(set(zones.values())):
        of_zone = pl.col("customer_id").is_in([customer for customer, its in zones.items() if its == zone])
        local = pl.col("start").dt.convert_time_zone(zone).dt.replace_time_zone(None).dt.epoch("s")
        wall = pl.when(of_zone).then(local).otherwise(wall)
    return charged.with_columns(wall_s=wall)


def _units(charged: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """How many bytes the units are that data is billed in, by version and line of the rate."""
    data = charged.filter(pl.col("kind").is_in(_BYTES))
    parts = [
        compiled_version(version_id, compiled)
        .tables[kind]
        .rows.select(
            pl.lit(version_id, dtype=pl.Int64).alias("version_id"),
            pl.col("line").alias("rate_line"),
            pl.lit(kind).alias("kind"),
            pl.col("unit").replace_strict(dict(UNITS), return_dtype=pl.Int64),
        )
        for version_id, kind in data.select("version_id", "kind").unique().iter_rows()
    ]
    return pl.concat(parts)


def _cover(takers: pl.DataFrame) -> pl.DataFrame | None:
    """Let the records take what their subscriptions include: `row`, `covered`, `pays_fee`; None if nobody has any."""
    pools.begin_with_first_use(takers)
    granted = pools.grants(takers["customer_id"].unique().to_list(), takers["kind"].unique().to_list())
    takers = _who_may(takers, granted)
    if takers.is_empty():
        return None
    pools.one_at_a_time()
    terms = [
        _terms(one)
        for one in Allowance.objects.filter(pk__in=granted["allowance_id"].unique().to_list()).select_related(
            "group"
        )
    ]
    covered = [_take_of(part, granted, terms) for part in _in_turn(takers, granted)]
    return pl.concat(covered)


def _who_may(takers: pl.DataFrame, granted: pl.DataFrame) -> pl.DataFrame:
    """The records of those who have anything, or share in it, of their kind."""
    own = granted.drop_nulls("account_id").select("account_id", "kind").unique()
    shared = granted.filter(pl.col("account_id").is_null()).select("customer_id", "kind").unique()
    marked = takers.join(
        own.with_columns(has_own=True), on=["account_id", "kind"], how="left", maintain_order="left"
    )
    marked = marked.join(
        shared.with_columns(has_shared=True), on=["customer_id", "kind"], how="left", maintain_order="left"
    )
    return marked.filter(pl.coalesce("has_own", "has_shared").is_not_null()).drop("has_own", "has_shared")


def _in_turn(takers: pl.DataFrame, granted: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """All at once; but period after period where something is carried over, for it must be used up before."""
    takers = takers.with_columns(day=pl.from_epoch("wall_s", time_unit="s").dt.date())
    carrying = granted.filter("carries")
    by_day = carrying.filter(pl.col("period_kind") == Period.DAY.value)["customer_id"].unique().implode()
    by_month = carrying["customer_id"].unique().implode()
    turn = (
        pl.when(pl.col("customer_id").is_in(by_day))
        .then("day")
        .when(pl.col("customer_id").is_in(by_month))
        .then(pl.col("day").dt.month_start())
    )
    in_turn = takers.with_columns(turn=turn).sort("turn", maintain_order=True)
    yield from in_turn.partition_by("turn", maintain_order=True, include_key=False)


def _take_of(takers: pl.DataFrame, granted: pl.DataFrame, terms: Sequence[AllowanceTerms]) -> pl.DataFrame:
    """Let these records take of the pools of their periods; `row`, `covered`, `pays_fee` of those that got any."""
    shares = take(takers, terms, pools.pools_for(_needed(takers, granted)))
    told = shares.taken.join(shares.covered, on="row", maintain_order="left")
    pools.note_taken(told.rename({"row": "usage_id"}))
    return shares.covered


def _needed(takers: pl.DataFrame, granted: pl.DataFrame) -> pl.DataFrame:
    """GRANTS for each `period` in which somebody who may take of them used something."""
    parts = []
    for (period_kind,), of_kind in granted.partition_by("period_kind", as_dict=True).items():
        asked = takers.select("customer_id", "account_id", "kind", "day", period=period_of(Period(period_kind)))
        own = of_kind.drop_nulls("account_id").join(
            asked.drop("customer_id").unique(["account_id", "kind", "day"]), on=["account_id", "kind"]
        )
        shared = of_kind.filter(pl.col("account_id").is_null()).join(
            asked.drop("account_id").unique(["customer_id", "kind", "day"]), on=["customer_id", "kind"]
        )
        parts += [own, shared.select(own.columns)]
    needed = pl.concat(parts).filter(
        (pl.col("grant_from") <= pl.col("day")) & (pl.col("day") < pl.col("grant_until"))
    )
    return needed.drop("day").unique(maintain_order=True)


def _terms(allowance: Allowance) -> AllowanceTerms:
    return AllowanceTerms(
        id=allowance.pk,
        kind=allowance.kind,
        place=allowance.place,
        prefixes=allowance.group.prefixes if allowance.group else None,
        windows=tuple(_window(window) for window in allowance.windows),
        period=Period(allowance.period),
        fee=Fee(allowance.connect_fee),
    )


def _window(told: dict[str, str]) -> Window:
    weekdays, begin, end = (told.get(name) or None for name in ("weekdays", "from_time", "until_time"))
    return Window.of(
        cells.weekday_bits(weekdays) if weekdays else None,
        cells.time_of_day_s(begin) if begin else None,
        cells.time_of_day_s(end) if end else None,
        None,
    )


def _priced_anew(records: pl.DataFrame, changed: pl.DataFrame, compiled: Compiled) -> pl.DataFrame:
    """The records in their order; what takers took, or had counted, is priced by what is left of them."""
    took = changed.filter((pl.col("covered") > 0) | pl.col("tier_sixtieths").is_not_null())
    if took.is_empty():
        return records
    parts = [
        rate_left(part, compiled_version(version_id, compiled)).select("id", *VERDICT)
        for (version_id,), part in took.partition_by("version_id", as_dict=True).items()
    ]
    return records.update(pl.concat(parts), on="id", how="left", include_nulls=True)
