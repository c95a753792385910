"""Stopping, ending and removing customers."""

from django.db import transaction
from django.db.models import ProtectedError, RestrictedError

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import refused
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import STAFF, Request, Success, method
from tollbook.credit.models import HeldBy
from tollbook.credit.operations import resume, suspend
from tollbook.customers.models import Customer, CustomerEvent
from tollbook.jobs.close_customer import close_customer
from tollbook.ledger.models import Transaction


class WhichCustomer(Request):
    """Which customer."""

    i_customer: Id


@method("Customer/terminate_customer", realms=(STAFF,), writes=True)
def terminate_customer(caller: Caller, asked: WhichCustomer) -> Success:
    """End a customer with all accounts for good; the records stay."""
    customer = caller.customer(asked.i_customer)
    with caller.changing(f"customer {customer.pk}", lambda: {"state": customer.state}):
        close_customer(actor=caller.actor, customer=customer, why=caller.method, now=caller.now)
        customer.refresh_from_db()
    return Success()


@method("Customer/delete_customer", realms=(STAFF,), writes=True)
def delete_customer(caller: Caller, asked: WhichCustomer) -> Success:
    """Remove a customer who never had anything; one who had is ended instead."""
    customer = caller.customer(asked.i_customer, lock=True)
    code, number = customer.code, customer.pk
    with caller.changing(f"customer {number}", lambda: {"name": code} if customer.pk else {}):
        text = f"customer {number} ({code}) has accounts, money or a history; terminate_customer ends them"
        if customer.accounts.exists() or Transaction.objects.filter(customer_id=number).exists():
            raise refused(caller.method, "customer_in_use", text)
        try:
            with transaction.atomic():
                CustomerEvent.objects.filter(customer=customer).delete()
                customer.delete()
        except (ProtectedError, RestrictedError):
            raise refused(caller.method, "customer_in_use", text) from None
    return Success()


@method("Customer/suspend_customer", realms=(STAFF,), writes=True)
def suspend_customer(caller: Caller, asked: WhichCustomer) -> Success:
    """Stop a customer's calls as credit control does: a payment that brings funds back lifts it."""
    customer = caller.customer(asked.i_customer)
    with caller.changing(f"customer {customer.pk}", lambda: holds(customer)):
        suspend(customer=customer, held_by=HeldBy.CREDIT, why=caller.method, by=caller.actor.name, now=caller.now)
    return Success()


@method("Customer/unsuspend_customer", realms=(STAFF,), writes=True)
def unsuspend_customer(caller: Caller, asked: WhichCustomer) -> Success:
    """Let a suspended customer call again; what else stops them stays."""
    customer = caller.customer(asked.i_customer)
    with caller.changing(f"customer {customer.pk}", lambda: holds(customer)):
        resume(customer=customer, held_by=HeldBy.CREDIT, why=caller.method, by=caller.actor.name, now=caller.now)
    return Success()


def holds(customer: Customer) -> dict[str, list[str]]:
    """Who stops the customer now."""
    holding = customer.holds.filter(account=None, lifted_at=None).order_by("held_by")
    return {"held by": list(holding.values_list("held_by", flat=True))}
