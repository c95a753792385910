"""Allowances and tiers again, one call after the other, in plain loops and fractions.

It shares no code with the program; both were written from the rules. A call comes with its customer, account and the
wall clock of the customer; what is kept is a few dictionaries.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.rating.oracle import UNIT_SIZE, Left, Verdict, digits

END = date(9999, 12, 31)
Rate = Callable[[Mapping[str, Any], Left | None], Verdict]


@dataclass
class Allowance:
    id: int
    plan: str
    kind: str
    amount: int
    prefixes: list[str] | None
    windows: list[tuple[set[int], int, int]]  # weekdays (0 is Monday), from and until in seconds after midnight
    period: str
    ends_on: date | None
    carry_over: int
    place: int
    prorates: bool
    is_shared: bool
    fee: str


@dataclass
class Subscription:
    id: int
    plan: str
    customer: int
    account: int | None
    since: date
    until: date | None


@dataclass
class Pool:
    allowance: Allowance
    subscription: Subscription
    since: date
    until: date
    amount: int
    taken: int = 0
    carried_out: int = 0

    @property
    def left(self) -> int:
        return self.amount - self.taken - self.carried_out


@dataclass
class Scheme:
    id: int
    kind: str
    prefixes: list[str] | None
    mode: str
    is_shared: bool
    steps: list[tuple[int, int, str]]  # from units, nano-units, unit ("" is a minute)


@dataclass
class Count:
    scheme: Scheme
    units: int = 0
    value: Fraction = Fraction(0)

    @property
    def difference(self) -> Fraction:
        """What the tier reached makes of all, less what its records came to."""
        if self.scheme.mode == "graduated":
            return Fraction(0)
        return cut(self.units, reached(self.scheme, self.units)) - self.value


@dataclass
class Office:
    zones: Mapping[int, str]  # of customers
    allowances: Sequence[Allowance]
    subscriptions: Sequence[Subscription]
    schemes: Sequence[Scheme]  # in the order in which they are asked
    rate: Rate
    pools: dict[tuple[int, int, date], Pool] = field(default_factory=dict)
    counts: dict[tuple[int, int, int | None, date], Count] = field(default_factory=dict)
    took: dict[str, list[Any]] = field(default_factory=dict)  # what each record took, to give it back

    def post(self, batch: Sequence[Mapping[str, Any]]) -> dict[str, Verdict]:
        """New calls: what each of them costs."""
        verdicts: dict[str, Verdict] = {}
        for call in batch:
            verdicts[call["key"]] = self.rate(call, None)
        charged = [call for call in batch if verdicts[call["key"]].outcome == "charged"]
        for call in sorted(charged, key=lambda call: (call["start"], call["id"])):
            verdicts[call["key"]] = self.take(call, verdicts[call["key"]])
        return verdicts

    def undo(self, keys: Sequence[str]) -> None:
        for key in keys:
            for thing, *amount in self.took.pop(key, []):
                if isinstance(thing, Pool):
                    thing.taken -= amount[0]
                else:
                    thing.units -= amount[0]
                    thing.value -= amount[1]

    def take(self, call: Mapping[str, Any], full: Verdict) -> Verdict:
        assert full.billed is not None
        wall = call["start"].astimezone(ZoneInfo(self.zones[call["customer"]])).replace(tzinfo=None)
        took: list[Any] = []
        left, covered, first = full.billed, 0, None
        for pool in self.pools_of(call, wall):
            if fits(call, wall, pool.allowance) and (
                units := min(left, pool_units(pool, full.unit, self, call, wall))
            ):
                drain(pool, units * full.unit, self, call, wall, took)
                left, covered, first = left - units, covered + units, first or pool.allowance
        fee = "when_charged" if first is None else first.fee
        rest = Left(covered, fee == "always" or (fee == "when_charged" and left > 0))
        scheme = self.scheme_of(call)
        if scheme and left:
            rest.tier_value = self.count(scheme, call, wall, left * full.unit, took)
        self.took[call["key"]] = took
        return self.rate(call, rest)

    def pools_of(self, call: Mapping[str, Any], wall: datetime) -> list[Pool]:
        """The pools that the call may find open on its day, in their order; those of a new period are made."""
        day, found = wall.date(), []
        for subscription in self.subscriptions:
            for allowance in self.allowances:
                if allowance.plan != subscription.plan or allowance.kind != call["kind"]:
                    continue
                shared = allowance.is_shared or subscription.account is None
                if call["customer" if shared else "account"] != (
                    subscription.customer if shared else subscription.account
                ):
                    continue
                until = min(subscription.until or END, allowance.ends_on or END)
                if subscription.since <= day < until:
                    found.append((shared, self.pool(subscription, allowance, day)))
        order = sorted(
            found,
            key=lambda one: (
                one[0],
                one[1].allowance.place,
                one[1].allowance.id,
                one[1].since,
                one[1].until,
                one[1].subscription.id,
            ),
        )
        return [pool for _, pool in order]

    def pool(self, subscription: Subscription, allowance: Allowance, day: date) -> Pool:
        begin, end = period(allowance.period, day)
        key = (subscription.id, allowance.id, begin)
        if key not in self.pools:
            carried = 0
            if allowance.carry_over and subscription.since < begin:
                before = self.pool(subscription, allowance, begin - timedelta(days=1))
                carried = min(allowance.carry_over, before.left)
                before.carried_out += carried
            since = max(begin, subscription.since)
            until = min(end, subscription.until or END, allowance.ends_on or END)
            amount = allowance.amount
            if allowance.prorates and allowance.period != "once":
                part = Fraction(amount * (until - since).days, (end - begin).days)
                amount = int(part) + (part != int(part))
            self.pools[key] = Pool(allowance, subscription, since, until, amount + carried)
        return self.pools[key]

    def scheme_of(self, call: Mapping[str, Any]) -> Scheme | None:
        for scheme in self.schemes:
            if scheme.kind == call["kind"] and begins(call["cld"], scheme.prefixes):
                return scheme
        return None

    def count(
        self, scheme: Scheme, call: Mapping[str, Any], wall: datetime, units: int, took: list[Any]
    ) -> Fraction:
        account = None if scheme.is_shared else call["account"]
        key = (scheme.id, call["customer"], account, wall.date().replace(day=1))
        count = self.counts.setdefault(key, Count(scheme))
        before = count.units
        if scheme.mode == "volume":
            value = cut(units, reached(scheme, before + units))
        else:
            value = Fraction(0)
            for number, step in enumerate(scheme.steps):
                end = scheme.steps[number + 1][0] if number + 1 < len(scheme.steps) else before + units
                inside = min(before + units, end) - max(before, step[0])
                value += cut(max(inside, 0), step)
        count.units += units
        count.value += value
        took.append((count, units, value))
        return value


def same_stock(pool: Pool, office: Office, call: Mapping[str, Any], wall: datetime) -> list[Pool]:
    """Pools of one allowance for the same days are one stock, from which whole units are taken."""
    return [
        one
        for one in office.pools_of(call, wall)
        if one.allowance is pool.allowance
        and (one.since, one.until) == (pool.since, pool.until)
        and (one.subscription.account is None or one.allowance.is_shared)
        == (pool.subscription.account is None or pool.allowance.is_shared)
    ]


def pool_units(pool: Pool, unit: int, office: Office, call: Mapping[str, Any], wall: datetime) -> int:
    return sum(one.left for one in same_stock(pool, office, call, wall)) // unit


def drain(
    pool: Pool, amount: int, office: Office, call: Mapping[str, Any], wall: datetime, took: list[Any]
) -> None:
    for one in same_stock(pool, office, call, wall):
        part = min(one.left, amount)
        if part:
            one.taken += part
            took.append((one, part))
            amount -= part
    assert amount == 0


def fits(call: Mapping[str, Any], wall: datetime, allowance: Allowance) -> bool:
    return begins(call["cld"], allowance.prefixes) and in_hours(wall, allowance.windows)


def begins(cld: str | None, prefixes: list[str] | None) -> bool:
    return prefixes is None or any(digits(cld).startswith(prefix) for prefix in prefixes)


def in_hours(wall: datetime, windows: list[tuple[set[int], int, int]]) -> bool:
    if not windows:
        return True
    for weekdays, begin, end in windows:
        for days_ago in (0, 1):
            day = wall.date() - timedelta(days=days_ago)
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  the wall clock has no zone
            until = end if end > begin else end + 86400
            second = (wall - midnight).total_seconds()
            if day.weekday() in weekdays and begin <= second < until:
                return True
    return False


def period(name: str, day: date) -> tuple[date, date]:
    if name == "day":
        return day, day + timedelta(days=1)
    if name == "once":
        return date(1970, 1, 1), END
    begin = day.replace(day=1)
    return begin, (begin + timedelta(days=32)).replace(day=1)


def reached(scheme: Scheme, units: int) -> tuple[int, int, str]:
    return [step for number, step in enumerate(scheme.steps) if number == 0 or step[0] < units][-1]


def cut(units: int, step: tuple[int, int, str]) -> Fraction:
    """What units cost; of data nothing below a sixtieth of a nano-unit is kept."""
    _, nanos, unit = step
    exact = Fraction(units * nanos, UNIT_SIZE[unit] if unit else 60)
    return Fraction((exact * 60).__floor__(), 60)
