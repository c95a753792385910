"""Reading holds and orders."""

from datetime import datetime

from django.db.models import Q, QuerySet

from tollbook.connections.models import Connection
from tollbook.credit.models import UNDER_WAY, Hold, OrderState, SuspensionOrder
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput


def holds_of(customer: Customer) -> list[Hold]:
    """What holds now: of the customer, and of single accounts."""
    holding = Hold.objects.filter(customer=customer, lifted_at=None)
    return list(holding.select_related("account").order_by("placed_at", "pk"))


def current_orders() -> QuerySet[SuspensionOrder]:
    """What is wanted now, at every place where anything ever was."""
    orders = SuspensionOrder.objects.exclude(state=OrderState.SUPERSEDED)
    return orders.select_related("connection", "customer", "account").order_by("connection__name", "pk")


def due_orders(*, now: datetime, connection: Connection | None = None) -> QuerySet[SuspensionOrder]:
    """Orders whose time has come, the longest waiting first."""
    due = SuspensionOrder.objects.filter(state__in=UNDER_WAY, next_try_at__lte=now)
    if connection is not None:
        due = due.filter(connection=connection)
    return due.order_by("next_try_at", "pk")


def order_numbered(number: int) -> SuspensionOrder:
    """The order of that number.

    Raises:
        BadInput: there is none.
    """
    orders = SuspensionOrder.objects.select_related("connection", "customer", "account")
    found = orders.filter(pk=number).first()
    if found is None:
        raise BadInput(f"there is no order {number}; see `tollbook orders list`")
    return found


def accounts_under_orders(connection: Connection) -> set[int]:
    """Accounts whose standing there is our own doing: held, or an order of theirs or their customer's is not done.

    What the platform says of them is read back by the orders, not taken over.
    """
    orders = SuspensionOrder.objects.exclude(state__in=[OrderState.SUPERSEDED, OrderState.DONE])
    orders = orders.filter(connection=connection)
    holding = Hold.objects.filter(lifted_at=None)
    of_account = Q(pk__in=holding.values("account_id")) | Q(pk__in=orders.values("account_id"))
    of_customer = Q(customer_id__in=holding.filter(account=None).values("customer_id")) | Q(
        customer_id__in=orders.filter(account=None).values("customer_id")
    )
    return set(Account.objects.filter(of_account | of_customer).values_list("pk", flat=True))
