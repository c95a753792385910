"""Reading holds and orders."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from tollbook.connections.models import Connection
from tollbook.connectors.base import Target
from tollbook.credit.models import UNDER_WAY, Hold, OrderState, SuspensionOrder, Wanted
from tollbook.customers.models import Account, AccountLink, Customer, Pairing
from tollbook.errors import BadInput


def holds_of(customer: Customer) -> list[Hold]:
    """What holds now: of the customer, and of single accounts."""
    holding = Hold.objects.filter(customer=customer, lifted_at=None)
    return list(holding.select_related("account").order_by("placed_at", "pk"))


def held_nowhere() -> list[Hold]:
    """Holds that no platform is to be told of: whom they are about calls on, as far as Tollbook can say."""
    wanted = current_orders().filter(customer=OuterRef("customer")).exclude(wanted=Wanted.ACTIVE)
    of_the_same = Q(account=None) | Q(account=OuterRef("account"))
    holding = Hold.objects.filter(lifted_at=None).filter(
        (Q(account=None) & ~Exists(wanted)) | (Q(account__isnull=False) & ~Exists(wanted.filter(of_the_same)))
    )
    return list(holding.select_related("customer", "account").order_by("placed_at", "pk"))


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


def is_stopped_as_a_whole(order: SuspensionOrder) -> bool:
    """Whether the customer is stopped there as a whole, so that one account of theirs cannot look free."""
    if order.target == Target.CUSTOMER:
        return False
    whole = current_orders().filter(connection=order.connection, customer=order.customer)
    return whole.filter(target=Target.CUSTOMER.value).exclude(wanted=Wanted.ACTIVE).exists()


def customers_to_ask() -> QuerySet[Customer]:
    """Those who are held, and those who have something now that is stopped because of somebody else."""
    stopped = SuspensionOrder.objects.exclude(state=OrderState.SUPERSEDED).exclude(wanted=Wanted.ACTIVE)
    same = stopped.filter(connection=OuterRef("connection"), foreign_id=OuterRef("foreign_id"))
    moved = same.filter(target=Target.ACCOUNT.value).exclude(customer=OuterRef("account__customer"))
    repaired = same.filter(target=Target.CUSTOMER.value).exclude(customer=OuterRef("customer"))
    accounts = AccountLink.objects.filter(Exists(moved), active_until=None)
    pairings = Pairing.objects.filter(Exists(repaired), active_until=None)
    wanted = (
        Q(pk__in=Hold.objects.filter(lifted_at=None).values("customer_id"))
        | Q(pk__in=accounts.values("account__customer_id"))
        | Q(pk__in=pairings.values("customer_id"))
    )
    return Customer.objects.filter(wanted).order_by("pk")


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
