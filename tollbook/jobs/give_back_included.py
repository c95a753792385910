"""Usage that is taken back gives back what it took: pools have it again, and tiers count it no more.

Part of the transaction in which the charges are reversed.
"""

from datetime import datetime

import polars as pl

from tollbook.billing.models import AllowanceTaken, TierCount, TierTaken
from tollbook.billing.operations import pools, tier_counts
from tollbook.jobs.count_tiers import post_differences


def give_back_allowances(records: pl.DataFrame) -> None:
    """Of these records (RECORDS), whatever became of them: free ones took something, too."""
    priced = records.filter(pl.col("outcome").is_in(["charged", "free"]))
    if not priced.is_empty() and AllowanceTaken.objects.exists():
        pools.one_at_a_time()
        pools.give_back(priced["id"].to_list())


def take_back_tiers(charged: pl.DataFrame, *, posted_at: datetime) -> None:
    """Of charged records (`id`, `version_id`, and GROUP of their entries). Others keep the price they had.

    Where all usage costs the price of the tier reached, what that changes is posted as an entry of its own.
    """
    if not TierTaken.objects.exists():
        return
    pools.one_at_a_time()
    last = tier_counts.take_back(charged["id"].to_list())
    shared = set(TierCount.objects.filter(pk__in=last, account=None).values_list("pk", flat=True))
    counts = pl.DataFrame(
        [(count, usage_id, count in shared) for count, usage_id in last.items()],
        schema={"count": pl.Int64, "id": pl.Int64, "is_shared": pl.Boolean},
        orient="row",
    )
    changed = counts.join(charged, on="id", maintain_order="left")
    if not changed.is_empty():
        post_differences(changed, posted_at=posted_at)
