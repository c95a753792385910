"""When a connection is next to be collected. Pure: nothing here asks what time it is."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHORTEST = timedelta(minutes=1)  # between two collects: schedules are looked at once a minute
LONGEST = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Daily at a time of day, or again and again after some time."""

    is_on: bool
    at: time  # of the day, in `timezone`
    every: timedelta | None  # instead of daily
    timezone: str  # IANA; "" = UTC


def next_collect(schedule: Schedule, last: datetime) -> datetime:
    """The first time after `last` at which it is due, in UTC.

    A time of day that the change to summer time leaves out comes at the moment it would have been, an hour later
    on the clock; one that the change back repeats comes the first time only.
    """
    if schedule.every is not None:
        return last + schedule.every
    zone = ZoneInfo(schedule.timezone or "UTC")
    day = last.astimezone(zone).date()
    while (slot := datetime.combine(day, schedule.at, zone).astimezone(UTC)) <= last:
        day += timedelta(days=1)
    return slot


def is_due(schedule: Schedule, last: datetime | None, now: datetime) -> bool:
    """Whether to collect now. However many times were missed, that is once.

    `last` is when it was last due, or when the schedule was switched on; None, not yet, is never due.
    """
    return schedule.is_on and last is not None and next_collect(schedule, last) <= now
