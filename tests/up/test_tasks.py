"""What is put into the queue, when it is tried again, and when somebody is told."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from tests.jobs.toy_switch import open_house
from tollbook.alarms.models import AlarmKind
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_schedule
from tollbook.connectors.errors import NeedsAttention, PasswordExpired, TryAgainLater
from tollbook.credit.operations import suspend
from tollbook.errors import BadInput
from tollbook.jobs.sync_report import SyncReport
from tollbook.up.tasks import (
    WAITS,
    BackOff,
    ask_for,
    ask_for_due,
    ask_for_orders,
    carry_out_orders,
    collect,
    is_last_attempt,
    look_at_orders,
    read_orders_back,
    retry_all,
    sync,
)
from tollbook.up.visits import alarmed, see_that_all_was_collected, see_that_all_was_synced
from tollbook.usage.models import CollectRun, CollectState

MIDNIGHT = datetime(2026, 1, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def job(attempts: int = 0) -> Job:
    return Job(id=1, queue="", lock=None, queueing_lock=None, task_name="collect", attempts=attempts)


def tick(at: datetime) -> None:
    ask_for_due(timestamp=int(at.timestamp()))


def queue() -> list[tuple[str, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "lock"))


@pytest.fixture
def drop(db: None) -> Connection:
    return Connection.objects.create(name="drop", timezone="UTC")


def test_a_connection_is_asked_for_when_it_is_due_and_once(drop: Connection) -> None:
    set_schedule(drop, now=MIDNIGHT, is_on=True)  # daily at 01:00

    tick(MIDNIGHT + 59 * MINUTE)
    assert queue() == []
    for minute in range(60, 70):
        tick(MIDNIGHT + minute * MINUTE)
    assert queue() == [("collect", f"connection {drop.pk}")]


def test_accounts_come_before_usage_and_one_after_the_other(drop: Connection) -> None:
    platform = Connection.objects.create(name="platform", kind="metroport")
    set_schedule(platform, now=MIDNIGHT, is_on=True, every=30 * MINUTE)

    tick(MIDNIGHT + 30 * MINUTE)

    assert queue() == [("sync", f"connection {platform.pk}"), ("collect", f"connection {platform.pk}")]


def test_what_waits_already_is_not_asked_for_twice(drop: Connection) -> None:
    other = Connection.objects.create(name="other")
    ask_for([sync, collect], drop)
    ask_for([sync, collect], drop)
    ask_for([collect], other)

    assert [name for name, _ in queue()] == ["sync", "collect", "collect"]


def test_switched_off_nothing_is_asked(drop: Connection) -> None:
    set_schedule(drop, now=MIDNIGHT, is_on=True)
    set_schedule(drop, now=MIDNIGHT, is_on=False)

    tick(MIDNIGHT + timedelta(days=3))
    assert queue() == []


def test_a_schedule_without_a_beginning_begins_with_the_first_look(drop: Connection) -> None:
    Connection.objects.update(is_scheduled=True)

    tick(MIDNIGHT + 90 * MINUTE)
    assert queue() == []
    tick(MIDNIGHT + timedelta(hours=25))
    assert len(queue()) == 1


def test_every_night_what_waits_is_tried_again(drop: Connection) -> None:
    retry_all(timestamp=0)

    assert queue() == [("retry", f"connection {drop.pk}")]


def test_orders_do_not_wait_for_collects_and_are_asked_for_when_due(
    drop: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = open_house(monkeypatch)
    switch = house.switch()
    ann = house.customer("ann")
    house.pair(ann, "1")
    ask_for([collect], switch_connection := Connection.objects.get(name="pbx"))
    lane = f"orders, lane {switch_connection.pk % 3}"
    ask_for_orders(timestamp=0)
    assert queue() == [("collect", f"connection {switch_connection.pk}")]

    suspend(customer=ann, by="eve", now=datetime.now(UTC))
    for _ in range(2):
        ask_for_orders(timestamp=0)
    assert queue()[1:] == [("carry out orders", lane)]
    carry_out_orders(switch_connection.pk)
    assert switch.things == {"customer 1": "outbound_only"}

    look_at_orders(timestamp=0)
    assert queue()[2:] == [("read orders back", lane)]
    switch.set("customer 1", "active")
    read_orders_back(switch_connection.pk)
    assert [alarm.kind for alarm in alarms()] == ["order_drifted"]

    Connection.objects.filter(name="pbx").update(kind="typewriter")
    with pytest.raises(BadInput):
        read_orders_back(switch_connection.pk)
    assert [alarm.subject for alarm in alarms()] == ["reading back", "customer 1"]
    Connection.objects.filter(name="pbx").update(kind="switch")
    switch.set("customer 1", "outbound_only")
    read_orders_back(switch_connection.pk)
    assert not alarms().exists()


def test_what_may_pass_is_tried_again_with_growing_waits() -> None:
    away = TryAgainLater("is away", platform="drop")
    waits = []
    for attempt in range(len(WAITS)):
        decision = BackOff().get_retry_decision(exception=away, job=job(attempt))
        assert decision is not None
        assert decision.retry_at is not None
        waits.append(round((decision.retry_at - datetime.now(UTC)) / MINUTE))

    assert waits == [1, 5, 15, 30, 60]
    assert is_last_attempt(job(5))
    assert BackOff().get_retry_decision(exception=away, job=job(5)) is None


@pytest.mark.parametrize(
    "error", [NeedsAttention("wrong password", platform="drop"), BadInput("no folder"), ValueError("a defect")]
)
def test_what_a_person_must_mend_is_not_tried_again(error: Exception) -> None:
    assert BackOff().get_retry_decision(exception=error, job=job()) is None


def visit(drop: Connection, error: Exception | None, *, is_last: bool = False) -> list[tuple[str, str]]:
    """Visit a platform, which goes so; the alarms there are then."""
    expected = pytest.raises(type(error)) if error else nullcontext()
    with expected, alarmed(AlarmKind.COLLECT_FAILED, drop, is_last=is_last):
        if error:
            raise error
    return [(alarm.kind, alarm.text) for alarm in alarms()]


def test_nobody_is_told_before_the_last_attempt(drop: Connection) -> None:
    away = TryAgainLater("is away", platform="drop")

    assert visit(drop, away) == []
    assert visit(drop, away, is_last=True) == [("collect_failed", "drop: is away")]
    assert visit(drop, None) == []


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (NeedsAttention("wrong password", platform="drop"), "collect_failed", "drop: wrong password"),
        (PasswordExpired("password expired", platform="drop"), "password_expires", "drop: password expired"),
        (BadInput("no folder"), "collect_failed", "no folder"),
        (
            ValueError("x"),
            "collect_failed",
            "drop: a defect in Tollbook: ValueError('x'); the log of `tollbook up` has more",
        ),
    ],
)
def test_what_a_person_must_mend_is_told_at_once_and_cleared_by_success(
    drop: Connection, error: Exception, kind: str, text: str
) -> None:
    assert visit(drop, error) == [(kind, text)]
    assert visit(drop, None) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"state": CollectState.FAILED, "may_pass": True}, TryAgainLater),
        ({"state": CollectState.PARTIAL, "may_pass": True}, TryAgainLater),
        ({"state": CollectState.PARTIAL, "may_pass": False}, NeedsAttention),
    ],
)
def test_a_collect_that_is_not_whole_fails_its_job(
    drop: Connection, facts: dict[str, Any], expected: type
) -> None:
    run = CollectRun(connection=drop, problems=[{"scope": "4711", "error": "it is away"}], **facts)

    with pytest.raises(
        expected, match=r"^drop: (no usage|only a part) could be collected: it is away\. Nothing is lost"
    ):
        see_that_all_was_collected(run)
    see_that_all_was_collected(CollectRun(connection=drop, state=CollectState.DONE))


def test_a_sync_that_is_not_whole_fails_its_job_as_the_platform_did(drop: Connection) -> None:
    whole = SyncReport("drop", "customers")
    away = TryAgainLater("is away", platform="drop")
    broken = SyncReport("drop", "accounts", error=str(away), failure=away)
    nothing = SyncReport("drop", "numbers", error="drop lists nothing")

    see_that_all_was_synced(drop, [whole])
    with pytest.raises(TryAgainLater, match=r"^drop: is away$"):
        see_that_all_was_synced(drop, [whole, broken])
    with pytest.raises(NeedsAttention, match=r"^drop: lists nothing$"):
        see_that_all_was_synced(drop, [nothing])
