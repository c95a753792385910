"""Warsaw's clock: what it shows, where a month begins there, and the hour it shows twice."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

WARSAW = ZoneInfo("Europe/Warsaw")
WALL_CLOCK = "%Y-%m-%d %H:%M:%S"
HOUR = timedelta(hours=1)


def wall_clock(moment: datetime) -> str:
    return f"{moment.astimezone(WARSAW):{WALL_CLOCK}}"


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first moment of a month, as "2017-06", and the first of the next one, in UTC."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=WARSAW)
    following = (first + timedelta(days=31)).replace(day=1)
    return first.astimezone(UTC), following.astimezone(UTC)


def hours_of(month: str) -> list[datetime]:
    """The beginnings of a month's hours, in UTC; in October there is one more than days times 24."""
    first, end = bounds(month)
    return [first + number * HOUR for number in range((end - first) // HOUR)]


def hour_that_comes_twice(month: str) -> datetime | None:
    """When it begins for the first time, in UTC; None in a month without one."""
    return next(
        (one for one, two in pairwise(hours_of(month)) if _shown_hour(one) == _shown_hour(two)),
        None,
    )


def _shown_hour(moment: datetime) -> int:
    return moment.astimezone(WARSAW).hour
