"""Subscriptions, and money that was entered by hand, as lists."""

from django.db.models import Q, Sum

from tollbook.billing.models import MoneyEntry, Subscription
from tollbook.customers.models import Customer


def subscription_list(*, customer: Customer | None = None, with_ended: bool = False) -> list[dict[str, object]]:
    """By customer, account and plan; of all or of one. `charged` is without or with tax, as the plan's fees are."""
    found = Subscription.objects.select_related("customer", "account", "plan", "product")
    if customer is not None:
        found = found.filter(customer=customer)
    if not with_ended:
        found = found.filter(Q(ends_on=None) | Q(due_on__isnull=False))
    return [
        {
            "number": one.pk,
            "customer": one.customer.code,
            "account": one.account.code if one.account else "",
            "plan": one.plan.code,
            "product": one.product.code if one.product else "",
            "fee": one.plan.fee if one.fee is None else one.fee,
            "per": one.plan.period,
            "from": one.starts_on,
            "until": one.ends_on,
            "charged_until": one.charged_until,
            "charged": one.charged_sum or 0,
            "currency": one.plan.currency,
        }
        for one in found.annotate(charged_sum=Sum("charges__amount")).order_by(
            "customer__code", "account__code", "plan__code", "pk"
        )
    ]


def money_list(*, customer: Customer | None = None) -> list[dict[str, object]]:
    """The latest first; of all customers or of one."""
    found = MoneyEntry.objects.select_related("customer", "account")
    if customer is not None:
        found = found.filter(customer=customer)
    return [
        {
            "entered_at": one.entered_at,
            "customer": one.customer.code,
            "account": one.account.code if one.account else "",
            "action": one.action,
            "amount": one.amount,
            "currency": one.currency,
            "reference": one.reference,
            "comment": one.comment,
            "note": one.note,
            "by": one.entered_by,
        }
        for one in found.order_by("-entered_at", "-pk")
    ]
