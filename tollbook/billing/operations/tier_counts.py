"""How much of a tier scheme is used, and what reaching a tier changes of what was posted before."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl
from django.db import connection

from tollbook.billing.models import TierCount, TierTaken
from tollbook.catalog.models import TierScheme
from tollbook.database import copy_in, copy_out
from tollbook.rating.frames import TariffSettings
from tollbook.rating.price import rounded_difference
from tollbook.rating.tiers import Mode, TierPrice, Tiers

# Whose count of which scheme in which month; without an account all accounts of the customer count together.
COUNTS = pl.Schema(
    {"scheme_id": pl.Int64, "customer_id": pl.Int64, "account_id": pl.Int64, "since": pl.Date, "until": pl.Date}
)
KEPT = pl.Schema(
    {
        "count": pl.Int64,
        "scheme_id": pl.Int64,
        "customer_id": pl.Int64,
        "account_id": pl.Int64,
        "since": pl.Date,
        "counted": pl.Int64,
    }
)


@dataclass(frozen=True, slots=True)
class Scheme:
    """The tiers of a product, for records of one kind to some destinations."""

    id: int
    product_id: int
    kind: str
    prefixes: list[str] | None
    is_shared: bool
    tiers: Tiers


def schemes(product_ids: list[int], kinds: list[str]) -> list[Scheme]:
    """The schemes of these products, in the order in which they are asked whether they fit."""
    found = TierScheme.objects.filter(product__in=product_ids, kind__in=kinds).select_related("group")
    return [
        Scheme(
            id=scheme.pk,
            product_id=scheme.product_id,
            kind=scheme.kind,
            prefixes=scheme.group.prefixes if scheme.group else None,
            is_shared=scheme.is_shared,
            tiers=tiers_of(scheme),
        )
        for scheme in found.prefetch_related("steps").order_by("place", "pk")
        if scheme.steps.all()
    ]


def tiers_of(scheme: TierScheme) -> Tiers:
    """The tiers of a scheme as rating reads them."""
    steps = sorted(scheme.steps.all(), key=lambda step: step.from_units)
    return Tiers(
        mode=Mode(scheme.mode),
        steps=[
            TierPrice(
                from_units=step.from_units,
                nanos=(step.per_unit_nanos if step.per_min_nanos is None else step.per_min_nanos) or 0,
                unit=step.unit,
            )
            for step in steps
        ],
    )


def counts_of(asked: pl.DataFrame) -> pl.DataFrame:
    """The counts asked for (COUNTS), with their id and what they have counted (KEPT); new ones begin at 0."""
    columns = [asked[name].to_list() for name in COUNTS]
    whose = "unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::date[], %s::date[])"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO billing_tiercount (scheme_id, customer_id, account_id, since, until, units, value_sixtieths,
                                           difference_nanos)
            SELECT *, 0, 0, 0 FROM {whose} ON CONFLICT DO NOTHING
            """,
            columns,
        )
    return copy_out(
        f"""
        SELECT c.id AS count, c.scheme_id, c.customer_id, c.account_id, c.since, c.units AS counted
          FROM billing_tiercount c JOIN {whose} AS n (scheme, customer, account, since, until)
            ON c.scheme_id = n.scheme AND c.customer_id = n.customer
           AND c.account_id IS NOT DISTINCT FROM n.account AND c.since = n.since
        """,
        KEPT,
        tuple(columns),
    )


def note_counted(counted: pl.DataFrame) -> None:
    """Write down COUNTED with `usage_id`, and move the counts."""
    copy_in(
        TierTaken._meta.db_table,
        counted.select("usage_id", "before", "units", pl.col("value_sixtieths").cast(pl.String), count_id="count"),
    )
    sums = counted.group_by("count").agg(pl.col("units", "value_sixtieths").sum()).sort("count")
    _move(sums)


def take_back(usage_ids: list[int]) -> dict[int, int]:
    """Take these records out of their counts. Comes back: the last of the records of each count that changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM billing_tiertaken WHERE usage_id BETWEEN %s AND %s AND usage_id = ANY(%s)
            RETURNING count_id, usage_id, units, value_sixtieths
            """,
            [min(usage_ids), max(usage_ids), usage_ids],
        )
        gone = pl.DataFrame(
            [(count, usage, -units, -int(value)) for count, usage, units, value in cursor.fetchall()],
            schema={"count": pl.Int64, "usage_id": pl.Int64, "units": pl.Int64, "value_sixtieths": pl.Int128},
            orient="row",
        )
    sums = gone.group_by("count").agg(pl.col("units", "value_sixtieths").sum(), pl.col("usage_id").max())
    _move(sums)
    return dict(sums.select("count", "usage_id").iter_rows())


def _move(sums: pl.DataFrame) -> None:
    values = [Decimal(value) for value in sums["value_sixtieths"].to_list()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_tiercount c
               SET units = c.units + n.units, value_sixtieths = c.value_sixtieths + n.value
              FROM unnest(%s::bigint[], %s::bigint[], %s::numeric[]) AS n (id, units, value) WHERE c.id = n.id
            """,
            [sums["count"].to_list(), sums["units"].to_list(), values],
        )


def settle_differences(settings: Mapping[int, TariffSettings]) -> dict[int, int]:
    """What must be posted so that each count's usage costs what its tier makes of it, in nano-units; not where nothing.

    `settings` says by count how to round it, and with what markup. The amounts of a count add up to the difference
    rounded once, however many batches it came in; taken back to nothing, they add up to nothing.
    """
    due: dict[int, int] = {}
    volume = TierCount.objects.filter(pk__in=settings, scheme__mode=Mode.VOLUME).select_related("scheme")
    for count in volume.prefetch_related("scheme__steps").order_by("pk"):
        exact = tiers_of(count.scheme).whole_sixtieths(count.units) - int(count.value_sixtieths)
        difference = rounded_difference(exact, settings[count.pk])
        if difference != count.difference_nanos:
            due[count.pk] = difference - count.difference_nanos
            TierCount.objects.filter(pk=count.pk).update(difference_nanos=difference)
    return due
