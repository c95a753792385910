"""The numbers of records, as the connection writes them, or as a product says that its numbers are written."""

from collections.abc import Mapping

import polars as pl

from tollbook.jobs.price_book import ProductReading, Reading
from tollbook.phone import RATEABLE, NumberRules, normalise
from tollbook.records import INCOMING
from tollbook.usage.exclusions import excluded


def read_numbers(records: pl.DataFrame, rules: NumberRules) -> pl.DataFrame:
    """`cli` and `cld` as digits where the rules can read them, else as written; `cli_raw`, `cld_raw` as written.

    `is_emergency` and `is_number_read` are of the number rated: the CLD for outgoing and the DID called for incoming
    usage, in a record both are the CLD.
    """
    cli, cld = normalise(records["cli"], rules), normalise(records["cld"], rules)
    records = records.with_columns(
        cli_raw="cli",
        cld_raw="cld",
        cli=pl.coalesce(cli["digits"], records["cli"]),
        cld=pl.coalesce(cld["digits"], records["cld"]),
        cld_class=cld["number_class"],
    )
    return records.with_columns(is_emergency=_is_emergency(), is_number_read=_is_read())


def read_as_products_say(
    records: pl.DataFrame, products: Mapping[int, ProductReading], reading: Reading
) -> pl.DataFrame:
    """The number rated read again where the record's product has rules of its own, in the order of the rows.

    `product_reason` is `excluded` or `hidden` where a pattern of the product, or of the connection, fits the number
    then. What is an emergency number by the connection's rules stays one.
    """
    records = records.with_columns(product_reason=pl.lit(None, pl.String))
    if not products:
        return records
    rows = records.with_row_index("row")
    parts = [rows.filter(~pl.col("product_id").is_in(list(products)).fill_null(value=False))]
    for product_id, product in products.items():
        part = rows.filter(pl.col("product_id") == product_id)
        if part.is_empty():
            continue
        rules = reading.rules.overridden(product.number_rules)
        if product.number_rules:
            part = _read_again(part, rules)
        reasons = [
            excluded(part, product.exclusions, country_code=rules.country_code),
            # What the connection excludes is so for every product, however its numbers are dialled.
            excluded(part, reading.exclusions, country_code=reading.rules.country_code),
        ]
        hidden = [pl.when(reason == "hidden").then(reason) for reason in reasons]
        parts.append(part.with_columns(product_reason=pl.coalesce(*hidden, *reasons)))
    return pl.concat(parts).sort("row").drop("row")


def _read_again(records: pl.DataFrame, rules: NumberRules) -> pl.DataFrame:
    cld = normalise(records["cld_raw"], rules)
    records = records.with_columns(
        cld=pl.coalesce(cld["digits"], records["cld_raw"]), cld_class=cld["number_class"]
    )
    was = pl.col("is_emergency")
    return records.with_columns(is_emergency=was | _is_emergency(), is_number_read=was | _is_read())


def _is_emergency() -> pl.Expr:
    """An emergency number is one that somebody here dials."""
    return (pl.col("cld_class") == "emergency") & ~pl.col("kind").is_in(INCOMING)


def _is_read() -> pl.Expr:
    return (
        pl.col("cld_class").is_in(RATEABLE)
        | (pl.col("kind") == "data")
        | ((pl.col("kind") == "voice_local") & (pl.col("cld_class") == "extension"))
    )
