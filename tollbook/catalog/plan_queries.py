"""Reading plans: their fees, what is included in them, destination groups and tiers, for people and programs."""

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Count

from tollbook.catalog.models import Allowance, DestinationGroup, SubscriptionPlan, TierScheme, TierStep
from tollbook.catalog.quantities import written_quantity
from tollbook.money import decimal_of

SHOWN_PREFIXES = 20  # of a group, in a list


def plan_list() -> list[dict[str, object]]:
    """Every plan by code."""
    plans = SubscriptionPlan.objects.prefetch_related("allowances__group", "products")
    return [plan_facts(plan) for plan in plans.order_by("code")]


def plan_facts(plan: SubscriptionPlan) -> dict[str, object]:
    """What a plan says."""
    return {
        "code": plan.code,
        "name": plan.name,
        "currency": plan.currency,
        "prices": "gross" if plan.is_gross else "net",
        "fee": plan.fee,
        "period": plan.period,
        "activation_fee": plan.activation_fee,
        "charged": plan.charge_model,
        "advance_periods": plan.advance_periods,
        "starts": plan.starts,
        "prorates_start": plan.prorates_start,
        "prorates_end": plan.prorates_end,
        "waives": ", ".join(plan.waives),
        "minimum_periods": plan.minimum_periods,
        "penalty": plan.penalty,
        "decimals": plan.decimals,
        "invoice_text": plan.invoice_text,
        "allowances": ", ".join(allowance.name for allowance in plan.allowances.all()),
        "products": ", ".join(sorted(product.code for product in plan.products.all())),
    }


def allowance_list(plan: SubscriptionPlan | None = None) -> list[dict[str, object]]:
    """What is included, plan by plan, in the order in which it is taken."""
    found = Allowance.objects.select_related("plan", "group").order_by("plan__code", "is_shared", "place", "name")
    return [allowance_facts(one) for one in (found if plan is None else found.filter(plan=plan))]


def allowance_facts(allowance: Allowance) -> dict[str, object]:
    """What an allowance says."""
    return {
        "plan": allowance.plan.code,
        "name": allowance.name,
        "kind": allowance.kind,
        "amount": written_quantity(allowance.amount, allowance.kind),
        "units": allowance.amount,
        "destinations": allowance.group.name if allowance.group else "all",
        "windows": ", ".join(map(written_window, allowance.windows)),
        "period": allowance.period,
        "ends_on": allowance.ends_on,
        "carry_over": written_quantity(allowance.carry_over, allowance.kind) if allowance.carry_over else "",
        "place": allowance.place,
        "prorates": allowance.prorates,
        "shared": allowance.is_shared,
        "connect_fee": allowance.connect_fee,
    }


def written_window(window: Mapping[str, str]) -> str:
    """`1-5 08:00-20:00`, as commands take it."""
    days = window.get("weekdays", "")
    if "from_time" not in window and "until_time" not in window:
        return days
    return f"{days} {window.get('from_time', '00:00')}-{window.get('until_time', '24:00')}".strip()


def group_list() -> list[dict[str, object]]:
    """Every destination group by name."""
    groups = DestinationGroup.objects.annotate(
        allowance_count=Count("allowance", distinct=True), tier_count=Count("tierscheme", distinct=True)
    )
    return [
        {
            "name": group.name,
            "prefixes": " ".join(group.prefixes[:SHOWN_PREFIXES])
            + (" …" if len(group.prefixes) > SHOWN_PREFIXES else ""),
            "count": len(group.prefixes),
            "allowances": group.allowance_count,
            "tiers": group.tier_count,
        }
        for group in groups.order_by("name")
    ]


def tier_list(product: str = "") -> list[dict[str, object]]:
    """Every step of every scheme, product by product."""
    schemes = TierScheme.objects.select_related("product", "group").prefetch_related("steps")
    found = schemes.filter(product__code=product) if product else schemes
    return [
        {
            "product": scheme.product.code,
            "name": scheme.name,
            "kind": scheme.kind,
            "mode": scheme.mode,
            "destinations": scheme.group.name if scheme.group else "all",
            "shared": scheme.is_shared,
            "place": scheme.place,
            "from": written_quantity(step.from_units, scheme.kind),
            "price": step_price(step),
            "per": step.unit or "minute",
        }
        for scheme in found.order_by("product__code", "place", "name")
        for step in sorted(scheme.steps.all(), key=lambda step: step.from_units)
    ]


def step_price(step: TierStep) -> Decimal:
    """Per minute, or per the step's unit."""
    nanos = step.per_unit_nanos if step.per_min_nanos is None else step.per_min_nanos
    return decimal_of(nanos or 0).normalize()
