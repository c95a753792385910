"""Two charge the same fees at the same moment, or enter the same payment: it is there once."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.jobs.fee_office import add_customer, add_plan, add_product, day, noon, owed
from tests.jobs.test_at_once import at_once
from tollbook.billing.models import FeeCharge, MoneyAction, MoneyEntry, Subscription
from tollbook.billing.operations.money import enter_money
from tollbook.customers.models import Account, Customer
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.check_ledger import check_ledger

SUBSCRIPTIONS = 40


@pytest.fixture
def acme(fresh_database: dict[str, str]) -> Iterator[Customer]:
    acme = add_customer()
    yield acme
    assert [finding for finding in check_ledger() if finding.problems] == []


def test_three_jobs_at_once_charge_every_fee_once(acme: Customer) -> None:
    plan = add_plan("lines", "30")
    for _ in range(SUBSCRIPTIONS):
        Subscription.objects.create(
            customer=acme, plan=plan, created_at=noon("06-01"), starts_on=day("06-01"), due_on=day("06-01")
        )

    reports = at_once(*[lambda: charge_fees(upto=day("09-01"), now=noon("09-01"), batch=7)] * 3)

    assert FeeCharge.objects.count() == 4 * SUBSCRIPTIONS
    assert owed(acme) == 4 * 30 * SUBSCRIPTIONS
    assert sum(report.subscriptions for report in reports) == SUBSCRIPTIONS  # type: ignore[attr-defined]


def test_three_jobs_at_once_find_the_same_new_accounts(acme: Customer) -> None:
    """They came by a sheet, which makes no subscriptions."""
    pbx = add_product("pbx", add_plan("lines", "30"))
    Account.objects.bulk_create(
        Account(customer=acme, product=pbx, code=f"line-{number}") for number in range(SUBSCRIPTIONS)
    )

    at_once(*[lambda: charge_fees(upto=day("06-11"), now=noon("06-11"))] * 3)

    assert owed(acme) == 20 * SUBSCRIPTIONS


def test_the_same_reference_at_once_is_one_payment(acme: Customer) -> None:
    def pay() -> MoneyEntry:
        return enter_money(
            customer=Customer.objects.get(pk=acme.pk),
            action=MoneyAction.PAYMENT,
            amount=Decimal(50),
            reference="bank 17",
            by="test",
            now=noon("06-01"),
        )

    entries = at_once(*[pay] * 4)

    assert len(set(entries)) == 1
    assert owed(acme) == -50
