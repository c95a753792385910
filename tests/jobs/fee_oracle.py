"""What a year of fees comes to, worked out in another way: day by day, in fractions, over the whole year at once.

It shares nothing with the code it judges: periods are found by walking days, and nothing is known of single charges, of
what is given back, or of when anything was charged. Only the rule is the same: what a period comes to in the end.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from math import floor

DAY = timedelta(days=1)


@dataclass
class Plan:
    fee: Fraction
    period: str
    model: str  # in_advance, in_arrears, by_day
    advance: int = 1
    activation: Fraction = Fraction(0)
    prorates_start: bool = True
    prorates_end: bool = True
    waives: tuple[str, ...] = ()
    minimum: int = 0
    penalty: Fraction | None = None
    decimals: int = 5


@dataclass
class Life:
    """A subscription from its first day to the first day without it, and the days that its plan credits."""

    plan: Plan
    starts_on: date
    ends_on: date | None = None
    credited: frozenset[date] = frozenset()


def rounded(amount: Fraction, decimals: int) -> Fraction:
    return Fraction(floor(amount * 10**decimals + Fraction(1, 2)), 10**decimals)


def key_of(period: str, day: date) -> tuple[int, int]:
    """What the days of a period have in common."""
    return {
        "day": (day.year, day.timetuple().tm_yday),
        "week": tuple(day.isocalendar())[:2],
        "month": (day.year, day.month),
        "quarter": (day.year, (day.month + 2) // 3),
        "year": (day.year, 0),
    }[period]  # type: ignore[return-value]


@cache
def days_of(period: str, day: date) -> tuple[date, ...]:
    """The days of the period that a day is in, found by walking."""
    key, first = key_of(period, day), day
    while key_of(period, first - DAY) == key:
        first -= DAY
    days = [first]
    while key_of(period, days[-1] + DAY) == key:
        days.append(days[-1] + DAY)
    return tuple(days)


def owed(life: Life, upto: date) -> Fraction:
    """What all amounts come to that are charged by the beginning of `upto`."""
    plan, start = life.plan, life.starts_on
    if start > upto or (life.ends_on is not None and life.ends_on <= start):
        return Fraction(0)
    has_ended = life.ends_on is not None and life.ends_on <= upto
    return (
        plan.activation
        + sum(
            (_period(life, days, upto, has_ended) for days in _charged_periods(life, upto, has_ended)), Fraction(0)
        )
        + (_penalty(life) if has_ended else 0)
    )


def _charged_periods(life: Life, upto: date, has_ended: bool) -> list[tuple[date, ...]]:
    """The periods of which something is charged by then."""
    periods: list[tuple[date, ...]] = []
    day = life.starts_on
    end = life.ends_on
    while end is None or day < end:
        days = days_of(life.plan.period, day)
        last = days[-1]
        if life.plan.model == "in_arrears" and last >= upto and not has_ended:
            break
        if life.plan.model == "by_day" and day >= upto:
            break
        if life.plan.model == "in_advance" and day > upto and _ahead(life, len(periods), upto) <= 0:
            break
        periods.append(days)
        day = last + DAY
    return periods


def _ahead(life: Life, counted: int, upto: date) -> int:
    """How many further periods were paid for together with the last that had begun."""
    starts = days_of(life.plan.period, life.starts_on)
    begun_whole = starts[0] == life.starts_on
    begun, day = 0, life.starts_on
    while day <= upto:
        begun += 1
        day = days_of(life.plan.period, day)[-1] + DAY
    whole = begun if begun_whole else begun - 1
    groups = -(-whole // life.plan.advance)
    return (groups * life.plan.advance + (0 if begun_whole else 1)) - counted


def _period(life: Life, days: tuple[date, ...], upto: date, has_ended: bool) -> Fraction:
    """The fee of a period in the end, less what is credited of it."""
    plan, end, of = life.plan, life.ends_on, len(days)
    had = [day for day in days if day >= life.starts_on and (end is None or day < end)]
    if plan.model == "by_day":
        had = [day for day in had if day < upto]
    paid = list(had)
    if not plan.prorates_start and had:
        paid = [day for day in days if day <= had[-1]]
    ends_here = end is not None and days[0] < end <= days[-1]
    if not plan.prorates_end and ends_here and had and (has_ended or plan.model == "in_advance"):
        paid = [day for day in days if day >= paid[0]]
    fee = rounded(plan.fee * len(paid) / of, plan.decimals)
    credited = [day for day in had if day < upto and day in life.credited]
    return fee - rounded(plan.fee * len(credited) / of, plan.decimals)


def _penalty(life: Life) -> Fraction:
    plan, end = life.plan, life.ends_on
    assert end is not None
    if not plan.prorates_end:
        end = days_of(plan.period, end - DAY)[-1] + DAY
    term = life.starts_on
    for _ in range(plan.minimum):
        term = _same_day_later(plan.period, life.starts_on, term)
    if end >= term:
        return Fraction(0)
    if plan.penalty is not None:
        return plan.penalty
    total, day = Fraction(0), end
    while day < term:
        total += plan.fee / len(days_of(plan.period, day))
        day += DAY
    return rounded(total, plan.decimals)


def _same_day_later(period: str, first: date, day: date) -> date:
    """The same day of the month some months on, or the last of a month that is too short."""
    if period in {"day", "week"}:
        return day + DAY * (1 if period == "day" else 7)
    for _ in range({"month": 1, "quarter": 3, "year": 12}[period]):
        following = days_of("month", days_of("month", day)[-1] + DAY)
        day = next((one for one in following if one.day == first.day), following[-1])
    return day
