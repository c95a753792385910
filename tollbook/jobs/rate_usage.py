"""From records to prices: read the numbers, find the account, pick the tariff, ask the engine.

Everything here is tables in, tables out: what is needed of the database is read once into a `PriceBook`, so that a
batch can be prepared while the one before it is being written.
"""

from datetime import datetime, timedelta

import polars as pl

from tollbook.customers.products_over_time import with_addon_that_prices, with_product_of_start
from tollbook.customers.queries import Directory
from tollbook.jobs.price_book import NO_RATES, Compiled, PriceBook, Reading, version_in_force
from tollbook.jobs.read_numbers import read_as_products_say, read_numbers
from tollbook.jobs.special_prices import price_in_order
from tollbook.rating.frames import SET_ASIDE_REASONS
from tollbook.usage.exclusions import excluded
from tollbook.usage.matching import far_owners, match_accounts

__all__ = ["NO_RATES", "Compiled", "PriceBook", "Reading", "rate_usage"]

# A call before it is a mistake in the file, and would open a partition of its own.
EARLIEST_START = datetime.fromisoformat("1990-01-01T00:00:00+00:00")
# Clocks of switches run ahead a little; more than this is a mistake.
CLOCK_SKEW = timedelta(days=1)

# What is found out on the way to the outcome, and not needed once it is there.
WORKINGS = (
    *("defect", "is_emergency", "cld_class", "is_number_read", "known_reason"),
    *("match_reason", "account_code", "account_from", "account_until", "product_reason"),
    *("tariff_reason", "tariff_id", "customer_currency", "customer_timezone"),
    *("takes_platform_price", "may_be_special"),
)


def rate_usage(records: pl.DataFrame, *, book: PriceBook, reading: Reading, received_at: datetime) -> pl.DataFrame:
    """USAGE in, the same rows in their order with account, tariff and VERDICT out.

    `cli` and `cld` come back as digits where the rules can read them, else as written; `cli_raw` and `cld_raw` keep
    what was written. `month` is the first day of the customer's month the call belongs to.
    """
    records = _sensible_times(records, received_at)
    records = read_numbers(records, reading.rules)
    records = match_accounts(records, book.directory, reading.ways, pairs_customers=book.pairs_customers)
    records = with_product_of_start(records, book.directory.spans)
    by_connection = excluded(records, reading.exclusions, country_code=reading.rules.country_code)
    records = read_as_products_say(records, book.product_readings, reading)
    named = book.product_tariffs.select("product_id", "kind")
    records = with_addon_that_prices(records, book.directory.spans, named)
    records = _pick_tariff(records, book)
    takes_platform_price = pl.col("takes_platform_price").fill_null(value=False)
    before_prices = pl.coalesce(
        "defect",
        pl.when(pl.col("product_reason") == "hidden").then("product_reason"),
        by_connection,
        "product_reason",
        pl.when(pl.col("is_emergency")).then(pl.lit("emergency")),
        "match_reason",
    )
    on_net = _on_net(records, book)
    records = records.with_columns(
        may_be_special=before_prices.is_null() & on_net.is_null() & pl.col("is_number_read"),
        known_reason=pl.coalesce(
            before_prices,
            pl.when(pl.col("tariff_reason") == "not_billed").then("tariff_reason"),  # nobody needs its number then
            # Nothing is looked up by its number when the platform has said the price.
            pl.when(~pl.col("is_number_read") & ~takes_platform_price).then(pl.lit("bad_number")),
            "tariff_reason",
            on_net,
            pl.when(pl.col("currency") != pl.col("customer_currency")).then(pl.lit("currency_mismatch")),
            pl.when(takes_platform_price & (pl.col("platform_currency") != pl.col("currency"))).then(
                pl.lit("currency_mismatch")
            ),
        ),
    )
    rated = _money_waits_for_its_owner(price_in_order(records, book))
    return rated.with_columns(month=_customer_month(book.directory)).drop(WORKINGS)


def _sensible_times(records: pl.DataFrame, received_at: datetime) -> pl.DataFrame:
    """A start long ago or in the future is no start: `bad_time`, with the value kept for a person to see."""
    is_absurd = (pl.col("start") < EARLIEST_START) | (pl.col("start") > received_at + CLOCK_SKEW)
    detail = pl.format("start {} is not between {} and now", "start", pl.lit(EARLIEST_START.date().isoformat()))
    return records.with_columns(
        defect=pl.when(is_absurd).then(pl.lit("bad_time")).otherwise("defect"),
        defect_detail=pl.when(is_absurd).then(detail).otherwise("defect_detail"),
        start=pl.when(is_absurd).then(None).otherwise("start"),
    )


def _pick_tariff(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """The version that prices the record: `version_id`, `currency`, `is_gross`; or `tariff_reason`.

    A tariff without a version at that time leaves them null: no rate, unless the call is free before that counts.
    """
    named = book.product_tariffs.with_columns(is_named=True)
    records = records.join(named, on=["product_id", "kind"], how="left", maintain_order="left")
    records = version_in_force(records, book.versions)
    reason = (
        pl.when(pl.col("is_named").is_null())
        .then(pl.lit("no_tariff"))
        .when(pl.col("tariff_id").is_null())
        .then(pl.lit("not_billed"))
    )
    return records.with_columns(tariff_reason=reason).drop("is_named")


def _on_net(records: pl.DataFrame, book: PriceBook) -> pl.Expr:
    """`on_net` where both ends are ours and the product says that such calls are free."""
    if (book.products["on_net"] == "charged").all():
        return pl.lit(None, dtype=pl.String)
    rows = records.with_row_index("row")
    ends = far_owners(rows, book.directory).unique("row")
    far = rows.select("row", "product_id", "customer_id").join(ends, on="row", how="left", maintain_order="left")
    owner = book.directory.accounts.select("account_id", far_customer_id="customer_id")
    far = far.join(owner, on="account_id", how="left", maintain_order="left").join(
        book.products, on="product_id", how="left", maintain_order="left"
    )
    is_free = ((pl.col("on_net") == "operator") & pl.col("far_customer_id").is_not_null()) | (
        (pl.col("on_net") == "customer") & (pl.col("far_customer_id") == pl.col("customer_id"))
    )
    reasons = far.select(pl.when(is_free).then(pl.lit("on_net")).alias("reason"))["reason"]
    return pl.lit(reasons)


def _money_waits_for_its_owner(rated: pl.DataFrame) -> pl.DataFrame:
    """Nothing was talked, so nobody had to own it; but where the platform names a price, somebody pays or is paid.

    Their tariff decides whether that price counts, so until it is known the record waits.
    """
    is_money = (pl.col("platform_price_nanos") != 0).fill_null(value=False)
    is_open = pl.col("version_id").is_null() & pl.col("known_reason").is_in(SET_ASIDE_REASONS)
    waits = ((pl.col("reason") == "unanswered") & is_money & is_open).fill_null(value=False)
    if not rated.select(waits.any()).item():
        return rated
    return rated.with_columns(
        outcome=pl.when(waits).then(pl.lit("set_aside")).otherwise("outcome"),
        reason=pl.when(waits).then("known_reason").otherwise("reason"),
        **{name: pl.when(~waits).then(name) for name in ("billed", "price_nanos")},
    )


def _customer_month(directory: Directory) -> pl.Expr:
    """First day of the customer's month: 23:30 UTC on 30 June is July in Warsaw."""
    month = pl.lit(None, dtype=pl.Date)
    for zone in directory.accounts["customer_timezone"].unique():
        local = pl.col("start").dt.convert_time_zone(zone).dt.date().dt.month_start()
        month = pl.when(pl.col("customer_timezone") == zone).then(local).otherwise(month)
    return month
