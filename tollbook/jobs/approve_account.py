"""Accounts that customers made and staff activate: what is seen to, and what is decided."""

from datetime import datetime

from django.db import transaction

from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import follow_products
from tollbook.customers.actors import Actor
from tollbook.customers.models import Account, AccountState, Approval
from tollbook.customers.operations.events import MAX_BY, tell
from tollbook.customers.operations.permits import demand_staff, lock_account
from tollbook.errors import BadInput
from tollbook.jobs.end_account import end_account
from tollbook.jobs.watch_funds import watch_when_committed

MAX_WHY = 500


@transaction.atomic
def tick(*, actor: Actor, account: Account, item: str, now: datetime) -> Approval:
    """Note that something of the checklist was seen to. Safe to repeat: who saw to it first stays.

    Raises:
        NotTheirs: it is not staff who say so.
        BadInput: nothing waits, or it is not on the list.
    """
    approval = _waiting(actor, account)
    found = next((one for one in approval.checklist if one["text"] == item), None)
    if found is None:
        known = "; ".join(one["text"] for one in approval.checklist) or "nothing"
        raise BadInput(f"{item!r} is not on the checklist of {account.code}; there is {known}")
    if not found["by"]:
        found["by"], found["at"] = actor.name[:MAX_BY], now.isoformat()
        approval.save(update_fields=["checklist"])
        tell(account, "checked", item, actor=actor, now=now)
    return approval


@transaction.atomic
def approve(*, actor: Actor, account: Account, why: str = "", now: datetime) -> Account:
    """Activate the account; its fees begin today.

    Raises:
        NotTheirs: it is not staff who say so.
        BadInput: nothing waits, or something of the checklist was not seen to.
    """
    approval = _waiting(actor, account)
    if missing := [one["text"] for one in approval.checklist if not one["by"]]:
        raise BadInput(f"{account.code}: not seen to yet: {'; '.join(missing)}; tick each that is, then approve")
    _decide(approval, actor, why, now, is_approved=True)
    account.state = AccountState.ACTIVE
    account.save(update_fields=["state"])
    tell(account, "approved", why, actor=actor, now=now)
    follow_products(account, on=today_of(account.customer, now), now=now)
    watch_when_committed(account.customer, now=now)
    return account


@transaction.atomic
def refuse(*, actor: Actor, account: Account, why: str, now: datetime) -> None:
    """Say no: the account ends, and its slot, code and numbers are free.

    Raises:
        NotTheirs: it is not staff who say so.
        BadInput: nothing waits.
    """
    approval = _waiting(actor, account)
    _decide(approval, actor, why, now, is_approved=False)
    tell(account, "refused", why, actor=actor, now=now)
    end_account(actor=actor, account=account, releases_numbers=True, why="refused", now=now)


def _waiting(actor: Actor, account: Account) -> Approval:
    demand_staff(actor, "activate accounts")
    lock_account(account)
    approval = Approval.objects.filter(account=account, decided_at=None).first()
    if approval is None:
        raise BadInput(f"account {account.code} is {account.state} and does not wait for anybody")
    return approval


def _decide(approval: Approval, actor: Actor, why: str, now: datetime, *, is_approved: bool) -> None:
    approval.is_approved, approval.decided_at = is_approved, now
    approval.decided_by, approval.why = actor.name[:MAX_BY], why[:MAX_WHY]
    approval.save()
