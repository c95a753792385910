"""Customers and accounts as lists and single ones: what is shown, what is filtered, how it is paged."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.portabilling.callers import NOON, ask, customer, staff
from tests.ledger.books import post_usage
from tollbook.api.portabilling.faults import Fault
from tollbook.catalog.models import Product
from tollbook.customers.models import Account, Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Customer:
    return Customer.objects.create(code="acme", name="Acme Ltd", currency="EUR", city="Leeds", created_at=NOON)


@pytest.fixture
def desk(acme: Customer) -> Account:
    product = Product.objects.create(code="pbx", name="Cloud PBX", end_user_name="Office phone")
    return Account.objects.create(customer=acme, product=product, code="ph1x101", name="Desk")


def test_a_customer_has_every_field_with_its_value_or_a_neutral_one(acme: Customer) -> None:
    (shown,) = ask(staff(), "Customer/get_customer_list")["customer_list"]
    assert (shown["i_customer"], shown["name"], shown["companyname"], shown["city"]) == (
        acme.pk, "acme", "Acme Ltd", "Leeds"
    )  # fmt: skip
    assert (shown["creation_date"], shown["i_billing_period"], shown["next_billed_to"]) == (
        "2026-06-15 12:00:00", 4, "2026-07-01 00:00:00"
    )  # fmt: skip
    assert (shown["bill_status"], shown["blocked"], shown["balance"], shown["credit_limit"]) == ("O", "N", 0, None)
    assert shown["phone1"] == ""
    assert shown["i_parent"] is None
    assert "status" not in shown


def test_an_account_is_shown(desk: Account) -> None:
    (shown,) = ask(customer(desk.customer), "Account/get_account_list")["account_list"]
    assert shown["id"] == "ph1x101"
