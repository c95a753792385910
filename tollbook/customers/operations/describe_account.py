"""What the records of an account look like at a platform, as somebody describes it: its marks, numbers and tenant."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tollbook.connections.models import Connection
from tollbook.connectors.base import AccountMarks, Feature
from tollbook.connectors.registry import connector_class
from tollbook.customers.linked_accounts import holds_at, read_numbers
from tollbook.customers.models import Account, AccountEvent, AccountMark, MarkKind, Number, Pairing
from tollbook.customers.operations.claim_numbers import Claim, claim_numbers
from tollbook.customers.operations.pair import pair
from tollbook.database import lock_table
from tollbook.errors import BadInput
from tollbook.phone import NumberRules

Mark = tuple[str, str, str]  # kind, tenant, value


@dataclass(slots=True)
class Described:
    """What became of a description."""

    account: str
    new: list[str] = field(default_factory=list)  # marks, numbers, a pairing
    unchanged: int = 0
    kept: list[str] = field(default_factory=list)  # marks the account has there and the description does not name
    elsewhere: list[str] = field(
        default_factory=list
    )  # numbers on another account of the customer, where they stay


class MarkTaken(BadInput):
    """A mark is another account's."""

    def __init__(self, mark: AccountMark, connection: Connection) -> None:
        self.mark, other = mark, mark.account
        super().__init__(
            f"{connection.name}: {mark.kind} {mark.value} is a mark of account {other.code} of "
            f"{other.customer.code}; end it first (`tollbook accounts unmark {other.code} {connection.quoted} "
            f"{mark.value}`)"
        )


@transaction.atomic
def describe_account(
    *,
    account: Account,
    connection: Connection,
    marks: AccountMarks,
    by: str,
    now: datetime,
    since: datetime | None = None,
) -> Described:
    """Give the account these marks and numbers from `since` on (null = always), and pair its customer with the tenant.

    Safe to repeat. Marks that it has there already and that are not named stay, and are reported.

    Raises:
        MarkTaken: a mark is another account's.
        BadInput: a number cannot be read, a number or the tenant is another customer's.
    """
    lock_table(AccountMark._meta.db_table)
    report = Described(account.code)
    _pair(account, connection, marks.tenant, by=by, now=now, since=since, report=report)
    _mark(account, connection, list(_wanted(marks)), since, report)
    _number(account, connection, marks.numbers, since, now, report)
    if report.new:
        detail = f"{connection.name}: {', '.join(report.new)}"[:500]
        AccountEvent.objects.create(account=account, what="described", detail=detail, by=by, at=now)
    return report


@transaction.atomic
def end_mark(*, account: Account, connection: Connection, value: str, by: str, now: datetime, at: datetime) -> int:
    """End the account's marks of this value at the connection, from `at` on; how many they were. One that would end
    before it began goes altogether.

    Raises:
        BadInput: the account has no such mark; those it has are named.
    """
    lock_table(AccountMark._meta.db_table)
    marks = account.marks.filter(Q(active_until=None) | Q(active_until__gt=at), connection=connection)
    ended = list(marks.filter(value=value))
    if not ended:
        there = ", ".join(sorted(mark.value for mark in marks)) or "none"
        raise BadInput(f"account {account.code} has no mark {value!r} at {connection.name}; it has {there}")
    for mark in ended:
        if mark.active_from is not None and mark.active_from >= at:
            mark.delete()
        else:
            mark.active_until = at
            mark.save(update_fields=["active_until"])
    detail = f"{connection.name}: {value} is no mark of it from {at:%Y-%m-%d %H:%M} UTC on"
    AccountEvent.objects.create(account=account, what="mark ended", detail=detail[:500], by=by, at=now)
    return len(ended)


def _wanted(marks: AccountMarks) -> Iterator[Mark]:
    yield from ((MarkKind.ACCOUNT.value, "", value) for value in marks.accounts)
    yield from ((MarkKind.TRUNK.value, "", value) for value in marks.trunks)
    yield from ((MarkKind.TEXT.value, marks.tenant, value.strip().lower()) for value in marks.texts)
    yield from ((MarkKind.LINK.value, "", value) for value in marks.links)


def _pair(
    account: Account,
    connection: Connection,
    tenant: str,
    *,
    by: str,
    now: datetime,
    since: datetime | None,
    report: Described,
) -> None:
    if not tenant or Feature.CUSTOMERS not in connector_class(connection.kind).offers:
        return
    of_both = Pairing.objects.filter(connection=connection, foreign_id=tenant, customer=account.customer)
    if of_both.filter(active_until=None).exists():
        report.unchanged += 1
        return
    pair(
        customer=account.customer,
        connection=connection,
        foreign=tenant,
        by=by,
        why=f"account {account.code} is described as one of theirs",
        now=now,
        active_from=since,
    )
    report.new.append(f"{account.customer.code} is {tenant}")


def _mark(
    account: Account, connection: Connection, wanted: list[Mark], since: datetime | None, report: Described
) -> None:
    open_marks = AccountMark.objects.filter(
        holds_at(since) if since else Q(active_until=None), connection=connection
    )
    values = {value for _, _, value in wanted}
    there = {
        (mark.kind, mark.tenant, mark.value): mark
        for mark in open_marks.filter(Q(value__in=values) | Q(account=account)).select_related("account__customer")
    }
    for key in wanted:
        holder = there.pop(key, None)
        if holder is None:
            kind, tenant, value = key
            AccountMark.objects.create(
                account=account, connection=connection, kind=kind, tenant=tenant, value=value, active_from=since
            )
            report.new.append(f"{kind} {value}")
        elif holder.account_id == account.pk:
            report.unchanged += 1
        else:
            raise MarkTaken(holder, connection)
    report.kept = sorted(f"{mark.kind} {mark.value}" for mark in there.values() if mark.account_id == account.pk)


def _number(
    account: Account,
    connection: Connection,
    numbers: tuple[str, ...],
    since: datetime | None,
    now: datetime,
    report: Described,
) -> None:
    digits, unreadable = read_numbers(numbers, NumberRules.from_mapping(connection.number_rules))
    for text in numbers:
        if text in unreadable or text not in digits:
            raise BadInput(
                f"{connection.name}: number {text!r} of account {account.code} cannot be read as E.164; write it with "
                f"its country code, or give the connection its country "
                f"(`tollbook connection add {connection.quoted} --change --country CA`)"
            )
    if not digits:
        return
    lock_table(Number._meta.db_table)
    claims = [Claim(account, number, since) for number in sorted(set(digits.values()))]
    given, taken = claim_numbers(claims, now=now)
    for one in taken:
        holder = one.holder
        if holder.customer_id != account.customer_id:
            raise BadInput(
                f"+{one.claim.digits} is on account {holder.code} of {holder.customer.code} at that time; end it "
                "there first"
            )
        # A tenant's main number is written into all of its services; it rings at one of them.
        report.elsewhere.append(f"+{one.claim.digits} is on {holder.code}")
    report.new += [f"+{number.digits}" for number in given]
    report.unchanged += len(claims) - len(given) - len(taken)
