"""A platform is told, then asked; whatever goes wrong, every order ends in done, failed or with a person."""

from datetime import timedelta

import pytest

from tests.jobs.toy_switch import ACTIVE, House, Switch, history, open_house, orders
from tollbook.alarms.queries import alarms
from tollbook.connectors.errors import ForAPerson, NeedsAttention, TryAgainLater
from tollbook.credit.models import SuspensionOrder
from tollbook.credit.operations import resume, suspend
from tollbook.credit.queries import due_orders
from tollbook.customers.models import Account
from tollbook.jobs.carry_out_orders import carry_out

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> House:
    return open_house(monkeypatch)


@pytest.fixture
def switch(house: House) -> Switch:
    return house.switch(keeps_emergency=True, outbound_only=True, cuts_calls=True)


@pytest.fixture
def line(house: House, switch: Switch) -> Account:
    return house.account(house.customer("ann"), "ann-1", link="101@ann")


def stop(line: Account, house: House, **how: object) -> list[SuspensionOrder]:
    return suspend(customer=line.customer, account=line, by="eve", why="fraud", now=house.now, **how)  # type: ignore[arg-type]


def run(house: House) -> int:
    return carry_out(list(due_orders(now=house.now)), now=house.now)


def test_it_is_told_and_done_when_the_platform_says_so(house: House, switch: Switch, line: Account) -> None:
    stop(line, house)
    assert orders() == ["account 101@ann suspended: waiting"]

    assert run(house) == 1

    assert switch.told == ["account 101@ann suspended"]
    assert orders() == ["account 101@ann suspended: done"]
    assert history() == ["asked", "read", "telling", "told", "read", "done"]
    line.refresh_from_db()
    assert (line.state, line.blocked_by) == ("blocked", "staff")

    resume(customer=line.customer, account=line, by="eve", now=house.now)
    run(house)

    assert switch.told == ["account 101@ann suspended", "account 101@ann active"]
    assert orders() == ["account 101@ann active: done"]
    line.refresh_from_db()
    assert (line.state, line.blocked_by) == ("active", "")
