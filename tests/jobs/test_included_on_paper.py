"""What customers see of included usage: the call list of the month and of the invoice, and the lines."""

from datetime import date
from decimal import Decimal

import polars as pl

from tests.jobs.included import include, subscribe, use
from tests.jobs.office import NOON, Office
from tollbook.billing.calls import calls_of_month
from tollbook.billing.operations import set_seller
from tollbook.billing.queries import calls_of_customer
from tollbook.customers.models import Customer
from tollbook.jobs.issue_invoices import issue_invoices
from tollbook.ledger.models import Transaction

JUNE = date(2017, 6, 1)
CALLS = "a  3  2017-06-01T10:00  60  48500600700\nb  3  2017-06-02T10:00  90  48500600700"


def test_the_call_list_shows_what_is_free_by_an_allowance_with_destination_and_time(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    use(office, CALLS)

    listed = calls_of_month(Customer.objects.get(code="bob"), JUNE)

    assert listed.select("destination", "billed", "price_nanos", "free_because").rows() == [
        ("Poland", 60, 0, "allowance"),
        ("Poland", 90, 15_000_000, None),
    ]


def test_the_invoice_lists_it_too_and_its_lines_are_what_is_charged(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    use(office, CALLS.replace("90", "9000"))
    seller = set_seller(name="Example Telecom", country="PL", logo=None, iban="PL61109010140000071219812874")

    (invoice,) = issue_invoices(seller=seller, month=JUNE, issued_on=date(2017, 7, 1), now=NOON).invoices

    # Of 9,060 s 120 are included: 8,940 at 0.0005.
    assert invoice.net == Decimal("4.47")
    charged = Transaction.objects.filter(kind=Transaction.Kind.USAGE).values_list("pk", flat=True)
    listed = calls_of_customer(invoice.customer, [JUNE], JUNE, pl.Series(list(charged)))
    assert listed.select("destination", "billed", "price_nanos").rows() == [
        ("Poland", 60, 0),
        ("Poland", 9000, 4_470_000_000),
    ]
