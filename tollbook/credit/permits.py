"""What nobody but staff may do because of a hold."""

from tollbook.credit.models import HeldBy, Hold
from tollbook.customers.actors import Actor
from tollbook.customers.errors import BlockedByStaff
from tollbook.customers.models import Account, Customer


def demand_unheld(actor: Actor, customer: Customer, account: Account | None = None) -> None:
    """Refuse to all but staff what staff stopped: the account, or the customer as a whole.

    Raises:
        BlockedByStaff: they did.
    """
    if actor.is_staff:
        return
    if staff_stop(customer.pk):
        raise BlockedByStaff(f"{customer.code} is blocked by your operator; ask them")
    holds = Hold.objects.filter(customer=customer, lifted_at=None, held_by=HeldBy.STAFF)
    if account is not None and holds.filter(account=account).exists():
        raise BlockedByStaff(f"account {account.code} is blocked by your operator; ask them")


def staff_stop(customer_id: int) -> bool:
    """Whether staff stopped the customer as a whole: no service, and no way in to look after themselves."""
    holds = Hold.objects.filter(customer=customer_id, account=None, lifted_at=None, held_by=HeldBy.STAFF)
    return holds.exists()
