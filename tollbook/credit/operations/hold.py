"""Placing and lifting holds: who shall not call, and who says so."""

from datetime import datetime

from django.db import transaction

from tollbook.credit.models import HeldBy, Hold, SuspensionOrder
from tollbook.credit.operations.ask import ask
from tollbook.credit.queries import holds_of
from tollbook.customers.models import (
    Account,
    AccountEvent,
    AccountState,
    Approval,
    BlockedBy,
    Customer,
    CustomerState,
)
from tollbook.errors import BadInput

MAX_WHY = 500
STRONGEST_FIRST = (HeldBy.STAFF, HeldBy.CREDIT, HeldBy.CUSTOMER)


@transaction.atomic
def suspend(
    *,
    customer: Customer,
    account: Account | None = None,
    held_by: HeldBy = HeldBy.STAFF,
    manner: str = "",
    cuts_calls: bool | None = None,
    why: str = "",
    by: str,
    now: datetime,
) -> list[SuspensionOrder]:
    """Have a customer, or one of their accounts, not call; the orders that see to it.

    Safe to repeat: the same hold holds on, as said last. `manner` "" and `cuts_calls` None leave it to each
    connection's policy. The orders are carried out by `jobs.carry_out_orders`.

    Raises:
        BadInput: the account has ended.
    """
    if account is not None and account.state == AccountState.TERMINATED:
        raise BadInput(f"account {account.code} has ended; there is nothing to suspend")
    _lock(customer)
    Hold.objects.update_or_create(
        customer=customer,
        account=account,
        held_by=held_by,
        lifted_at=None,
        defaults={"manner": manner, "cuts_calls": cuts_calls, "why": why[:MAX_WHY]},
        create_defaults={
            "manner": manner,
            "cuts_calls": cuts_calls,
            "why": why[:MAX_WHY],
            "placed_by": by,
            "placed_at": now,
        },
    )
    show_holds(customer, by=by, why=why, now=now)
    return ask(customer, account=account, is_by_name=True, by=by, why=why, now=now)


@transaction.atomic
def resume(
    *,
    customer: Customer,
    account: Account | None = None,
    held_by: HeldBy = HeldBy.STAFF,
    all_holds: bool = False,
    why: str = "",
    by: str,
    now: datetime,
) -> list[SuspensionOrder]:
    """Lift a hold, or all of them; the orders that follow. Safe to repeat.

    What others hold stays suspended. A person who asks by name has it resumed even where it was not we who stopped
    it; credit control never does that.
    """
    _lock(customer)
    holding = Hold.objects.filter(customer=customer, account=account, lifted_at=None)
    if not all_holds:
        holding = holding.filter(held_by=held_by)
    holding.update(lifted_by=by, lifted_at=now, lifted_why=why[:MAX_WHY])
    show_holds(customer, by=by, why=why, now=now)
    return ask(customer, account=account, is_by_name=held_by == HeldBy.STAFF, by=by, why=why, now=now)


def show_holds(customer: Customer, *, by: str, why: str, now: datetime) -> None:
    """Let the states of the customer and of their accounts say what holds."""
    holds = holds_of(customer)
    if customer.state != CustomerState.CLOSED:
        is_held = any(hold.account_id is None for hold in holds)
        customer.state = CustomerState.SUSPENDED if is_held else CustomerState.OPEN
        customer.save(update_fields=["state"])
    for account in customer.accounts.exclude(state=AccountState.TERMINATED).select_for_update().order_by("pk"):
        held_by = {hold.held_by for hold in holds if hold.account_id == account.pk}
        blocked_by = next((one.value for one in STRONGEST_FIRST if one in held_by), "")
        if blocked_by and account.blocked_by != blocked_by:
            _set_state(account, AccountState.BLOCKED, blocked_by, by=by, why=why, now=now)
        elif not blocked_by and _was_held(account):
            _set_state(account, _state_without_holds(account), "", by=by, why=why, now=now)


def _was_held(account: Account) -> bool:
    """Whether it is blocked by a hold that is lifted now. What was blocked otherwise is not ours to free."""
    if account.state != AccountState.BLOCKED or account.blocked_by == BlockedBy.PLATFORM:
        return False
    return Hold.objects.filter(account=account, held_by=account.blocked_by).exists()


def _state_without_holds(account: Account) -> AccountState:
    """To lift a hold activates nobody who waits for staff."""
    waits = Approval.objects.filter(account=account, decided_at=None).exists()
    return AccountState.INACTIVE if waits else AccountState.ACTIVE


def _set_state(
    account: Account, state: AccountState, blocked_by: str, *, by: str, why: str, now: datetime
) -> None:
    account.state, account.blocked_by = state, blocked_by
    account.save(update_fields=["state", "blocked_by"])
    what = "blocked" if state == AccountState.BLOCKED else "unblocked"
    AccountEvent.objects.create(account=account, what=what, detail=why[:MAX_WHY], by=by[:150], at=now)


def _lock(customer: Customer) -> None:
    """Two who suspend or resume at once do it one after the other."""
    customer.refresh_from_db(from_queryset=Customer.objects.select_for_update())
