"""A platform is told, then asked; whatever goes wrong, every order ends in done, failed or with a person."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tests.jobs.toy_platform import Killed
from tests.jobs.toy_switch import ACTIVE, MORNING, Event, House, Switch, history, open_house, orders
from tollbook.alarms.models import Message
from tollbook.alarms.operations import subscribe
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connectors.errors import ForAPerson, NeedsAttention, TryAgainLater
from tollbook.credit.models import SuspensionOrder
from tollbook.credit.operations import resume, suspend
from tollbook.credit.operations.report import report_done, retry
from tollbook.credit.queries import due_orders
from tollbook.customers.models import Account
from tollbook.jobs.carry_out_orders import carry_out
from tollbook.jobs.check_orders import check_orders


@pytest.fixture
def house(db: None, monkeypatch: pytest.MonkeyPatch) -> House:
    return open_house(monkeypatch)


@pytest.fixture
def switch(house: House) -> Switch:
    return house.switch(keeps_emergency=True, outbound_only=True, cuts_calls=True)


@pytest.fixture
def line(house: House, switch: Switch) -> Account:
    return house.account(house.customer("ann"), "ann-1", link="101@ann")


def stop(line: Account, house: House, **how: Any) -> None:
    suspend(customer=line.customer, account=line, by="eve", why="fraud", now=house.now, **how)


def let_go(line: Account, house: House, **how: Any) -> None:
    resume(customer=line.customer, account=line, by="eve", now=house.now, **how)


def run(house: House) -> int:
    return carry_out(list(due_orders(now=house.now)), now=house.now)


def run_until_nothing_is_due(house: House) -> None:
    """As the scheduler would, whatever time it takes."""
    for _ in range(2_000):
        due = SuspensionOrder.objects.exclude(next_try_at=None).order_by("next_try_at").first()
        if due is None:
            return
        assert due.next_try_at is not None
        house.now = max(house.now, due.next_try_at)
        with suppress(Killed):
            run(house)
    raise AssertionError("it is tried for ever")


def alarmed() -> list[str]:
    return [f"{alarm.kind}: {alarm.subject}" for alarm in alarms()]


def test_it_is_told_and_done_when_the_platform_says_so(house: House, switch: Switch, line: Account) -> None:
    stop(line, house)
    assert orders() == ["account 101@ann suspended: waiting"]

    assert run(house) == 1

    assert switch.told == ["account 101@ann suspended"]
    assert orders() == ["account 101@ann suspended: done"]
    assert history() == ["asked", "read", "telling", "told", "read", "done"]
    line.refresh_from_db()
    assert (line.state, line.blocked_by) == ("blocked", "staff")

    let_go(line, house)
    run(house)

    assert switch.told == ["account 101@ann suspended", "account 101@ann active"]
    assert orders() == ["account 101@ann active: done"]
    line.refresh_from_db()
    assert (line.state, line.blocked_by) == ("active", "")
    assert [event.what for event in line.events.order_by("pk")] == ["blocked", "unblocked"]


def test_asked_twice_it_is_told_once(house: House, switch: Switch, line: Account) -> None:
    for _ in range(2):
        stop(line, house)
        run(house)
    assert switch.told == ["account 101@ann suspended"]
    assert orders(all_of_them=True) == ["account 101@ann suspended: done"]


AWAY = TryAgainLater("does not answer; run it again", platform="pbx")
WRONG = NeedsAttention("the password is wrong; enter it again", platform="pbx")
BY_HAND = ForAPerson("switch it off in the portal", platform="pbx")
DEFECT = ValueError("a defect")
FOR_GOOD = 1_000

# What becomes of an order, by what goes wrong and when: while it is first read, just before the switch takes the word,
# after it has taken it and before we know, and while it is read back.
MOMENTS = ("first read", "before telling", "after telling", "read back")
OUTCOMES = [
    # fault, how often, and how it ends
    (AWAY, 1, ("done", "done", "done", "done")),
    (DEFECT, 1, ("done", "done", "done", "done")),
    (Killed(), 1, ("done", "done", "done", "done")),
    # Once it has taken the word, the next look finds it done.
    (AWAY, FOR_GOOD, ("failed", "failed", "done", "failed")),
    (DEFECT, FOR_GOOD, ("failed", "failed", "done", "failed")),
    (Killed(), 30, ("done", "done", "done", "done")),
    (WRONG, FOR_GOOD, ("failed", "failed", "failed", "failed")),
    (BY_HAND, FOR_GOOD, ("for_a_person", "for_a_person", "for_a_person", "for_a_person")),
]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("fault", "times", "ends"), OUTCOMES)
def test_nothing_gets_stuck_and_nothing_is_done_twice(
    house: House,
    switch: Switch,
    line: Account,
    fault: BaseException,
    times: int,
    ends: tuple[str, ...],
    moment: str,
) -> None:
    events: list[Event] = [fault] * times
    if moment == "first read":
        switch.when_read.extend(events)
    elif moment == "before telling":
        switch.before_telling.extend(events)
    elif moment == "after telling":
        switch.after_telling.extend(events)
    else:
        switch.when_read.extend([None, *events])
    stop(line, house)

    run_until_nothing_is_due(house)

    order = SuspensionOrder.objects.get()
    assert order.state == ends[MOMENTS.index(moment)]
    assert len(switch.changes) <= 1
    if order.state == "done":
        assert switch.changes == ["account 101@ann suspended"]
        assert alarmed() == []
    else:
        assert order.reason
        assert alarmed() == [f"order_{order.state}: account 101@ann"]


def test_a_platform_that_stays_away_is_given_up_after_sixteen_hours(
    house: House, switch: Switch, line: Account
) -> None:
    switch.when_read.extend([AWAY] * FOR_GOOD)
    stop(line, house)  # at 08:00
    run(house)
    assert alarmed() == []  # that may pass by itself
    house.later(minutes=1)
    run(house)
    house.later(minutes=2)
    run(house)
    assert alarmed() == ["order_failed: account 101@ann"]  # after the third try somebody should know

    run_until_nothing_is_due(house)

    # 1 + 2 + 5 + 10 + 15 + 30 minutes, 1 + 2 + 4 + 8 hours: 16 h 3 min
    order = SuspensionOrder.objects.get()
    assert order.settled_at == datetime(2026, 3, 3, 0, 3, tzinfo=UTC)
    assert order.reason == "given up after 11 tries: pbx: does not answer; run it again"

    switch.when_read.clear()
    retry(order, by="eve", why="", now=house.now)
    run(house)
    assert orders() == ["account 101@ann suspended: done"]
    assert alarmed() == []


def test_a_message_about_what_a_person_must_do_is_written_once(
    house: House, switch: Switch, line: Account
) -> None:
    subscribe(channel="mail", address="noc@example.com")
    switch.before_telling.extend([BY_HAND] * 3)
    for _ in range(3):
        stop(line, house)
        run(house)
    assert [message.subject for message in Message.objects.all()] == [
        "[pbx] somebody must suspend or resume by hand: account 101@ann"
    ]
    assert "switch it off in the portal" in Message.objects.get().body

    report_done(SuspensionOrder.objects.get(), by="eve", why="", now=house.now)
    assert alarmed() == []
    assert orders() == ["account 101@ann suspended: done"]


def test_what_is_accepted_and_not_carried_out_is_looked_at_until_it_is(
    house: House, switch: Switch, line: Account
) -> None:
    switch.unsettled_reads = 3
    stop(line, house)
    run(house)
    order = SuspensionOrder.objects.get()
    assert (order.state, order.reason) == (
        "told",
        "accepted, and not carried out everywhere yet: suspended: at the next cache expiry",
    )
    run_until_nothing_is_due(house)
    assert orders() == ["account 101@ann suspended: done"]
    assert switch.told == ["account 101@ann suspended"]


def test_what_is_never_carried_out_has_failed_after_a_day(house: House, switch: Switch, line: Account) -> None:
    switch.unsettled_reads = FOR_GOOD
    stop(line, house)
    run_until_nothing_is_due(house)
    order = SuspensionOrder.objects.get()
    assert order.state == "failed"
    assert order.reason.startswith("accepted, and not carried out after 24 hours")
    assert timedelta(hours=24) < house.now - MORNING < timedelta(hours=25)


def test_a_platform_that_nods_and_does_nothing_is_not_believed(
    house: House, switch: Switch, line: Account
) -> None:
    switch.is_deaf = True
    stop(line, house)
    run_until_nothing_is_due(house)
    order = SuspensionOrder.objects.get()
    assert order.reason == "given up after 11 tries: it was told, and still the platform says: active"


def test_a_platform_that_does_not_say_is_looked_at_by_a_person(
    house: House, switch: Switch, line: Account
) -> None:
    switch.is_mute = True
    stop(line, house)
    run_until_nothing_is_due(house)
    assert orders() == ["account 101@ann suspended: for_a_person"]
    assert switch.changes == ["account 101@ann suspended"]


def test_what_is_closed_there_is_stopped_and_cannot_be_resumed(
    house: House, switch: Switch, line: Account
) -> None:
    switch.set("account 101@ann", "closed")
    stop(line, house)
    run(house)
    assert orders() == ["account 101@ann suspended: done"]
    let_go(line, house)
    run(house)
    assert orders() == ["account 101@ann active: failed"]
    assert switch.told == []


def test_the_last_word_wins_even_when_it_comes_while_the_platform_is_told(
    house: House, switch: Switch, line: Account
) -> None:
    switch.before_telling.append(lambda: let_go(line, house))
    stop(line, house)
    run(house)
    assert orders(all_of_them=True) == [
        "account 101@ann suspended: superseded",
        "account 101@ann active: waiting",
    ]

    run(house)

    assert orders() == ["account 101@ann active: done"]
    assert switch.things["account 101@ann"] == ACTIVE
    assert switch.told == ["account 101@ann suspended", "account 101@ann active"]


def test_a_word_that_may_still_be_on_its_way_is_answered_by_another(
    house: House, switch: Switch, line: Account
) -> None:
    switch.before_telling.append(Killed())
    stop(line, house)
    with suppress(Killed):
        run(house)
    let_go(line, house)

    run(house)  # it stands as wanted, and is told all the same

    assert switch.told == ["account 101@ann active"]


@pytest.mark.parametrize("broken_by", [AWAY, Killed()])
def test_what_is_told_in_steps_and_broke_off_is_told_once_more(
    house: House, switch: Switch, line: Account, broken_by: BaseException
) -> None:
    """Its rows say suspended, and the switch may not know yet."""
    switch.powers = replace(switch.powers, is_told_in_steps=True)
    switch.after_telling.append(broken_by)
    stop(line, house)
    with suppress(Killed):
        run(house)
    assert orders() == ["account 101@ann suspended: told"]

    run_until_nothing_is_due(house)

    assert switch.told == ["account 101@ann suspended"] * 2
    assert orders() == ["account 101@ann suspended: done"]


def test_what_broke_off_between_its_steps_is_not_taken_for_done_by_somebody(
    house: House, switch: Switch, line: Account
) -> None:
    switch.powers = replace(switch.powers, is_told_in_steps=True)
    switch.after_telling.append(WRONG)
    stop(line, house)
    run(house)
    check_orders(line.customer.suspension_orders.get().connection, now=house.now)
    assert orders() == ["account 101@ann suspended: failed"]


def test_calls_are_cut_even_when_it_was_stopped_before(house: House, switch: Switch, line: Account) -> None:
    stop(line, house)
    run(house)
    stop(line, house, cuts_calls=True)
    run(house)
    run(house)
    assert switch.told == ["account 101@ann suspended", "account 101@ann suspended cut"]


def test_after_three_silences_in_a_row_the_others_wait(house: House, switch: Switch) -> None:
    ann = house.customer("ann")
    for number in range(5):
        house.account(ann, f"ann-{number}", link=f"10{number}@ann")
    suspend(customer=ann, by="eve", now=house.now)
    switch.when_read.extend([AWAY] * 3)

    assert run(house) == 3

    assert set(SuspensionOrder.objects.values_list("attempts", flat=True)) == {0, 1}


def test_settings_that_make_no_sense_fail_with_what_is_wrong(house: House, switch: Switch, line: Account) -> None:
    stop(line, house)
    Connection.objects.update(kind="typewriter")
    run(house)
    order = SuspensionOrder.objects.get()
    assert order.state == "failed"
    assert "typewriter" in order.reason


def test_two_do_not_tell_the_same_thing_at_once(fresh_database: dict[str, str], monkeypatch: Any) -> None:
    house = open_house(monkeypatch)
    switch = house.switch()
    line = house.account(house.customer("ann"), "ann-1", link="101@ann")
    stop(line, house)
    seen: list[int] = []

    def another() -> None:
        with ThreadPoolExecutor(1) as pool:
            seen.append(pool.submit(_run_and_disconnect, house).result())

    switch.before_telling.append(another)
    assert run(house) == 1
    assert seen == [0]
    assert switch.told == ["account 101@ann outbound_only"]


def _run_and_disconnect(house: House) -> int:
    try:
        return run(house)
    finally:
        connection.close()
