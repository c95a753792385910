"""What credit control does to a customer whose funds are used up, or are there again."""

from datetime import datetime

from tollbook.credit.models import FundsPolicy, HeldBy, Hold, Manner, SuspensionOrder, WhenUsedUp
from tollbook.credit.operations.hold import resume, suspend
from tollbook.customers.models import Customer

CREDIT = "credit control"


def funds_used_up(customer: Customer, *, now: datetime, why: str = "") -> list[SuspensionOrder]:
    """Suspend the customer if their policy says so; the orders made. Safe to repeat: a hold that holds is no news."""
    policy = FundsPolicy.objects.filter(customer=customer).first()
    if policy is None or policy.when_used_up == WhenUsedUp.ALARM or _holds(customer):
        return []
    manner = Manner.OUTBOUND_ONLY if policy.when_used_up == WhenUsedUp.OUTBOUND_ONLY else ""
    return suspend(
        customer=customer, held_by=HeldBy.CREDIT, manner=manner, why=why or "funds used up", by=CREDIT, now=now
    )


def funds_are_back(customer: Customer, *, now: datetime, why: str = "") -> list[SuspensionOrder]:
    """Lift what credit control holds, whatever the policy says by now. What others hold stays. Safe to repeat."""
    if not _holds(customer):
        return []
    return resume(customer=customer, held_by=HeldBy.CREDIT, why=why or "funds are back", by=CREDIT, now=now)


def set_funds_policy(*, customer: Customer, when_used_up: WhenUsedUp) -> FundsPolicy:
    """Say what credit control may do to a customer. A hold that holds stays. Safe to repeat."""
    policy, _ = FundsPolicy.objects.update_or_create(customer=customer, defaults={"when_used_up": when_used_up})
    return policy


def _holds(customer: Customer) -> bool:
    return Hold.objects.filter(customer=customer, account=None, held_by=HeldBy.CREDIT, lifted_at=None).exists()
