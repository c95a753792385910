"""Issuing invoices."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import polars as pl
from django.db import transaction
from django.db.models import F

from tollbook.billing.documents.invoice import currency_decimals
from tollbook.billing.models import (
    Invoice,
    InvoicedTransaction,
    InvoiceLine,
    InvoiceSeries,
    Seller,
    StoredDocument,
)
from tollbook.billing.operations.invoice_lines import AMOUNTS, line_sums
from tollbook.billing.paper import documents_of
from tollbook.billing.queries import behind_money, calls_of_customer, next_month, records_behind, unbilled
from tollbook.billing.totals import NetAndTax, line_totals, total_of_rate
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import ENTRIES, post
from tollbook.money import nanos_of


@dataclass(frozen=True, slots=True)
class _Rate:
    """The transactions of one tax rate, and what they come to on the invoice."""

    basis_points: int
    net_nanos: int
    tax_nanos: int
    total: NetAndTax


@transaction.atomic
def issue_invoice(
    customer: Customer,
    *,
    seller: Seller,
    month: date,
    issued_on: date,
    posted_at: datetime,
    series: str | None = None,
) -> Invoice | None:
    """Invoice what the customer used, and was charged, until the end of `month` (its first day) and is on no invoice.

    Safe to repeat: with nothing left to invoice, None is returned. So it is when the sum is not positive; then it
    waits for the next invoice. A call that arrives after its month was invoiced is on the next invoice.

    `series` is what stands before the number, by default `2017/06/`.

    Raises:
        BadInput: `month` is not the first day of a month.
    """
    if month.day != 1:
        raise BadInput(f"{month} is not the first day of a month")
    Customer.objects.select_for_update().get(pk=customer.pk)  # two at once would both find the same transactions
    until = next_month(month)
    found = unbilled(customer.pk, customer.currency, until)
    if found.is_empty():
        return None
    is_gross = bool(found["is_gross"].all())
    rates = _totals(found, is_gross, currency_decimals(customer.currency))
    net = sum((rate.total.net for rate in rates), Decimal(0))
    tax = sum((rate.total.tax for rate in rates), Decimal(0))
    if net + tax <= 0:
        return None
    number_series = _take_number(seller, series or f"{month:%Y/%m}/")
    invoice = Invoice.objects.create(
        series=number_series,
        sequence=number_series.last_number,
        number=f"{number_series.prefix}{number_series.last_number:04d}",
        customer=customer,
        period_since=month,
        period_until=until,
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=customer.payment_days),
        currency=customer.currency,
        is_gross=is_gross,
        net=net,
        tax=tax,
        gross=net + tax,
    )
    calls = calls_of_customer(customer, found["month"].to_list(), month, found["transaction_id"])
    lines = line_sums(found, records_behind(calls, found), behind_money(found["transaction_id"]))
    InvoiceLine.objects.bulk_create(_lines(invoice, lines, rates, is_gross))
    rounding = _post_rounding(invoice, rates, is_gross, posted_at)
    InvoicedTransaction.objects.bulk_create(
        InvoicedTransaction(transaction_id=number, invoice=invoice)
        for number in [*found["transaction_id"].to_list(), *rounding.to_list()]
    )
    for name, media_type, content in documents_of(invoice, calls):
        StoredDocument.objects.create(invoice=invoice, name=name, media_type=media_type, content=content)
    return invoice


def _take_number(seller: Seller, prefix: str) -> InvoiceSeries:
    """The series with its next number taken. The row stays locked until the invoice is there, so no gap appears."""
    InvoiceSeries.objects.get_or_create(prefix=prefix, defaults={"seller": seller})
    InvoiceSeries.objects.filter(prefix=prefix).update(last_number=F("last_number") + 1)
    return InvoiceSeries.objects.get(prefix=prefix)


def _totals(found: pl.DataFrame, is_gross: bool, decimals: int) -> list[_Rate]:
    sums = found.group_by("tax_basis_points").agg(AMOUNTS.sum()).sort("tax_basis_points")
    return [
        _Rate(points, net, tax, total_of_rate(net, tax, basis_points=points, is_gross=is_gross, decimals=decimals))
        for points, net, tax in sums.iter_rows()
    ]


def _post_rounding(invoice: Invoice, rates: list[_Rate], is_gross: bool, posted_at: datetime) -> pl.Series:
    """Book what the invoice differs from the calls, so that ledger and invoice agree to the cent."""
    differences = [
        {
            "customer_id": invoice.customer_id,
            "month": invoice.period_since,
            "tax_basis_points": rate.basis_points,
            "is_gross": is_gross,
            "currency": invoice.currency,
            "net_nanos": nanos_of(rate.total.net) - rate.net_nanos,
            "tax_nanos": nanos_of(rate.total.tax) - rate.tax_nanos,
        }
        for rate in rates
    ]
    entries = pl.DataFrame(differences, schema=ENTRIES)
    entries = entries.filter((pl.col("net_nanos") != 0) | (pl.col("tax_nanos") != 0))
    if entries.is_empty():
        return pl.Series(dtype=pl.Int64)
    return post(
        entries, kind=Transaction.Kind.INVOICE_ROUNDING, income=LedgerAccount.Kind.ROUNDING, posted_at=posted_at
    )


def _lines(invoice: Invoice, lines: pl.DataFrame, rates: list[_Rate], is_gross: bool) -> Iterator[InvoiceLine]:
    """The lines (LINES) in cents that add up to the invoice, rate by rate."""
    decimals = currency_decimals(invoice.currency)
    position = 0
    for rate in rates:
        of_rate = lines.filter(pl.col("tax_basis_points") == rate.basis_points)
        totals = line_totals(
            list(of_rate.select("net_nanos", "tax_nanos").iter_rows()),
            basis_points=rate.basis_points,
            is_gross=is_gross,
            decimals=decimals,
        )
        for row, total in zip(of_rate.iter_rows(named=True), totals, strict=True):
            position += 1
            yield InvoiceLine(
                invoice=invoice,
                position=position,
                usage_kind=row["usage_kind"],
                destination=row["destination"],
                what=row["what"],
                since=row["since"],
                until=row["until"],
                records=row["records"],
                billed=row["billed"],
                tax_rate=Decimal(rate.basis_points).scaleb(-2),
                net=total.net,
                tax=total.tax,
            )
