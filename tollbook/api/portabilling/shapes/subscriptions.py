"""What somebody pays by the period, as account subscriptions are shown."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tollbook.api.portabilling.fields import YN, Bit, DayText, Money, day_text, yes_no
from tollbook.billing.models import Subscription
from tollbook.catalog.models import ChargeModel, FeePeriod

PENDING, ACTIVE, CLOSED = 0, 1, 2
ONE_DAY = timedelta(days=1)
# The platform's month has 30 days, a week 7 of them: monthly 45 is daily 1.5.
PERIODS_A_MONTH = {
    FeePeriod.DAY: Decimal(30),
    FeePeriod.WEEK: Decimal(30) / 7,
    FeePeriod.MONTH: Decimal(1),
    FeePeriod.QUARTER: Decimal(1) / 3,
    FeePeriod.YEAR: Decimal(1) / 12,
}


class CurrentFee(msgspec.Struct):
    """What is charged now, and up to which day."""

    amount: Money
    charged_to: DayText | None
    included_periods: int


class EffectiveFees(msgspec.Struct):
    """What is charged now and next."""

    current: CurrentFee
    next: list[Any]


class SubscriptionShown(msgspec.Struct, kw_only=True):
    """A subscription of an account."""

    i_account_subscription: int
    i_account: int | None
    i_customer: int
    i_product: int | None
    i_subscription: int
    name: str
    int_status: int
    start_date: DayText | None
    activation_date: DayText | None
    billed_to: DayText | None
    finish_date: DayText | None
    is_finished: YN
    monthly_fee: Money
    effective_fee: Money
    effective_fees_info: EffectiveFees
    generate_daily_charge: YN
    obligatory: YN
    multiple: Bit = 0
    has_discount: Bit = 0
    discount_list: list[Any] = []
    regular_discount_list: list[Any] = []
    upcharge_list: list[Any] = []


def subscription_shown(subscription: Subscription, *, now: datetime) -> SubscriptionShown:
    """A subscription with its plan and customer, as it stands."""
    plan = subscription.plan
    today = now.astimezone(ZoneInfo(subscription.customer.timezone)).date()
    fee = plan.fee if subscription.fee is None else subscription.fee
    charged_to = _last_day(subscription.charged_until)
    return SubscriptionShown(
        i_account_subscription=subscription.pk,
        i_account=subscription.account_id,
        i_customer=subscription.customer_id,
        i_product=subscription.product_id,
        i_subscription=plan.pk,
        name=plan.name,
        int_status=status(subscription, today),
        start_date=day_text(subscription.starts_on),
        activation_date=day_text(subscription.starts_on),
        billed_to=day_text(charged_to),
        finish_date=day_text(_last_day(subscription.ends_on)),
        is_finished=yes_no(status(subscription, today) == CLOSED),
        monthly_fee=round(plan.fee * PERIODS_A_MONTH[FeePeriod(plan.period)], 5),
        effective_fee=round(fee, 5),
        effective_fees_info=EffectiveFees(
            CurrentFee(round(fee, 5), day_text(charged_to), plan.advance_periods), []
        ),
        generate_daily_charge=yes_no(plan.charge_model == ChargeModel.BY_DAY),
        obligatory=yes_no(subscription.product_id is not None),
    )


def status(subscription: Subscription, today: date) -> int:
    """0 pending, 1 active, 2 closed."""
    if subscription.ends_on is not None and subscription.ends_on <= today:
        return CLOSED
    if subscription.starts_on is None or subscription.starts_on > today:
        return PENDING
    return ACTIVE


def _last_day(until: date | None) -> date | None:
    """The last day of a span that ends before `until`."""
    return None if until is None else until - ONE_DAY
