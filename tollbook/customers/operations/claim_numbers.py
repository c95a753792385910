"""Numbers given to accounts as a platform says: as far back as nobody else had them, never taken from anybody."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tollbook.customers.models import Account, Number
from tollbook.customers.number_plan import EVER, NEVER_ENDS

ROWS_PER_STATEMENT = 5_000
A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number for an account in `[since, until)`; null is an open begin or end."""

    account: Account
    digits: int
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A number that somebody else has at that time."""

    claim: Claim
    holder: Account


def claim_numbers(claims: Sequence[Claim], *, now: datetime) -> tuple[list[Number], list[Taken]]:
    """Give the numbers that are free; part of the transaction that is open, which has locked them.

    A number that was somebody else's before `now` begins when theirs ended. What the account has already is left
    as it is.
    """
    holdings: defaultdict[int, list[Number]] = defaultdict(list)
    held = Number.objects.filter(digits__in={claim.digits for claim in claims})
    for number in held.select_related("account__customer"):
        holdings[number.digits].append(number)
    given: list[Number] = []
    taken: list[Taken] = []
    for claim in claims:
        period = _free_period(claim, holdings[claim.digits], now)
        if isinstance(period, Account):
            taken.append(Taken(claim, period))
        elif period is not None:
            since, until = period
            number = Number(account=claim.account, digits=claim.digits, active_from=since, active_until=until)
            holdings[claim.digits].append(number)
            given.append(number)
    return Number.objects.bulk_create(given, batch_size=ROWS_PER_STATEMENT), taken


def _free_period(
    claim: Claim, holdings: Iterable[Number], now: datetime
) -> tuple[datetime | None, datetime | None] | Account | None:
    """The period, or who has it then, or nothing when the account has it already or no time is left."""
    since, end = claim.since, claim.until or NEVER_ENDS
    for holding in sorted(holdings, key=lambda one: one.active_from or EVER):
        begun, ended = holding.active_from or EVER, holding.active_until or NEVER_ENDS
        if ended <= (since or EVER) or begun >= end:
            continue
        if ended <= now:
            since = ended
        else:
            return None if holding.account_id == claim.account.pk else holding.account
    return (since, claim.until) if (since or EVER) < end else None


def end_numbers(numbers: Iterable[tuple[Number, datetime]]) -> None:
    """End each at its moment. One that begins no earlier was never held, and goes."""
    by_moment: defaultdict[datetime, list[int]] = defaultdict(list)
    never_held = []
    for number, moment in numbers:
        if number.active_from is not None and number.active_from >= moment:
            never_held.append(number.pk)
        else:
            by_moment[moment].append(number.pk)
    Number.objects.filter(pk__in=never_held).delete()
    for moment, pks in by_moment.items():
        Number.objects.filter(pk__in=pks).update(active_until=moment)


def end_of(active_from: datetime | None, moment: datetime) -> datetime:
    """When something ends that ends at `moment`: never before it began."""
    return moment if active_from is None or active_from < moment else active_from + A_MOMENT
