"""Which list prices a record: those of its account, its customer, its product, and then the product's tariff.

A special price list is a small tariff. Only what it has a rate for is taken from it; everything else goes on to the
next list, as if this one were not there.
"""

import polars as pl

from tollbook.jobs.price_book import PriceBook, price_by_version, version_in_force

# What the list decides anew, for a record that comes with its product's tariff.
_OF_THE_TARIFF = ("tariff_id", "version_id", "currency", "is_gross", "takes_platform_price")


def price_in_order(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """The records in their order, with VERDICT and the version that gave it.

    `may_be_special` says of which records nothing is known that would keep every list from pricing them.
    """
    if not book.specials:
        return price_by_version(records, book)
    waiting = records.with_row_index("row")
    priced: list[pl.DataFrame] = []
    for owner, lists in book.specials.items():
        for place in lists["place"].unique().sort():
            found = _by_list(waiting, owner, lists.filter(pl.col("place") == place), book)
            if not found.is_empty():
                priced.append(found)
                waiting = waiting.join(found.select("row"), on="row", how="anti", maintain_order="left")
    rest = price_by_version(waiting, book)
    return pl.concat([rest, *(part.select(rest.columns) for part in priced)]).sort("row").drop("row")


def _by_list(waiting: pl.DataFrame, owner: str, lists: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Those of the records that their owner's list has a rate for, priced by it. For a kind an owner has one here."""
    since, until = pl.col("special_from"), pl.col("special_until")
    led = (
        waiting.filter("may_be_special")
        .drop(_OF_THE_TARIFF)
        .join(lists.rename({"owner_id": owner}).drop("place"), on=[owner, "kind"], maintain_order="left")
        .filter(
            since.is_null() | (since <= pl.col("start")),
            until.is_null() | (pl.col("start") < until),
        )
        .drop("special_from", "special_until")
    )
    led = version_in_force(led, book.versions).filter(
        # A tariff that takes the platform's price has no prefixes, so nothing is taken from it.
        pl.col("version_id").is_not_null() & ~pl.col("takes_platform_price")
    )
    is_other_money = pl.col("currency") != pl.col("customer_currency")
    led = led.with_columns(known_reason=pl.when(is_other_money).then(pl.lit("currency_mismatch")))
    # The engine names a line exactly where it found a rate: charged, free by grace, forbidden, in other money.
    return price_by_version(led, book).filter(pl.col("rate_line").is_not_null())
