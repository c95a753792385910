"""What records cost once it is known what allowances cover of them, and what tiers make of the rest."""

import polars as pl

from tollbook.rating.engine import Tariff, rate_calls
from tollbook.rating.frames import CALLS, VERDICT
from tollbook.rating.included import INCLUDED


def rate_left(charged: pl.DataFrame, tariff: Tariff) -> pl.DataFrame:
    """Charged records (CALLS and VERDICT) with INCLUDED: the same rows in the same order with the VERDICT that is left.

    What is covered whole needs no rate any more; what is neither covered nor tiered is as it was.
    """
    covered, pays_fee = pl.col("covered"), pl.col("pays_fee")
    is_free = (covered >= pl.col("billed")) & ~pays_fee
    is_open = ~is_free & ((covered > 0) | pl.col("tier_sixtieths").is_not_null())
    told = charged.with_columns(
        outcome=pl.when(is_free).then(pl.lit("free")).otherwise("outcome"),
        reason=pl.when(is_free).then(pl.lit("allowance")).otherwise("reason"),
        price_nanos=pl.when(is_free).then(0).otherwise("price_nanos"),
        exact_sixtieths=pl.when(is_free).then(pl.col("exact_sixtieths") * 0).otherwise("exact_sixtieths"),
    )
    rows = told.with_row_index("place")
    some = rows.filter(is_open).with_columns(known_reason=pl.lit(None, dtype=pl.String))
    if some.is_empty():
        return told
    again = rate_calls(some.select("place", *CALLS, *INCLUDED), tariff).select("place", *VERDICT)
    found = rows.select("place").join(again, on="place", how="left", maintain_order="left")
    is_new = found["outcome"].is_not_null()
    return told.with_columns(
        pl.when(is_new).then(found[name]).otherwise(told[name]).alias(name) for name in VERDICT
    )
