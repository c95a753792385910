"""Fees, charges and credits are lines of the invoice, with what they are for; payments are none."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.jobs.fee_office import (
    add_account,
    add_customer,
    add_plan,
    add_product,
    charge,
    day,
    noon,
    owed,
    terminate,
)
from tollbook.billing.documents.invoice import InvoiceLine
from tollbook.billing.models import Invoice, MoneyAction
from tollbook.billing.operations import set_seller
from tollbook.billing.operations.money import enter_money
from tollbook.billing.operations.subscriptions import subscribe
from tollbook.billing.paper import document_of
from tollbook.billing.queries import CALLS
from tollbook.credit.operations import resume, suspend
from tollbook.customers.models import Customer
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.issue_invoices import issue_invoices


@pytest.fixture(autouse=True)
def books(db: None) -> Iterator[None]:
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []


def bill(month: str = "06", now: str = "07-02") -> list[Invoice]:
    seller = set_seller(name="Example Telecom", country="PL", logo=None)
    issued = issue_invoices(
        seller=seller, month=date(2026, int(month), 1), issued_on=day(now), now=noon(now), although_stale=True
    )
    assert issued.problems == []
    return issued.invoices


def printed(invoice: Invoice) -> list[str]:
    """`Subscriptions: Lines, 2026-06-01 – 2026-06-30 | 3 account | 90.00`."""
    lines: list[InvoiceLine] = list(document_of(invoice, pl.DataFrame(schema=CALLS)).lines)
    return [
        " | ".join(
            (
                ": ".join(filter(None, (line.service, (line.destination or "").replace("\u00a0", " ")))),
                "" if line.quantity is None else f"{line.quantity} {line.unit}",
                f"{line.net:.2f}",
            )
        )
        for line in lines
    ]


def enter(customer: Customer, action: MoneyAction, amount: str, **facts: Any) -> None:
    enter_money(
        customer=customer, action=action, amount=Decimal(amount), by="test", **({"now": noon("06-15")} | facts)
    )


def test_the_invoice_has_this_month_and_the_next() -> None:
    """PortaBilling's example: June 11 is 20 days of 30, and the invoice carries the current month and the next."""
    acme = add_customer()
    product = add_product("pbx", add_plan("lines", "30", invoice_text="Cloud PBX"))
    for _ in range(3):
        add_account(acme, product, on="06-11")

    (invoice,) = bill()

    assert printed(invoice) == [
        "Subscriptions: Cloud PBX, 2026-06-11 – 2026-06-30 | 3 account | 60.00",
        "Subscriptions: Cloud PBX, 2026-07-01 – 2026-07-31 | 3 account | 90.00",
    ]
    assert owed(acme) == invoice.gross == 150


def test_days_without_service_are_one_line_with_their_number() -> None:
    """Two accounts, blocked for two days and for three: the plan charges sixty and credits five."""
    acme = add_customer()
    plan = add_plan("lines", "30", waives=["blocked_by_staff"], charge_model="in_arrears")
    product = add_product("pbx", plan)
    for since, until in (("06-04", "06-07"), ("06-20", "06-24")):
        account = add_account(acme, product, on="06-01")
        suspend(customer=acme, account=account, by="x", now=noon(since))
        resume(customer=acme, account=account, by="x", now=noon(until))

    (invoice,) = bill()

    assert printed(invoice) == [
        "Subscriptions: Lines, 2026-06-01 – 2026-06-30 | 2 account | 60.00",
        "Subscriptions: Lines, days without service, 2026-06-05 – 2026-06-23 | 5 day | -5.00",
    ]


def test_single_days_are_put_together() -> None:
    acme = add_customer()
    product = add_product("pbx", add_plan("lines", "10", charge_model="by_day"))
    add_account(acme, product, on="06-01")
    for number in range(2, 31):
        charge(f"06-{number:02d}")

    (invoice,) = bill()

    assert printed(invoice) == ["Subscriptions: Lines, 2026-06-01 – 2026-06-30 | 1 account | 10.00"]


def test_what_ended_is_given_back_and_an_activation_has_no_days() -> None:
    acme = add_customer()
    product = add_product("pbx", add_plan("lines", "30", activation_fee=Decimal("9.90")))
    terminate(add_account(acme, product, on="06-01"), "06-21")

    (invoice,) = bill()

    assert printed(invoice) == [
        "Subscriptions: Lines, activation | 1 account | 9.90",
        "Subscriptions: Lines, 2026-06-01 – 2026-06-30 | 1 account | 30.00",
        "Subscriptions: Lines, given back after the end, 2026-06-21 – 2026-06-30 | 1 account | -10.00",
    ]


def test_charges_and_credits_contain_their_tax_and_payments_are_no_lines() -> None:
    """123.00 with 23 % are 100.00 and 23.00; 12.30 are 10.00 and 2.30."""
    acme = add_customer(tax_rate=23)
    enter(acme, MoneyAction.CHARGE, "123", comment="Visit of a technician")
    enter(acme, MoneyAction.CREDIT, "12.30", comment="For waiting")
    enter(acme, MoneyAction.PAYMENT, "50")

    (invoice,) = bill()

    assert printed(invoice) == [
        "Other charges: Visit of a technician |  | 100.00",
        "Credits: For waiting |  | -10.00",
    ]
    assert (invoice.net, invoice.tax, invoice.gross) == (Decimal(90), Decimal("20.70"), Decimal("110.70"))
    assert owed(acme) == Decimal("60.70")


def test_who_only_paid_gets_no_invoice() -> None:
    acme = add_customer()
    enter(acme, MoneyAction.PAYMENT, "50")
    assert bill() == []
    assert owed(acme) == -50


def test_a_customers_own_subscription_is_a_piece() -> None:
    acme = add_customer()
    subscribe(customer=acme, plan=add_plan("flat", "30"), by="test", now=noon("06-01"))
    assert printed(bill()[0])[0] == "Subscriptions: Flat, 2026-06-01 – 2026-06-30 | 1 piece | 30.00"


def test_net_fees_and_gross_charges_are_on_one_invoice_that_agrees_with_the_ledger() -> None:
    """10.01 net at 23 % is 2.3023 of tax; 9.99 gross is 8.12195 net. Together 18.13 net, 4.17 tax."""
    acme = add_customer(tax_rate=23)
    subscribe(customer=acme, plan=add_plan("flat", "10.01", charge_model="in_arrears"), by="t", now=noon("06-01"))
    enter(acme, MoneyAction.CHARGE, "9.99")

    (invoice,) = bill()

    assert (invoice.net, invoice.tax) == (Decimal("18.13"), Decimal("4.17"))
    assert owed(acme) == invoice.gross
