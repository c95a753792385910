"""Closing a customer, for good: their accounts end, their fees end, their numbers go back; what is owed stays."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tollbook.billing.models import Subscription
from tollbook.billing.operations.charging import today_of
from tollbook.billing.operations.subscriptions import end_subscription
from tollbook.customers.actors import Actor
from tollbook.customers.models import Account, AccountState, Customer, CustomerState, NumberGrant
from tollbook.customers.operations.events import tell_customer
from tollbook.customers.operations.numbers import end_grants
from tollbook.customers.operations.permits import demand_open, demand_staff, lock_customer
from tollbook.jobs.end_account import end_account

ONE_DAY = timedelta(days=1)


@transaction.atomic
def close_customer(*, actor: Actor, customer: Customer, why: str, now: datetime) -> None:
    """End everything a customer has; today is the last day that is paid for. For staff alone.

    Raises:
        NotTheirs: it is not staff who ask.
        BadInput: the customer is closed already.
    """
    demand_staff(actor, "close customers")
    lock_customer(customer)
    demand_open(customer)
    accounts = Account.objects.filter(customer=customer).exclude(state=AccountState.TERMINATED)
    for account in accounts.select_related("customer", "product").select_for_update(of=("self",)).order_by("pk"):
        end_account(actor=actor, account=account, releases_numbers=True, why=why, now=now)
    tomorrow = today_of(customer, now) + ONE_DAY
    own = Subscription.objects.filter(customer=customer, account=None)
    to_come = Q(ends_on__gt=tomorrow, due_on__isnull=False)  # an end that was said before is too late now
    for subscription in own.filter(Q(ends_on=None) | to_come).order_by("pk"):
        first_day_without = max(tomorrow, subscription.starts_on or tomorrow)
        end_subscription(subscription=subscription, on=first_day_without, by=actor.name, now=now)
    grants = NumberGrant.objects.filter(customer=customer, active_until=None).select_related("number", "customer")
    end_grants(list(grants), by=actor.name, now=now)
    customer.state = CustomerState.CLOSED
    customer.save(update_fields=["state"])
    tell_customer(customer, "closed", why, actor=actor, now=now)
