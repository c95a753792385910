"""Invoices: each sees their own, with the PDF as it was sent; nothing changes one."""

from decimal import Decimal
from typing import Any

from tests.api.portabilling.callers import account as of_account
from tests.api.portabilling.callers import customer as of_customer
from tests.api.portabilling.callers import staff
from tests.api.portabilling.calling import call, fault
from tests.api.portabilling.services.test_xdrs import MONDAY, invoice_of, many_calls
from tests.jobs.office import Office
from tollbook.api.portabilling.method import Attachment
from tollbook.customers.models import Account, Customer


def numbers(caller: Any, **asked: Any) -> list[str]:
    return [one["invoice_number"] for one in call(caller, "Invoice/get_invoice_list", asked)["invoice_list"]]


def test_an_invoice_says_what_is_due_and_when(office: Office, ann: Customer) -> None:
    office.import_(many_calls(100))  # 100 minutes of 0.012 are 1.20; with 23 % 1.476, on paper 1.48
    invoice = invoice_of(ann)

    (shown,) = call(of_customer(ann), "Invoice/get_invoice_list")["invoice_list"]

    assert shown == {
        "i_invoice": invoice.pk,
        "invoice_number": "2017/06/0001",
        "i_customer": ann.pk,
        "customer_name": "ann",
        "issue_date": "2017-07-01",
        "due_date": "2017-07-15",
        "period_from": "2017-06-01",
        "period_to": "2017-06-30",
        "iso_4217": "EUR",
        "amount_net": Decimal("1.2"),
        "total_tax": Decimal("0.28"),
        "amount_due": Decimal("1.48"),
        "has_pdf": 1,
    }
    by_number = {"i_customer": ann.pk, "invoice_number": "2017/06/0001"}
    assert call(staff(), "Invoice/get_invoice_info", by_number) == {"invoice_info": shown}


def test_the_pdf_is_the_one_that_was_sent(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)
    invoice = invoice_of(ann)

    file = call(of_customer(ann), "Invoice/get_invoice_info", {"i_invoice": invoice.pk, "get_pdf": 1})

    assert isinstance(file, Attachment)
    assert file.media_type == "application/pdf"
    assert file.content == bytes(invoice.documents.get(media_type="application/pdf").content)
    invoice.documents.all().delete()
    without = call(staff(), "Invoice/get_invoice_info", {"i_invoice": invoice.pk, "get_pdf": 1})
    assert without["invoice_info"]["has_pdf"] == 0


def test_each_sees_their_own(office: Office, ann: Customer, bob: Customer) -> None:
    office.import_(MONDAY)
    office.import_(many_calls(100), "more.csv")
    anns, bobs = invoice_of(ann), invoice_of(bob)

    assert numbers(staff()) == [anns.number, bobs.number]
    assert numbers(staff(), i_customer=str(bob.pk)) == [bobs.number]
    assert numbers(of_customer(bob)) == [bobs.number]
    assert call(of_customer(bob), "Invoice/get_invoice_info", {"i_invoice": anns.pk, "get_pdf": 1}) == {}
    assert fault(of_customer(bob), "Invoice/get_invoice_list", {"i_customer": ann.pk}).endswith("access_denied")
    assert fault(of_account(Account.objects.get(code="bob-1")), "Invoice/get_invoice_list").endswith(
        "access_denied"
    )


def test_days_and_patterns_choose(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)
    number = invoice_of(ann).number

    assert numbers(staff(), invoice_number="2017/06/%") == [number]
    assert numbers(staff(), invoice_number="2016%") == []
    assert numbers(staff(), issued_after="2017-07-01", issued_before="2017-07-01") == [number]
    assert numbers(staff(), issued_after="2017-07-02") == []
    assert numbers(staff(), issued_before="2017-06-30") == []
    assert fault(staff(), "Invoice/get_invoice_info") == "Client.Invoice.get_invoice_info.i_invoice.missing"


def test_an_invoice_is_never_adjusted(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)
    adjust = {"i_invoice": invoice_of(ann).pk, "amount": "1.00"}

    assert fault(staff(), "Invoice/apply_invoice_adjustment", adjust).endswith("not_supported")
    assert fault(of_customer(ann), "Invoice/apply_invoice_adjustment", adjust).endswith("access_denied")
    assert fault(staff(), "Invoice/apply_invoice_adjustment", {"i_invoice": 10**9, "amount": 1}).endswith(
        "not_found"
    )
