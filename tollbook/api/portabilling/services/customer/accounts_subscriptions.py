"""What all accounts of a customer pay by the period."""

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.lists import ListRequest, page
from tollbook.api.portabilling.method import OWNERS, method
from tollbook.api.portabilling.shapes.subscriptions import SubscriptionShown, subscription_shown
from tollbook.billing.models import Subscription


class SubscriptionsRequest(ListRequest):
    """Whose subscriptions."""

    i_customer: Id | None = None


class Subscriptions(msgspec.Struct):
    """Subscriptions of a page."""

    subscriptions: list[SubscriptionShown]
    total: int | UnsetType = UNSET


@method("Customer/get_accounts_subscriptions", realms=OWNERS)
def get_accounts_subscriptions(caller: Caller, asked: SubscriptionsRequest) -> Subscriptions:
    """List what the accounts of a customer pay by the period."""
    customer = caller.customer(asked.i_customer)
    rows = Subscription.objects.filter(customer=customer, account__isnull=False)
    rows = rows.select_related("plan", "customer", "product").order_by("account", "pk")
    listed, total = page(caller, rows, asked)
    return Subscriptions([subscription_shown(one, now=caller.now) for one in listed], total)
