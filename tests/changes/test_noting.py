"""What the database notes by itself when something changes."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from tests.jobs.fee_office import add_account, add_customer, add_product
from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.changes.models import Change, Subject, What
from tollbook.changes.operations import set_listener
from tollbook.credit.models import Hold
from tollbook.customers.models import (
    Account,
    AccountProduct,
    AccountState,
    Customer,
    CustomerState,
    Extension,
    Number,
    NumberGrant,
    StockNumber,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DID = 12094555948


@pytest.fixture
def acme(db: None) -> Customer:
    return add_customer("acme")


@pytest.fixture
def phone(acme: Customer) -> Account:
    return add_account(acme, add_product("line"))


@pytest.fixture
def heard(phone: Account) -> None:
    """From here on somebody listens."""
    set_listener("test", Subject)


def noted() -> list[tuple[str, int, str]]:
    """What was noted since last time, as if its transaction were over: a test is one transaction."""
    rows = list(Change.objects.filter(spread_at=None).order_by("pk"))
    Change.objects.filter(spread_at=None).update(spread_at=NOW)
    return [(row.subject, row.subject_id, row.what) for row in rows]


def test_nothing_is_noted_while_nobody_listens(phone: Account) -> None:
    phone.name = "Reception"
    phone.save()
    assert noted() == []


def test_only_what_somebody_listens_to_is_noted(phone: Account) -> None:
    set_listener("test", [Subject.ACCOUNT])
    Customer.objects.update(name="Acme Inc.")
    Account.objects.update(name="Reception")
    assert noted() == [("account", phone.pk, "updated")]
    set_listener("test", [])
    Account.objects.update(name="Kitchen")
    assert noted() == []


@pytest.mark.usefixtures("heard")
def test_the_life_of_an_account(acme: Customer) -> None:
    account = Account.objects.create(customer=acme, product=add_product("trunk"), code="t1")
    assert noted() == [("account", account.pk, "created")]
    account.save()
    assert noted() == []  # nothing in it is another
    account.email = "reception@example.com"
    account.save()
    assert noted() == [("account", account.pk, "updated")]
    account.state = AccountState.TERMINATED
    account.save()
    assert noted() == [("account", account.pk, "deleted")]


@pytest.mark.usefixtures("heard")
def test_a_subject_is_noted_once_a_transaction_and_its_end_counts_most(acme: Customer) -> None:
    with transaction.atomic():
        account = Account.objects.create(customer=acme, product=add_product("trunk"), code="t1")
        account.name = "Trunk"
        account.save()
    assert noted() == [("account", account.pk, "created")]
    with transaction.atomic():
        account.name = "Trunk 1"
        account.save()
        account.state = AccountState.TERMINATED
        account.save()
    assert noted() == [("account", account.pk, "deleted")]


@pytest.mark.usefixtures("heard")
def test_what_belongs_to_an_account_is_a_change_of_it(phone: Account, acme: Customer) -> None:
    extension = Extension.objects.create(customer=acme, number="101", account=phone)
    assert noted() == [("account", phone.pk, "updated")]
    other = Account.objects.create(customer=acme, product=phone.product, code="o")
    noted()
    extension.account = other
    extension.save()
    assert sorted(noted()) == [("account", phone.pk, "updated"), ("account", other.pk, "updated")]
    AccountProduct.objects.create(account=phone, product=phone.product, is_addon=True)
    assert noted() == [("account", phone.pk, "updated")]
    Hold.objects.create(customer=acme, account=phone, held_by="staff", placed_by="me", placed_at=NOW)
    assert noted() == [("account", phone.pk, "updated")]


@pytest.mark.usefixtures("heard")
def test_a_number_in_stock_given_assigned_and_taken_off(phone: Account, acme: Customer) -> None:
    number = StockNumber.objects.create(digits=DID, added_at=NOW)
    assert noted() == [("number", DID, "created")]
    NumberGrant.objects.create(number=number, customer=acme, active_from=NOW)
    assert noted() == [("number", DID, "updated")]
    on_account = Number.objects.create(account=phone, digits=DID)
    assert sorted(noted()) == [("account", phone.pk, "updated"), ("number", DID, "updated")]
    on_account.delete()
    assert sorted(noted()) == [("account", phone.pk, "updated"), ("number", DID, "updated")]
    Number.objects.create(account=phone, digits=48221234567)  # of somebody else's
    assert noted() == [("account", phone.pk, "updated")]
    NumberGrant.objects.all().delete()
    number.delete()
    assert noted() == [("number", DID, "deleted")]


@pytest.mark.usefixtures("heard")
def test_a_customer_changes_pays_is_held_and_is_closed(acme: Customer) -> None:
    Customer.objects.create(code="new", name="New", currency="USD").delete()
    assert [what for _, _, what in noted()] == ["deleted"]
    acme.credit_limit = Decimal(100)
    acme.save()
    assert noted() == [("customer", acme.pk, "updated")]
    Hold.objects.create(customer=acme, held_by="staff", placed_by="me", placed_at=NOW)
    assert noted() == [("customer", acme.pk, "updated")]
    acme.state = CustomerState.CLOSED
    acme.save()
    assert noted() == [("customer", acme.pk, What.DELETED)]


@pytest.mark.usefixtures("heard")
def test_funds_used_up_and_back_are_told_once_each(acme: Customer) -> None:
    about: dict[str, Any] = {"kind": AlarmKind.FUNDS_USED_UP, "connection": None, "subject": "acme"}
    raise_alarm(**about, text="no funds", now=NOW)
    assert noted() == [("customer", acme.pk, "updated")]
    raise_alarm(**about, text="no funds still", now=NOW)
    assert noted() == []
    clear_alarm(**about, now=NOW)
    assert noted() == [("customer", acme.pk, "updated")]


@pytest.mark.usefixtures("db")
def test_usage_and_ledger_have_no_such_trigger() -> None:
    """So an import of usage costs what it cost before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'changes\\_%%'", []
        )
        watched = {row[0] for row in cursor.fetchall()}
    assert "customers_account" in watched
    assert not {table for table in watched if table.startswith(("usage_", "ledger_"))}
