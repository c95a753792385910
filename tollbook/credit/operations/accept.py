"""Taking over what a platform says, although it was brought to something else."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tollbook.credit.models import Hold, OrderState, SuspensionOrder, Wanted
from tollbook.credit.operations.hold import show_holds
from tollbook.credit.operations.settle import JOB, note, supersede
from tollbook.credit.queries import current_orders
from tollbook.customers.models import AccountEvent, AccountState, BlockedBy, Customer


@transaction.atomic
def accept_as_found(order: SuspensionOrder, found: str, *, now: datetime) -> bool:
    """Let what is wanted follow the platform: the hold is lifted, or the account is blocked by the platform.

    False: it cannot be, because the hold stands for more than this one thing, and the rest is stopped still.
    """
    customer = order.customer
    customer.refresh_from_db(from_queryset=Customer.objects.select_for_update())
    order.refresh_from_db(from_queryset=SuspensionOrder.objects.select_for_update())
    if order.state != OrderState.DONE:
        return False
    if order.wanted == Wanted.ACTIVE:
        _block(order, found, now)
        _follow(order, Wanted.SUSPENDED, found, now)
        return True
    holds = Hold.objects.filter(Q(account=None) | Q(account=order.account), customer=customer, lifted_at=None)
    others = current_orders().filter(customer=customer).exclude(pk=order.pk).exclude(wanted=Wanted.ACTIVE)
    if not holds.filter(account=None).exists():
        others = others.filter(account=order.account)
    if others.exists():
        return False
    holds.update(lifted_by=JOB, lifted_at=now, lifted_why=found[:500])
    show_holds(customer, by=JOB, why=found, now=now)
    _follow(order, Wanted.ACTIVE, found, now)
    return True


def _block(order: SuspensionOrder, found: str, now: datetime) -> None:
    account = order.account
    if account is not None and account.state == AccountState.ACTIVE:
        account.state, account.blocked_by = AccountState.BLOCKED, BlockedBy.PLATFORM
        account.save(update_fields=["state", "blocked_by"])
        AccountEvent.objects.create(account=account, what="blocked", detail=found[:500], by=JOB, at=now)


def _follow(order: SuspensionOrder, wanted: Wanted, found: str, now: datetime) -> None:
    """What is wanted now is what was found."""
    supersede(order, by=JOB, why=f"accepted as found: {found}", now=now)
    followed = SuspensionOrder.objects.create(
        connection=order.connection,
        target=order.target,
        foreign_id=order.foreign_id,
        customer=order.customer,
        account=order.account,
        wanted=wanted,
        keeps_emergency=True if wanted == Wanted.ACTIVE else None,
        state=OrderState.DONE,
        asked_by=JOB,
        asked_at=now,
        why="accepted as found",
        was_so=True,
        read_state=order.read_state,
        read_word=order.read_word,
        read_at=now,
        settled_at=now,
    )
    note(followed, "accepted", found, now=now)
