"""Orders of the demo: one customer is stopped and freed again at one platform, once."""

from datetime import datetime

from tollbook.connections.models import Connection
from tollbook.credit.models import SuspensionOrder
from tollbook.credit.operations import resume, suspend
from tollbook.customers.models import Customer
from tollbook.jobs.carry_out_orders import carry_out

PLATFORM = "demo fusionpbx"
CUSTOMER = "maple"
BY = "demo"


def suspend_and_resume(*, now: datetime) -> list[SuspensionOrder]:
    """The orders of the demo, carried out if there are none yet; the platform has to be running then."""
    connection = Connection.objects.filter(name=PLATFORM).first()
    customer = Customer.objects.filter(code=CUSTOMER).first()
    if connection is None or customer is None:
        return []
    orders = SuspensionOrder.objects.filter(connection=connection, customer=customer).order_by("pk")
    if not orders.exists():
        carry_out(suspend(customer=customer, why="unpaid invoice", by=BY, now=now), now=now)
        carry_out(resume(customer=customer, why="has paid", by=BY, now=now), now=now)
    return list(orders.select_related("connection", "customer").all())
