"""What became of accounts and customers, in their histories."""

from datetime import datetime

from tollbook.customers.actors import Actor
from tollbook.customers.models import Account, AccountEvent, Customer, CustomerEvent

MAX_DETAIL = 500
MAX_BY = 150


def account_event(account: Account, what: str, detail: str, *, actor: Actor, now: datetime) -> AccountEvent:
    """A line of its history, not yet written."""
    return AccountEvent(account=account, what=what, detail=detail[:MAX_DETAIL], by=actor.name[:MAX_BY], at=now)


def tell(account: Account, what: str, detail: str = "", *, actor: Actor, now: datetime) -> None:
    """Add to the history of an account."""
    account_event(account, what, detail, actor=actor, now=now).save()


def tell_customer(customer: Customer, what: str, detail: str = "", *, actor: Actor, now: datetime) -> None:
    """Add to the history of a customer."""
    CustomerEvent.objects.create(
        customer=customer, what=what, detail=detail[:MAX_DETAIL], by=actor.name[:MAX_BY], at=now
    )
