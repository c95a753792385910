"""Which days to ask for, in the words of Metroport's clock.

It takes wall-clock times of its zone with both ends inclusive, in whole seconds. A period here is `[since, until)` in
UTC. So that nothing between 23:59:59 and midnight is missed, a request ends with the first second after its period;
records of exactly that second are the next request's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from tollbook.errors import BadInput

WALL_CLOCK = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class Period:
    """What one request asks for."""

    datestart: str
    dateend: str  # the first second after it


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far records were read: those of `[since, until)`, up to the highest id, which is compared as a number."""

    id: int
    since: datetime
    until: datetime

    @classmethod
    def read(cls, text: str) -> Self:
        """What `str` wrote.

        Raises:
            BadInput: it is none of ours.
        """
        try:
            id, since, until = text.split(" ")
            return cls(int(id), _moment(since), _moment(until))
        except ValueError:
            raise BadInput(
                f"{text!r} is not where reading of Metroport's records left off; collect the period again by its days"
            ) from None

    def __str__(self) -> str:
        return f"{self.id} {self.since.isoformat()} {self.until.isoformat()}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def periods(since: datetime, until: datetime, zone: ZoneInfo, chunk_days: int) -> Iterator[Period]:
    """The requests for `[since, until)`, cut at midnights of the zone after every so many days; 0 = uncut."""
    begin = since
    while begin < until:
        end = until
        if chunk_days:
            day = begin.astimezone(zone).date() + timedelta(days=chunk_days)
            end = min(until, datetime.combine(day, time(), zone).astimezone(UTC))
        yield Period(_earliest(begin, zone), _latest(end, zone))
        begin = end


def _earliest(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return (local.replace(tzinfo=None) - _repeated(local)).strftime(WALL_CLOCK)


def _latest(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    whole = local.replace(tzinfo=None) + _repeated(local)
    return (whole + timedelta(microseconds=-whole.microsecond % 1_000_000)).strftime(WALL_CLOCK)


def _repeated(local: datetime) -> timedelta:
    """What the clock is put back by, when the moment is in the hour that it shows twice; else nothing.

    There a later moment may have an earlier time, so a period that begins or ends there is asked for generously.
    """
    before, after = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    return max(before - after, timedelta(0)) if before is not None and after is not None else timedelta(0)
