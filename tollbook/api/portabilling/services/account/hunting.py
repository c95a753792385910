"""Whether an account is rung by the hunt groups it is in."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from django.db.models import QuerySet

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import EVERYBODY, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.customers.models import Account, HuntGroupMember
from tollbook.customers.operations.permits import demand_account, lock_account

Groups = Annotated[list[Id], msgspec.Meta(max_length=1_000)]


class Rung(Request):
    """By which groups the account shall be rung, and by which not; it stays a member."""

    i_account: Id | None = None
    subscribe: Groups | None = None
    unsubscribe: Groups | None = None


@method("Account/update_huntgroups_subscription", realms=EVERYBODY, writes=True)
def update_huntgroups_subscription(caller: Caller, asked: Rung) -> Success:
    """Have an account rung, or not rung, by hunt groups it is a member of."""
    account = caller.account(asked.i_account)
    lock_account(account)
    demand_account(caller.actor, account)
    members = HuntGroupMember.objects.filter(extension__account=account)
    with caller.changing(f"account {account.pk}", lambda: {"rung by": _rung_by(account)}):
        _set(caller, members, asked.subscribe or [], is_active=True)
        _set(caller, members, asked.unsubscribe or [], is_active=False)
    return Success()


def _set(caller: Caller, members: QuerySet[HuntGroupMember], groups: Sequence[int], *, is_active: bool) -> None:
    known = set(members.values_list("group_id", flat=True))
    for number in groups:
        if number not in known:
            raise not_there(caller, f"hunt group {number} with this account in it")
    members.filter(group__in=groups).update(is_active=is_active)


def _rung_by(account: Account) -> list[int]:
    rung = HuntGroupMember.objects.filter(extension__account=account, is_active=True)
    return sorted(rung.values_list("group_id", flat=True))
