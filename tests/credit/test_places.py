"""Where a customer is stopped: as a whole, account by account, by their trunk, or by a person."""

import pytest

from tests.jobs.toy_switch import House, open_house
from tollbook.connections.models import Connection
from tollbook.connectors.base import OrderPowers, Target
from tollbook.credit.models import HeldBy, Hold, Policy
from tollbook.credit.places import Place, keeps_emergency, places_of, wanted_at
from tollbook.customers.models import Customer

ACCOUNTS = frozenset({Target.ACCOUNT})
TRUNKS = frozenset({Target.TRUNK})


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    return open_house(monkeypatch)


@pytest.fixture
def ann(house: House) -> Customer:
    return house.customer("ann")


def places(house: House, customer: Customer) -> list[str]:
    """Each as `connection: target id`; in brackets where a hold on the customer does not act; why a person does it."""
    found = []
    for one in places_of(customer, at=house.now):
        text = f"{one.connection.name}: {one.target.value} {one.foreign_id}"
        why = f" by hand: {one.for_a_person}" if one.for_a_person else ""
        found.append((text if one.carries_customer else f"({text})") + why)
    return found


def test_the_customer_as_a_whole_where_the_platform_can(house: House, ann: Customer) -> None:
    house.switch()
    house.pair(ann, "ann.example")
    house.account(ann, "ann-1", link="101@ann.example", of="ann.example")
    assert places(house, ann) == ["pbx: customer ann.example", "(pbx: account 101@ann.example)"]


def test_every_platform_they_are_on(house: House, ann: Customer) -> None:
    house.switch("east")
    house.switch("west")
    house.pair(ann, "7", at="east")
    house.pair(ann, "9", at="west")
    assert places(house, ann) == ["east: customer 7", "west: customer 9"]


def test_one_that_is_somebody_elses_too_is_stopped_by_accounts(house: House, ann: Customer) -> None:
    house.switch()
    house.pair(ann, "shared")
    house.pair(house.customer("bob"), "shared")
    house.account(ann, "ann-1", link="101", of="shared")
    assert places(house, ann) == ["pbx: account 101"]


def test_one_that_is_somebody_elses_too_and_has_no_account_is_for_a_person(house: House, ann: Customer) -> None:
    house.switch()
    house.pair(ann, "shared")
    house.pair(house.customer("bob"), "shared")
    assert places(house, ann) == [
        "pbx: customer shared of ann by hand: shared is other customers' too, who must not stop, and no account of "
        "theirs is known"
    ]


def test_account_by_account_where_customers_cannot_be_stopped(house: House, ann: Customer) -> None:
    house.switch(targets=ACCOUNTS)
    house.pair(ann, "ann.example")
    house.account(ann, "ann-1", link="101", of="ann.example")
    house.mark(house.account(ann, "ann-2"), "account", "102@ann.example", tenant="ann.example")
    house.account(ann, "ann-3")  # is nowhere
    assert places(house, ann) == ["pbx: account 101", "pbx: account 102@ann.example"]


def test_without_any_account_there_somebody_must_look(house: House, ann: Customer) -> None:
    house.switch(targets=ACCOUNTS)
    house.pair(ann, "ann.example")
    assert places(house, ann) == [
        "pbx: customer ann.example of ann by hand: no account of theirs is known at pbx; sync it, then ask again"
    ]


def test_an_account_under_another_name_there_is_stopped_besides(house: House, ann: Customer) -> None:
    house.switch()
    house.pair(ann, "ann.example")
    house.account(ann, "ann-1", link="101", of="elsewhere.example")
    assert places(house, ann) == ["pbx: customer ann.example", "pbx: account 101"]


def test_a_trunk_where_that_is_what_can_be_stopped(house: House, ann: Customer) -> None:
    house.switch(targets=TRUNKS)
    line = house.account(ann, "ann-1")
    house.mark(line, "trunk", "gw-7")
    house.mark(line, "account", "101")
    assert places(house, ann) == ["pbx: trunk gw-7"]


def test_a_trunk_that_carries_others_is_for_a_person(house: House, ann: Customer) -> None:
    house.switch(targets=TRUNKS)
    house.mark(house.account(ann, "ann-1"), "trunk", "gw-7", tenant="ann")
    house.mark(house.account(house.customer("bob"), "bob-1"), "trunk", "gw-7", tenant="bob")
    assert places(house, ann) == [
        "pbx: trunk gw-7 of ann-1 by hand: trunk gw-7 carries calls of bob too, which must not stop"
    ]


def test_a_platform_that_cannot_be_told_is_for_a_person(house: House, ann: Customer) -> None:
    Connection.objects.create(name="pbx", kind="paper")
    house.pair(ann, "ann.example")
    house.account(ann, "ann-1", link="101", of="ann.example")
    assert places(house, ann) == [
        "pbx: customer ann.example of ann by hand: pbx cannot be told by Tollbook",
        "(pbx: account 101 of ann-1) by hand: pbx cannot be told by Tollbook",
    ]


def test_a_connection_whose_settings_make_no_sense_does_not_hold_up_the_others(
    house: House, ann: Customer
) -> None:
    Connection.objects.create(name="broken", kind="typewriter")
    house.switch()
    house.pair(ann, "1", at="broken")
    house.pair(ann, "2")
    first, second = places(house, ann)
    assert first.startswith("broken: customer 1 of ann by hand: ")
    assert "typewriter" in first
    assert second == "pbx: customer 2"


def test_accounts_and_pairings_that_are_over_are_no_places(house: House, ann: Customer) -> None:
    house.switch()
    house.pair(ann, "ann.example")
    ann.pairings.update(active_until=house.now)
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    line.active_until = house.now
    line.save()
    assert places(house, ann) == []


# How somebody is stopped: the hold's manner, what the platform can do, and what becomes of emergency calls.
KEEPS = {"outbound_only": True, "keeps_emergency": True}
MANNERS = [
    # manner            the platform             stands            emergency calls go on
    ("keep_emergency", {}, "suspended", False),
    ("keep_emergency", {"outbound_only": True}, "outbound_only", True),
    ("keep_emergency", KEEPS, "suspended", True),
    ("suspended", {"outbound_only": True}, "suspended", False),
    ("suspended", KEEPS, "suspended", True),
    ("outbound_only", {}, "suspended", False),
    ("outbound_only", {"keeps_emergency": True}, "suspended", True),
    ("outbound_only", KEEPS, "outbound_only", True),
]


@pytest.mark.parametrize(("manner", "can", "stands", "emergency"), MANNERS)
def test_emergency_calls_go_on_wherever_the_platform_can_keep_them(
    manner: str, can: dict[str, bool], stands: str, emergency: bool
) -> None:
    powers = OrderPowers(targets=frozenset(Target), **can)  # type: ignore[arg-type]
    where = Connection(name="pbx")
    place = Place(connection=where, target=Target.CUSTOMER, foreign_id="1", powers=powers)
    wanted, _ = wanted_at(place, [Hold(held_by=HeldBy.STAFF, manner=manner)], Policy(connection=where))
    assert (wanted.value, keeps_emergency(wanted, powers)) == (stands, emergency)
