"""Plans as subscriptions of the catalog: their fee, and what it comes to for the platform's billing periods."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.fields import YN, Bit, Id, Money, yes_no
from tollbook.billing.totals import rounded
from tollbook.catalog.models import ChargeModel, FeePeriod, Start, SubscriptionPlan

# Their numbers for when fees begin and how they are charged; in arrears is ours, nobody has seen it there.
IMMEDIATELY, ON_FIRST_USE = 1, 2
CHARGE_MODELS = {ChargeModel.BY_DAY: 0, ChargeModel.IN_ARREARS: 1, ChargeModel.IN_ADVANCE: 2}
# A fee as the platform scales it: a month has 30 days, and twice half a month.
DAILY, WEEKLY, SEMIMONTHLY, MONTHLY = 1, 2, 3, 4
DAYS_OF_PERIOD: Mapping[int, int] = {DAILY: 1, WEEKLY: 7, SEMIMONTHLY: 15, MONTHLY: 30}
DAYS_OF_FEE: Mapping[str, int] = {
    FeePeriod.DAY: 1,
    FeePeriod.WEEK: 7,
    FeePeriod.MONTH: 30,
    FeePeriod.QUARTER: 90,
    FeePeriod.YEAR: 360,
}
DECIMALS = 5


class PeriodicFee(msgspec.Struct, kw_only=True):
    """A fee for one of the platform's billing periods."""

    i_billing_period: Id
    periods: int | None
    fee: Money
    i_subscription: Id


class PlanInfo(msgspec.Struct, kw_only=True):
    """A subscription of the catalog."""

    i_subscription: Id
    name: str
    invoice_description: str
    iso_4217: str
    fee: Money
    effective_fee: Money
    activation_fee: Money
    activation_mode: int
    charge_model: int
    advance_periods: int
    minimum_periods: int
    early_cancellation_penalty: Money | None
    generate_daily_charge: YN
    multiple: Bit
    rounding: int
    periodic_fees: list[list[PeriodicFee]] | UnsetType = UNSET
    discount_list: list[str] | UnsetType = UNSET


class ProductPlan(PlanInfo, kw_only=True):
    """The subscription that a product brings."""

    i_product_subscription: Id
    multi_month_discount_list: list[str]


def plan_info(plan: SubscriptionPlan, *, with_fees: bool = True, with_discounts: bool = False) -> PlanInfo:
    """A plan as it is shown."""
    info = PlanInfo(**_facts(plan))
    if with_fees:
        info.periodic_fees = periodic_fees(plan)
    if with_discounts:
        info.discount_list = []
    return info


def product_plan(plan: SubscriptionPlan) -> ProductPlan:
    """A plan as what a product brings."""
    return ProductPlan(
        **_facts(plan),
        periodic_fees=periodic_fees(plan),
        i_product_subscription=plan.pk,
        multi_month_discount_list=[],
    )


def periodic_fees(plan: SubscriptionPlan) -> list[list[PeriodicFee]]:
    """What the fee comes to for a day, a week, half a month and a month: 45 a month are 1.5, 10.5, 22.5 and 45."""
    return [
        [PeriodicFee(i_billing_period=number, periods=None, fee=_scaled(plan, days), i_subscription=plan.pk)]
        for number, days in DAYS_OF_PERIOD.items()
    ]


def _scaled(plan: SubscriptionPlan, days: int) -> Decimal:
    """Half up at five decimals: of 10 a month a day is 0.33333 and a week 2.33333."""
    exact = Fraction(plan.fee) * days / DAYS_OF_FEE[plan.period]
    return shown(rounded(exact, DECIMALS))


def shown(amount: Decimal) -> Decimal:
    """Without zeros at its end."""
    return amount.normalize() + 0


def _facts(plan: SubscriptionPlan) -> dict[str, Any]:
    return {
        "i_subscription": plan.pk,
        "name": plan.name,
        "invoice_description": plan.invoice_text or plan.name,
        "iso_4217": plan.currency,
        "fee": shown(plan.fee),
        "effective_fee": shown(plan.fee),
        "activation_fee": shown(plan.activation_fee),
        "activation_mode": ON_FIRST_USE if plan.starts == Start.ON_FIRST_USE else IMMEDIATELY,
        "charge_model": CHARGE_MODELS[ChargeModel(plan.charge_model)],
        "advance_periods": plan.advance_periods if plan.charge_model == ChargeModel.IN_ADVANCE else 0,
        "minimum_periods": plan.minimum_periods,
        "early_cancellation_penalty": None if plan.penalty is None else shown(plan.penalty),
        "generate_daily_charge": yes_no(plan.charge_model == ChargeModel.BY_DAY),
        "multiple": 0,
        "rounding": plan.decimals,
    }
