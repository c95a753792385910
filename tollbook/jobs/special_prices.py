"""Which list prices a record: those of its account, its customer, its product, and then the product's tariff.

A special price list is a small tariff. Only what it has a rate for is taken from it; everything else goes on to the
next list, as if this one were not there.
"""

import polars as pl

from tollbook.jobs.price_book import PriceBook, price_by_version, version_in_force
from tollbook.rating.frames import CALLS

# What a list decides anew, for a record that comes with its product's tariff.
_OF_THE_TARIFF = ("tariff_id", "version_id", "currency", "is_gross", "takes_platform_price")


def price_in_order(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """The records in their order, with VERDICT and the version that gave it.

    `may_be_special` says of which records nothing is known that would keep every list from pricing them.
    """
    if book.specials:
        records = _led_to_lists(records, book)
    return price_by_version(records, book)


def _led_to_lists(records: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """The records, those that a special list has a rate for with its version in place of their tariff's."""
    numbered = records.with_row_index("row")
    # Most records fall on no special list, so no more of them goes round than it takes to find out.
    open_records = numbered.filter("may_be_special").select(
        "row", *book.specials, "customer_currency", *(name for name in CALLS if name != "known_reason")
    )
    taken = []
    for owner, lists in book.specials.items():
        for place in lists["place"].unique().sort():
            found = _taken_by(open_records, owner, lists.filter(pl.col("place") == place), book)
            if not found.is_empty():
                taken.append(found)
                open_records = open_records.join(found.select("row"), on="row", how="anti", maintain_order="left")
    if not taken:
        return records
    by_list = numbered.select("row").join(pl.concat(taken), on="row", how="left", maintain_order="left")
    is_taken = by_list["version_id"].is_not_null()
    return records.with_columns(
        pl.when(is_taken).then(by_list[name]).otherwise(records[name]).alias(name)
        for name in (*_OF_THE_TARIFF, "known_reason")
    )


def _taken_by(open_records: pl.DataFrame, owner: str, lists: pl.DataFrame, book: PriceBook) -> pl.DataFrame:
    """Of the records that their owner's list has a rate for: row, and what the list decides. One list for an owner."""
    since, until = pl.col("special_from"), pl.col("special_until")
    led = (
        open_records.join(
            lists.rename({"owner_id": owner}).drop("place"), on=[owner, "kind"], maintain_order="left"
        )
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
    found = price_by_version(led, book).filter(pl.col("rate_line").is_not_null())
    return found.select("row", *_OF_THE_TARIFF, "known_reason")
