"""What a subscription owes up to a day. Pure: days and amounts in, amounts out; no database, no clock.

Days are those of the customer's zone, and periods those of the calendar. A fee is charged in full, and every day
without service is credited as an amount of its own, as PortaBilling does by default. A part of a period costs its days
of the period's; parts are running differences of one rounded sum, so that they add up to the whole to the last digit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from tollbook.billing.periods import ONE_DAY, months_later, period_of, periods_later
from tollbook.billing.totals import rounded
from tollbook.money import MAX_DECIMALS, decimal_of, nanos_of

NEVER = date.max


class What(StrEnum):
    """What an amount is for; the words of `FeeKind`."""

    ACTIVATION = "activation"
    FEE = "fee"
    WAIVER = "waiver"
    GIVEN_BACK = "given_back"
    PENALTY = "penalty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a plan says, in its own words (`SubscriptionPlan`). Amounts are net or gross, as the plan has them."""

    fee: Decimal  # for a whole period
    period: str = "month"
    charge_model: str = "in_advance"
    advance_periods: int = 1
    activation_fee: Decimal = Decimal(0)
    prorates_start: bool = True
    prorates_end: bool = True
    minimum_periods: int = 0
    penalty: Decimal | None = None
    decimals: int = 5


class Charged(NamedTuple):
    """An amount of before that still matters: a fee for days `[since, until)`, or a day credited."""

    what: str
    since: date
    until: date
    amount: Decimal
    fee: Decimal  # of a whole period at that time: prices may have changed since


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A subscription, in days `[starts_on, ends_on)`, and how far it is charged.

    `charged` are the fees and the credited days of all periods that a credit may now fall into.
    """

    starts_on: date
    ends_on: date | None = None
    charged_until: date | None = None  # None = nothing is charged yet, not even the activation
    is_settled: bool = False  # its end was seen to: only days without service before it may still be credited
    charged: tuple[Charged, ...] = ()


class Amount(NamedTuple):
    """An amount to be charged (positive) or credited (negative) for days `[since, until)`."""

    what: What
    since: date
    until: date
    amount: Decimal
    due_on: date  # the day that it belongs to; with it the invoice
    fee: Decimal | None  # of a whole period, where it is a part of one
    reason: str = ""  # why a day is credited


@dataclass(slots=True)
class Due:
    """What is owed now, and how the subscription stands after it."""

    charged_until: date | None
    next_due_on: date | None  # the next day on which a fee is owed; None = never again
    amounts: list[Amount] = field(default_factory=list)


def fees_due(
    terms: Terms, standing: Standing, *, upto: date, without_service: Mapping[date, str] | None = None
) -> Due:
    """What is owed when the day `upto` begins, and is not charged yet.

    In advance that is every period that has begun by then, in arrears and by day what has ended by then.
    `without_service` are days with the reason for which the plan credits them.
    """
    if standing.starts_on > upto:
        return Due(standing.charged_until, standing.starts_on)
    bill = _Bill(terms, standing, upto)
    if standing.charged_until is None and standing.ends_on is not None and standing.ends_on <= standing.starts_on:
        return Due(None, None)  # ended before it began
    if not standing.is_settled:
        bill.activation()
        bill.fees()
    bill.credits(without_service or {})
    if not standing.is_settled:
        bill.end()
    return Due(bill.charged_until, bill.next_due_on(), bill.amounts)


def part_of(fee: Decimal, days: int, of: int, decimals: int) -> Decimal:
    """So many days' part of a fee, half up away from zero: 20 days of 30 of 9.00 are 6.00."""
    quantum = 10 ** (MAX_DECIMALS - decimals)
    base = of * quantum
    return decimal_of((2 * nanos_of(fee) * days + base) // (2 * base) * quantum)


class _Bill:
    """The amounts of one subscription, in the making."""

    def __init__(self, terms: Terms, standing: Standing, upto: date) -> None:
        self.terms, self.standing, self.upto = terms, standing, upto
        self.starts_on = standing.starts_on
        self.charged_until = standing.charged_until or standing.starts_on
        self.has_ended = standing.ends_on is not None and standing.ends_on <= upto
        self.owed_until = self._owed_until()
        self.amounts: list[Amount] = []
        self._fees = [one for one in standing.charged if one.what == What.FEE]
        self._credited = {one.since: one.amount for one in standing.charged if one.what == What.WAIVER}

    def _owed_until(self) -> date:
        """Days before it are to be paid: until the end, or until the end of the period that had begun."""
        ends_on = self.standing.ends_on
        if ends_on is None:
            return NEVER
        if self.terms.prorates_end or ends_on <= self.starts_on:
            return ends_on
        return self._period(ends_on - ONE_DAY)[1]

    def activation(self) -> None:
        if self.standing.charged_until is None and self.terms.activation_fee:
            day, whole = self.starts_on, part_of(self.terms.activation_fee, 1, 1, self.terms.decimals)
            self._add(What.ACTIVATION, day, day, whole, due_on=day)

    def fees(self) -> None:
        charge = {"in_advance": self._in_advance, "in_arrears": self._in_arrears, "by_day": self._by_day}
        charge[self.terms.charge_model]()

    def _in_advance(self) -> None:
        """The rest of the period that is begun in, later so many whole periods at a time, due before they begin."""
        while self.charged_until <= self.upto and self.charged_until < self.owed_until:
            begin, due_on = self.charged_until, max(self.starts_on, self.charged_until - ONE_DAY)
            is_whole = begin == self._period(begin)[0]
            for _ in range(self.terms.advance_periods if is_whole else 1):
                if self.charged_until < self.owed_until:
                    self._fee(min(self._period(self.charged_until)[1], self.owed_until), due_on)

    def _in_arrears(self) -> None:
        """A period when it has ended, or the subscription in it."""
        while self.charged_until < self.owed_until:
            until = min(self._period(self.charged_until)[1], self.owed_until)
            if until > self.upto and not self.has_ended:
                return
            self._fee(until, self._last_day(until))

    def _by_day(self) -> None:
        """The days that have ended, those of a month together."""
        to = self.owed_until if self.has_ended else min(self.upto, self.owed_until)
        while self.charged_until < to:
            next_month = months_later(self.charged_until.replace(day=1), 1)
            until = min(self._period(self.charged_until)[1], next_month, to)
            self._fee(until, self._last_day(until))

    def _fee(self, until: date, due_on: date) -> None:
        since, fee = self.charged_until, self.terms.fee
        amount = self._owed(fee, until) - self._owed(fee, since, within=until - ONE_DAY)
        self._add(What.FEE, since, until, amount, due_on=due_on, fee=fee)
        self._fees.append(Charged(What.FEE, since, until, amount, fee))
        self.charged_until = until

    def _owed(self, fee: Decimal, until: date, *, within: date | None = None) -> Decimal:
        """What the days before `until` of its period cost; `within` is a day of the period where that is not clear."""
        begin, end = self._period(within or until - ONE_DAY)
        if until <= max(begin, self.starts_on):
            return Decimal(0)
        first = max(begin, self.starts_on) if self.terms.prorates_start else begin
        return part_of(fee, (until - first).days, (end - begin).days, self.terms.decimals)

    def credits(self, without_service: Mapping[date, str]) -> None:
        """Each day without service that was charged and has passed, the days of a period adding up to its fee."""
        before = min(self.upto, self.charged_until, self.standing.ends_on or NEVER)
        for day, reason in sorted(without_service.items()):
            if self.starts_on <= day < before and day not in self._credited:
                begin, end = self._period(day)
                fee = self._fee_of(day)
                earlier = sum(begin <= one < end for one in self._credited)
                of, decimals = (end - begin).days, self.terms.decimals
                amount = part_of(fee, earlier, of, decimals) - part_of(fee, earlier + 1, of, decimals)
                self._credited[day] = amount
                self._add(What.WAIVER, day, day + ONE_DAY, amount, due_on=day, fee=fee, reason=reason)

    def _fee_of(self, day: date) -> Decimal:
        """What a period cost when this day of it was charged."""
        return next((one.fee for one in reversed(self._fees) if one.since <= day < one.until), self.terms.fee)

    def end(self) -> None:
        """Give back what was paid for later, and charge for ending before the minimum term."""
        if not self.has_ended or self.standing.ends_on is None:
            return
        due_on = self._last_day(self.standing.ends_on)
        for since, until in self._paid_for_nothing():
            fee = self._fee_of(since)
            amount = self._owed(fee, since, within=since) - self._owed(fee, until)
            # A day that was credited as one without service is not given back a second time.
            amount -= sum((one for day, one in self._credited.items() if since <= day < until), Decimal(0))
            self._add(What.GIVEN_BACK, since, until, amount, due_on=due_on, fee=fee)
        self.charged_until = min(self.charged_until, self.owed_until)
        self._penalty(due_on)

    def _paid_for_nothing(self) -> Iterator[tuple[date, date]]:
        """The days after the end that are charged, period by period."""
        since = self.owed_until
        while since < self.charged_until:
            until = min(self._period(since)[1], self.charged_until)
            yield since, until
            since = until

    def _penalty(self, due_on: date) -> None:
        terms, since = self.terms, self.owed_until
        term = periods_later(terms.period, self.starts_on, terms.minimum_periods)
        if since < term:
            exact = self._fees_between(since, term) if terms.penalty is None else Fraction(terms.penalty)
            self._add(What.PENALTY, since, term, rounded(exact, terms.decimals), due_on=due_on)

    def _fees_between(self, since: date, until: date) -> Fraction:
        """The fees of these days, not rounded."""
        exact = Fraction(0)
        while since < until:
            begin, end = self._period(since)
            exact += Fraction(self.terms.fee) * (min(end, until) - since).days / (end - begin).days
            since = end
        return exact

    def next_due_on(self) -> date | None:
        """The next day on which a fee is owed, or the end is to be seen to."""
        if self.has_ended:
            return None
        due_on = self.charged_until
        if self.terms.charge_model == "in_arrears":
            due_on = self._period(due_on)[1]
        if self.terms.charge_model == "by_day":
            due_on += ONE_DAY
        return min(due_on, self.standing.ends_on or NEVER)

    def _period(self, day: date) -> tuple[date, date]:
        return period_of(self.terms.period, day)

    def _last_day(self, until: date) -> date:
        """The last day before `until` or before the end, whichever comes first; at the earliest the first of all."""
        return max(self.starts_on, min(until, self.standing.ends_on or until) - ONE_DAY)

    def _add(
        self,
        what: What,
        since: date,
        until: date,
        amount: Decimal,
        *,
        due_on: date,
        fee: Decimal | None = None,
        reason: str = "",
    ) -> None:
        if amount:
            self.amounts.append(Amount(what, since, until, amount, due_on, fee, reason))
