"""The itemised call list as text: sections by account, or their sums where the list is too long to print."""

from decimal import Decimal
from typing import Any

import polars as pl

from tollbook.billing.documents.call_list import AccountCalls, calls_by_account, listed_calls, price_decimals
from tollbook.billing.documents.figures import Figures, duration, telephone
from tollbook.billing.documents.invoice import InvoiceDocument, currency_decimals
from tollbook.billing.documents.printable import LONGEST_NUMBER, printable
from tollbook.money import decimal_of
from tollbook.records import KINDS, Measure

# A printed call is about 1.6 kB of PDF, most of it the tags by which a screen reader finds its way. Longer lists
# go to the CSV, and the invoice can still be mailed.
MAX_PRINTED_CALLS = 2_000
MAX_PRINTED_ACCOUNTS = 1_000


def calls_view(document: InvoiceDocument, figures: Figures) -> dict[str, Any] | None:
    """The list, or None when no call is listed."""
    calls = listed_calls(document)
    left_out = document.calls.height - calls.height
    if calls.is_empty():
        return None
    words = figures.words["calls"]
    writer = _CallWriter(document, figures, price_decimals(calls, currency_decimals(document.currency)))
    is_printed = calls.height <= MAX_PRINTED_CALLS
    accounts = list(calls_by_account(calls)) if calls["account"].n_unique() <= MAX_PRINTED_ACCOUNTS else []
    return {
        "sections": [writer.section(account, with_rows=is_printed) for account in accounts],
        "is_printed": is_printed,
        "total": writer.sums(calls),
        "price": words[f"price_{document.price_basis.value}"],
        "remarks": [
            words["zone"].format(zone=document.timezone, currency=document.currency),
            *([] if is_printed else [words["separate"].format(count=writer.count(calls.height))]),
            *([words["free_left_out"].format(count=writer.count(left_out))] if left_out else []),
        ],
    }


class _CallWriter:
    """Writes calls in one language, with one number of decimals for the whole list."""

    def __init__(self, document: InvoiceDocument, figures: Figures, decimals: int) -> None:
        self.document = document
        self.figures = figures
        self.decimals = decimals

    def section(self, account: AccountCalls, *, with_rows: bool) -> dict[str, Any]:
        return {
            "account": telephone(printable(account.account)),
            "name": printable(account.name or ""),
            "rows": self.rows(account.calls) if with_rows else [],
            **self.sums(account.calls),
        }

    def sums(self, calls: pl.DataFrame) -> dict[str, str]:
        return {
            "count": self.count(calls.height),
            "duration": duration(int(calls["duration_s"].sum())),
            "price": self.price(int(calls["price_nanos"].sum())),
        }

    def rows(self, calls: pl.DataFrame) -> list[list[str]]:
        """Date, time, from, to, destination, duration or quantity, price."""
        start = pl.col("start").dt.convert_time_zone(self.document.timezone)
        written = calls.select(
            start.dt.strftime(self.figures.words["numbers"]["date"]).alias("date"),
            start.dt.strftime("%H:%M:%S").alias("time"),
            pl.col("cli", "cld", "destination").fill_null(""),
            "kind",
            "duration_s",
            "quantity",
            "price_nanos",
        )
        return [
            [
                date,
                time,
                telephone(printable(cli, LONGEST_NUMBER)),
                telephone(printable(cld, LONGEST_NUMBER)),
                printable(destination),
                self.extent(kind, duration_s, quantity),
                self.price(price_nanos),
            ]
            for date, time, cli, cld, destination, kind, duration_s, quantity, price_nanos in written.iter_rows()
        ]

    def extent(self, kind: str, duration_s: int | None, quantity: int | None) -> str:
        """How much it was, in the measure of its kind; nothing when that is not known."""
        measure = KINDS[kind]
        if measure is Measure.TIME and duration_s is not None:
            return duration(duration_s)
        if measure is Measure.MESSAGES and quantity is not None:
            return str(self.figures.words["calls"]["messages"].format(count=quantity))
        if measure is Measure.BYTES and quantity is not None:
            return self.figures.data_volume(quantity)
        return ""

    def price(self, nanos: int) -> str:
        return self.figures.number(decimal_of(nanos), self.decimals)

    def count(self, calls: int) -> str:
        return self.figures.number(Decimal(calls), 0)
