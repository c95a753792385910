"""Numbers of the operator's: put into stock, given to customers, and put on their accounts as aliases, over time."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from tollbook.customers.account_facts import read_texts
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.errors import DuplicateCode, NotTheirs, NumberNotYours, NumberTaken
from tollbook.customers.models import (
    Account,
    AccountEvent,
    Customer,
    CustomerEvent,
    Number,
    NumberGrant,
    StockNumber,
)
from tollbook.customers.operations.claim_numbers import end_numbers
from tollbook.customers.operations.events import MAX_BY, account_event
from tollbook.customers.operations.permits import demand_account, demand_open, lock_account, lock_customer
from tollbook.errors import BadInput

MIN_NUMBER, MAX_NUMBER = 10, 10**18 - 1  # short ones exist: services of an operator's own
ROWS_PER_STATEMENT = 5_000


@transaction.atomic
def add_to_stock(
    *,
    digits: int,
    by: str,  # noqa: ARG001  said with every deed; what is nobody's has no history
    now: datetime,
    **facts: Any,
) -> StockNumber:
    """Put a number of the operator's into stock. `facts`: description, country, is_frozen, details.

    Raises:
        DuplicateCode: it is there already.
        BadInput: it is no number, or a fact is none.
    """
    if not MIN_NUMBER <= digits <= MAX_NUMBER:
        raise BadInput(f"{digits} is not a number; write country code and number, as 12094555948")
    fields = _stock_facts(facts)
    if StockNumber.objects.filter(digits=digits).exists():
        raise DuplicateCode(f"+{digits} is in stock already; see `tollbook numbers list`")
    try:
        with transaction.atomic():
            return StockNumber.objects.create(digits=digits, added_at=now, **fields)
    except IntegrityError:
        raise DuplicateCode(f"+{digits} is in stock already; see `tollbook numbers list`") from None


@transaction.atomic
def change_stock(*, number: StockNumber, **facts: Any) -> StockNumber:
    """Say something else of a number in stock: description, country, is_frozen, details.

    Raises:
        BadInput: a fact is none.
        NumberTaken: somebody has a number that is to be frozen.
    """
    _lock_number(number)
    fields = _stock_facts(facts)
    if fields.get("is_frozen") and (grant := _grant_of(number)):
        raise NumberTaken(f"+{number.digits} is given to {grant.customer.code}; take it back first")
    for name, value in fields.items():
        setattr(number, name, value)
    number.save(update_fields=list(fields))
    return number


@transaction.atomic
def give_number(*, number: StockNumber, customer: Customer, by: str, now: datetime) -> NumberGrant:
    """Give a number to a customer, whose accounts may have it from now on. For staff alone. Safe to repeat.

    Raises:
        NumberTaken: another customer has it.
        BadInput: it is frozen, or the customer is closed.
    """
    lock_customer(customer)
    demand_open(customer)
    _lock_number(number)
    if grant := _grant_of(number):
        if grant.customer_id == customer.pk:
            return grant
        raise NumberTaken(f"+{number.digits} is given to {grant.customer.code}; take it back first")
    if number.is_frozen:
        raise BadInput(f"+{number.digits} is frozen, so nobody is given it; release it first")
    holders = _held(number.digits, now).exclude(account__customer=customer)
    if holder := holders.first():
        raise NumberTaken(
            f"+{number.digits} is on account {holder.account.code} of {holder.account.customer.code}; release it there"
        )
    _note(customer, "number_given", number.digits, by, now)
    return NumberGrant.objects.create(number=number, customer=customer, active_from=now)


@transaction.atomic
def take_back_number(*, number: StockNumber, by: str, now: datetime) -> None:
    """Put a number back into stock. For staff alone. Safe to repeat.

    Raises:
        NumberTaken: it is on an account.
    """
    grant = _grant_of(number)
    if grant is not None:
        lock_customer(grant.customer)
    _lock_number(number)
    if holder := _held(number.digits, now).first():
        raise NumberTaken(f"+{number.digits} is on account {holder.account.code}; release it there first")
    if grant is not None:
        end_grants([grant], by=by, now=now)


def end_grants(grants: Sequence[NumberGrant], *, by: str, now: datetime) -> None:
    """Numbers go back into stock; part of the transaction that is open."""
    for grant in grants:
        if grant.active_from >= now:
            grant.delete()
        else:
            grant.active_until = now
            grant.save(update_fields=["active_until"])
        _note(grant.customer, "number_taken_back", grant.number.digits, by, now)


@transaction.atomic
def assign_number(*, actor: Actor, account: Account, digits: int, now: datetime) -> Number:
    """Put a number on an account, as an alias, from now on. Safe to repeat.

    Staff may put any number on it that nobody else has; one that is in stock is given to the customer by that.

    Raises:
        NumberNotYours: it was not given to the customer.
        NumberTaken: it is on another account; whose is said to those who may know.
        NotTheirs, BlockedByStaff, BadInput: as `demand_account`; accounts may not do it at all.
    """
    lock_account(account)
    demand_account(actor, account)
    _demand_manager(actor)
    if held := Number.objects.filter(account=account, digits=digits, active_until=None).first():
        return held
    return put_numbers(actor=actor, pairs=[(account, digits)], customer=account.customer, now=now)[0]


def put_numbers(
    *, actor: Actor, customer: Customer, pairs: Sequence[tuple[Account, int]], now: datetime
) -> list[Number]:
    """Put numbers on accounts of one customer; part of the transaction that is open, in which they are locked.

    Raises:
        NumberNotYours, NumberTaken: as `assign_number`.
    """
    wanted = [digits for _, digits in pairs]
    if len(set(wanted)) < len(wanted):
        twice = next(digits for digits in wanted if wanted.count(digits) > 1)
        raise NumberTaken(f"+{twice} is named twice; a number is on one account")
    _demand_given(actor, customer, wanted, now)
    numbers = [
        Number(account=account, digits=digits, active_from=_begin(account, now)) for account, digits in pairs
    ]
    _demand_free(actor, customer, numbers)
    try:
        with transaction.atomic():
            made = Number.objects.bulk_create(numbers, batch_size=ROWS_PER_STATEMENT)
    except IntegrityError:
        raise NumberTaken("one of the numbers has just been put on another account; try again") from None
    events = (account_event(one.account, "number_added", f"+{one.digits}", actor=actor, now=now) for one in made)
    AccountEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)
    return made


@transaction.atomic
def release_number(*, actor: Actor, account: Account, digits: int, now: datetime) -> None:
    """Take a number off an account from now on; the customer keeps it.

    Raises:
        NumberNotYours: it is not on the account.
        NotTheirs, BlockedByStaff: as `assign_number`.
    """
    lock_account(account)
    if not actor.is_staff:  # staff may release what an account that has ended still holds
        demand_account(actor, account)
    _demand_manager(actor)
    number = Number.objects.filter(account=account, digits=digits, active_until=None).first()
    if number is None:
        raise NumberNotYours(f"+{digits} is not on account {account.code}; see which numbers it has")
    release([number], actor=actor, now=now)


def release(numbers: Iterable[Number], *, actor: Actor, now: datetime) -> None:
    """End numbers on their accounts; part of the transaction that is open."""
    numbers = list(numbers)
    end_numbers([(number, now) for number in numbers])
    for number in numbers:
        account_event(number.account, "number_ended", f"+{number.digits}", actor=actor, now=now).save()


def numbers_given(customer: Customer, digits: Collection[int] | None = None) -> set[int]:
    """The numbers that were given to the customer; all, or those of these."""
    grants = NumberGrant.objects.filter(customer=customer, active_until=None)
    if digits is not None:
        grants = grants.filter(number__digits__in=digits)
    return set(grants.values_list("number__digits", flat=True))


def holders(digits: Collection[int], *, since: datetime | None) -> dict[int, Number]:
    """Who has these numbers at that moment or later, by number; the first who has it. `since` None = ever."""
    later = Q() if since is None else Q(active_until=None) | Q(active_until__gt=since)
    held = Number.objects.filter(later, digits__in=digits).select_related("account__customer")
    return {one.digits: one for one in held.order_by("digits", "-active_from")}


def where_held(held: Number, actor: Actor, customer: Customer) -> str:
    """Where a number is, as much as the actor may know who asks for that customer."""
    if actor.is_staff:
        return f"on account {held.account.code} of {held.account.customer.code}"
    return (
        f"on your account {held.account.code}" if held.account.customer_id == customer.pk else "in use elsewhere"
    )


def _demand_given(actor: Actor, customer: Customer, digits: Sequence[int], now: datetime) -> None:
    """Customers may use what was given to them; what staff use of the stock is given by that."""
    missing = sorted(set(digits) - numbers_given(customer, digits))
    if missing and not actor.is_staff:
        raise NumberNotYours(f"+{missing[0]} is not one of your numbers; choose one that you were given")
    for number in StockNumber.objects.filter(digits__in=missing).order_by("digits"):
        give_number(number=number, customer=customer, by=actor.name, now=now)


def _demand_free(actor: Actor, customer: Customer, numbers: Sequence[Number]) -> None:
    since = {number.digits: number.active_from for number in numbers}
    for begins in set(since.values()):
        wanted = [digits for digits, begin in since.items() if begin == begins]
        for other in holders(wanted, since=begins).values():
            where = where_held(other, actor, customer)
            raise NumberTaken(f"+{other.digits} is {where}; release it there first, or choose another one")


def _begin(account: Account, now: datetime) -> datetime | None:
    """From now on; on an account that is just being made, from its beginning."""
    return account.active_from if account.created_at == now else now


def _demand_manager(actor: Actor) -> None:
    if actor.realm is Realm.ACCOUNT:
        raise NotTheirs("numbers are put on accounts by whoever manages all of them; ask them")


def _held(digits: int, now: datetime) -> Any:
    held = Number.objects.filter(Q(active_until=None) | Q(active_until__gt=now), digits=digits)
    return held.select_related("account__customer")


def _grant_of(number: StockNumber) -> NumberGrant | None:
    return number.grants.filter(active_until=None).select_related("customer").first()


def _lock_number(number: StockNumber) -> None:
    number.refresh_from_db(from_queryset=StockNumber.objects.select_for_update(no_key=True))


def _note(customer: Customer, what: str, digits: int, by: str, now: datetime) -> None:
    CustomerEvent.objects.create(customer=customer, what=what, detail=f"+{digits}", by=by[:MAX_BY], at=now)


STOCK_FACTS = ("description", "country", "is_frozen", "details")


def _stock_facts(facts: dict[str, Any]) -> dict[str, Any]:
    for name in facts:
        if name not in STOCK_FACTS:
            raise BadInput(f"a number in stock has no {name!r}; there are {', '.join(STOCK_FACTS)}")
    return read_texts(StockNumber, facts)
