"""Units that allowances left are counted, and priced by the tiers that the count has reached."""

from datetime import datetime

import polars as pl

from tollbook.billing.operations import pools, tier_counts
from tollbook.billing.operations.tier_counts import Scheme
from tollbook.catalog.models import ProductTariff, TariffVersion
from tollbook.catalog.queries import version_settings
from tollbook.errors import BadInput
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import GROUP, entries_of, post
from tollbook.money import decimal_of
from tollbook.rating.groups import in_group, numbers_of
from tollbook.rating.pricelist import EXACT_LIMIT
from tollbook.rating.tiers import COUNTED, count


def count_tiers(takers: pl.DataFrame, included: pl.DataFrame, *, posted_at: datetime) -> pl.DataFrame | None:
    """Count TAKERS (in jobs.take_included) less what is `covered`: `row`, `tier_sixtieths`; None if nobody has tiers.

    What reaching a tier changes of usage posted before is posted as an entry of its own.

    Raises:
        BadInput: a record costs more than can be kept exactly.
    """
    products = takers["product_id"].drop_nulls().unique().to_list()
    schemes = tier_counts.schemes(products, takers["kind"].unique().to_list())
    if not schemes:
        return None
    left = takers.join(included.select("row", "covered"), on="row", maintain_order="left").with_columns(
        units=(pl.col("billed") - pl.col("covered")) * pl.col("unit")
    )
    counting = _fitting(_of_the_product(left.filter(pl.col("units") > 0)), schemes)
    if counting.is_empty():
        return None
    pools.one_at_a_time()
    counting = _with_counts(counting)
    tiers = {scheme.id: scheme.tiers for scheme in schemes}
    parts = [
        count(part, tiers[scheme_id])
        for (scheme_id,), part in counting.partition_by("scheme_id", as_dict=True, maintain_order=True).items()
    ]
    counted = pl.concat([COUNTED.to_frame(), *parts])
    _refuse_too_dear(counted)
    tier_counts.note_counted(counted.rename({"row": "usage_id"}))
    post_differences(counting.sort("start", "row").unique("count", keep="last"), posted_at=posted_at)
    return counted.select("row", tier_sixtieths=pl.col("value_sixtieths").cast(pl.Int64))


def post_differences(last: pl.DataFrame, *, posted_at: datetime) -> None:
    """Post what the tiers reached make of counts (`count`), each as its last record says: GROUP, `version_id`.

    Of a count that accounts share it is the customer's (`is_shared`).
    """
    versions = TariffVersion.objects.select_related("tariff").in_bulk(last["version_id"].unique().to_list())
    settings = {
        one: version_settings(versions[version]) for one, version in last.select("count", "version_id").iter_rows()
    }
    due = tier_counts.settle_differences(settings)
    if not due:
        return
    groups = last.filter(pl.col("count").is_in(list(due))).with_columns(
        price_nanos=pl.col("count").replace_strict(due, return_dtype=pl.Int64),
        account_id=pl.when(~pl.col("is_shared")).then("account_id"),
    )
    post(
        entries_of(groups.select(*GROUP, "price_nanos")),
        kind=Transaction.Kind.TIER,
        income=LedgerAccount.Kind.REVENUE,
        posted_at=posted_at,
    )


def _of_the_product(left: pl.DataFrame) -> pl.DataFrame:
    """Records that the product's own tariff priced: special lists come before it, and before its tiers."""
    named = ProductTariff.objects.filter(product__in=left["product_id"].unique().to_list()).exclude(tariff=None)
    tariffs = pl.DataFrame(
        list(named.values_list("product_id", "kind", "tariff_id")),
        schema={"product_id": pl.Int64, "kind": pl.String, "tariff_id": pl.Int64},
        orient="row",
    )
    versions = pl.DataFrame(
        list(
            TariffVersion.objects.filter(tariff__in=tariffs["tariff_id"].to_list()).values_list("pk", "tariff_id")
        ),
        schema={"version_id": pl.Int64, "tariff_id": pl.Int64},
        orient="row",
    )
    priced_by = tariffs.join(versions, on="tariff_id").drop("tariff_id")
    return left.join(priced_by, on=["product_id", "kind", "version_id"], how="semi", maintain_order="left")


def _fitting(left: pl.DataFrame, schemes: list[Scheme]) -> pl.DataFrame:
    """The records that tiers are for, with `scheme_id` and `is_shared` of the first scheme that fits."""
    numbers = numbers_of(left["cld"])
    found = pl.Series([None] * left.height, dtype=pl.Int64)
    for scheme in schemes:
        fits = (left["product_id"] == scheme.product_id) & (left["kind"] == scheme.kind) & found.is_null()
        if scheme.prefixes is not None:
            fits = fits & pl.Series(in_group(numbers, scheme.prefixes))
        found = pl.select(pl.when(fits).then(scheme.id).otherwise(found)).to_series().cast(pl.Int64)
    shared = {scheme.id: scheme.is_shared for scheme in schemes}
    return (
        left.with_columns(scheme_id=found)
        .drop_nulls("scheme_id")
        .with_columns(
            is_shared=pl.col("scheme_id").replace_strict(shared, return_dtype=pl.Boolean), usage_kind="kind"
        )
    )


def _with_counts(counting: pl.DataFrame) -> pl.DataFrame:
    """The records with `count`, and what it has `counted` before them."""
    since = pl.col("month")
    whose = counting.select(
        "row",
        "scheme_id",
        "customer_id",
        account_id=pl.when(~pl.col("is_shared")).then("account_id"),
        since=since,
        until=since.dt.offset_by("1mo"),
    )
    key = ["scheme_id", "customer_id", "account_id", "since"]
    asked = whose.drop("row").unique(key).sort(key)
    kept = tier_counts.counts_of(asked).select(*key, "count", "counted")
    known = whose.join(kept, on=key, how="left", nulls_equal=True, maintain_order="left")
    return counting.join(known.select("row", "count", "counted"), on="row", maintain_order="left")


def _refuse_too_dear(counted: pl.DataFrame) -> None:
    size = counted["value_sixtieths"].abs().max() or 0
    if isinstance(size, int) and size > EXACT_LIMIT // 2:
        raise BadInput(
            f"a record comes to {decimal_of(size // 60)} by its tier, more than can be kept exactly; look for a wrong "
            "price or quantity, and import it again"
        )
