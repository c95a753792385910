"""Hold and lift in any order, with faults and strange hands in between: it ends as what holds says."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.toy_platform import Killed
from tests.jobs.toy_switch import ACTIVE, OUTBOUND, SUSPENDED, House, Switch, open_house
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connectors.base import OrderPowers, Target
from tollbook.connectors.errors import TryAgainLater
from tollbook.credit.models import HeldBy, OrderState, SuspensionOrder, Wanted
from tollbook.credit.operations import resume, suspend
from tollbook.credit.operations.report import set_policy
from tollbook.credit.queries import current_orders, due_orders, holds_of
from tollbook.customers.models import Account, Customer
from tollbook.jobs import check_orders as job
from tollbook.jobs.carry_out_orders import carry_out
from tollbook.jobs.check_orders import check_orders, keep_holds

AWAY = TryAgainLater("is away; run it again", platform="pbx")
MOMENTS = ("when_read", "before_telling", "after_telling")
WHOLE, BY_ACCOUNTS = frozenset(Target), frozenset({Target.ACCOUNT})

DEEDS = st.one_of(
    st.tuples(
        st.just("suspend"),
        st.sampled_from(["ann", "ann-1", "ann-2"]),
        st.sampled_from([HeldBy.STAFF, HeldBy.CREDIT]),
        st.sampled_from([SUSPENDED, OUTBOUND]),
    ),
    st.tuples(
        st.just("resume"),
        st.sampled_from(["ann", "ann-1", "ann-2"]),
        st.sampled_from([HeldBy.STAFF, HeldBy.CREDIT]),
    ),
    st.tuples(st.just("run")),
    st.tuples(st.just("by hand"), st.integers(0, 2), st.sampled_from([ACTIVE, SUSPENDED, OUTBOUND])),
    st.tuples(st.just("fault"), st.sampled_from(MOMENTS), st.sampled_from([AWAY, Killed()])),
    st.tuples(st.just("check")),
)


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(job, "PAUSE_S", 0)
    return open_house(monkeypatch)


@pytest.fixture
def switch(house: House) -> Switch:
    return house.switch()


@pytest.fixture
def ann(house: House, switch: Switch) -> Customer:
    ann = house.customer("ann")
    house.pair(ann, "ann.example")
    for number in (1, 2):
        house.account(ann, f"ann-{number}", link=f"10{number}", of="ann.example")
    set_policy(Connection.objects.get(), on_drift="enforce")
    return ann


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(targets=st.sampled_from([WHOLE, BY_ACCOUNTS]), deeds=st.lists(DEEDS, max_size=12))
def test_in_the_end_the_platform_stands_as_what_holds(
    house: House, switch: Switch, ann: Customer, targets: frozenset[Target], deeds: list[Any]
) -> None:
    switch.powers = OrderPowers(targets=targets, outbound_only=True)
    begun, switch.things = house.now, dict.fromkeys(switch.things, ACTIVE)
    with transaction.atomic():
        for deed in deeds:
            with suppress(Killed):
                do(house, switch, ann, deed)
        for events in (switch.when_read, switch.before_telling, switch.after_telling):
            events.clear()

        house.later(days=2)  # for enforcing begins anew
        settle(house)

        assert not current_orders().exclude(state=OrderState.DONE).exists()
        assert not alarms().exists()
        for thing, stands in expected(ann, switch, targets).items():
            assert switch.things[thing] == stands, thing
        transaction.set_rollback(True)
    house.now = begun


def do(house: House, switch: Switch, ann: Customer, deed: Any) -> None:
    house.later(minutes=1)
    match deed:
        case ("suspend", whom, held_by, manner):
            suspend(customer=ann, account=of(whom), held_by=held_by, manner=manner, by="eve", now=house.now)
        case ("resume", whom, held_by):
            resume(customer=ann, account=of(whom), held_by=held_by, by="eve", now=house.now)
        case ("run",):
            run(house)
        case ("by hand", place, stands):
            thing = sorted(switch.things)[place]
            if current_orders().filter(foreign_id=thing.partition(" ")[2], state=OrderState.DONE).exists():
                switch.set(thing, stands)
        case ("fault", moment, fault):
            getattr(switch, moment).append(fault)
        case ("check",):
            check_orders(Connection.objects.get(), now=house.now)


def of(whom: str) -> Account | None:
    return Account.objects.filter(code=whom).first()


def run(house: House) -> None:
    carry_out(list(due_orders(now=house.now)), now=house.now)


def settle(house: House) -> None:
    """What happens by itself from now on, with nobody meddling."""
    for _ in range(4):
        keep_holds(now=house.now)
        while due := SuspensionOrder.objects.exclude(next_try_at=None).order_by("next_try_at").first():
            assert due.next_try_at is not None
            house.now = max(house.now, due.next_try_at)
            run(house)
        check_orders(Connection.objects.get(), now=house.later(minutes=15))


def expected(ann: Customer, switch: Switch, targets: frozenset[Target]) -> dict[str, str]:
    """How the things that we ever told something about shall stand, worked out from what holds alone."""
    told = {
        f"{one.target} {one.foreign_id}" for one in current_orders().exclude(was_so=True, wanted=Wanted.ACTIVE)
    }
    whole = {hold.manner for hold in holds_of(ann) if hold.account is None}
    found = {}
    for thing in told:
        acting = set(whole) if thing.startswith("customer") or Target.CUSTOMER not in targets else set()
        acting |= {
            one.manner for one in holds_of(ann) if one.account and f"account {link_of(one.account)}" == thing
        }
        stands = SUSPENDED if SUSPENDED in acting else OUTBOUND if acting else ACTIVE
        if acting or not (whole and thing.startswith("account")):  # else it follows its customer
            found[thing] = stands
    return found


def link_of(account: Account) -> str:
    return account.links.get().foreign_id
