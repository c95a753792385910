"""Posting as a clerk would write it down: a sheet of charges, one call a line."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from tollbook.customers.models import Customer
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import ENTRIES, GROUP, entries_of, post
from tollbook.money import nanos_of

CHARGES = pl.Schema({**{name: ENTRIES[name] for name in GROUP}, "price_nanos": pl.Int64()})
JULY_1 = datetime(2017, 7, 1, 12, 0, tzinfo=UTC)


def add_customer(code: str, currency: str = "EUR") -> Customer:
    return Customer.objects.create(code=code, name=code.title(), currency=currency)


def charges(sheet: str) -> pl.DataFrame:
    """Lines of `customer kind tax-percent net|gross currency price`, of accounts and a month nobody minds."""
    rows = []
    for line in sheet.strip().splitlines():
        customer, kind, percent, basis, currency, price = line.split()
        rows.append(
            {
                "customer_id": Customer.objects.get(code=customer).pk,
                "account_id": None,
                "month": date(2017, 6, 1),
                "usage_kind": kind,
                "tax_basis_points": int(Decimal(percent) * 100),
                "is_gross": basis == "gross",
                "currency": currency,
                "price_nanos": nanos_of(Decimal(price)),
            }
        )
    return pl.DataFrame(rows, schema=CHARGES)


def post_usage(charged: str | pl.DataFrame, posted_at: datetime = JULY_1) -> list[int]:
    """Charge these calls; the transactions they became."""
    table = charges(charged) if isinstance(charged, str) else charged
    entries = entries_of(table)
    ids = post(entries, kind=Transaction.Kind.USAGE, income=LedgerAccount.Kind.REVENUE, posted_at=posted_at)
    return ids.to_list()


def take_back(charged: str | pl.DataFrame, posted_at: datetime = JULY_1) -> list[int]:
    """Reverse the charges of these calls."""
    table = charges(charged) if isinstance(charged, str) else charged
    entries = entries_of(table).with_columns(-pl.col("net_nanos"), -pl.col("tax_nanos"))
    ids = post(
        entries, kind=Transaction.Kind.USAGE_REVERSAL, income=LedgerAccount.Kind.REVENUE, posted_at=posted_at
    )
    return ids.to_list()
