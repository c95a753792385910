"""Numbers (DIDs): in stock, given to customers, on their accounts. Customers see and use those they were given."""

from typing import Annotated, Any

import msgspec
from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import missing
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import OWNERS, STAFF, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.api.portabilling.shapes.numbers import NumberInfo, number_infos, on_accounts
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Number, NumberGrant, StockNumber
from tollbook.customers.operations.numbers import (
    assign_number,
    change_stock,
    give_number,
    release_number,
    take_back_number,
)

Usage = Annotated[str, msgspec.Meta(pattern="^[IUFAZ]$")]


class NumberListRequest(ListRequest, kw_only=True):
    """Filters of the list of numbers."""

    number: str | None = None
    i_did_number: Id | None = None
    i_customer: Id | None = None
    available_to_customer: Id | None = None
    usage: Usage | None = None
    i_dv_batch: Id | None = None
    i_group: Id | None = None
    i_vendor: Id | None = None


class NumberList(msgspec.Struct, kw_only=True):
    """Numbers of a page, in their order."""

    number_list: list[NumberInfo]
    total: int | UnsetType = UNSET


class NumberRequest(Request, kw_only=True):
    """Which number, by one of these."""

    i_did_number: Id | None = None
    number: str | None = None


class NumberAnswer(msgspec.Struct, kw_only=True):
    """The number; nothing when there is none."""

    number_info: NumberInfo | UnsetType = UNSET


@method("DID/get_number_list", realms=OWNERS)
def get_number_list(caller: Caller, asked: NumberListRequest) -> NumberList:
    """List numbers; a customer sees those they were given."""
    numbers = _usage(_visible(caller), asked.usage or "A", caller)
    if (whose := caller.own_customer_id(asked.i_customer)) is not None:
        numbers = numbers.filter(_given_to(whose))
    if (whom := asked.available_to_customer) is not None:
        caller.own_customer_id(whom)
        idle = ~_given() & Q(is_frozen=False) if caller.realm is Realm.STAFF else Q(pk__in=[])
        numbers = numbers.filter(idle | _given_to(whom)).exclude(_on_account(caller))
    numbers = numbers.filter(like(Cast(F("digits"), TextField()), asked.number and asked.number.lstrip("+")))
    if asked.i_did_number is not None:
        numbers = numbers.filter(pk=asked.i_did_number)
    if (asked.i_dv_batch, asked.i_group, asked.i_vendor) != (None, None, None):
        numbers = numbers.none()  # there are no batches, groups or vendors of numbers here
    rows, total = page(caller, numbers.order_by("digits"), asked)
    return NumberList(number_list=number_infos(rows, now=caller.now), total=total)


@method("DID/get_number_info", realms=OWNERS)
def get_number_info(caller: Caller, asked: NumberRequest) -> NumberAnswer:
    """Show one number."""
    rows = list(_chosen(caller, asked)[:1])
    return NumberAnswer(number_info=number_infos(rows, now=caller.now)[0]) if rows else NumberAnswer()


class CustomerNumbersRequest(ListRequest, kw_only=True):
    """Whose numbers, or on which account."""

    i_customer: Id | None = None
    i_account: Id | None = None


@method("DID/get_customer_numbers", realms=OWNERS)
def get_customer_numbers(caller: Caller, asked: CustomerNumbersRequest) -> NumberList:
    """List the numbers that a customer was given, or those on one of their accounts."""
    if asked.i_account is not None:
        account = caller.account(asked.i_account)
        held = Number.objects.filter(on_accounts(caller.now), account=account)
        numbers = StockNumber.objects.filter(digits__in=held.values("digits"))
    else:
        numbers = StockNumber.objects.filter(_given_to(caller.customer(asked.i_customer).pk))
    rows, total = page(caller, numbers.order_by("digits"), asked)
    return NumberList(number_list=number_infos(rows, now=caller.now), total=total)


class ToCustomer(Request, kw_only=True):
    """Which number to whom."""

    i_customer: Id
    i_did_number: Id


@method("DID/assign_did_to_customer", realms=(STAFF,), writes=True)
def assign_did_to_customer(caller: Caller, asked: ToCustomer) -> Success:
    """Give a number to a customer."""
    number = _number(caller, NumberRequest(i_did_number=asked.i_did_number))
    customer = caller.customer(asked.i_customer)
    with caller.changing(f"number {number.digits}", lambda: look(number, caller)):
        give_number(number=number, customer=customer, by=caller.actor.name, now=caller.now)
    return Success()


class ToAccount(Request, kw_only=True):
    """Which number to which account."""

    i_master_account: Id
    i_did_number: Id


@method("DID/assign_did_to_account", realms=OWNERS, writes=True)
def assign_did_to_account(caller: Caller, asked: ToAccount) -> Success:
    """Put a number on an account, as an alias."""
    account = caller.account(asked.i_master_account)
    number = _number(caller, NumberRequest(i_did_number=asked.i_did_number))
    with caller.changing(f"number {number.digits}", lambda: look(number, caller)):
        assign_number(actor=caller.actor, account=account, digits=number.digits, now=caller.now)
    return Success()


@method("DID/reserve_number", realms=(STAFF,), writes=True)
def reserve_number(caller: Caller, asked: NumberRequest) -> Success:
    """Freeze an idle number: nobody is given it until it is released."""
    number = _number(caller, asked)
    with caller.changing(f"number {number.digits}", lambda: look(number, caller)):
        change_stock(number=number, is_frozen=True)
    return Success()


@method("DID/release_number", realms=OWNERS, writes=True)
def release(caller: Caller, asked: NumberRequest) -> Success:
    """Take a number off its account; by staff also from its customer, so that it is idle again."""
    number = _number(caller, asked)
    with caller.changing(f"number {number.digits}", lambda: look(number, caller)):
        held = Number.objects.filter(digits=number.digits, active_until=None).select_related("account").first()
        if held is not None:
            release_number(
                actor=caller.actor, account=_reached(caller, held), digits=number.digits, now=caller.now
            )
        if caller.realm is Realm.STAFF:
            take_back_number(number=number, by=caller.actor.name, now=caller.now)
            change_stock(number=number, is_frozen=False)
    return Success()


def _reached(caller: Caller, held: Number) -> Account:
    """The account that has the number, if the caller may reach it."""
    return caller.account(held.account_id)


def look(number: StockNumber, caller: Caller) -> dict[str, Any]:
    """How a number stands, for the audit."""
    (shown,) = number_infos([StockNumber.objects.get(pk=number.pk)], now=caller.now)
    return {
        name: getattr(shown, name) for name in ("usage", "customer_name", "account_id", "description", "frozen")
    }


def _number(caller: Caller, asked: NumberRequest) -> StockNumber:
    found = _chosen(caller, asked).first()
    if found is None:
        raise not_there(caller, f"number {asked.i_did_number or asked.number}")
    return found


def _chosen(caller: Caller, asked: NumberRequest) -> QuerySet[StockNumber]:
    if asked.i_did_number is not None:
        return _visible(caller).filter(pk=asked.i_did_number)
    if asked.number is None:
        raise missing(caller.method, "i_did_number")
    digits = asked.number.strip().lstrip("+")
    return _visible(caller).filter(digits=int(digits)) if _is_number(digits) else StockNumber.objects.none()


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 18


def _visible(caller: Caller) -> QuerySet[StockNumber]:
    if caller.realm is Realm.STAFF:
        return StockNumber.objects.all()
    return StockNumber.objects.filter(_given_to(caller.customer_id or 0))


def _given() -> Q:
    return Q(Exists(NumberGrant.objects.filter(number=OuterRef("pk"), active_until=None)))


def _given_to(customer_id: int) -> Q:
    return Q(Exists(NumberGrant.objects.filter(number=OuterRef("pk"), customer=customer_id, active_until=None)))


def _on_account(caller: Caller) -> Q:
    return Q(Exists(Number.objects.filter(on_accounts(caller.now), digits=OuterRef("digits"))))


def _usage(numbers: QuerySet[StockNumber], letter: str, caller: Caller) -> QuerySet[StockNumber]:
    """I idle: neither customer nor account. U on an account. F not on one. Z frozen. A all."""
    match letter:
        case "I":
            return numbers.exclude(_given() | _on_account(caller))
        case "U":
            return numbers.filter(_on_account(caller))
        case "F":
            return numbers.exclude(_on_account(caller))
        case "Z":
            return numbers.filter(is_frozen=True)
    return numbers
