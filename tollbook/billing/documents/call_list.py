"""The itemised call list: which calls it shows, by account, and the same as CSV.

Tables in, tables and text out. A list can have a million calls, so nothing here goes through single Python rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from tollbook.billing.documents.invoice import InvoiceDocument

# A spreadsheet runs a cell that begins with one of these as a formula; numbers and names come from outside.
FORMULA_STARTS = r"^([=+\-@\t\r])"


@dataclass(frozen=True, slots=True)
class AccountCalls:
    """The listed calls of one account."""

    account: str
    name: str | None
    calls: pl.DataFrame  # CALL_LIST


def listed_calls(document: InvoiceDocument) -> pl.DataFrame:
    """The calls that are shown: all, or only those with a price."""
    if document.show_free_calls:
        return document.calls
    return document.calls.filter(pl.col("price_nanos") != 0)


def calls_by_account(calls: pl.DataFrame) -> Iterator[AccountCalls]:
    """The accounts in the order of their first call; rows keep their order."""
    for part in calls.partition_by("account", maintain_order=True):
        yield AccountCalls(
            account=part.item(0, "account"),
            name=part.item(0, "account_name"),
            calls=part,
        )


def price_decimals(calls: pl.DataFrame, at_least: int) -> int:
    """The fewest decimals that show every price of the list exactly, so that its column lines up."""
    for decimals in range(at_least, 9):
        if (calls["price_nanos"] % 10 ** (9 - decimals) == 0).all():
            return decimals
    return 9


def call_list_csv(document: InvoiceDocument) -> bytes:
    """The itemised calls as CSV: comma, decimal point, UTF-8 with BOM (else spreadsheets misread Polish letters).

    `start` is in the customer's zone with its offset; `price` is exact. Text that a spreadsheet would run as a
    formula gets an apostrophe in front.
    """
    calls = listed_calls(document)
    text = [harmless(pl.col(name)) for name in ("account", "account_name")]
    numbers = [harmless(pl.col(name)) for name in ("cli", "cld", "destination")]
    table = calls.select(
        pl.lit(document.number).alias("invoice"),
        *text,
        "kind",
        pl.col("start").dt.convert_time_zone(document.timezone).dt.strftime("%Y-%m-%dT%H:%M:%S%:z"),
        *numbers,
        "duration_s",
        "quantity",
        decimal_text(pl.col("price_nanos")).alias("price"),
        pl.lit(document.currency).alias("currency"),
    )
    return table.write_csv(include_bom=True).encode()


def harmless(text: pl.Expr) -> pl.Expr:
    """Text that no spreadsheet runs as a formula."""
    return text.str.replace(FORMULA_STARTS, "'$1")


def decimal_text(nanos: pl.Expr) -> pl.Expr:
    """Nano-units as a decimal number in text, without needless zeros: 12_500_000 is 0.0125."""
    sign = pl.when(nanos < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (nanos.abs() // 10**9).cast(pl.String)
    fraction = (nanos.abs() % 10**9).cast(pl.String).str.zfill(9).str.strip_chars_end("0").str.pad_end(2, "0")
    return pl.concat_str(sign, whole, pl.lit("."), fraction)
