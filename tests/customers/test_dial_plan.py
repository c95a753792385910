"""Extensions and hunt groups of one customer share their short numbers."""

import pytest

from tests.jobs.agreed import EVA, JUNE_1, JUNE_11, customer, product, themselves
from tollbook.customers.errors import DuplicateCode, NotTheirs
from tollbook.customers.models import Customer, Extension, HuntGroup
from tollbook.customers.operations.extensions import (
    add_extension,
    add_hunt_group,
    change_extension,
    change_hunt_group,
    delete_extension,
    delete_hunt_group,
)
from tollbook.errors import BadInput
from tollbook.jobs.open_account import open_account

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def acme() -> Customer:
    product("pbx")
    return customer(pbx=None)


def extension(acme: Customer, number: str) -> Extension:
    return add_extension(actor=themselves(acme), customer=acme, number=number, now=JUNE_1)


def rings(group: HuntGroup) -> list[str]:
    return [one.extension.number for one in group.members.select_related("extension").order_by("place")]


def test_a_hunt_group_rings_its_extensions_in_order(acme: Customer) -> None:
    me = themselves(acme)
    a, b, c = (extension(acme, number) for number in ("101", "102", "103"))
    sales = add_hunt_group(actor=me, customer=acme, name="Sales", number="600", members=[b, a, b], now=JUNE_1)
    assert rings(sales) == ["102", "101"]
    change_hunt_group(actor=me, group=sales, members=[c, a], inactive=[a], number="601", name="Sale", now=JUNE_11)
    assert (rings(sales), sales.extension.number, sales.name) == (["103", "101"], "601", "Sale")
    assert [one.extension.number for one in sales.members.filter(is_active=False)] == ["101"]
    delete_extension(actor=me, extension=c, now=JUNE_11)
    assert rings(sales) == ["101"]
    delete_hunt_group(actor=me, group=sales, now=JUNE_11)
    assert list(Extension.objects.order_by("number").values_list("number", flat=True)) == ["101", "102"]
    assert list(acme.events.order_by("pk").values_list("what", "detail"))[5:] == [
        ("huntgroup_added", "Sales: 600"),
        ("huntgroup_changed", "Sale: name Sale"),
        ("huntgroup_changed", "Sale: number 601"),
        ("huntgroup_changed", "Sale: extensions 103, 101"),
        ("huntgroup_changed", "Sale: without 103"),
        ("extension_deleted", "103"),
        ("huntgroup_deleted", "Sale: 601"),
    ]


def test_a_short_number_is_one_thing(acme: Customer) -> None:
    me = themselves(acme)
    a = extension(acme, "101")
    sales = add_hunt_group(actor=me, customer=acme, name="Sales", number="600", now=JUNE_1)
    for number in ("101", "600"):
        with pytest.raises(DuplicateCode):
            extension(acme, number)
        with pytest.raises(DuplicateCode):
            add_hunt_group(actor=me, customer=acme, name="Other", number=number, now=JUNE_1)
    with pytest.raises(DuplicateCode):
        change_extension(actor=me, extension=a, number="600", now=JUNE_1)
    with pytest.raises(DuplicateCode, match="a hunt group 'Sales' already"):
        add_hunt_group(actor=me, customer=acme, name="Sales", number="601", now=JUNE_1)
    with pytest.raises(BadInput, match="is the hunt group Sales's"):
        delete_extension(actor=me, extension=sales.extension, now=JUNE_1)
    with pytest.raises(BadInput, match="cannot ring itself"):
        change_hunt_group(actor=me, group=sales, members=[sales.extension], now=JUNE_1)
    for number in ("", "1 1", "1a", "١", "1" * 33):
        with pytest.raises(BadInput, match="is not a number"):
            extension(acme, number)


def test_an_account_has_one_extension_and_gives_it_away(acme: Customer) -> None:
    me = themselves(acme)
    pbx = acme.agreements.get().product
    anna = open_account(actor=me, customer=acme, product=pbx, extension="101", now=JUNE_1)
    bob = open_account(actor=me, customer=acme, product=pbx, is_auto_attendant=True, now=JUNE_1)
    with pytest.raises(DuplicateCode, match="has extension 101; an account has one"):
        add_extension(actor=me, customer=acme, number="102", account=anna, now=JUNE_1)
    change_extension(actor=me, extension=anna.extension, account=bob, number="110", is_published=True, now=JUNE_11)
    bob.refresh_from_db()
    assert (bob.extension.number, bob.extension.is_published) == ("110", True)
    assert list(anna.events.filter(what="extension_taken").values_list("detail", flat=True)) == ["110"]
    change_extension(actor=me, extension=bob.extension, account=None, now=JUNE_11)
    assert Extension.objects.get(number="110").account is None


def test_what_is_another_customers_is_not_there(acme: Customer) -> None:
    beta = customer("beta", pbx=None)
    theirs = add_extension(actor=EVA, customer=beta, number="101", now=JUNE_1)
    their_account = open_account(
        actor=EVA, customer=beta, product=acme.agreements.get().product, extension="102", now=JUNE_1
    )
    group = add_hunt_group(actor=EVA, customer=beta, name="Theirs", number="600", now=JUNE_1)
    me = themselves(acme)
    own = add_hunt_group(actor=me, customer=acme, name="Mine", number="600", now=JUNE_1)
    deeds = (
        lambda: change_extension(actor=me, extension=theirs, name="x", now=JUNE_1),
        lambda: delete_extension(actor=me, extension=theirs, now=JUNE_1),
        lambda: change_hunt_group(actor=me, group=group, name="x", now=JUNE_1),
        lambda: delete_hunt_group(actor=me, group=group, now=JUNE_1),
        lambda: change_hunt_group(actor=me, group=own, members=[theirs], now=JUNE_1),
        lambda: add_extension(actor=me, customer=acme, number="5", account=their_account, now=JUNE_1),
        lambda: add_extension(actor=me, customer=beta, number="5", now=JUNE_1),
    )
    for deed in deeds:
        with pytest.raises(NotTheirs):
            deed()
    assert rings(own) == []
