"""Lists for people of what customers have: agreements, numbers, extensions, hunt groups, histories."""

from collections.abc import Iterable

from django.db.models import QuerySet

from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.models import (
    Account,
    AccountEvent,
    Approval,
    Customer,
    CustomerEvent,
    Extension,
    HuntGroup,
    Number,
    NumberGrant,
    StockNumber,
)


def agreement_list(customers: Iterable[Customer]) -> list[dict[str, object]]:
    """What each may use, of how many accounts, and how many are used."""
    return [
        {
            "customer": customer.code,
            "product": one.product.code,
            "add-on": one.product.is_addon,
            "agreed": "unlimited" if one.quantity is None else one.quantity,
            "used": one.used,
            "free": "" if one.free is None else one.free,
        }
        for customer in customers
        for one in agreement_of(customer)
    ]


def number_list(*, customer: Customer | None = None, is_free: bool = False) -> list[dict[str, object]]:
    """Numbers in stock with who has them now; all, or a customer's, or those that nobody has."""
    numbers = StockNumber.objects.order_by("digits")
    if customer is not None:
        numbers = numbers.filter(grants__customer=customer, grants__active_until=None)
    if is_free:
        numbers = numbers.exclude(grants__active_until=None, grants__isnull=False)
    found = list(numbers)
    grants = NumberGrant.objects.filter(number__in=found, active_until=None).select_related("customer")
    whose = {grant.number_id: grant for grant in grants}
    held = Number.objects.filter(digits__in=[one.digits for one in found], active_until=None)
    on_account = {number.digits: number.account.code for number in held.select_related("account")}
    return [
        {
            "number": f"+{one.digits}",
            "country": one.country,
            "description": one.description,
            "frozen": one.is_frozen,
            "customer": grant.customer.code if (grant := whose.get(one.pk)) else "",
            "since": grant.active_from if grant else None,
            "account": on_account.get(one.digits, ""),
        }
        for one in found
    ]


def extension_list(customer: Customer) -> list[dict[str, object]]:
    """The short numbers of a customer: of accounts, of hunt groups, of nobody yet."""
    extensions = Extension.objects.filter(customer=customer).select_related("account__product", "group")
    return [
        {
            "extension": one.number,
            "name": one.name,
            "account": one.account.code if one.account else "",
            "product": one.account.product.code if one.account else "",
            "state": one.account.state if one.account else "",
            "hunt group": one.group.name if hasattr(one, "group") else "",
            "published": one.is_published,
        }
        for one in sorted(extensions, key=lambda one: (len(one.number), one.number))
    ]


def hunt_group_list(customer: Customer) -> list[dict[str, object]]:
    """The hunt groups of a customer with their extensions in order."""
    groups = HuntGroup.objects.filter(customer=customer).select_related("extension").order_by("name")
    return [
        {
            "hunt_group": one.name,
            "number": one.extension.number,
            "sequence": one.sequence,
            "extensions": " ".join(
                member.extension.number for member in one.members.select_related("extension").order_by("place")
            ),
        }
        for one in groups
    ]


def waiting_list() -> list[dict[str, object]]:
    """Accounts that wait for staff, the oldest first."""
    waiting = Approval.objects.filter(decided_at=None).select_related("account__customer", "account__product")
    return [
        {
            "account": one.account.code,
            "customer": one.account.customer.code,
            "product": one.account.product.code,
            "asked_by": one.asked_by,
            "asked_at": one.asked_at,
            "to_see_to": "; ".join(item["text"] for item in one.checklist if not item["by"]),
        }
        for one in waiting.order_by("asked_at", "pk")
    ]


def history_of(owner: Account | Customer) -> list[dict[str, object]]:
    """What became of an account, or of a customer, in order."""
    events: QuerySet[AccountEvent] | QuerySet[CustomerEvent] = owner.events.order_by("at", "pk")
    return [{"at": one.at, "what": one.what, "detail": one.detail, "by": one.by} for one in events]
