"""Reading orders to make and change accounts."""

from datetime import datetime

from django.db.models import QuerySet

from tollbook.connections.models import Connection
from tollbook.errors import BadInput
from tollbook.provisioning.models import UNDER_WAY, ProvisioningOrder, State


def due_orders(*, now: datetime, connection: Connection | None = None) -> QuerySet[ProvisioningOrder]:
    """Orders whose time has come, the longest waiting first."""
    due = ProvisioningOrder.objects.filter(state__in=UNDER_WAY, next_try_at__lte=now)
    if connection is not None:
        due = due.filter(connection=connection)
    return due.select_related("connection", "account").order_by("next_try_at", "pk")


def current_orders() -> QuerySet[ProvisioningOrder]:
    """What is wanted now, of every account that anything ever was."""
    orders = ProvisioningOrder.objects.exclude(state=State.SUPERSEDED)
    return orders.select_related("connection", "account__customer").order_by("connection__name", "pk")


def order_numbered(number: int) -> ProvisioningOrder:
    """The order of that number.

    Raises:
        BadInput: there is none.
    """
    found = ProvisioningOrder.objects.select_related("connection", "account").filter(pk=number).first()
    if found is None:
        raise BadInput(f"there is no order {number}; see `tollbook provisioning list`")
    return found


def is_known(order: ProvisioningOrder) -> bool:
    """Whether the account there is ours: its id is known, or the platform was told to make it."""
    told = ProvisioningOrder.objects.filter(
        connection=order.connection, account=order.account, told_at__isnull=False
    )
    return bool(order.foreign_id) or told.exists()
