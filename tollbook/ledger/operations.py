"""Posting. Whole tables of transactions at once: usage comes by the hundred thousand."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from tollbook.database import allocate_ids, copy_in, lock_table
from tollbook.errors import BadInput
from tollbook.ledger.models import LedgerAccount, Posting, Transaction
from tollbook.money import INT64_MAX, decimal_of

# What makes two charged records part of one transaction.
GROUP = ("customer_id", "account_id", "month", "usage_kind", "tax_basis_points", "is_gross", "currency")

# A group with its sums. Amounts are what the customer owes more (positive) or less (negative).
ENTRIES = pl.Schema(
    {
        "customer_id": pl.Int64,
        "account_id": pl.Int64,  # null where the entry is about the customer as a whole
        "month": pl.Date,  # first day of the customer's month
        "usage_kind": pl.String,
        "tax_basis_points": pl.Int64,  # 23 % is 2300
        "is_gross": pl.Boolean,
        "currency": pl.String,
        "net_nanos": pl.Int64,
        "tax_nanos": pl.Int64,
    }
)


def post(
    entries: pl.DataFrame, *, kind: Transaction.Kind, income: LedgerAccount.Kind, posted_at: datetime
) -> pl.Series:
    """Book each entry (ENTRIES) as a transaction of its own; their ids come back, in the order of the rows.

    Legs: the customer's receivable for net and tax, against `income` for the net and the tax account for the tax.
    Part of the database transaction that is open.

    Raises:
        BadInput: an entry is more than a posting can hold.
    """
    _refuse_what_does_not_fit(entries)
    first_id = allocate_ids("ledger_transaction_id", len(entries))
    ids = pl.int_range(first_id, first_id + len(entries), dtype=pl.Int64, eager=True)
    rows = entries.with_columns(ids.alias("id"))
    copy_in(
        Transaction._meta.db_table,
        rows.select(
            "id",
            pl.lit(kind.value).alias("kind"),
            pl.lit(posted_at).alias("posted_at"),
            "customer_id",
            "account_id",
            "month",
            "usage_kind",
            _percent().alias("tax_rate"),
            "is_gross",
            "currency",
        ),
    )
    copy_in(Posting._meta.db_table, _legs(rows, income))
    return ids


def _legs(rows: pl.DataFrame, income: LedgerAccount.Kind) -> pl.DataFrame:
    """Two legs a transaction, three where there is tax, side by side in the order of transactions."""
    rows = rows.join(
        _chart(rows, income), on=["usage_kind", "tax_basis_points", "currency"], how="left", nulls_equal=True
    )
    nobody = pl.lit(None, dtype=pl.Int64)

    def leg(number: int, account: str, customer: pl.Expr, amount: pl.Expr) -> pl.DataFrame:
        return rows.select(
            transaction_id="id",
            leg=pl.lit(number, dtype=pl.Int16),
            ledger_account_id=account,
            customer_id=customer,
            amount_nanos=amount,
            currency="currency",
        )

    net, tax = pl.col("net_nanos"), pl.col("tax_nanos")
    legs = [
        leg(0, "receivable_id", pl.col("customer_id"), net + tax),
        leg(1, "income_id", nobody, -net),
        leg(2, "tax_id", nobody, -tax).filter(pl.col("amount_nanos") != 0),
    ]
    return pl.concat(legs).sort("transaction_id", "leg")


def _chart(rows: pl.DataFrame, income: LedgerAccount.Kind) -> pl.DataFrame:
    """The ledger accounts that the rows need, by what they are chosen by. There are a few dozen at most."""
    needed = rows.select("usage_kind", "tax_basis_points", "currency").unique()
    accounts = [
        {
            **row,
            "receivable_id": ledger_account(LedgerAccount.Kind.RECEIVABLE, "", row["currency"]),
            "income_id": ledger_account(income, row["usage_kind"] or "", row["currency"]),
            "tax_id": ledger_account(LedgerAccount.Kind.TAX, percent(row["tax_basis_points"]), row["currency"]),
        }
        for row in needed.iter_rows(named=True)
    ]
    ids = {"receivable_id": pl.Int64, "income_id": pl.Int64, "tax_id": pl.Int64}
    return pl.DataFrame(accounts, schema={**needed.schema, **ids})


def ledger_account(kind: LedgerAccount.Kind, detail: str, currency: str) -> int:
    """The id of an account of the chart; it is opened when it is first needed."""
    names: Mapping[str, Any] = {"kind": kind, "detail": detail, "currency": currency}
    account = LedgerAccount.objects.filter(**names).first()
    if account is None:
        # One opens accounts at a time: two who each open what the other needs next would wait for each other.
        lock_table(LedgerAccount._meta.db_table)
        account, _ = LedgerAccount.objects.get_or_create(**names)
    return account.pk


def _percent() -> pl.Expr:
    whole, hundredths = pl.col("tax_basis_points") // 100, pl.col("tax_basis_points") % 100
    return pl.format("{}.{}", whole, hundredths.cast(pl.String).str.zfill(2))


def percent(basis_points: int) -> str:
    """2300 is "23.00"."""
    return f"{basis_points // 100}.{basis_points % 100:02d}"


def entries_of(charges: pl.DataFrame) -> pl.DataFrame:
    """What charged records come to, as ENTRIES: one row per GROUP, in the order of their first records.

    `charges` has the columns of GROUP and `price_nanos`.

    Raises:
        BadInput: the records of a group come to more than a posting can hold.
    """
    basis_points, is_gross = pl.col("tax_basis_points"), pl.col("is_gross")
    tax = tax_of(pl.col("price_nanos"), basis_points, is_gross)
    sums = (
        charges.with_columns(tax_nanos=tax)
        .group_by(GROUP, maintain_order=True)
        .agg(pl.col("price_nanos", "tax_nanos").cast(pl.Int128).sum())  # 64 bits would wrap, silently
        .with_columns(net_nanos=pl.col("price_nanos") - pl.when(is_gross).then("tax_nanos").otherwise(0))
    )
    _refuse_what_does_not_fit(sums)
    return sums.select(pl.col(name).cast(dtype) for name, dtype in ENTRIES.items())


def _refuse_what_does_not_fit(entries: pl.DataFrame) -> None:
    net, tax = pl.col("net_nanos").cast(pl.Int128), pl.col("tax_nanos").cast(pl.Int128)
    largest = pl.max_horizontal(net.abs(), tax.abs(), (net + tax).abs())
    too_large = entries.select("customer_id", "month", "currency", largest=largest).filter(
        pl.col("largest") > INT64_MAX
    )
    for customer_id, month, currency, nanos in too_large.head(1).iter_rows():
        raise BadInput(
            f"customer {customer_id}, {month:%B %Y}: usage comes to {decimal_of(nanos)} {currency}, and one posting"
            f" holds at most {decimal_of(INT64_MAX)}; look for a wrong price or quantity, and import it again"
        )


def tax_of(amount_nanos: pl.Expr, basis_points: pl.Expr, is_gross: pl.Expr) -> pl.Expr:
    """The tax of one record's price, in nano-units, half up away from zero. Rates are below 100 %.

    Computed per record, so that the tax of any set of records is the sum of theirs and a reversal of some of
    them is exact. A net price carries `price × rate`, a gross one contains `price × rate / (1 + rate)`.
    """
    base = pl.when(is_gross).then(10_000 + basis_points).otherwise(10_000)
    size = amount_nanos.cast(pl.Int128).abs()  # the product of price and rate needs more than 64 bits
    return amount_nanos.sign() * ((2 * size * basis_points + base) // (2 * base)).cast(pl.Int64)
