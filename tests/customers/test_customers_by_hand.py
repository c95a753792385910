"""Customers made and changed by hand are read by the same rules as a sheet of them."""

from decimal import Decimal
from typing import Any

import pytest

from tests.jobs.agreed import EVA, JUNE_1, JUNE_11, customer, themselves
from tollbook.customers.errors import DuplicateCode, NotTheirs
from tollbook.customers.models import Customer
from tollbook.customers.operations.customers import add_customer, change_customer
from tollbook.errors import BadInput

pytestmark = pytest.mark.usefixtures("db")


def test_a_customer_is_made_with_what_a_sheet_could_say_of_it() -> None:
    made = add_customer(
        actor=EVA,
        code="jan",
        name="Jan Kowalski",
        currency="PLN",
        now=JUNE_1,
        timezone="Europe/Warsaw",
        tax_rate="23",
        is_prepaid=True,
        credit_limit=Decimal("1.234"),  # of a program; a person's 1.234 could be a thousand and something
        nip="526-025-02-74",
        needs_approval=True,
        details={"phone": "1"},
    )
    made.refresh_from_db()
    assert (made.tax_rate, made.credit_limit, made.is_prepaid) == (Decimal(23), Decimal("1.234"), True)
    assert (made.needs_approval, made.details, made.created_at) == (True, {"phone": "1"}, JUNE_1)
    assert list(made.identities.values_list("scheme", "value")) == [("nip", "5260250274")]
    change_customer(actor=EVA, customer=made, city="Warsaw", nip="", credit_limit=None, now=JUNE_11)
    change_customer(actor=EVA, customer=made, city="Warsaw", nip="", credit_limit=None, now=JUNE_11)
    assert (made.city, made.credit_limit, made.identities.count()) == ("Warsaw", None, 0)
    assert list(made.events.order_by("pk").values_list("what", "detail")) == [
        ("created", "Jan Kowalski"),
        ("changed", "city: (nothing) → Warsaw"),
        ("changed", "credit_limit: 1.234000000 → (nothing)"),
        ("changed", "nip"),
    ]


@pytest.mark.parametrize(
    ("facts", "error", "words"),
    [
        ({"code": "acme"}, DuplicateCode, "there is a customer 'acme' already"),
        ({"currency": "dollars"}, BadInput, "currency 'dollars' is not a currency"),
        ({"name": " "}, BadInput, "name is empty"),
        ({"email": "nobody"}, BadInput, "is not an e-mail address"),
        ({"timezone": "Mars"}, BadInput, "is not a time zone"),
        ({"credit_limit": "1.234"}, BadInput, "could be read in two ways"),
        ({"tax_treatment": "exempt", "tax_rate": 23}, BadInput, "must be 0 when tax_treatment is exempt"),
        ({"nip": "123"}, BadInput, "is not a NIP"),
        ({"features": []}, BadInput, "features"),
        ({"shoe_size": 42}, BadInput, "a customer has no 'shoe_size'"),
    ],
)
def test_what_a_sheet_could_not_say_is_refused(facts: dict[str, Any], error: type, words: str) -> None:
    customer("acme")
    given: dict[str, Any] = {"code": "new", "name": "New", "currency": "USD"} | facts
    with pytest.raises(error, match=words):
        add_customer(actor=EVA, now=JUNE_1, **given)
    assert Customer.objects.count() == 1


def test_customers_say_where_they_are_and_nothing_that_money_depends_on() -> None:
    acme, beta = customer("acme"), customer("beta")
    me = themselves(acme)
    change_customer(actor=me, customer=acme, street="Main Street 1", email="a@acme.example", now=JUNE_11)
    for facts in (
        {"tax_rate": 0},
        {"credit_limit": 1000},
        {"name": "X"},
        {"needs_approval": False},
        {"code": "x"},
    ):
        with pytest.raises(NotTheirs, match="is for staff to change"):
            change_customer(actor=me, customer=acme, now=JUNE_11, **facts)
    with pytest.raises(NotTheirs):
        change_customer(actor=me, customer=beta, street="x", now=JUNE_11)
    with pytest.raises(NotTheirs):
        add_customer(actor=me, code="c", name="C", currency="USD", now=JUNE_11)
    with pytest.raises(BadInput, match="kept in USD"):
        change_customer(actor=EVA, customer=acme, currency="EUR", now=JUNE_11)
    with pytest.raises(DuplicateCode):
        change_customer(actor=EVA, customer=acme, code="beta", now=JUNE_11)
