"""Several may hold one customer; each lifts its own only."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from tests.jobs.toy_switch import ACTIVE, OUTBOUND, SUSPENDED, House, Switch, open_house, orders
from tollbook.credit.models import HeldBy, Hold, OrderEvent, SuspensionOrder, WhenUsedUp
from tollbook.credit.operations import funds_are_back, funds_used_up, resume, set_funds_policy, suspend
from tollbook.credit.operations.report import report_done, report_failed, retry, set_policy
from tollbook.credit.queries import due_orders, holds_of
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.jobs.carry_out_orders import carry_out
from tollbook.jobs.check_orders import keep_holds


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    return open_house(monkeypatch)


@pytest.fixture
def switch(house: House) -> Switch:
    return house.switch()


@pytest.fixture
def ann(house: House, switch: Switch) -> Customer:
    ann = house.customer("ann")
    house.pair(ann, "ann.example")
    return ann


DOMAIN = "customer ann.example"


def run(house: House) -> None:
    carry_out(list(due_orders(now=house.now)), now=house.now)


def state(ann: Customer) -> str:
    ann.refresh_from_db()
    return ann.state


def held_by(ann: Customer) -> list[str]:
    return [hold.held_by for hold in holds_of(ann)]


def test_credit_control_does_not_lift_what_a_person_holds(house: House, switch: Switch, ann: Customer) -> None:
    set_funds_policy(customer=ann, when_used_up=WhenUsedUp.SUSPEND)
    suspend(customer=ann, by="eve", why="fraud", now=house.now)
    run(house)
    assert [str(one) for one in funds_used_up(ann, now=house.now)] == ["customer ann.example outbound_only"]
    assert held_by(ann) == ["staff", "credit"]

    funds_are_back(ann, now=house.now)
    run(house)

    assert held_by(ann) == ["staff"]
    assert (state(ann), switch.things[DOMAIN]) == ("suspended", OUTBOUND)

    resume(customer=ann, by="eve", now=house.now)
    run(house)
    assert (state(ann), switch.things[DOMAIN]) == ("open", ACTIVE)
    assert switch.told == [f"{DOMAIN} outbound_only", f"{DOMAIN} active"]


def test_a_person_may_lift_all_holds(house: House, switch: Switch, ann: Customer) -> None:
    set_funds_policy(customer=ann, when_used_up=WhenUsedUp.SUSPEND)
    funds_used_up(ann, now=house.now)
    run(house)
    resume(customer=ann, by="eve", now=house.now)
    assert (held_by(ann), state(ann)) == (["credit"], "suspended")
    resume(customer=ann, by="eve", all_holds=True, now=house.now)
    run(house)
    assert (held_by(ann), state(ann), switch.things[DOMAIN]) == ([], "open", ACTIVE)


def test_without_a_policy_used_up_funds_stop_nobody(house: House, switch: Switch, ann: Customer) -> None:
    assert funds_used_up(ann, now=house.now) == []
    assert funds_are_back(ann, now=house.now) == []
    assert (held_by(ann), state(ann), orders()) == ([], "open", [])


def test_credit_control_says_it_once_and_lifts_once(house: House, switch: Switch, ann: Customer) -> None:
    set_funds_policy(customer=ann, when_used_up=WhenUsedUp.SUSPEND)
    assert len(funds_used_up(ann, now=house.now)) == 1
    assert funds_used_up(ann, now=house.now) == []
    run(house)
    assert len(funds_are_back(ann, now=house.now)) == 1
    assert funds_are_back(ann, now=house.now) == []
    run(house)
    assert switch.told == [f"{DOMAIN} outbound_only", f"{DOMAIN} active"]


def test_credit_control_leaves_stopped_what_was_stopped_before(
    house: House, switch: Switch, ann: Customer
) -> None:
    set_funds_policy(customer=ann, when_used_up=WhenUsedUp.SUSPEND)
    switch.set(DOMAIN, OUTBOUND)  # by somebody at the platform
    funds_used_up(ann, now=house.now)
    run(house)
    assert funds_are_back(ann, now=house.now) == []
    run(house)
    assert (switch.things[DOMAIN], switch.told) == (OUTBOUND, [])

    resume(customer=ann, by="eve", now=house.now)  # by name it is resumed all the same
    run(house)
    assert switch.things[DOMAIN] == ACTIVE


def test_the_strictest_hold_wins(house: House, switch: Switch, ann: Customer) -> None:
    suspend(customer=ann, by="eve", manner="suspended", now=house.now)
    suspend(customer=ann, held_by=HeldBy.CUSTOMER, by="ann", manner="outbound_only", now=house.now)
    run(house)
    assert switch.things[DOMAIN] == SUSPENDED
    resume(customer=ann, by="eve", now=house.now)
    run(house)
    assert switch.things[DOMAIN] == OUTBOUND


def test_an_account_held_alone_stays_held_when_its_customer_is_free(
    house: House, switch: Switch, ann: Customer
) -> None:
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    other = house.account(ann, "ann-2", link="102", of="ann.example")
    suspend(customer=ann, account=line, by="eve", why="stolen", now=house.now)
    suspend(customer=ann, by="eve", why="overdue", now=house.now)
    run(house)
    resume(customer=ann, by="eve", now=house.now)
    run(house)
    assert switch.things == {DOMAIN: ACTIVE, "account 101": OUTBOUND, "account 102": ACTIVE}
    line.refresh_from_db()
    other.refresh_from_db()
    assert [(one.state, one.blocked_by) for one in (line, other)] == [("blocked", "staff"), ("active", "")]


def test_an_account_of_who_is_held_follows_its_customer(house: House, switch: Switch, ann: Customer) -> None:
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    suspend(customer=ann, account=line, by="eve", now=house.now)
    suspend(customer=ann, by="eve", now=house.now)
    run(house)
    resume(customer=ann, account=line, by="eve", now=house.now)
    run(house)
    assert switch.things == {DOMAIN: OUTBOUND, "account 101": OUTBOUND}  # to resume it might resume the customer
    resume(customer=ann, by="eve", now=house.now)
    run(house)
    assert switch.things == {DOMAIN: ACTIVE, "account 101": ACTIVE}


def test_an_account_that_never_was_held_follows_its_customer_too(
    house: House, switch: Switch, ann: Customer
) -> None:
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    suspend(customer=ann, by="eve", now=house.now)
    assert resume(customer=ann, account=line, by="eve", now=house.now) == []


def test_where_resuming_a_customer_resumes_all_accounts_those_that_are_held_are_stopped_again(
    house: House, switch: Switch, ann: Customer
) -> None:
    switch.covers = True
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    suspend(customer=ann, account=line, by="eve", now=house.now)
    suspend(customer=ann, by="eve", now=house.now)
    run(house)
    resume(customer=ann, by="eve", now=house.now)
    run(house)
    run(house)
    assert switch.things == {DOMAIN: ACTIVE, "account 101": OUTBOUND}


def test_what_is_somebody_elses_by_now_is_resumed_for_them(house: House, switch: Switch, ann: Customer) -> None:
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    suspend(customer=ann, account=line, by="eve", now=house.now)
    run(house)
    line.links.update(active_until=house.now)
    line.state, line.blocked_by, line.active_until = "terminated", "", house.now
    line.save()
    bob = house.customer("bob")
    house.account(bob, "bob-1", link="101", of="bob.example")

    assert [f"{order} for {order.customer.code}" for order in keep_holds(now=house.now)] == [
        "account 101 active for bob"
    ]
    run(house)

    assert switch.things["account 101"] == ACTIVE
    assert keep_holds(now=house.now) == []


def test_who_shares_a_platforms_customer_later_is_not_stopped_with_them(
    house: House, switch: Switch, ann: Customer
) -> None:
    house.account(ann, "ann-1", link="101", of="ann.example")
    suspend(customer=ann, by="eve", now=house.now)
    run(house)
    house.pair(house.customer("bob"), "ann.example")
    keep_holds(now=house.now)
    run(house)
    assert switch.things == {DOMAIN: ACTIVE, "account 101": OUTBOUND}


def test_an_account_that_ended_cannot_be_suspended(house: House, switch: Switch, ann: Customer) -> None:
    line = house.account(ann, "ann-1", link="101", of="ann.example")
    line.state = "terminated"
    line.save()
    with pytest.raises(BadInput, match="account ann-1 has ended"):
        suspend(customer=ann, account=line, by="eve", now=house.now)


def test_a_policy_decides_how_and_whether_calls_are_cut(house: House, switch: Switch, ann: Customer) -> None:
    set_policy(ann.pairings.get().connection, manner="suspended", cuts_calls=True)
    suspend(customer=ann, by="eve", now=house.now)
    run(house)
    assert switch.told == [f"{DOMAIN} suspended cut"]


def test_a_person_reports_what_became_of_it(house: House, switch: Switch, ann: Customer) -> None:
    [order] = suspend(customer=ann, by="eve", now=house.now)
    with pytest.raises(BadInput, match="say why it cannot be done"):
        report_failed(order, by="eve", why="", now=house.now)
    report_failed(order, by="eve", why="they refuse", now=house.now)
    assert (order.state, order.reason) == ("failed", "they refuse")
    report_done(order, by="eve", why="by phone", now=house.now)
    assert order.state == "done"
    resume(customer=ann, by="eve", now=house.now)
    for report in (report_done, retry):
        with pytest.raises(BadInput, match=f"order {order.pk} was superseded"):
            report(order, by="eve", why="", now=house.now)


def test_the_database_keeps_one_wanted_state_one_hold_and_the_history(
    house: House, switch: Switch, ann: Customer
) -> None:
    [order] = suspend(customer=ann, by="eve", now=house.now)
    second = SuspensionOrder.objects.get(pk=order.pk)
    second.pk = None
    with pytest.raises(IntegrityError, match="suspensionorder_one_wanted_state"), transaction.atomic():
        second.save()
    again = Hold(customer=ann, held_by="staff", placed_by="eve", placed_at=house.now)
    with pytest.raises(IntegrityError, match="hold_once"), transaction.atomic():
        again.save()
    with pytest.raises(IntegrityError, match="suspensionorder_under_way_is_due"), transaction.atomic():
        SuspensionOrder.objects.update(next_try_at=None)
    with pytest.raises(IntegrityError, match="suspensionorder_failed_says_why"), transaction.atomic():
        SuspensionOrder.objects.update(state="failed", next_try_at=None)
    for change in (OrderEvent.objects.all().delete, lambda: OrderEvent.objects.update(what="else")):
        with pytest.raises(ProgrammingError, match="is never changed"), transaction.atomic():
            change()
    assert connection.needs_rollback is False
