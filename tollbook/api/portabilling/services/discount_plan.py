"""Discount plans: what a plan includes. Only the methods' names are public; members are ours."""

from typing import Any, NoReturn

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import Fault, refused
from tollbook.api.portabilling.fields import YN, Id, yes_no
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import STAFF, Request, Success, method
from tollbook.api.portabilling.xdrs.kinds import SERVICE_OF_KIND
from tollbook.catalog.models import Allowance, SubscriptionPlan


class Included(msgspec.Struct, kw_only=True):
    """Usage that is included."""

    i_vd_dg: Id
    name: str
    i_service: Id
    destination_group: str | None  # null: every destination
    amount: int  # seconds, messages or bytes
    period: str
    rollover_limit: int
    shared: YN


class DiscountPlan(msgspec.Struct, kw_only=True):
    """What one plan includes."""

    i_vd_plan: Id
    name: str
    iso_4217: str
    discounts: list[Included]


class DiscountListRequest(ListRequest, kw_only=True):
    """Filters of the list."""

    name: str | None = None


class DiscountPlanList(msgspec.Struct, kw_only=True):
    """Plans of a page that include something, by their number."""

    discount_plan_list: list[DiscountPlan]
    total: int | UnsetType = UNSET


class DiscountPlanRequest(Request, kw_only=True):
    """Which plan."""

    i_vd_plan: Id


class DiscountPlanAnswer(msgspec.Struct, kw_only=True):
    """The plan; nothing when it includes nothing."""

    discount_plan_info: DiscountPlan | UnsetType = UNSET


class TopupRequest(Request, kw_only=True):
    """Which option to buy more."""

    i_vd_topup: Id


@method("DiscountPlan/get_discount_plan_list", realms=(STAFF,))
def get_discount_plan_list(caller: Caller, asked: DiscountListRequest) -> DiscountPlanList:
    """List plans that include usage."""
    plans = SubscriptionPlan.objects.filter(like("name", asked.name), allowances__isnull=False).distinct()
    rows, total = page(caller, plans.prefetch_related("allowances__group").order_by("pk"), asked)
    return DiscountPlanList(discount_plan_list=[_shown(plan) for plan in rows], total=total)


@method("DiscountPlan/get_discount_plan_info", realms=(STAFF,))
def get_discount_plan_info(_caller: Caller, asked: DiscountPlanRequest) -> DiscountPlanAnswer:
    """Show what one plan includes."""
    plans = SubscriptionPlan.objects.filter(pk=asked.i_vd_plan, allowances__isnull=False)
    found = plans.prefetch_related("allowances__group").first()
    return DiscountPlanAnswer() if found is None else DiscountPlanAnswer(discount_plan_info=_shown(found))


@method("DiscountPlan/get_topup_option_info", realms=(STAFF,))
def get_topup_option_info(caller: Caller, asked: TopupRequest) -> Success:
    """Options to buy more of what is included. There are none, so it is always a fault."""
    _no_topups(caller, asked.i_vd_topup)


class DiscountPlanWrite(Request, kw_only=True):
    """A plan to make or change; which members its structure has is not public."""

    discount_plan_info: dict[str, Any] | None = None


@method("DiscountPlan/add_discount_plan", realms=(STAFF,))
def add_discount_plan(caller: Caller, _asked: DiscountPlanWrite) -> Success:
    """Make a plan that includes usage: not served, so it is always a fault that says what to do instead."""
    raise _made_by_hand(caller)


@method("DiscountPlan/update_discount_plan", realms=(STAFF,))
def update_discount_plan(caller: Caller, _asked: DiscountPlanWrite) -> Success:
    """Change a plan that includes usage: likewise always a fault."""
    raise _made_by_hand(caller)


def _made_by_hand(caller: Caller) -> Fault:
    text = "what a plan includes is set with `tollbook allowances set`; its help has an example"
    return refused(caller.method, "not_supported", text)


def _no_topups(caller: Caller, number: int) -> NoReturn:
    text = f"there is no top-up option {number}: what is included is not topped up here; offer an add-on instead"
    raise refused(caller.method, "not_found", text)


def _shown(plan: SubscriptionPlan) -> DiscountPlan:
    allowances = sorted(plan.allowances.all(), key=lambda one: (one.place, one.pk))
    return DiscountPlan(
        i_vd_plan=plan.pk,
        name=plan.name,
        iso_4217=plan.currency,
        discounts=[_included(one) for one in allowances],
    )


def _included(one: Allowance) -> Included:
    return Included(
        i_vd_dg=one.pk,
        name=one.name,
        i_service=SERVICE_OF_KIND[one.kind].number,
        destination_group=one.group.name if one.group else None,
        amount=one.amount,
        period=one.period,
        rollover_limit=one.carry_over,
        shared=yes_no(one.is_shared),
    )
