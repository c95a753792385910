"""Money entered by hand, for a customer or for one of their accounts."""

from decimal import Decimal
from typing import Annotated

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, refused
from tollbook.api.portabilling.fields import Amount, Id, Money, Switch
from tollbook.api.portabilling.method import STAFF, Request, method
from tollbook.billing.models import MoneyAction, MoneyEntry
from tollbook.customers.models import Account, Customer
from tollbook.jobs.enter_money import enter_money
from tollbook.ledger.queries import owed_by_customers, spent_on_accounts

# What the platform calls them, in small letters: clients differ in capitals.
ACTIONS = {
    "manual charge": MoneyAction.CHARGE,
    "manual credit": MoneyAction.CREDIT,
    "promotional credit": MoneyAction.CREDIT,
    "manual payment": MoneyAction.PAYMENT,
    "refund": MoneyAction.REFUND,
}
BY_CARD = frozenset({"e-commerce payment", "e-commerce refund", "authorization only", "capture payment"})
ACCEPTED = "A"

Comment = Annotated[str, msgspec.Meta(max_length=500)]


class Entered(Request, kw_only=True):
    """What is entered."""

    action: str
    amount: Amount
    visible_comment: Comment = ""
    internal_comment: Comment = ""
    suppress_notification: Switch | None = None
    transaction_id: Annotated[str, msgspec.Meta(max_length=100)] = ""


class OfCustomer(Entered, kw_only=True):
    """The same with the customer."""

    i_customer: Id


class OfAccount(Entered, kw_only=True):
    """The same with the account."""

    i_account: Id


class TransactionMade(msgspec.Struct, kw_only=True):
    """What was entered, and the balance after it."""

    i_payment_transaction: int
    balance: Money
    transaction_id: str
    authorization: str = ""
    result_code: str = ACCEPTED
    i_xdr: int


@method("Customer/make_transaction", realms=(STAFF,), writes=True)
def make_customer_transaction(caller: Caller, asked: OfCustomer) -> TransactionMade:
    """Enter a payment, refund, charge or credit of a customer; one `transaction_id` is entered once."""
    customer = caller.customer(asked.i_customer)
    entry = _enter(caller, customer, None, asked)
    return _made(entry, owed_by_customers([customer.pk]).get(customer.pk, Decimal(0)))


@method("Account/make_transaction", realms=(STAFF,), writes=True)
def make_account_transaction(caller: Caller, asked: OfAccount) -> TransactionMade:
    """Enter money of an account's customer, noted with the account; the balance is the account's part of theirs."""
    account = caller.account(asked.i_account)
    entry = _enter(caller, account.customer, account, asked)
    spent = spent_on_accounts([account.pk], [account.customer_id])
    return _made(entry, spent.get(account.pk, Decimal(0)))


def _enter(caller: Caller, customer: Customer, account: Account | None, asked: Entered) -> MoneyEntry:
    name = " ".join(asked.action.lower().split())
    if name in BY_CARD:
        text = f"{asked.action}: no card processor is connected; enter money that was received as Manual payment"
        raise refused(caller.method, "no_payment_processor", text)
    if name not in ACTIONS:
        raise invalid(caller.method, "action", f"{asked.action!r} is none of {', '.join(sorted(ACTIONS))}")
    if asked.amount <= 0:
        raise invalid(caller.method, "amount", f"{asked.amount} is not above 0; the action says which way it goes")
    known = MoneyEntry.objects.filter(customer=customer, reference=asked.transaction_id).exclude(reference="")
    is_known = known.exists()
    entry = enter_money(
        customer=customer,
        account=account,
        action=ACTIONS[name],
        amount=Decimal(asked.amount),
        reference=asked.transaction_id,
        comment=asked.visible_comment,
        note=asked.internal_comment,
        by=caller.actor.name,
        now=caller.now,
    )
    whose = f"account {account.pk}" if account else f"customer {customer.pk}"
    look = {"action": entry.action, "amount": str(entry.amount), "reference": entry.reference}
    caller.made(whose, look | ({"known": "entered before; nothing was done"} if is_known else {}))
    return entry


def _made(entry: MoneyEntry, balance: Decimal) -> TransactionMade:
    return TransactionMade(
        i_payment_transaction=entry.pk,
        balance=round(balance, 5),
        transaction_id=entry.reference or str(entry.pk),
        i_xdr=2 * entry.transaction_id + 1,
    )
