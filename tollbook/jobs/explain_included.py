"""What a stored record took of what is included, as explanations tell it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from tollbook.billing.models import AllowanceTaken, TierTaken
from tollbook.billing.operations.tier_counts import tiers_of
from tollbook.rating.engine import Tariff
from tollbook.rating.explain import Taken, TierPrices, TierStep, exact_text
from tollbook.rating.frames import UNITS
from tollbook.rating.tiers import TierPrice, slices


def included_in(
    record: dict[str, Any], tariff: Tariff
) -> tuple[dict[str, object], Sequence[Taken], TierPrices | None]:
    """INCLUDED of a stored record (RECORDS), and in words the allowances and tiers it is from; empty for most."""
    rows = AllowanceTaken.objects.filter(usage_id=record["id"]).select_related(
        "pool__allowance__plan", "pool__subscription"
    )
    # In the order in which they were taken: own before shared, by order number, the oldest pool first.
    taken = sorted(rows, key=_turn)
    tier = TierTaken.objects.filter(usage_id=record["id"]).select_related("count__scheme__product").first()
    if not taken and tier is None:
        return {}, (), None
    included: dict[str, object] = {
        "covered": sum(one.amount for one in taken) // _unit(record, tariff),
        "pays_fee": taken[0].pays_fee if taken else True,
        "tier_sixtieths": None if tier is None else int(tier.value_sixtieths),
    }
    allowances = [Taken(f"{one.pool.allowance.name} of {one.pool.allowance.plan}", one.amount) for one in taken]
    return included, allowances, None if tier is None else _tier_prices(tier)


def _turn(taken: AllowanceTaken) -> tuple[bool, int, int, date, date, int]:
    pool = taken.pool
    is_shared = pool.allowance.is_shared or pool.subscription.account_id is None
    return is_shared, pool.allowance.place, pool.allowance_id, pool.since, pool.until, pool.subscription_id


def _unit(record: dict[str, Any], tariff: Tariff) -> int:
    """How many bytes the unit is that the record is billed in; 1 for time and messages."""
    rows = tariff.tables[record["kind"]].rows
    unit = rows.filter(pl.col("line") == record["rate_line"])["unit"]
    return UNITS.get(unit[0], 1) if unit.len() and unit[0] else 1


def _tier_prices(tier: TierTaken) -> TierPrices:
    scheme = tier.count.scheme
    cut = slices(tiers_of(scheme), tier.before, tier.units)
    if sum(one.sixtieths for one in cut) != int(tier.value_sixtieths):
        cut = []  # the tiers have been changed since
    return TierPrices(
        name=f"{scheme.name} of {scheme.product}",
        mode=scheme.mode,
        steps=tuple(
            TierStep(one.begun, one.units, exact_text(60 * one.price.nanos), _per(one.price)) for one in cut
        ),
        value=exact_text(int(tier.value_sixtieths)),
    )


def _per(price: TierPrice) -> str:
    return price.unit or "minute"
