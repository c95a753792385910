"""When a connection is collected, as a diary: it was last due then, so it is due next now."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tollbook.connections.models import Connection
from tollbook.connections.operations import schedule_of, set_schedule
from tollbook.connections.schedule import Schedule, is_due, next_collect
from tollbook.errors import BadInput


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(at: str, timezone: str) -> Schedule:
    return Schedule(is_on=True, at=time.fromisoformat(at), every=None, timezone=timezone)


def every(**interval: int) -> Schedule:
    return Schedule(is_on=True, at=time(1, 0), every=timedelta(**interval), timezone="Europe/Warsaw")


# Warsaw is an hour before UTC in winter and two in summer. In 2026 clocks go from 02:00 to 03:00 on 29 March, at
# 01:00 UTC, and from 03:00 back to 02:00 on 25 October, at 01:00 UTC.
@pytest.mark.parametrize(
    ("schedule", "last", "expected"),
    [
        pytest.param(daily("01:00", "Europe/Warsaw"), "2026-01-10 00:00", "2026-01-11 00:00", id="winter"),
        pytest.param(daily("01:00", "Europe/Warsaw"), "2026-07-10 23:00", "2026-07-11 23:00", id="summer"),
        pytest.param(
            daily("01:00", "Europe/Warsaw"), "2026-01-10 14:30", "2026-01-11 00:00", id="switched on at noon"
        ),
        pytest.param(daily("01:00", ""), "2026-01-10 00:30", "2026-01-10 01:00", id="no zone is UTC"),
        pytest.param(
            daily("01:00", "Asia/Tokyo"), "2026-01-10 15:59", "2026-01-10 16:00", id="a zone a day ahead"
        ),
        pytest.param(
            daily("23:30", "America/New_York"), "2026-01-10 04:30", "2026-01-11 04:30", id="a day behind"
        ),
        pytest.param(
            daily("01:00", "Europe/Warsaw"), "2026-03-28 00:00", "2026-03-29 00:00", id="night of summer time"
        ),
        pytest.param(
            daily("01:00", "Europe/Warsaw"), "2026-03-29 00:00", "2026-03-29 23:00", id="a day of 23 hours"
        ),
        pytest.param(
            daily("01:00", "Europe/Warsaw"), "2026-10-24 23:00", "2026-10-26 00:00", id="a day of 25 hours"
        ),
        pytest.param(
            daily("02:30", "Europe/Warsaw"), "2026-03-28 01:30", "2026-03-29 01:30", id="02:30 is left out"
        ),
        pytest.param(
            daily("02:30", "Europe/Warsaw"), "2026-03-29 01:30", "2026-03-30 00:30", id="and the day after"
        ),
        pytest.param(
            daily("02:30", "Europe/Warsaw"), "2026-10-24 00:30", "2026-10-25 00:30", id="02:30 comes twice"
        ),
        pytest.param(
            daily("02:30", "Europe/Warsaw"), "2026-10-25 00:30", "2026-10-26 01:30", id="but counts once"
        ),
        pytest.param(every(minutes=30), "2026-03-29 00:45", "2026-03-29 01:15", id="every half hour"),
        pytest.param(every(days=1), "2026-03-28 12:00", "2026-03-29 12:00", id="every 24 hours"),
    ],
)
def test_the_next_collect(schedule: Schedule, last: str, expected: str) -> None:
    assert next_collect(schedule, utc(last)) == utc(expected)
    assert not is_due(schedule, utc(last), utc(expected) - timedelta(seconds=1))
    assert is_due(schedule, utc(last), utc(expected))


def test_a_week_without_power_is_made_up_for_once() -> None:
    schedule = daily("01:00", "UTC")
    back = utc("2026-01-17 09:12")

    assert is_due(schedule, utc("2026-01-10 01:00"), back)
    assert not is_due(schedule, back, back + timedelta(minutes=1))
    assert next_collect(schedule, back) == utc("2026-01-18 01:00")


@pytest.mark.parametrize("at", ["00:00", "01:00", "02:00", "02:30", "03:00", "23:59"])
def test_looked_at_each_minute_for_a_year_it_is_due_once_a_day(at: str) -> None:
    schedule, last, days = daily(at, "Europe/Warsaw"), utc("2025-12-31 23:00"), 0
    while (last := next_collect(schedule, last)) < utc("2026-12-31 23:00"):
        days += 1

    assert days == 365 - (at == "00:00")  # at midnight, the first of them is when we began


def test_switched_off_it_is_never_due() -> None:
    schedule = Schedule(is_on=False, at=time(1, 0), every=None, timezone="UTC")

    assert not is_due(schedule, utc("2020-01-01 00:00"), utc("2026-01-01 00:00"))


@pytest.mark.django_db
def test_a_schedule_counts_from_when_it_was_set() -> None:
    office = Connection.objects.create(name="office", timezone="Europe/Warsaw")

    set_schedule(office, now=utc("2026-01-10 12:00"), is_on=True, at=time(1, 0))
    again = set_schedule(office, now=utc("2026-01-10 15:00"), is_on=True)  # nothing new in it
    assert again.scheduled_at == utc("2026-01-10 12:00")
    assert not is_due(schedule_of(again), again.scheduled_at, utc("2026-01-10 23:59"))
    assert is_due(schedule_of(again), again.scheduled_at, utc("2026-01-11 00:00"))

    often = set_schedule(office, now=utc("2026-01-20 10:00"), is_on=True, every=timedelta(minutes=30))
    assert not is_due(schedule_of(often), often.scheduled_at, utc("2026-01-20 10:29"))
    assert is_due(schedule_of(often), often.scheduled_at, utc("2026-01-20 10:30"))
    assert often.collect_at == time(1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=30), timedelta(days=40)])
def test_an_interval_has_bounds(interval: timedelta) -> None:
    office = Connection.objects.create(name="office")

    with pytest.raises(BadInput, match="give an interval as 30m, 6h or 2d"):
        set_schedule(office, now=utc("2026-01-10 12:00"), is_on=True, every=interval)
