"""Which product an account had when a call began, and which of its add-ons. Tables in, tables out, but for the reading.

Only accounts that ever changed their main product, or have had an add-on, have any lines here.
"""

import polars as pl

from tollbook.database import copy_out
from tollbook.records import UTC_TIME, table

PRODUCT_SPANS = table(
    {
        "account_id": pl.Int64,
        "span_product_id": pl.Int64,
        "span_code": pl.String,  # of the product
        "is_addon": pl.Boolean,
        "span_from": UTC_TIME,
        "span_until": UTC_TIME,
    }
)


def product_spans(account_id: int | None = None) -> pl.DataFrame:
    """What accounts have had, or one of them, as PRODUCT_SPANS: add-ons, and main products that they changed.

    The main product of now is the account's own, so a sheet that corrects it is heeded.
    """
    return copy_out(
        """
        SELECT s.account_id, s.product_id AS span_product_id, p.code AS span_code, s.is_addon,
               s.active_from AS span_from, s.active_until AS span_until
          FROM customers_accountproduct s JOIN catalog_product p ON p.id = s.product_id
         WHERE (s.is_addon OR s.active_until IS NOT NULL) AND (%s::bigint IS NULL OR s.account_id = %s)
        """,
        PRODUCT_SPANS,
        (account_id, account_id),
    )


def with_product_of_start(records: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The records in their order, `product_id` being the main product that the account had at the start."""
    main = spans.filter(~pl.col("is_addon"))
    if main.is_empty():
        return records
    rows = records.select("account_id", "start").with_row_index("row")
    had = _at_start(rows.join(main, on="account_id")).unique("row").select("row", "span_product_id")
    found = rows.select("row").join(had, on="row", how="left", maintain_order="left")["span_product_id"]
    return records.with_columns(product_id=pl.coalesce(found, pl.col("product_id")))


def with_addon_that_prices(records: pl.DataFrame, spans: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """The records in their order; where the product names nothing for the kind, `product_id` is an add-on that does.

    It is the first, by its code, of those that the account had at the start. `named` has `product_id` and `kind`.
    """
    addons = spans.filter("is_addon").join(named, left_on="span_product_id", right_on="product_id")
    if addons.is_empty():
        return records
    rows = records.select("account_id", "product_id", "kind", "start").with_row_index("row")
    unnamed = rows.join(named, on=["product_id", "kind"], how="anti")
    pricing = _at_start(unnamed.join(addons, on=["account_id", "kind"])).sort("span_code")
    first = pricing.unique("row", keep="first", maintain_order=True).select("row", "span_product_id")
    if first.is_empty():
        return records
    found = rows.select("row").join(first, on="row", how="left", maintain_order="left")["span_product_id"]
    return records.with_columns(product_id=pl.coalesce(found, pl.col("product_id")))


def _at_start(pairs: pl.DataFrame) -> pl.DataFrame:
    begun = pl.col("span_from").is_null() | (pl.col("span_from") <= pl.col("start"))
    return pairs.filter(begun & (pl.col("span_until").is_null() | (pl.col("start") < pl.col("span_until"))))
