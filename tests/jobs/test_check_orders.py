"""Somebody changes by hand what a platform was brought to: it is found, and settled by policy."""

import pytest

from tests.jobs.toy_switch import ACTIVE, OUTBOUND, SUSPENDED, House, Switch, history, open_house, orders
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connectors.errors import TryAgainLater
from tollbook.credit.models import HeldBy, Hold, SuspensionOrder
from tollbook.credit.operations import resume, suspend
from tollbook.credit.operations.report import set_policy
from tollbook.credit.queries import due_orders
from tollbook.customers.models import Customer
from tollbook.jobs import check_orders as job
from tollbook.jobs.carry_out_orders import carry_out
from tollbook.jobs.check_orders import check_orders, keep_holds

GATEWAY = "trunk gw-7"


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(job, "PAUSE_S", 0)
    return open_house(monkeypatch)


@pytest.fixture
def switch(house: House) -> Switch:
    """Whom it serves can be stopped by their gateway, all calls at once."""
    return house.switch(outbound_only=False)


@pytest.fixture
def ann(house: House, switch: Switch) -> Customer:
    """Ann calls over one gateway, and is suspended."""
    ann = house.customer("ann")
    line = house.account(ann, "ann-1")
    house.mark(line, "trunk", "gw-7")
    suspend(customer=ann, held_by=HeldBy.STAFF, by="eve", why="overdue", now=house.now)
    run(house)
    assert switch.things == {GATEWAY: SUSPENDED}
    return ann


def run(house: House) -> None:
    carry_out(list(due_orders(now=house.now)), now=house.now)


def check(house: House) -> list[str]:
    house.later(minutes=15)
    return [str(order) for order in check_orders(Connection.objects.get(name="pbx"), now=house.now)]


def policy(on_drift: str) -> None:
    set_policy(Connection.objects.get(name="pbx"), on_drift=on_drift)


def alarmed() -> list[str]:
    return [f"{alarm.kind}: {alarm.subject}" for alarm in alarms()]


def test_a_gateway_enabled_by_hand_is_reported_until_it_is_settled(
    house: House, switch: Switch, ann: Customer
) -> None:
    assert check(house) == []
    switch.set(GATEWAY, ACTIVE)

    assert check(house) == ["trunk gw-7 suspended"]
    assert check(house) == ["trunk gw-7 suspended"]

    alarm = alarms().get()
    assert (alarm.kind, alarm.subject) == ("order_drifted", "trunk gw-7")
    order = SuspensionOrder.objects.get()
    assert alarm.text == (
        "pbx: trunk gw-7 of ann shall be suspended, asked for by eve, but the platform says: active. Ask who "
        f"changed it there. To tell the platform again: tollbook orders retry {order.pk}"
    )
    assert history().count("drifted") == 1
    assert switch.told == ["trunk gw-7 suspended"]  # nobody overrules whoever did it

    switch.set(GATEWAY, SUSPENDED)
    assert check(house) == []
    assert alarmed() == []
    assert history()[-1] == "agrees"


def test_enforced_it_is_told_again_and_a_fight_is_reported(house: House, switch: Switch, ann: Customer) -> None:
    policy("enforce")
    for times in range(1, 4):
        switch.set(GATEWAY, ACTIVE)
        assert check(house) == []
        assert switch.things == {GATEWAY: SUSPENDED}
        assert len(switch.told) == 1 + times
        assert alarmed() == []

    switch.set(GATEWAY, ACTIVE)  # the fourth time within a day: something else enforces the contrary
    assert check(house) == ["trunk gw-7 suspended"]
    assert alarmed() == ["order_drifted: trunk gw-7"]

    house.later(days=1)
    assert check(house) == []
    assert switch.things == {GATEWAY: SUSPENDED}


def test_enforcing_at_a_platform_that_is_away_goes_on_like_any_order(
    house: House, switch: Switch, ann: Customer
) -> None:
    policy("enforce")
    switch.set(GATEWAY, ACTIVE)
    switch.before_telling.append(TryAgainLater("is away; run it again", platform="pbx"))
    check(house)
    assert orders() == ["trunk gw-7 suspended: told"]
    house.later(minutes=1)
    run(house)
    assert orders() == ["trunk gw-7 suspended: done"]


def test_accepted_the_hold_is_lifted(house: House, switch: Switch, ann: Customer) -> None:
    policy("accept")
    switch.set(GATEWAY, ACTIVE)

    assert check(house) == []

    assert orders() == ["trunk gw-7 active: done"]
    ann.refresh_from_db()
    assert ann.state == "open"
    lifted = Hold.objects.get()
    assert (lifted.lifted_by, lifted.lifted_why) == ("tollbook", "the platform says: active")
    assert keep_holds(now=house.now) == []
    assert alarmed() == []


def test_one_gateway_of_two_is_not_taken_for_the_customer(house: House, switch: Switch, ann: Customer) -> None:
    house.mark(house.account(ann, "ann-2"), "trunk", "gw-8")
    keep_holds(now=house.now)
    run(house)
    policy("accept")
    switch.set(GATEWAY, ACTIVE)

    assert check(house) == ["trunk gw-7 suspended"]

    ann.refresh_from_db()
    assert ann.state == "suspended"
    assert alarmed() == ["order_drifted: trunk gw-7"]


def test_what_was_resumed_and_is_stopped_by_somebody_is_found_and_may_be_accepted(
    house: House, switch: Switch, ann: Customer
) -> None:
    resume(customer=ann, by="eve", now=house.now)
    run(house)
    switch.set(GATEWAY, SUSPENDED)
    assert check(house) == ["trunk gw-7 active"]

    policy("accept")
    assert check(house) == []
    line = ann.accounts.get()
    assert (line.state, line.blocked_by) == ("blocked", "platform")
    assert orders() == ["trunk gw-7 suspended: done"]


def test_what_was_resumed_a_month_ago_is_nobodys_doing_of_ours(
    house: House, switch: Switch, ann: Customer
) -> None:
    resume(customer=ann, by="eve", now=house.now)
    run(house)
    house.later(days=31)
    switch.set(GATEWAY, SUSPENDED)
    assert check(house) == []


def test_a_new_account_of_who_is_held_is_stopped_too(house: House, switch: Switch, ann: Customer) -> None:
    house.mark(house.account(ann, "ann-2"), "trunk", "gw-8")
    assert [str(order) for order in keep_holds(now=house.now)] == ["trunk gw-7 suspended", "trunk gw-8 suspended"]
    run(house)
    assert switch.things == {GATEWAY: SUSPENDED, "trunk gw-8": SUSPENDED}
    assert switch.told == ["trunk gw-7 suspended", "trunk gw-8 suspended"]


def test_a_failed_order_that_somebody_saw_to_is_done(house: House, switch: Switch, ann: Customer) -> None:
    SuspensionOrder.objects.update(state="failed", reason="refused")
    assert check(house) == []
    assert orders() == ["trunk gw-7 suspended: done"]


def test_what_cannot_be_read_is_said(house: House, switch: Switch, ann: Customer) -> None:
    del switch.things[GATEWAY]
    assert check(house) == ["trunk gw-7 suspended"]
    assert "there is no trunk gw-7; correct the link" in alarms().get().text


def test_a_platform_that_is_away_is_asked_next_time(house: House, switch: Switch, ann: Customer) -> None:
    switch.set(GATEWAY, ACTIVE)
    switch.when_read.append(TryAgainLater("is away; run it again", platform="pbx"))
    assert check(house) == []
    assert check(house) == ["trunk gw-7 suspended"]


def test_an_account_that_looks_stopped_because_its_customer_is_has_not_changed(
    house: House, switch: Switch, ann: Customer
) -> None:
    bob = house.customer("bob")
    house.pair(bob, "bob.example")
    line = house.account(bob, "bob-1", link="101", of="bob.example")
    for change in (suspend, resume):
        change(customer=bob, account=line, by="eve", now=house.now)
        run(house)
    switch.covers = True
    suspend(customer=bob, by="eve", now=house.now)
    run(house)
    assert check(house) == []


def test_outgoing_only_is_not_the_same_as_all(house: House, switch: Switch, ann: Customer) -> None:
    switch.set(GATEWAY, OUTBOUND)
    assert check(house) == ["trunk gw-7 suspended"]


def test_one_that_never_answers_does_not_keep_the_others_from_being_read(
    house: House, switch: Switch, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.mark(house.account(ann, "ann-2"), "trunk", "gw-8")
    keep_holds(now=house.later(minutes=1))
    run(house)
    switch.set("trunk gw-8", ACTIVE)
    monkeypatch.setattr(job, "READ_PER_RUN", 1)
    for fault in (TryAgainLater("is away; run it again", platform="pbx"), ValueError("a defect")):
        switch.when_read.append(fault)
        check(house)
        assert check(house) == ["trunk gw-8 suspended"]


def test_what_is_asked_for_while_it_is_read_is_not_reported(house: House, switch: Switch, ann: Customer) -> None:
    for on_drift in ("report", "enforce", "accept"):
        policy(on_drift)
        suspend(customer=ann, by="eve", now=house.now)
        run(house)
        switch.set(GATEWAY, ACTIVE)
        switch.when_read.append(lambda: resume(customer=ann, by="eve", now=house.now) and None)
        assert check(house) == []
        run(house)
        assert orders() == ["trunk gw-7 active: done"]
        assert alarmed() == []


def test_a_run_reads_what_was_read_longest_ago(
    house: House, switch: Switch, ann: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.mark(house.account(ann, "ann-2"), "trunk", "gw-8")
    keep_holds(now=house.later(minutes=1))
    run(house)
    switch.things = {GATEWAY: ACTIVE, "trunk gw-8": ACTIVE}
    monkeypatch.setattr(job, "READ_PER_RUN", 1)
    assert check(house) == ["trunk gw-7 suspended"]
    assert check(house) == ["trunk gw-8 suspended"]
