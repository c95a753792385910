"""Pools of included usage: made when a period begins for somebody, emptied by usage, filled again when it is undone.

Who changes pools or counts of tiers does so alone (`one_at_a_time`): usage of one customer may come from several
platforms at once, and what one of them takes the other must not.
"""

from collections.abc import Sequence
from datetime import date

import polars as pl
from django.db import connection

from tollbook.billing.models import AllowancePool, AllowanceTaken, Subscription
from tollbook.catalog.models import Allowance
from tollbook.customers.models import Account
from tollbook.database import copy_in, copy_out, lock_table
from tollbook.rating.allowances import POOLS, Period
from tollbook.rating.periods import OPEN_END, Grant, Pool, pool_of, pools_until
from tollbook.records import UTC_TIME

# What a subscription includes. Without an account it is shared by the customer's accounts.
GRANTS = pl.Schema(
    {
        "subscription_id": pl.Int64,
        "allowance_id": pl.Int64,
        "customer_id": pl.Int64,
        "account_id": pl.Int64,
        "kind": pl.String,
        "period_kind": pl.String,
        "grant_from": pl.Date,
        "grant_until": pl.Date,
        "carries": pl.Boolean,
    }
)
ROWS_AT_A_TIME = 5_000  # new pools in a statement
_POOL_KEY = ["subscription_id", "allowance_id", "period"]
_STORED = pl.Schema(
    {
        "pool_id": pl.Int64,
        "subscription_id": pl.Int64,
        "allowance_id": pl.Int64,
        "since": pl.Date,
        "until": pl.Date,
        "amount": pl.Int64,
        "carried_in": pl.Int64,
        "taken": pl.Int64,
        "carried_out": pl.Int64,
    }
)


def one_at_a_time() -> None:
    """Wait until nobody else takes or gives back included usage, and keep others waiting until this is committed."""
    lock_table(AllowancePool._meta.db_table)


def begin_with_first_use(takers: pl.DataFrame) -> None:
    """Let subscriptions begin that wait for a first use, and include what is used: on its day (TAKERS), at once.

    Those that include nothing are found when fees are charged; these would miss what they are for until then.
    """
    waiting = pl.DataFrame(
        list(
            Subscription.objects.filter(
                starts_on=None,
                ends_on=None,
                customer__in=takers["customer_id"].unique().to_list(),
                plan__allowances__kind__in=takers["kind"].unique().to_list(),
            )
            .distinct()
            .values_list("pk", "customer_id", "account_id", "created_at")
        ),
        schema={"id": pl.Int64, "customer_id": pl.Int64, "of_account": pl.Int64, "created_at": UTC_TIME},
        orient="row",
    )
    if waiting.is_empty():
        return
    one_at_a_time()  # first, as everywhere: who has it already may be about to begin the same subscription
    whose = pl.col("of_account").is_null() | (pl.col("of_account") == pl.col("account_id"))
    used = waiting.join(takers.select("customer_id", "account_id", "start", "wall_s"), on="customer_id")
    first = used.filter(whose, pl.col("start") >= pl.col("created_at")).sort("start").unique("id", keep="first")
    for pk, account_id, start, day in first.select(
        "id", "of_account", "start", pl.from_epoch("wall_s", time_unit="s").dt.date()
    ).iter_rows():
        Subscription.objects.filter(pk=pk, starts_on=None).update(starts_on=day, due_on=day)
        Account.objects.filter(pk=account_id, first_used_at=None).update(first_used_at=start)


def grants(customer_ids: Sequence[int], kinds: Sequence[str]) -> pl.DataFrame:
    """What the subscriptions of these customers include of these kinds of usage, as GRANTS."""
    return copy_out(
        """
        SELECT s.id AS subscription_id, a.id AS allowance_id, s.customer_id,
               CASE WHEN NOT a.is_shared THEN s.account_id END AS account_id, a.kind, a.period AS period_kind,
               s.starts_on AS grant_from,
               LEAST(coalesce(s.ends_on, 'infinity'), coalesce(a.ends_on, 'infinity'), %s::date) AS grant_until,
               a.carry_over > 0 AS carries
          FROM billing_subscription s JOIN catalog_allowance a ON a.plan_id = s.plan_id
         WHERE s.customer_id = ANY(%s) AND a.kind = ANY(%s) AND s.starts_on IS NOT NULL
         ORDER BY 1, 2
        """,
        GRANTS,
        (OPEN_END, list(customer_ids), list(kinds)),
    )


def pools_for(needed: pl.DataFrame) -> pl.DataFrame:
    """The pools of GRANTS in each `period` (its first day), as POOLS. Those that are not there yet are made."""
    stored = _stored(needed)
    missing = needed.join(stored, on=_POOL_KEY, how="anti")
    if not missing.is_empty():
        _make(missing)
        stored = _stored(needed)
    found = needed.join(stored, on=_POOL_KEY, maintain_order="left")
    if _follow_ends(found):
        found = needed.join(_stored(needed), on=_POOL_KEY, maintain_order="left")
    return found.with_columns(
        until=pl.min_horizontal("until", "grant_until"),
        left=pl.col("amount") - pl.col("taken") - pl.col("carried_out"),
    ).select(POOLS.names())


def note_taken(taken: pl.DataFrame) -> None:
    """Write down who took what: `usage_id`, `pool_id`, `amount`, `pays_fee`."""
    copy_in(AllowanceTaken._meta.db_table, taken.select("usage_id", "pool_id", "amount", "pays_fee"))
    sums = taken.group_by("pool_id").agg(pl.col("amount").sum()).sort("pool_id")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_allowancepool p SET taken = p.taken + t.amount
              FROM unnest(%s::bigint[], %s::bigint[]) AS t (id, amount) WHERE p.id = t.id
            """,
            [sums["pool_id"].to_list(), sums["amount"].to_list()],
        )


def give_back(usage_ids: list[int]) -> None:
    """Put back what these records took."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (DELETE FROM billing_allowancetaken
                           WHERE usage_id BETWEEN %s AND %s AND usage_id = ANY(%s) RETURNING pool_id, amount),
                 sums AS (SELECT pool_id, sum(amount) AS amount FROM gone GROUP BY pool_id)
            UPDATE billing_allowancepool p SET taken = p.taken - s.amount FROM sums s WHERE p.id = s.pool_id
            """,
            [min(usage_ids), max(usage_ids), usage_ids],
        )


def _stored(needed: pl.DataFrame) -> pl.DataFrame:
    """The pools that these subscriptions have, from the first needed period on, with their `period`."""
    found = copy_out(
        """
        SELECT p.id AS pool_id, subscription_id, allowance_id, since, until, amount, carried_in, taken, carried_out
          FROM billing_allowancepool p WHERE subscription_id = ANY(%s) AND until > %s ORDER BY since, p.id
        """,
        _STORED,
        (needed["subscription_id"].unique().to_list(), needed["period"].min()),
    )
    kinds = needed.select("subscription_id", "allowance_id", "period_kind").unique()
    month, day = pl.col("since").dt.month_start(), pl.col("since")
    period = (
        pl.when(pl.col("period_kind") == Period.DAY.value)
        .then(day)
        .when(pl.col("period_kind") == Period.ONCE.value)
        .then(pl.date(1970, 1, 1))
        .otherwise(month)
    )
    told = found.join(kinds, on=["subscription_id", "allowance_id"], maintain_order="left")
    return told.with_columns(period=period).drop("period_kind")


def _make(missing: pl.DataFrame) -> None:
    """Make the pools of GRANTS in each `period`; where something is carried over, those before them too.

    Of what carries over only one period is asked for at a time: the one before must have been used first.
    """
    terms = {one.pk: one for one in Allowance.objects.filter(pk__in=missing["allowance_id"].unique().to_list())}
    before = _newest_before(missing.filter("carries"))
    new: list[AllowancePool] = []
    carried: list[tuple[int, int]] = []
    for row in missing.iter_rows(named=True):
        grant = _grant(terms[row["allowance_id"]], row["grant_from"], row["grant_until"])
        key = (row["subscription_id"], row["allowance_id"])
        pool_id, last = before.get(key, (0, None))
        for pool in pools_until(grant, max(row["period"], grant.since), last):
            if last is not None and pool.since == last.since:
                carried.append((pool_id, pool.carried_out))
            else:
                new.append(_row(*key, pool))
    _note_carried(carried)
    AllowancePool.objects.bulk_create(new, batch_size=ROWS_AT_A_TIME)


def _newest_before(missing: pl.DataFrame) -> dict[tuple[int, int], tuple[int, Pool]]:
    """Of these grants the newest pool that begins before the first needed period, with its id."""
    if missing.is_empty():
        return {}
    asked = missing.group_by("subscription_id", "allowance_id").agg(pl.col("period").min())
    found = copy_out(
        """
        SELECT DISTINCT ON (subscription_id, allowance_id) p.id AS pool_id, subscription_id, allowance_id, since,
               until, amount, carried_in, taken, carried_out
          FROM billing_allowancepool p
          JOIN unnest(%s::bigint[], %s::bigint[], %s::date[]) AS n (s, a, period)
            ON n.s = subscription_id AND n.a = allowance_id AND since < n.period
         ORDER BY subscription_id, allowance_id, since DESC
        """,
        _STORED,
        tuple(asked[name].to_list() for name in ("subscription_id", "allowance_id", "period")),
    )
    return {
        (row.pop("subscription_id"), row.pop("allowance_id")): (row.pop("pool_id"), Pool(**row))
        for row in found.iter_rows(named=True)
    }


def _grant(allowance: Allowance, since: date, until: date) -> Grant:
    return Grant(
        amount=allowance.amount,
        period=Period(allowance.period),
        prorates=allowance.prorates,
        carry_over=allowance.carry_over,
        since=since,
        until=until,
    )


def _row(subscription_id: int, allowance_id: int, pool: Pool) -> AllowancePool:
    return AllowancePool(
        subscription_id=subscription_id,
        allowance_id=allowance_id,
        since=pool.since,
        until=pool.until,
        amount=pool.amount,
        carried_in=pool.carried_in,
        carried_out=pool.carried_out,
    )


def _note_carried(carried: Sequence[tuple[int, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE billing_allowancepool SET carried_out = %s WHERE id = %s",
            [(amount, pool_id) for pool_id, amount in carried],
        )


def _follow_ends(found: pl.DataFrame) -> bool:
    """Bring pools in line with subscriptions that now end on another day; say whether there were any.

    What was taken stays taken: of less time there is less left, but never less than nothing.
    """
    begin = pl.col("period")
    whole = (
        pl.when(pl.col("period_kind") == Period.DAY.value)
        .then(begin.dt.offset_by("1d"))
        .when(pl.col("period_kind") == Period.ONCE.value)
        .then(pl.lit(OPEN_END))
        .otherwise(begin.dt.offset_by("1mo"))
    )
    moved = found.filter(pl.col("until") != pl.min_horizontal(whole, "grant_until"))
    terms = {one.pk: one for one in Allowance.objects.filter(pk__in=moved["allowance_id"].unique().to_list())}
    for row in moved.iter_rows(named=True):
        grant = _grant(terms[row["allowance_id"]], row["grant_from"], row["grant_until"])
        pool = pool_of(grant, row["since"], carried_in=row["carried_in"])
        if pool is not None:
            amount = max(pool.amount, row["taken"] + row["carried_out"]) if grant.prorates else row["amount"]
            AllowancePool.objects.filter(pk=row["pool_id"]).update(until=pool.until, amount=amount)
    return not moved.is_empty()
