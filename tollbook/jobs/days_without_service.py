"""On which days a subscription's account could not be used, and why: from holds, and from its expiry.

A day counts when there was no service from its midnight to the next, in the customer's zone: who blocks for an hour
before midnight and after it pays for both days.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tollbook.billing.models import Subscription
from tollbook.billing.queries import midnight
from tollbook.catalog.models import WaiveReason
from tollbook.credit.models import HeldBy, Hold

ONE_DAY = timedelta(days=1)
FOR_EVER = datetime.max.replace(tzinfo=UTC)

# What a plan may credit of what holds. Credit control does not say which of the two it was.
REASONS = {
    HeldBy.STAFF: (WaiveReason.BLOCKED_BY_STAFF,),
    HeldBy.CUSTOMER: (WaiveReason.BLOCKED_BY_CUSTOMER,),
    HeldBy.CREDIT: (WaiveReason.NO_FUNDS, WaiveReason.SUSPENDED),
}


class Interval(NamedTuple):
    """A time without service, `[since, until)`."""

    since: datetime
    until: datetime
    reason: str


def days_without_service(
    subscriptions: Sequence[Subscription], upto: Mapping[int, date]
) -> dict[int, dict[date, str]]:
    """The days before `upto` that each plan credits and that were not looked at before, with the reason of each.

    By the subscription's id, read with plan, customer and account. Two statements, however many there are.
    """
    waiving = [one for one in subscriptions if one.plan.waives and one.starts_on is not None]
    holds = _holds(waiving)
    found = {}
    for one in waiving:
        assert one.starts_on is not None
        since, until = one.waived_until or one.starts_on, min(upto[one.pk], one.ends_on or date.max)
        zone = ZoneInfo(one.customer.timezone)
        intervals = list(_intervals(one, holds.get(one.customer_id, ()), zone))
        days = {day: reason for day, reason in _whole_days(intervals, zone, until) if since <= day < until}
        if days:
            found[one.pk] = days
    return found


def _holds(subscriptions: Sequence[Subscription]) -> dict[int, list[Hold]]:
    """By customer, what held them or their accounts."""
    by_customer: dict[int, list[Hold]] = {}
    customers = {one.customer_id for one in subscriptions}
    for hold in Hold.objects.filter(customer__in=customers).order_by("placed_at", "pk"):
        by_customer.setdefault(hold.customer_id, []).append(hold)
    return by_customer


def _intervals(subscription: Subscription, holds: Sequence[Hold], zone: ZoneInfo) -> Iterator[Interval]:
    waives = subscription.plan.waives
    for hold in holds:
        if hold.account_id in (None, subscription.account_id):
            reason = next((one for one in REASONS[HeldBy(hold.held_by)] if one in waives), None)
            if reason is not None:
                yield Interval(hold.placed_at, hold.lifted_at or FOR_EVER, reason.value)
    account = subscription.account
    if account is not None and account.expires_on is not None and WaiveReason.EXPIRED in waives:
        yield Interval(midnight(account.expires_on, zone), FOR_EVER, WaiveReason.EXPIRED.value)


def _whole_days(intervals: Sequence[Interval], zone: ZoneInfo, until: date) -> Iterator[tuple[date, str]]:
    """The days that lie in the intervals from midnight to midnight; of several reasons the earliest counts."""
    for without in _joined(intervals):
        day = without[0].since.astimezone(zone).date()
        end = max(one.until for one in without)
        while day < until and midnight(day + ONE_DAY, zone) <= end:
            begins = midnight(day, zone)
            reason = next((one.reason for one in without if one.since <= begins < one.until), None)
            if reason is not None:
                yield day, reason
            day += ONE_DAY


def _joined(intervals: Sequence[Interval]) -> Iterator[list[Interval]]:
    """Those that follow each other without a gap."""
    together: list[Interval] = []
    for one in sorted(intervals):
        if together and one.since > max(earlier.until for earlier in together):
            yield together
            together = []
        together.append(one)
    if together:
        yield together
