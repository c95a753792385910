"""Money entered by hand, or by another system: payments and refunds, charges and credits."""

from datetime import datetime
from decimal import Decimal

import polars as pl
from django.db import transaction

from tollbook.billing.models import MoneyAction, MoneyEntry
from tollbook.billing.operations.charging import today_of, with_tax
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import ENTRIES, post
from tollbook.money import nanos_of

MAX_TEXT = 500
MAX_NAME = 100
MAX_BY = 150

KINDS = {
    MoneyAction.PAYMENT: Transaction.Kind.PAYMENT,
    MoneyAction.REFUND: Transaction.Kind.REFUND,
    MoneyAction.CHARGE: Transaction.Kind.CHARGE,
    MoneyAction.CREDIT: Transaction.Kind.CREDIT,
}
OWED_LESS = (MoneyAction.PAYMENT, MoneyAction.CREDIT)
# Something is sold, or remitted of what was: with the customer's tax, and on the invoice. The others move money only.
SALES = (MoneyAction.CHARGE, MoneyAction.CREDIT)


@transaction.atomic
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
    """Book an amount in the customer's currency: positive, and with its tax included.

    A payment and a refund are against cash and carry no tax. Of a charge and a credit the customer's tax is taken out,
    and they are lines of the next invoice, with `comment` as their text. The same reference of a customer is booked
    once, and the first entry is returned.

    Raises:
        BadInput: no positive amount, a text that is too long, somebody else's account, or a reference that was used
            with other figures.
    """
    _refuse(customer, account, amount, reference=reference, comment=comment, note=note)
    nanos = nanos_of(amount)
    # Two at once with the same reference do it one after the other.
    customer.refresh_from_db(from_queryset=Customer.objects.select_for_update())
    if reference and (known := MoneyEntry.objects.filter(customer=customer, reference=reference).first()):
        _refuse_other_figures(known, action, amount, account)
        return known
    is_sale = action in SALES
    entry = pl.DataFrame(
        {
            "customer_id": [customer.pk],
            "account_id": [account.pk if account else None],
            "month": [today_of(customer, now).replace(day=1)],
            "usage_kind": [action.value if is_sale else None],
            "tax_basis_points": [int(customer.tax_rate * 100) if is_sale else 0],
            "is_gross": [is_sale],
            "currency": [customer.currency],
            "net_nanos": [-nanos if action in OWED_LESS else nanos],
        },
        schema={name: dtype for name, dtype in ENTRIES.items() if name != "tax_nanos"},
    )
    income = LedgerAccount.Kind.REVENUE if is_sale else LedgerAccount.Kind.CASH
    ids = post(with_tax(entry), kind=KINDS[action], income=income, posted_at=now)
    return MoneyEntry.objects.create(
        customer=customer,
        account=account,
        action=action,
        amount=amount,
        currency=customer.currency,
        reference=reference,
        comment=comment,
        note=note,
        entered_at=now,
        entered_by=by[:MAX_BY],
        transaction_id=ids[0],
    )


def _refuse(customer: Customer, account: Account | None, amount: Decimal, **texts: str) -> None:
    if not amount.is_finite() or amount <= 0:
        raise BadInput(
            f"{amount} {customer.currency} is not an amount above nothing; the action says which way it goes"
        )
    if account is not None and account.customer_id != customer.pk:
        raise BadInput(f"account {account.code} is not of customer {customer.code}")
    for name, text in texts.items():
        most = MAX_NAME if name == "reference" else MAX_TEXT
        if len(text) > most:
            raise BadInput(f"the {name} has {len(text)} characters, at most {most}; shorten it")


def _refuse_other_figures(
    known: MoneyEntry, action: MoneyAction, amount: Decimal, account: Account | None
) -> None:
    if (known.action, known.amount, known.account_id) != (action, amount, account and account.pk):
        raise BadInput(
            f"reference {known.reference!r} of customer {known.customer.code} is {_said(known.action, known.amount)} "
            f"of {known.entered_at:%Y-%m-%d}{_whose(known.account)}, and not {_said(action, amount)}{_whose(account)}; "
            "use another reference for another entry"
        )


def _said(action: str, amount: Decimal) -> str:
    return f"a {MoneyAction(action).value} of {amount.normalize():f}"


def _whose(account: Account | None) -> str:
    return f" on account {account.code}" if account else ""
