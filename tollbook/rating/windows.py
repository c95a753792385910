"""Time windows: which one holds at a second, and when the next one begins.

Elapsed seconds are talked, the wall clock decides. So windows are laid on the line of UTC seconds, for the span a
batch needs: every second at which the wall clock can pass a window's edge, daylight saving included, is asked what
holds there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Self

import numpy as np
import polars as pl

from tollbook.rating.prefix import Flags, Ints

DAY_S = 86_400
WEEK_S = 7 * DAY_S
EVERY_DAY = 0b111_1111
FOREVER = 2**62  # seconds; no boundary comes after

_EPOCH = date(1970, 1, 1)
_EPOCH_WEEKDAY = _EPOCH.weekday()
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Schedules share one sorted line of seconds, each in a range of its own; 2^34 s end in the year 2514.
_SCHEDULE_SHIFT = 34

Calendars = Mapping[str, frozenset[date]]


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Hours of some days. Those after midnight belong to the day on which the window begins."""

    weekdays: int  # bit 0 = Monday … bit 6 = Sunday
    from_s: int  # seconds after local midnight
    end_s: int  # the same, counted on from the day it begins: above 86400 is after midnight
    holiday: str | None = None  # only on dates of this calendar

    @classmethod
    def of(cls, weekdays: int | None, from_s: int | None, until_s: int | None, holiday: str | None) -> Self:
        """A window as the price list writes it, nulls and midnight filled in."""
        begin = from_s or 0
        end = DAY_S if until_s is None else until_s
        return cls(
            EVERY_DAY if weekdays is None else weekdays, begin, end if end > begin else end + DAY_S, holiday
        )

    def __str__(self) -> str:
        days = [name for bit, name in enumerate(_DAY_NAMES) if self.weekdays >> bit & 1]
        named = "every day" if self.weekdays == EVERY_DAY else ", ".join(days)
        hours = f"{_clock(self.from_s)}–{_clock(self.end_s if self.end_s <= DAY_S else self.end_s - DAY_S)}"
        return f"{named} {hours}" + (f" on holidays of {self.holiday}" if self.holiday else "")


# The windows of one rate. The number of a window is its place here, from 1; 0 is all other times.
Schedule = tuple[Window, ...]


def overlapping(schedule: Schedule, calendars: Calendars) -> tuple[int, int] | None:
    """The numbers of two windows that claim the same second, if any do.

    A holiday window and a weekday one may: the holiday wins.
    """
    claims = [
        sorted(
            claim
            for number, window in _numbered(schedule)
            if not window.holiday
            for claim in _week(number, window)
        ),
        sorted(
            (_day_number(day) * DAY_S + window.from_s, _day_number(day) * DAY_S + window.end_s, number)
            for number, window in _numbered(schedule)
            if window.holiday
            for day in calendars[window.holiday]
            if window.weekdays >> day.weekday() & 1
        ),
    ]
    for level in claims:
        for (_, end, number), (begin, _, other) in pairwise(level):
            if begin < end:
                return number, other
    return None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The windows of some schedules laid on UTC seconds: piece i begins at `seconds[i]`."""

    seconds: Ints  # schedule number in the high bits
    window: Ints  # number of the window that holds in each piece; 0 = none does

    @classmethod
    def over(
        cls, schedules: Sequence[Schedule], *, timezone: str, calendars: Calendars, since_s: int, until_s: int
    ) -> Self:
        """Pieces from `since_s` to `until_s`, in UTC seconds since 1970."""
        seconds, windows = [], []
        for number, schedule in enumerate(schedules):
            begins, holding = _pieces(schedule, timezone, calendars, since_s, until_s)
            begins[0] = 0
            seconds.append(begins + (number << _SCHEDULE_SHIFT))
            windows.append(holding)
        return cls(np.concatenate(seconds), np.concatenate(windows))

    def at(self, schedule: Ints, second: Ints) -> tuple[Ints, Ints]:
        """The window that holds at each second, and the second at which the next piece begins."""
        place = np.searchsorted(self.seconds, (schedule << _SCHEDULE_SHIFT) + second, "right")
        following = np.append(self.seconds, FOREVER).take(place) - (schedule << _SCHEDULE_SHIFT)
        is_last = following >= 1 << _SCHEDULE_SHIFT
        return self.window.take(place - 1), np.where(is_last, FOREVER, following)


def _pieces(
    schedule: Schedule, timezone: str, calendars: Calendars, since_s: int, until_s: int
) -> tuple[Ints, Ints]:
    # A day more on both sides covers every zone's offset.
    first_day, last_day = since_s // DAY_S - 1, until_s // DAY_S + 2
    clock_times = sorted({second % DAY_S for window in schedule for second in (window.from_s, window.end_s)})
    local = np.add.outer(np.arange(first_day, last_day) * DAY_S, np.array(clock_times, dtype=np.int64)).ravel()
    edges = np.concatenate(
        [[first_day * DAY_S], _utc(local, timezone), _offset_changes(first_day, last_day, timezone)]
    )
    begins = np.sort(np.maximum(edges, 0))
    holding = held_at(schedule, wall_clock(begins, timezone), calendars)
    changes = np.append(True, holding[1:] != holding[:-1])
    return begins[changes], holding[changes]


def held_at(schedule: Schedule, wall_s: Ints, calendars: Calendars) -> Ints:
    """The number of the window that holds at each second of the wall clock."""
    day, clock = wall_s // DAY_S, wall_s % DAY_S
    holding = np.zeros(len(wall_s), dtype=np.int64)
    for number, window in sorted(_numbered(schedule), key=lambda numbered: numbered[1].holiday is not None):
        begun_today = _begins_on(window, day, calendars) & (window.from_s <= clock) & (clock < window.end_s)
        begun_yesterday = _begins_on(window, day - 1, calendars) & (clock + DAY_S < window.end_s)
        holding[begun_today | begun_yesterday] = number  # holiday windows come last, and so win
    return holding


def _begins_on(window: Window, day: Ints, calendars: Calendars) -> Flags:
    begins = (window.weekdays >> (day + _EPOCH_WEEKDAY) % 7 & 1).astype(bool)
    if window.holiday is None:
        return begins
    return begins & np.isin(day, [_day_number(holiday) for holiday in calendars[window.holiday]])


def _numbered(schedule: Schedule) -> Iterator[tuple[int, Window]]:
    return enumerate(schedule, start=1)


def _week(number: int, window: Window) -> Iterator[tuple[int, int, int]]:
    """The seconds of the week a window claims; what runs over Sunday's end comes back on Monday."""
    for weekday in range(7):
        if window.weekdays >> weekday & 1:
            begin, end = weekday * DAY_S + window.from_s, weekday * DAY_S + window.end_s
            yield begin, min(end, WEEK_S), number
            if end > WEEK_S:
                yield 0, end - WEEK_S, number


def wall_clock(seconds: Ints, timezone: str) -> Ints:
    """Seconds as the zone's clock shows them, counted like UTC."""
    utc = pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))
    wall = utc.dt.convert_time_zone(timezone).dt.replace_time_zone(None)
    return wall.cast(pl.Int64).to_numpy() // 1_000_000


def _utc(wall_s: Ints, timezone: str) -> Ints:
    """The UTC seconds at which the zone's clock shows these: both, in an hour that is repeated; none, if skipped."""
    wall = pl.Series(wall_s * 1_000_000).cast(pl.Datetime("us"))
    frame = pl.concat(
        wall.dt.replace_time_zone(timezone, ambiguous=pick, non_existent="null") for pick in ("earliest", "latest")
    )
    return frame.drop_nulls().dt.convert_time_zone("UTC").cast(pl.Int64).to_numpy() // 1_000_000


@lru_cache(maxsize=64)  # the schedules of a tariff ask for the same days one after the other
def _offset_changes(first_day: int, last_day: int, timezone: str) -> Ints:
    """The UTC seconds at which the zone's clock is put forward or back."""

    def offset(seconds: Ints) -> Ints:
        return wall_clock(seconds, timezone) - seconds

    days = np.arange(first_day, last_day + 1) * DAY_S
    changing = np.flatnonzero(np.diff(offset(days)))
    low, high = days[changing], days[changing + 1]
    before = offset(low)
    while (high - low > 1).any():
        middle = (low + high) // 2
        is_before = offset(middle) == before
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    return high


def _day_number(day: date) -> int:
    return (day - _EPOCH).days


def _clock(second: int) -> str:
    hours, rest = divmod(second, 3600)
    clock = f"{hours:02}:{rest // 60:02}"
    return clock if rest % 60 == 0 else f"{clock}:{rest % 60:02}"
