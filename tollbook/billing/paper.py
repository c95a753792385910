"""From an invoice in the database to the documents that are sent."""

from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from tollbook.billing.documents.call_list import call_list_csv
from tollbook.billing.documents.figures import Figures
from tollbook.billing.documents.invoice import (
    CALL_LIST,
    BankAccount,
    InvoiceDocument,
    InvoiceLine,
    Party,
    PriceBasis,
    TaxCategory,
    TaxId,
    TaxIdKind,
    TaxRate,
    TaxTotal,
    Unit,
)
from tollbook.billing.documents.render import render_invoice
from tollbook.billing.models import FeeKind, Invoice, Seller
from tollbook.billing.models import InvoiceLine as StoredLine
from tollbook.customers.models import Customer
from tollbook.phone import region_name
from tollbook.records import KINDS, Measure

PDF = "application/pdf"
CSV = "text/csv; charset=utf-8"


def documents_of(invoice: Invoice, calls: pl.DataFrame) -> Iterator[tuple[str, str, bytes]]:
    """Name, media type and bytes of each document: the PDF, and the call list as CSV. `calls` as `queries.CALLS`."""
    document = document_of(invoice, calls)
    name = invoice.number.replace("/", "-")
    yield f"{name}.pdf", PDF, render_invoice(document, language=invoice.customer.language)
    yield f"{name}.csv", CSV, call_list_csv(document)


def document_of(invoice: Invoice, calls: pl.DataFrame) -> InvoiceDocument:
    """Everything that is printed on the invoice, with its calls (`queries.CALLS`)."""
    customer, seller = invoice.customer, invoice.series.seller
    figures = Figures(customer.language)
    treatment = TaxCategory(customer.tax_treatment)
    lines = list(invoice.lines.order_by("position"))
    return InvoiceDocument(
        number=invoice.number,
        seller=_seller(seller, customer.language),
        buyer=_buyer(customer),
        issue_date=invoice.issued_on,
        due_date=invoice.due_on,
        period_since=invoice.period_since,
        period_until=invoice.period_until,
        currency=invoice.currency,
        lines=tuple(_line(line, figures, treatment) for line in lines),
        tax_totals=tuple(_tax_totals(lines, treatment)),
        price_basis=PriceBasis.GROSS if invoice.is_gross else PriceBasis.NET,
        bank_account=_bank_account(seller),
        notes=(customer.tax_note,) if customer.tax_note else (),
        logo=bytes(seller.logo) if seller.logo else None,
        calls=_call_list(calls),
        timezone=customer.timezone,
    )


def _seller(seller: Seller, language: str) -> Party:
    return Party(
        name=seller.name,
        address=_address(seller, language),
        tax_ids=_tax_ids(seller.tax_id, seller.country),
        contact=tuple(filter(None, (seller.phone, seller.email))),
    )


def _buyer(customer: Customer) -> Party:
    return Party(
        name=customer.name,
        address=_address(customer, customer.language),
        tax_ids=_tax_ids(customer.tax_id, customer.country),
    )


def _address(of: Seller | Customer, language: str) -> tuple[str, ...]:
    city = " ".join(filter(None, (of.postcode, of.city)))
    country = region_name(of.country, language) if of.country else ""
    return tuple(filter(None, (of.street, city, country)))


def _tax_ids(number: str, country: str) -> tuple[TaxId, ...]:
    """A Polish number without its country letters is a NIP; everything else is a VAT number."""
    if not number:
        return ()
    is_nip = country == "PL" and number[:2].upper() != "PL"
    return (TaxId(TaxIdKind.NIP if is_nip else TaxIdKind.VAT, number),)


def _bank_account(seller: Seller) -> BankAccount | None:
    if not seller.iban:
        return None
    return BankAccount(bank_name=seller.bank_name, iban=seller.iban, bic=seller.bic or None)


UNITS = {Measure.TIME: Unit.CALL, Measure.MESSAGES: Unit.MESSAGE, Measure.BYTES: Unit.MEGABYTE}


def _tax_rate(percent: Decimal, treatment: TaxCategory) -> TaxRate:
    """The customer's treatment is why there is no tax. What was used before it began is taxed, and shows its rate."""
    return TaxRate(percent, TaxCategory.STANDARD if percent else treatment)


def _line(line: StoredLine, figures: Figures, treatment: TaxCategory) -> InvoiceLine:
    make = _line_of_usage if line.usage_kind in KINDS else _line_of_money
    return make(line, figures, _tax_rate(line.tax_rate, treatment))


def _line_of_usage(line: StoredLine, figures: Figures, tax_rate: TaxRate) -> InvoiceLine:
    services, measure = figures.words["service"], KINDS[line.usage_kind]
    is_tier = line.what == "tier"
    has_records = line.records > 0 and not is_tier
    return InvoiceLine(
        service=services[line.usage_kind if has_records or is_tier else "correction"],
        destination=services["tier"] if is_tier else line.destination or None,
        quantity=_quantity(line, measure) if has_records else None,
        unit=UNITS[measure],
        duration_s=line.billed if measure is Measure.TIME and has_records else None,
        net=line.net,
        tax_rate=tax_rate,
        tax=line.tax,
        gross=line.net + line.tax,
    )


def _line_of_money(line: StoredLine, figures: Figures, tax_rate: TaxRate) -> InvoiceLine:
    """`Cloud PBX, 2026-06-01 – 2026-06-30` of 3 accounts; what was entered by hand has no quantity."""
    said = figures.words["fee"].get(line.what, "")
    days = figures.period(line.since, line.until) if line.since and line.until and line.since < line.until else ""
    unit = Unit.DAY if line.what == FeeKind.WAIVER else Unit.ACCOUNT if line.billed else Unit.PIECE
    return InvoiceLine(
        service=figures.words["service"][line.usage_kind],
        destination=", ".join(filter(None, (line.destination, said, days))) or None,
        quantity=Decimal(line.records) if line.what else None,
        unit=unit,
        net=line.net,
        tax_rate=tax_rate,
        tax=line.tax,
        gross=line.net + line.tax,
    )


def _quantity(line: StoredLine, measure: Measure) -> Decimal:
    """Calls are counted, and messages, of which a record may hold several; data is measured."""
    if measure is Measure.BYTES:
        return (Decimal(line.billed) / 1_000_000).quantize(Decimal("0.001"))
    return Decimal(line.billed if measure is Measure.MESSAGES else line.records)


def _tax_totals(lines: list[StoredLine], treatment: TaxCategory) -> Iterator[TaxTotal]:
    for percent in sorted({line.tax_rate for line in lines}):
        net = sum((line.net for line in lines if line.tax_rate == percent), Decimal(0))
        tax = sum((line.tax for line in lines if line.tax_rate == percent), Decimal(0))
        yield TaxTotal(tax_rate=_tax_rate(percent, treatment), net=net, tax=tax, gross=net + tax)


def _call_list(calls: pl.DataFrame) -> pl.DataFrame:
    """CALL_LIST. The time shown is the talked time as it is charged: a begun second counts."""
    seconds = (pl.col("duration_us") + 999_999) // 1_000_000
    return calls.with_columns(duration_s=seconds).select(CALL_LIST.names())
