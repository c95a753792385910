"""Usage comes by itself every night, or for a period when somebody asks; never twice."""

from datetime import time
from types import SimpleNamespace
from typing import cast

import pytest
from procrastinate import JobContext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from tests.jobs.books import books
from tests.jobs.toy_office import Toy, at
from tests.jobs.toy_platform import Call
from tollbook.connections.operations import set_schedule
from tollbook.up import tasks
from tollbook.usage.models import CollectRun

ANN, BOB = "48221000001", "48221000003"
CALLS = [
    Call(id=1, customer="c1", start="2017-06-19T08:00:00+00:00", cli=ANN),
    Call(id=2, customer="c1", start="2017-06-19T10:00:00+00:00", cli=ANN),
    Call(id=3, customer="c3", start="2017-06-19T11:00:00+00:00", cli=BOB),
]


def jobs() -> list[str]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", flat=True))


def look(moment: str) -> list[str]:
    """What the scheduler has asked for by then."""
    tasks.ask_for_due(timestamp=int(at(moment).timestamp()))
    return jobs()


def do_collect(toy: Toy) -> CollectRun:
    """What the worker does with the job."""
    job = Job(id=1, queue="", lock=None, queueing_lock=None, task_name="collect")
    tasks.collect(cast(JobContext, SimpleNamespace(job=job)), connection_id=toy.connection.pk)
    return CollectRun.objects.latest("pk")


@pytest.mark.req("S4")
def test_every_night_at_one_or_by_hand_for_a_period_and_some_customers_or_again(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.platform.calls = list(CALLS)
    assert (toy.connection.is_scheduled, toy.connection.collect_at) == (False, time(1, 0))
    toy.connection = set_schedule(toy.connection, now=at("2017-06-19T12:00"), is_on=True)

    # 01:00 in Warsaw is 23:00 UTC in summer.
    assert look("2017-06-19T22:59") == []
    assert look("2017-06-19T23:00") == ["sync", "collect"]
    monkeypatch.setattr(tasks, "_now", lambda: at("2017-06-19T23:00"))
    run = do_collect(toy)
    assert (run.state, run.asked_by, run.outcomes) == ("done", "schedule", {"charged": 3})
    ledger = books()

    # Switched off, no night is due.
    before = jobs()
    toy.connection = set_schedule(toy.connection, now=at("2017-06-20T12:00"), is_on=False)
    assert look("2017-06-25T23:00") == before

    # By hand: a period, for one customer. All of it was there already.
    toy.asked()
    run = toy.collect("2017-06-20T12:00", since="2017-06-19T00:00", until="2017-06-20T00:00", customers=["bob"])
    assert toy.asked() == {"c3": ("2017-06-19 00:00", "2017-06-20 00:00")}
    assert run.outcomes == {"duplicate": 1}

    # Whatever is there already: the whole is fetched again, and nothing is charged twice.
    run = toy.collect("2017-06-20T12:00", again=True)
    assert run.outcomes == {"duplicate": 3}
    assert books() == ledger
