"""Ending accounts, for good: what they had is free again, and their record stays."""

from datetime import datetime, timedelta

from django.db import transaction

from tollbook.access.operations import remove_logins_of
from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import follow_products
from tollbook.credit.permits import demand_unheld
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.errors import NotTheirs
from tollbook.customers.models import (
    Account,
    AccountMark,
    AccountProduct,
    AccountState,
    Approval,
    Extension,
    FormerCode,
    Number,
)
from tollbook.customers.operations.claim_numbers import end_of
from tollbook.customers.operations.events import MAX_BY, tell
from tollbook.customers.operations.extensions import free_extension
from tollbook.customers.operations.numbers import release
from tollbook.customers.operations.permits import demand_account, lock_account

ONE_DAY = timedelta(days=1)
MAX_CODE = 64


@transaction.atomic
def terminate_account(
    *, actor: Actor, account: Account, releases_numbers: bool = True, why: str = "", now: datetime
) -> None:
    """End an account for good. Its slot, extension, places in hunt groups, logins and code are free at once.

    It is called `code-old000` from then on (`-old001` …); usage from before that names its code is still found to be
    its. The day on which it ends is paid for. `releases_numbers` false: nobody else gets them before they are released.

    Raises:
        BlockedByStaff: staff blocked it, and it is not staff who ask.
        NotTheirs: it is not the actor's, or an account asks.
        BadInput: it has ended already.
    """
    lock_account(account)
    demand_account(actor, account)
    if actor.realm is Realm.ACCOUNT:
        raise NotTheirs("accounts are ended by whoever manages all of them; ask them")
    demand_unheld(actor, account.customer, account)
    end_account(actor=actor, account=account, releases_numbers=releases_numbers, why=why, now=now)


def end_account(*, actor: Actor, account: Account, releases_numbers: bool, why: str, now: datetime) -> None:
    """What `terminate_account` does once it is allowed; part of the transaction that is open."""
    if releases_numbers:
        release(Number.objects.filter(account=account, active_until=None), actor=actor, now=now)
    if extension := Extension.objects.filter(account=account).select_related("customer").first():
        free_extension(extension, actor=actor, now=now)
    until = end_of(account.active_from, now)
    for rows in (AccountProduct.objects, AccountMark.objects):
        for row in rows.filter(account=account, active_until=None):
            row.active_until = end_of(row.active_from, now)
            row.save(update_fields=["active_until"])
    was = account.code
    account.code = _free_code(was)
    account.state, account.blocked_by = AccountState.TERMINATED, ""
    account.active_until = min(account.active_until or until, until)
    account.save(update_fields=["code", "state", "blocked_by", "active_until"])
    # Nobody waits for staff any more.
    Approval.objects.filter(account=account, decided_at=None).update(
        is_approved=False, decided_at=now, decided_by=actor.name[:MAX_BY], why="it ended"
    )
    FormerCode.objects.create(account=account, code=was, until=now)
    remove_logins_of(account, by=actor.name, now=now)
    detail = f"was {was}, is {account.code} from now on" + (f": {why}" if why else "")
    tell(account, "terminated", detail, actor=actor, now=now)
    tomorrow = today_of(account.customer, now) + ONE_DAY
    follow_products(account, on=tomorrow, now=now)


def _free_code(code: str) -> str:
    """As the account is called once it has ended."""
    base = f"{code[: MAX_CODE - len('-old000')]}-old"
    taken = set(Account.objects.filter(code__startswith=base).values_list("code", flat=True))
    place = 0
    while (wanted := code[: MAX_CODE - len(end := f"-old{place:03}")] + end) in taken:
        place += 1
    return wanted
