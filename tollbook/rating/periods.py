"""How much of an allowance there is in each of its periods: proration, and what is carried over."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tollbook.rating.allowances import Period

FIRST_DAY, OPEN_END = date(1970, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a subscription includes, from the day it starts until the day it ends (the first without it)."""

    amount: int  # of a whole period
    period: Period = Period.BILLING
    prorates: bool = False
    carry_over: int = 0  # at most so much goes into the next period
    since: date
    until: date = OPEN_END


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """An allowance in days [since, until)."""

    since: date
    until: date
    amount: int  # with what was carried over into it
    carried_in: int = 0
    taken: int = 0
    carried_out: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.taken - self.carried_out


def whole_period(period: Period, day: date) -> tuple[date, date]:
    """The period in which a day lies, as [begin, end)."""
    match period:
        case Period.BILLING | Period.MONTH:
            begin = day.replace(day=1)
            return begin, (begin + timedelta(days=31)).replace(day=1)
        case Period.DAY:
            return day, day + timedelta(days=1)
        case Period.ONCE:
            return FIRST_DAY, OPEN_END


def pool_of(grant: Grant, day: date, *, carried_in: int = 0) -> Pool | None:
    """The pool of the period in which a day lies; none when the grant has no day in it.

    Of a part period there is that part of the amount, a begun second, message or byte counted whole.
    """
    begin, end = whole_period(grant.period, day)
    since, until = max(begin, grant.since), min(end, grant.until)
    if since >= until:
        return None
    amount = grant.amount
    if grant.prorates and grant.period is not Period.ONCE:
        amount = -(-amount * (until - since).days // (end - begin).days)
    return Pool(since=since, until=until, amount=amount + carried_in, carried_in=carried_in)


def pools_until(grant: Grant, day: date, last: Pool | None) -> Iterator[Pool]:
    """The pools that are missing up to the period in which a day lies, oldest first.

    `last` is the newest of those before, which comes first, anew, when something is carried out of it. Where nothing
    is carried over the one of the day itself is all that is needed.
    """
    if not grant.carry_over or grant.period is Period.ONCE:
        if found := pool_of(grant, day):
            yield found
        return
    pool = last or pool_of(grant, grant.since)
    while pool is not None and whole_period(grant.period, pool.since)[1] <= day:
        carried = min(grant.carry_over, pool.left)
        yield replace(pool, carried_out=pool.carried_out + carried)
        pool = pool_of(grant, whole_period(grant.period, pool.since)[1], carried_in=carried)
    if pool is not None and pool is not last:
        yield pool
