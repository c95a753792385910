"""Subscriptions of the catalog: plans. Whose accounts have which is asked of customers and accounts."""

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.fields import Id, Switch
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import STAFF, Request, method
from tollbook.api.portabilling.shapes.plans import PlanInfo, plan_info
from tollbook.catalog.models import SubscriptionPlan


class PlanListRequest(ListRequest, kw_only=True):
    """Filters of the list, and how much of each."""

    i_subscription: Id | None = None
    name: str | None = None
    with_fees: Switch | None = None
    with_discounts: Switch | None = None
    check_usage_by_resellers: Switch | None = None


class PlanList(msgspec.Struct, kw_only=True):
    """Plans of a page, by their number."""

    subscriptions: list[PlanInfo]
    total: int | UnsetType = UNSET


class PlanRequest(Request, kw_only=True):
    """Which plan, and how much of it."""

    i_subscription: Id
    with_fees: Switch | None = None
    with_discounts: Switch | None = None
    check_usage_by_resellers: Switch | None = None


class PlanAnswer(msgspec.Struct, kw_only=True):
    """The plan; nothing when there is none."""

    subscription_info: PlanInfo | UnsetType = UNSET


@method("Subscription/get_subscription_list", realms=(STAFF,))
def get_subscription_list(caller: Caller, asked: PlanListRequest) -> PlanList:
    """List plans of fees."""
    plans = SubscriptionPlan.objects.filter(like("name", asked.name)).order_by("pk")
    if asked.i_subscription is not None:
        plans = plans.filter(pk=asked.i_subscription)
    rows, total = page(caller, plans, asked)
    with_fees, with_discounts = bool(asked.with_fees), bool(asked.with_discounts)
    infos = [plan_info(plan, with_fees=with_fees, with_discounts=with_discounts) for plan in rows]
    return PlanList(subscriptions=infos, total=total)


@method("Subscription/get_subscription_info", realms=(STAFF,))
def get_subscription_info(_caller: Caller, asked: PlanRequest) -> PlanAnswer:
    """Show one plan."""
    plan = SubscriptionPlan.objects.filter(pk=asked.i_subscription).first()
    if plan is None:
        return PlanAnswer()
    with_fees, with_discounts = bool(asked.with_fees), bool(asked.with_discounts)
    return PlanAnswer(subscription_info=plan_info(plan, with_fees=with_fees, with_discounts=with_discounts))
