"""Fees, and money entered by hand, in the export and on the statement."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.jobs.fee_office import add_customer, add_plan, noon
from tests.ledger.test_beancount import asserted, complaints, export
from tollbook.billing.models import MoneyAction
from tollbook.billing.operations.money import enter_money
from tollbook.billing.operations.subscriptions import subscribe
from tollbook.customers.models import Customer
from tollbook.ledger.queries import statement


@pytest.fixture
def acme(db: None) -> Customer:
    """30 net for the rest of June at 23 %, a charge of 12.30 and a credit of 6.15, 40 paid and 10 given back."""
    acme = add_customer(tax_rate=23)
    subscribe(customer=acme, plan=add_plan("flat", "30"), by="test", now=noon("06-01"))
    for number, (action, amount) in enumerate(
        [
            (MoneyAction.CHARGE, "12.30"),
            (MoneyAction.CREDIT, "6.15"),
            (MoneyAction.PAYMENT, "40"),
            (MoneyAction.REFUND, "10"),
        ]
    ):
        enter_money(
            customer=acme, action=action, amount=Decimal(amount), by="test", now=noon(f"06-{number + 2:02d}")
        )
    return acme


def test_beancount_accepts_fees_and_payments(acme: Customer, tmp_path: Path) -> None:
    text = export()
    assert complaints(text, tmp_path) == ""
    assert asserted(text) == {
        "Assets:Payments USD": "30.00",
        "Assets:Receivable:Acme USD": "13.05",
        "Income:Charges USD": "-10.00",
        "Income:Credits USD": "5.00",
        "Income:Fees USD": "-30.00",
        "Liabilities:Tax:23-00 USD": "-8.05",  # 6.90 and 2.30 less 1.15
    }


def test_the_statement_shows_them_with_the_balance_after_each(acme: Customer) -> None:
    lines = [
        (line.kind, f"{line.amount.amount:.2f}", f"{line.balance.amount:.2f}")
        for line in statement(acme, "USD", since=noon("05-01"), until=noon("07-01"))
    ]
    assert lines == [
        ("fee", "36.90", "36.90"),
        ("charge", "12.30", "49.20"),
        ("credit", "-6.15", "43.05"),
        ("payment", "-40.00", "3.05"),
        ("refund", "10.00", "13.05"),
    ]
