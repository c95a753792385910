"""Money entered by hand: what it does to the balance, and that a reference is booked once."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.jobs.fee_office import add_account, add_customer, add_product, noon, owed
from tollbook.billing.models import MoneyAction, MoneyEntry
from tollbook.billing.operations.money import enter_money
from tollbook.credit.models import Hold, WhenUsedUp
from tollbook.credit.operations import set_funds_policy
from tollbook.customers.models import Customer, CustomerState
from tollbook.errors import BadInput
from tollbook.jobs import enter_money as job
from tollbook.jobs.check_ledger import check_ledger
from tollbook.ledger.queries import trial_balance


@pytest.fixture(autouse=True)
def books(db: None) -> Iterator[None]:
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []


def enter(customer: Customer, action: MoneyAction, amount: str, **facts: Any) -> MoneyEntry:
    return enter_money(
        customer=customer, action=action, amount=Decimal(amount), by="test", now=noon("06-15"), **facts
    )


def chart() -> dict[str, str]:
    return {
        " ".join(filter(None, (one.kind, one.detail))): f"{one.balance.amount.normalize():f}"
        for one in trial_balance()
    }


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (MoneyAction.PAYMENT, {"receivable": "-123", "cash": "123"}),
        (MoneyAction.REFUND, {"receivable": "123", "cash": "-123"}),
        (MoneyAction.CHARGE, {"receivable": "123", "revenue charge": "-100", "tax 23.00": "-23"}),
        (MoneyAction.CREDIT, {"receivable": "-123", "revenue credit": "100", "tax 23.00": "23"}),
    ],
)
def test_an_amount_of_123_at_23_percent(action: MoneyAction, expected: dict[str, str]) -> None:
    enter(add_customer(tax_rate=23), action, "123")
    assert {name: sum_ for name, sum_ in chart().items() if sum_ != "0"} == expected


def test_a_reference_is_booked_once() -> None:
    acme = add_customer()
    first = enter(acme, MoneyAction.PAYMENT, "50", reference="bank 17")
    assert enter(acme, MoneyAction.PAYMENT, "50.00", reference="bank 17") == first
    assert owed(acme) == -50


def test_without_a_reference_each_is_another() -> None:
    acme = add_customer()
    enter(acme, MoneyAction.PAYMENT, "50")
    enter(acme, MoneyAction.PAYMENT, "50")
    assert owed(acme) == -100


def test_a_reference_with_other_figures_is_refused_and_both_are_named() -> None:
    acme = add_customer()
    account = add_account(acme, add_product("pbx"))
    enter(acme, MoneyAction.PAYMENT, "50", reference="bank 17")

    with pytest.raises(
        BadInput, match=r"'bank 17' of customer acme is a payment of 50 of 2026-06-15, and not a payment of 60"
    ):
        enter(acme, MoneyAction.PAYMENT, "60", reference="bank 17")
    with pytest.raises(BadInput, match=r"and not a payment of 50 on account acme-1"):
        enter(acme, MoneyAction.PAYMENT, "50", reference="bank 17", account=account)
    assert owed(acme) == -50


def test_customers_may_have_the_same_reference() -> None:
    for code in ("acme", "other"):
        enter(add_customer(code), MoneyAction.PAYMENT, "50", reference="1")
    assert MoneyEntry.objects.count() == 2


@pytest.mark.parametrize("amount", ["0", "-5", "NaN", "Infinity"])
def test_an_amount_is_above_nothing(amount: str) -> None:
    with pytest.raises(BadInput, match="is not an amount above nothing"):
        enter(add_customer(), MoneyAction.PAYMENT, amount)


def test_an_amount_finer_than_the_books_is_refused() -> None:
    with pytest.raises(BadInput, match="more than 9 decimals"):
        enter(add_customer(), MoneyAction.PAYMENT, "0.0000000001")


def test_an_account_of_somebody_else_is_refused() -> None:
    foreign = add_account(add_customer("other"), add_product("pbx"))
    with pytest.raises(BadInput, match="account other-1 is not of customer acme"):
        enter(add_customer(), MoneyAction.PAYMENT, "5", account=foreign)


def test_a_payment_lifts_at_once_what_credit_control_holds() -> None:
    acme = add_customer(credit_limit=Decimal(100))
    set_funds_policy(customer=acme, when_used_up=WhenUsedUp.SUSPEND)
    facts: dict[str, Any] = {"customer": acme, "by": "test", "now": noon("06-15")}

    job.enter_money(action=MoneyAction.CHARGE, amount=Decimal(120), **facts)
    acme.refresh_from_db()
    assert acme.state == CustomerState.SUSPENDED

    job.enter_money(action=MoneyAction.PAYMENT, amount=Decimal(30), **facts)
    acme.refresh_from_db()
    assert acme.state == CustomerState.OPEN
    assert not Hold.objects.filter(lifted_at=None).exists()
