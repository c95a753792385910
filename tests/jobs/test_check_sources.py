"""A source that falls silent, leaves out a file, or sends rubbish raises an alarm, which clears by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.jobs.check_sources import Visit, check_source, check_sources, is_unusual
from tollbook.usage.models import CollectRun, CollectState, Evidence, ImportRun

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def switch(db: None) -> Connection:
    return Connection.objects.create(name="switch", stale_after=26 * HOUR)


def came(switch: Connection, at: datetime, name: str = "calls.csv", **counts: int) -> ImportRun:
    """A file was read; the records are charged unless the counts say else."""
    evidence = Evidence.objects.create(
        sha256=f"{Evidence.objects.count():064}", size_bytes=1, name=name, received_at=at
    )
    return ImportRun.objects.create(
        connection=switch, evidence=evidence, started_at=at, finished_at=at, state="done", **counts
    )


def wrong(switch: Connection, now: datetime) -> dict[str, str]:
    """What is wrong then: kind and subject, with the text."""
    check_source(switch, now=now)
    return {f"{alarm.kind} {alarm.subject}".strip(): alarm.text for alarm in alarms()}


def test_a_silent_source_is_stale_until_something_new_comes(switch: Connection) -> None:
    came(switch, MONDAY, records_in=100, charged=100)
    assert wrong(switch, MONDAY + 26 * HOUR) == {}

    # The file of the night after holds nothing that was not known.
    came(switch, MONDAY + DAY, records_in=100, duplicate=100)
    assert wrong(switch, MONDAY + 27 * HOUR) == {
        "stale_source": "switch: nothing new has come since 2026-03-02 01:00 UTC, which is longer than 26 hours. See "
        "that the platform writes its records, then collect: tollbook collect switch"
    }

    came(switch, MONDAY + 28 * HOUR, records_in=101, duplicate=100, charged=1)
    assert wrong(switch, MONDAY + 29 * HOUR) == {}


def test_a_source_that_never_brought_anything_is_stale_from_when_it_was_first_asked(switch: Connection) -> None:
    assert wrong(switch, MONDAY) == {}

    CollectRun.objects.create(connection=switch, started_at=MONDAY, finished_at=MONDAY, state=CollectState.DONE)
    assert wrong(switch, MONDAY + 26 * HOUR) == {}
    assert list(wrong(switch, MONDAY + 27 * HOUR)) == ["stale_source"]


def test_without_a_limit_no_source_is_stale(switch: Connection) -> None:
    Connection.objects.update(stale_after=None)
    switch.refresh_from_db()
    came(switch, MONDAY, records_in=1, charged=1)

    assert wrong(switch, MONDAY + 1000 * DAY) == {}


def test_a_missing_file_is_missed_until_it_comes(switch: Connection) -> None:
    switch.stale_after, switch.sequence_pattern = None, "cdr-{number}.csv"
    for number in (17, 18, 21):
        came(switch, MONDAY, f"cdr-{number}.csv", records_in=1, charged=1)

    assert wrong(switch, MONDAY) == {
        "gap cdr-19.csv … cdr-20.csv": "switch: cdr-19.csv … cdr-20.csv (2 files) are missing, though later files have "
        "come. Ask the platform for it; it is collected when it is there"
    }
    came(switch, MONDAY + DAY, "cdr-20.csv", records_in=1, charged=1)
    assert list(wrong(switch, MONDAY + DAY)) == ["gap cdr-19.csv"]
    came(switch, MONDAY + DAY, "cdr-19.csv", records_in=1, charged=1)
    assert wrong(switch, MONDAY + DAY) == {}


def test_a_pattern_that_is_none_is_said(switch: Connection) -> None:
    switch.sequence_pattern = "cdr.csv"

    assert list(wrong(switch, MONDAY)) == ["gap cdr.csv"]
    assert (
        alarms().get().text.startswith("switch: the sequence pattern 'cdr.csv' has 0 places for a number or date")
    )


def test_more_set_aside_than_usual_is_told_until_it_is_mended(switch: Connection) -> None:
    switch.stale_after = None
    for day in range(5):
        came(switch, MONDAY + day * DAY, records_in=1000, charged=980, set_aside=20)  # 2 %
    bad = came(switch, MONDAY + 5 * DAY, records_in=1000, duplicate=500, charged=450, set_aside=50)  # 10 %

    assert wrong(switch, MONDAY + 5 * DAY) == {
        "errors": "switch: of the 500 records that came last, 50 (10%) are set aside; it used to be 2%. See why: "
        "tollbook set-aside list"
    }
    ImportRun.objects.filter(pk=bad.pk).update(charged=495, set_aside=5)  # the missing account was added
    assert wrong(switch, MONDAY + 5 * DAY) == {}


@pytest.mark.parametrize(
    ("last", "before", "expected"),
    [
        (Visit(100, 5), [Visit(1000, 10)], True),  # 5 % against 1 %
        (Visit(100, 4), [Visit(1000, 10)], False),  # 4 % is daily bread
        (Visit(100, 50), [Visit(1000, 200)], False),  # 50 % is not three times 20 %
        (Visit(100, 60), [Visit(1000, 200)], True),
        (Visit(100, 5), [Visit(1000, 0)], True),
        (Visit(100, 70), [Visit(1000, 400)], False),  # where 60 % is well usually, 30 % is not a third of it
        (Visit(100, 80), [Visit(1000, 400)], True),  # and 20 % is
        (Visit(100, 40), [Visit(1000, 400)], False),
        (Visit(100, 6), [Visit(10, 10), Visit(990, 10)], True),  # usual is 20 of 1000, not the mean of both shares
    ],
)
def test_what_is_unusual(last: Visit, before: list[Visit], expected: bool) -> None:
    assert is_unusual(last, before) is expected


def test_the_first_visit_and_a_small_one_say_nothing(switch: Connection) -> None:
    switch.stale_after = None
    came(switch, MONDAY, records_in=1000, set_aside=1000)
    assert wrong(switch, MONDAY) == {}

    came(switch, MONDAY + DAY, records_in=1000, charged=1000)
    came(switch, MONDAY + 2 * DAY, records_in=19, set_aside=19)
    assert wrong(switch, MONDAY + 2 * DAY) == {}


def test_a_failed_collect_is_told_when_trying_again_did_not_help(switch: Connection) -> None:
    switch.stale_after = None
    problems = [
        {"scope": "4711", "error": "switch: answered 503"},
        {"scope": "4712", "error": "switch: answered 503"},
    ]
    CollectRun.objects.create(
        connection=switch, started_at=MONDAY, finished_at=MONDAY, state=CollectState.PARTIAL, problems=problems
    )
    assert wrong(switch, MONDAY + 2 * HOUR) == {}

    assert wrong(switch, MONDAY + 3 * HOUR) == {
        "collect_failed": "switch: only a part could be collected: answered 503 (and 1 more). Nothing is lost; "
        "when it is mended: tollbook collect switch"
    }
    CollectRun.objects.create(
        connection=switch, started_at=MONDAY + DAY, finished_at=MONDAY + DAY, state=CollectState.DONE
    )
    assert wrong(switch, MONDAY + DAY) == {}


def test_a_collect_of_some_customers_or_days_does_not_settle_one_that_failed(switch: Connection) -> None:
    switch.stale_after = None
    at_one = {"connection": switch, "started_at": MONDAY, "finished_at": MONDAY}
    CollectRun.objects.create(**at_one, state=CollectState.FAILED)
    CollectRun.objects.create(**at_one, state=CollectState.DONE, customers=["ann"])
    CollectRun.objects.create(**at_one, state=CollectState.DONE, since=MONDAY - DAY)

    assert list(wrong(switch, MONDAY + 3 * HOUR)) == ["collect_failed"]


def test_a_collect_that_hangs_is_told_until_it_ends(switch: Connection) -> None:
    switch.stale_after = None
    CollectRun.objects.create(connection=switch, started_at=MONDAY - DAY, finished_at=MONDAY, state="done")
    run = CollectRun.objects.create(connection=switch, started_at=MONDAY)

    assert wrong(switch, MONDAY + 6 * HOUR) == {}
    assert wrong(switch, MONDAY + 7 * HOUR) == {
        "collect_failed": "switch: a collect has been at work since 2026-03-02 01:00 UTC. See in the log of `tollbook "
        "up` whether it gets on; if not, restart that: nothing is lost, and it is collected again"
    }
    CollectRun.objects.filter(pk=run.pk).update(state=CollectState.DONE, finished_at=MONDAY + 8 * HOUR)
    assert wrong(switch, MONDAY + 8 * HOUR) == {}


def test_every_connection_is_looked_at(switch: Connection) -> None:
    other = Connection.objects.create(name="other", sequence_pattern="none")
    came(switch, MONDAY, records_in=1, charged=1)

    check_sources(now=MONDAY + 2 * DAY)

    assert {(alarm.connection, alarm.kind) for alarm in alarms()} == {
        (switch, AlarmKind.STALE_SOURCE),
        (other, AlarmKind.GAP),
    }


def test_of_pushed_records_an_hour_is_a_visit(switch: Connection) -> None:
    """Few come at once: 30 takings of one record each, of which one is set aside, and in the third hour ten."""
    for hour, set_aside in ((0, 1), (1, 1), (2, 10)):
        for number in range(30):
            at = MONDAY + hour * HOUR + number * timedelta(minutes=2)
            visit = CollectRun.objects.create(
                connection=switch, started_at=at, finished_at=at, asked_by="push", state=CollectState.DONE
            )
            is_aside = number < set_aside
            run = came(switch, at, records_in=1, charged=not is_aside, set_aside=is_aside)
            run.collect = visit
            run.save()
        found = wrong(switch, MONDAY + (hour + 1) * HOUR)
        assert list(found) == (["errors"] if hour == 2 else [])
    assert "of the 30 records that came last, 10 (33%) are set aside; it used to be 3%" in found["errors"]
