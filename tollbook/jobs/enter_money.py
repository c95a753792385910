"""Money entered by hand takes effect at once: a payment lifts what credit control holds, a charge may place it."""

from datetime import datetime
from decimal import Decimal

from tollbook.billing.models import MoneyAction, MoneyEntry
from tollbook.billing.operations import money
from tollbook.customers.models import Account, Customer
from tollbook.jobs.watch_funds import check_funds


def enter_money(
    *,
    customer: Customer,
    account: Account | None = None,
    action: MoneyAction,
    amount: Decimal,
    reference: str = "",
    comment: str = "",
    note: str = "",
    by: str,
    now: datetime,
) -> MoneyEntry:
    """`billing.operations.money.enter_money`, and a look at the customer's funds. Safe to repeat with a reference."""
    entry = money.enter_money(
        customer=customer,
        account=account,
        action=action,
        amount=amount,
        reference=reference,
        comment=comment,
        note=note,
        by=by,
        now=now,
    )
    check_funds(customer, now=now)
    return entry
