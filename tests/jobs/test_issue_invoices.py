"""A month is closed: what is on the invoice, what is in the ledger, and that they agree to the cent."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.jobs.office import NOON, Office, price_tariff
from tollbook.billing.documents.invoice import TaxCategory, TaxRate, Unit
from tollbook.billing.models import Invoice, InvoicedTransaction, Seller
from tollbook.billing.operations import set_seller
from tollbook.billing.paper import document_of
from tollbook.billing.queries import CALLS as CALLS_TABLE
from tollbook.catalog.operations import set_product
from tollbook.customers.models import Account, Customer
from tollbook.jobs.issue_invoices import Issued, issue_invoices, write_documents
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.models import Transaction
from tollbook.ledger.queries import balance
from tollbook.rating.frames import TariffSettings

JUNE = date(2017, 6, 1)

# Ann: 61 s to London 0.024, 31 s to a mobile 0.046, 7 s to Poland 0.0035, and an unanswered call.
CALLS = """
    record_id, start,                duration_s, cli,         cld,          answered
    london,    2017-06-19T08:00:00Z, 61,         48221000001, 442079460000, yes
    mobile,    2017-06-19T08:05:00Z, 31,         48221000001, 447700900000, yes
    warsaw,    2017-06-20T08:06:00Z, 7,          48221000002, 48600000000,  yes
    nobody,    2017-06-20T08:07:00Z, 0,          48221000002, 48600000000,  no
"""


@pytest.fixture
def seller(db: None) -> Seller:
    return set_seller(name="Example Telecom", country="PL", logo=None, iban="PL61109010140000071219812874")


def close_june(seller: Seller) -> Issued:
    issued = issue_invoices(seller=seller, month=JUNE, issued_on=date(2017, 7, 1), now=NOON)
    assert issued.problems == []
    return issued


def ann() -> Customer:
    return Customer.objects.get(code="ann")


def test_the_invoice_is_rounded_once_and_the_ledger_follows(office: Office, seller: Seller) -> None:
    office.import_(CALLS)
    assert balance(ann(), "EUR").amount == Decimal("0.090405")  # 0.0735 × 1.23

    (invoice,) = close_june(seller).invoices

    # Net 0.0735 is 0.07; tax is 23 % of the 0.07, not of the 0.0735.
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("0.07"), Decimal("0.02"), Decimal("0.09"))
    assert (invoice.number, invoice.due_on) == ("2017/06/0001", date(2017, 7, 15))
    assert balance(ann(), "EUR").amount == Decimal("0.09")
    assert Transaction.objects.filter(kind="invoice_rounding").count() == 1


def test_lines_are_by_destination_and_add_up(office: Office, seller: Seller) -> None:
    office.import_(CALLS)

    (invoice,) = close_june(seller).invoices

    lines = [
        (line.destination, line.records, line.billed, line.net) for line in invoice.lines.order_by("position")
    ]
    # 0.0035, 0.024 and 0.046 of a total of 0.07: whole cents 0, 2 and 4; the cent left goes to the largest rest.
    assert lines == [
        ("Poland", 1, 7, Decimal("0.00")),
        ("United Kingdom", 1, 120, Decimal("0.02")),
        ("United Kingdom mobile", 1, 36, Decimal("0.05")),
    ]


def test_a_month_closed_twice_is_invoiced_once(office: Office, seller: Seller) -> None:
    office.import_(CALLS)
    close_june(seller)

    assert close_june(seller).invoices == []
    assert Invoice.objects.count() == 1
    assert InvoicedTransaction.objects.count() == Transaction.objects.count()


def test_a_call_that_comes_late_is_on_the_next_invoice(office: Office, seller: Seller) -> None:
    office.import_(CALLS)
    close_june(seller)
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,          answered
        late,      2017-06-30T08:00:00Z, 600,        48221000001, 447700900000, yes
        """,
        "late.csv",
    )

    (july,) = issue_invoices(seller=seller, month=date(2017, 7, 1), issued_on=date(2017, 8, 1), now=NOON).invoices

    assert july.net == Decimal("0.61")  # 0.01 + 10 × 0.06
    assert july.number == "2017/07/0001"
    assert balance(ann(), "EUR").amount == Decimal("0.09") + Decimal("0.75")  # 0.61 + 0.14 of tax


def test_what_is_taken_back_after_the_invoice_waits_until_there_is_something_to_pay(
    office: Office, seller: Seller
) -> None:
    run = office.import_(CALLS)
    close_june(seller)

    undo_import(run, posted_at=NOON)
    office.import_(CALLS.replace(", 61, ", ", 661, "))  # London was twelve minutes, not two

    (invoice,) = close_june(seller).invoices
    # 0.144 in place of 0.024 and the rest as before: 0.12 more, and the rounding of 0.0735 to 0.07 stays where it is.
    assert invoice.net == Decimal("0.12")
    assert balance(ann(), "EUR").amount == Decimal("0.09") + Decimal("0.15")
    corrections = [line.net for line in invoice.lines.filter(destination="")]
    assert corrections == [Decimal("-0.07")]


def test_gross_prices_contain_their_tax(office: Office, seller: Seller, tmp_path: Path) -> None:
    prices = "prefix,destination,price\n48,Poland,1.2300\n"
    price_tariff("gross", prices, tmp_path, settings=TariffSettings(is_gross=True))
    product = set_product(code="retail", name="Retail", tariffs={"voice_out": "gross"})
    Account.objects.filter(code="ann-1").update(product=product)
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,         answered
        minute,    2017-06-19T08:00:00Z, 60,         48221000001, 48600000000, yes
        """
    )
    assert balance(ann(), "EUR").amount == Decimal("1.23")

    (invoice,) = close_june(seller).invoices

    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("1.00"), Decimal("0.23"), Decimal("1.23"))


def test_numbers_have_no_gap_when_an_invoice_cannot_be_made(office: Office, seller: Seller) -> None:
    office.import_(CALLS + "    bobs, 2017-06-20T08:06:00Z, 60, 48221000003, 442079460000, yes")
    Customer.objects.filter(code="ann").update(name="李小龙")  # the fonts have no such letters

    issued = issue_invoices(seller=seller, month=JUNE, issued_on=date(2017, 7, 1), now=NOON)

    assert [invoice.number for invoice in issued.invoices] == ["2017/06/0001"]
    ((who, problem),) = issued.problems
    assert who.code == "ann"
    assert "letters" in problem


def test_documents_are_written_as_they_were_issued(office: Office, seller: Seller, tmp_path: Path) -> None:
    office.import_(CALLS)
    issued = close_june(seller)

    pdf, calls = sorted(
        write_documents(issued.invoices, tmp_path / "out"), key=lambda path: path.suffix, reverse=True
    )

    assert pdf.read_bytes().startswith(b"%PDF")
    assert "442079460000" in calls.read_text(encoding="utf-8")
    assert (
        len(calls.read_text(encoding="utf-8").splitlines()) == 4
    )  # the heading and three calls; nobody answered one


def test_a_call_is_listed_in_the_month_it_was_posted_to_though_the_customer_has_moved(
    office: Office, seller: Seller
) -> None:
    office.import_(
        """
        record_id, start,                duration_s, cli,         cld,         answered
        first,     2017-05-31T22:30:00Z, 600,        48221000003, 48600000000, yes
        """
    )
    Customer.objects.filter(code="bob").update(timezone="America/New_York")  # where it was still May

    (invoice,) = close_june(seller).invoices

    assert [(line.destination, line.net) for line in invoice.lines.all()] == [("Poland", Decimal("0.30"))]


def test_what_was_taxed_before_a_reverse_charge_began_shows_its_rate(office: Office, seller: Seller) -> None:
    before, after = CALLS.replace("london", "before"), CALLS.replace("london", "after")
    office.import_("\n".join(before.splitlines()[:3]))
    Customer.objects.filter(code="ann").update(tax_rate=0, tax_treatment="reverse_charge")
    office.import_("\n".join(after.splitlines()[:3]), "after.csv")

    (invoice,) = close_june(seller).invoices

    rates = [line.tax_rate for line in document_of(invoice, pl.DataFrame(schema=CALLS_TABLE)).lines]
    assert rates == [
        TaxRate(Decimal("0.00"), TaxCategory.REVERSE_CHARGE),
        TaxRate(Decimal("23.00"), TaxCategory.STANDARD),
    ]


def test_messages_are_counted_not_the_records_that_hold_them(office: Office, seller: Seller) -> None:
    price_tariff("messages", "prefix,kind,per_unit,unit\n48,sms_out,0.05,message\n", office.folder)
    set_product(code="voice", name="Voice", tariffs={"sms_out": "messages"})
    office.import_(
        """
        record_id, start,                quantity, unit,    cli,         cld,         kind
        one,       2017-06-19T08:00:00Z, 1,        message, 48221000003, 48600000000, sms_out
        three,     2017-06-19T08:05:00Z, 3,        message, 48221000003, 48600000000, sms_out
        """
    )

    (invoice,) = close_june(seller).invoices

    (line,) = document_of(invoice, pl.DataFrame(schema=CALLS_TABLE)).lines
    assert (line.quantity, line.unit, line.net) == (Decimal(4), Unit.MESSAGE, Decimal("0.20"))
