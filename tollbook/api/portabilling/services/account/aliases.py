"""Numbers that lead to an account, shown as the platform shows them: accounts of their own."""

from typing import Annotated

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing
from tollbook.api.portabilling.fields import Id, YesNo
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, Info, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.api.portabilling.shapes.account_info import ALIASES_FROM, AliasShown
from tollbook.api.portabilling.shapes.accounts import alias_shown, numbers_now
from tollbook.customers.actors import Realm
from tollbook.customers.models import Number
from tollbook.customers.operations.numbers import assign_number, release_number

Digits = Annotated[str, msgspec.Meta(pattern=r"^\+?[1-9][0-9]{2,17}$")]


class AliasesRequest(ListRequest):
    """Which account's numbers."""

    i_master_account: Id | None = None
    i_customer: Id | None = None
    id: str | None = None


class AliasGiven(Info, kw_only=True):
    """A number, and the account to which it leads."""

    i_master_account: Id
    id: Digits
    blocked: YesNo | None = None
    i_account_role: int | None = None
    realm: str | None = None


class AddAlias(Request, kw_only=True):
    """A number to put on an account."""

    alias_info: AliasGiven


class AliasNamed(Info, kw_only=True):
    """A number, by its digits or as an account."""

    id: Digits | None = None
    i_account: Id | None = None
    i_master_account: Id | None = None


class DeleteAlias(Request, kw_only=True):
    """A number to take off an account."""

    alias_info: AliasNamed


class Aliases(msgspec.Struct):
    """Numbers of a page."""

    alias_list: list[AliasShown]
    total: int | UnsetType = UNSET


class AliasMade(msgspec.Struct):
    """The number, as an account."""

    i_account: int


@method("Account/get_alias_list", realms=EVERYBODY)
def get_alias_list(caller: Caller, asked: AliasesRequest) -> Aliases:
    """List the numbers of an account, or of all accounts of a customer."""
    numbers = numbers_now(now=caller.now)
    if asked.i_master_account is not None or caller.realm is Realm.ACCOUNT:
        numbers = numbers.filter(account=caller.account(asked.i_master_account))
    else:
        numbers = numbers.filter(account__customer=caller.customer(asked.i_customer))
    if asked.id is not None:
        numbers = numbers.annotate(text=Cast("digits", TextField())).filter(like("text", asked.id))
    listed, total = page(caller, numbers, asked)
    return Aliases([alias_shown(one) for one in listed], total)


@method("Account/add_alias", realms=OWNERS, writes=True)
def add_alias(caller: Caller, asked: AddAlias) -> AliasMade:
    """Put a number on an account; customers only numbers that were given to them."""
    info = asked.alias_info
    if info.blocked == "Y":
        raise invalid(
            caller.method, "blocked", "a number alone is not blocked here; block its account, or take it off"
        )
    account = caller.account(info.i_master_account)
    digits = int(info.id.removeprefix("+"))
    number = assign_number(actor=caller.actor, account=account, digits=digits, now=caller.now)
    caller.made(f"account {account.pk}", {"alias": str(digits)})
    return AliasMade(ALIASES_FROM + number.pk)


@method("Account/delete_alias", realms=OWNERS, writes=True)
def delete_alias(caller: Caller, asked: DeleteAlias) -> Success:
    """Take a number off its account; it stays the customer's."""
    number = _named(caller, asked.alias_info)
    there = Number.objects.filter(pk=number.pk, active_until=None)
    look = {"alias": str(number.digits)}
    with caller.changing(f"account {number.account_id}", lambda: look if there.exists() else {}):
        release_number(actor=caller.actor, account=number.account, digits=number.digits, now=caller.now)
    return Success()


def _named(caller: Caller, info: AliasNamed) -> Number:
    numbers = numbers_now(now=caller.now).select_related("account__customer").filter(active_until=None)
    if caller.realm is not Realm.STAFF:
        numbers = numbers.filter(account__customer=caller.customer_id)
    if info.i_master_account is not None:
        numbers = numbers.filter(account=info.i_master_account)
    if info.id is not None:
        numbers = numbers.filter(digits=int(info.id.removeprefix("+")))
    if info.i_account is not None:
        numbers = numbers.filter(pk=info.i_account - ALIASES_FROM)
    if info.id is None and info.i_account is None:
        raise missing(caller.method, "id", "alias_info (or i_account)")
    if (found := numbers.first()) is None:
        raise not_there(caller, f"alias {info.id or info.i_account}")
    return found
