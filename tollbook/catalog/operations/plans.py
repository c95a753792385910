"""Plans: fees by the period, and the usage that is included in them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction

from tollbook.catalog.models import (
    Allowance,
    AllowancePeriod,
    ChargeModel,
    ConnectFee,
    DestinationGroup,
    FeePeriod,
    Start,
    SubscriptionPlan,
    WaiveReason,
)
from tollbook.catalog.operations import checks
from tollbook.catalog.price_list.prefixes import MAX_DIGITS
from tollbook.catalog.quantities import MAX_QUANTITY
from tollbook.errors import BadInput
from tollbook.money import MAX_DECIMALS

MAX_ADVANCE_PERIODS = 36
MAX_MINIMUM_PERIODS = 120
MAX_PREFIXES = 100_000  # of a destination group
MAX_PLACE = 10_000


@transaction.atomic
def set_plan(
    *,
    code: str,
    name: str,
    currency: str,
    fee: Decimal,
    period: str = FeePeriod.MONTH,
    activation_fee: Decimal = Decimal(0),
    charge_model: str = ChargeModel.IN_ADVANCE,
    advance_periods: int = 1,
    starts: str = Start.ON_CREATION,
    prorates_start: bool = True,
    prorates_end: bool = True,
    waives: Sequence[str] = (),
    minimum_periods: int = 0,
    penalty: Decimal | None = None,
    is_gross: bool = False,
    decimals: int = 5,
    invoice_text: str = "",
) -> SubscriptionPlan:
    """Make a plan, or say anew what it is. Safe to repeat. What was charged stays; what is charged next is as said.

    Its allowances stay: they are set one by one (`set_allowance`).

    Args:
        code: by which products and people name it.
        name: for people.
        currency: of its fees. A plan keeps it.
        fee: for a period.
        period: one of `models.FeePeriod`.
        activation_fee: once.
        charge_model: one of `models.ChargeModel`.
        advance_periods: how many periods are paid before they begin.
        starts: one of `models.Start`.
        prorates_start: a period that begins late costs its days only.
        prorates_end: days paid for after the end are credited.
        waives: of `models.WaiveReason`, for which days without service are credited.
        minimum_periods: that must be paid for.
        penalty: for ending before; None = the fees up to the term.
        is_gross: the fees contain tax. A plan keeps this too.
        decimals: of each amount charged.
        invoice_text: on the invoice; "" = the name.

    Raises:
        BadInput: a word, number or text that cannot be, another currency than it has, or another period than its
            subscribers pay for.
    """
    whose = f"plan {code!r}"
    checks.text(whose, SubscriptionPlan, "code", code, is_required=True)
    facts = {
        "name": checks.text(whose, SubscriptionPlan, "name", name, is_required=True),
        "invoice_text": checks.text(whose, SubscriptionPlan, "invoice_text", invoice_text),
        "currency": checks.currency(whose, currency),
        "is_gross": is_gross,
        "period": checks.choice(whose, "period", period, FeePeriod),
        "fee": checks.amount(whose, "fee", fee),
        "activation_fee": checks.amount(whose, "activation fee", activation_fee),
        "charge_model": checks.choice(whose, "charge model", charge_model, ChargeModel),
        "advance_periods": _whole(whose, "periods in advance", advance_periods, 1, MAX_ADVANCE_PERIODS),
        "starts": checks.choice(whose, "start", starts, Start),
        "prorates_start": prorates_start,
        "prorates_end": prorates_end,
        "waives": [
            checks.choice(whose, "reason", reason, WaiveReason) for reason in checks.once(whose, "reason", waives)
        ],
        "minimum_periods": _whole(whose, "minimum periods", minimum_periods, 0, MAX_MINIMUM_PERIODS),
        "penalty": None if penalty is None else checks.amount(whose, "penalty", penalty),
        "decimals": _whole(whose, "decimals", decimals, 0, MAX_DECIMALS),
    }
    if advance_periods > 1 and charge_model != ChargeModel.IN_ADVANCE:
        raise BadInput(f"{whose}: {advance_periods} periods in advance, but it is charged {charge_model}")
    if penalty is not None and not minimum_periods:
        raise BadInput(f"{whose}: a penalty of {penalty} for ending before a minimum term, but it has none")
    known = SubscriptionPlan.objects.select_for_update().filter(code=code).first()
    if known is not None and (known.currency, known.is_gross) != (currency, is_gross):
        was = f"{known.currency} {'gross' if known.is_gross else 'net'}"
        raise BadInput(f"{whose} is in {was} and stays so; make the other one with a code of its own")
    if known is not None and known.period != period and known.subscriptions.exists():
        # What was charged for a month is credited and given back by the days of that month.
        raise BadInput(f"{whose} has subscribers who pay by the {known.period}; make another plan by the {period}")
    return SubscriptionPlan.objects.update_or_create(code=code, defaults=facts)[0]


@transaction.atomic
def set_allowance(
    *,
    plan: str,
    name: str,
    kind: str,
    amount: int,
    group: str | None = None,
    windows: Sequence[Mapping[str, str]] = (),
    period: str = AllowancePeriod.BILLING,
    ends_on: date | None = None,
    carry_over: int = 0,
    place: int = 0,
    prorates: bool = False,
    is_shared: bool = False,
    connect_fee: str = ConnectFee.WHEN_CHARGED,
) -> Allowance:
    """Include usage in a plan, or say anew what of it. Periods that have begun keep the amount they have.

    Args:
        plan: code of the plan.
        name: of the allowance, once in a plan.
        kind: of usage.
        amount: seconds, messages or bytes for a period.
        group: name of a destination group; None = every destination.
        windows: {weekdays, from_time, until_time} as price lists write them; none = always.
        period: one of `models.AllowancePeriod`.
        ends_on: of one that is there once, the first day without it.
        carry_over: at most so much is taken into the next period.
        place: its order number: the lowest is taken first.
        prorates: a part period has a part of the amount.
        is_shared: all accounts of the customer use it, after their own.
        connect_fee: one of `models.ConnectFee`.

    Raises:
        BadInput: an unknown plan, kind, group or word; an amount or a window that cannot be.
    """
    whose = f"allowance {name!r} of plan {plan!r}"
    of = checks.named_plan(whose, plan)
    facts = {
        "kind": checks.usage_kind(whose, kind),
        "amount": _whole(whose, "amount", amount, 1, MAX_QUANTITY),
        "group": checks.named_group(whose, group),
        "windows": checks.windows(whose, windows),
        "period": checks.choice(whose, "period", period, AllowancePeriod),
        "ends_on": ends_on,
        "carry_over": _whole(whose, "carry-over", carry_over, 0, MAX_QUANTITY),
        "place": _whole(whose, "order number", place, 0, MAX_PLACE),
        "prorates": prorates,
        "is_shared": is_shared,
        "connect_fee": checks.choice(whose, "connect fee", connect_fee, ConnectFee),
    }
    if period == AllowancePeriod.ONCE and carry_over:
        raise BadInput(f"{whose}: it is there once, so nothing is carried over")
    if period != AllowancePeriod.ONCE and ends_on is not None:
        raise BadInput(f"{whose}: only one that is there once ends on a day; end the subscription instead")
    checks.text(whose, Allowance, "name", name, is_required=True)
    return Allowance.objects.update_or_create(plan=of, name=name, defaults=facts)[0]


@transaction.atomic
def remove_allowance(*, plan: str, name: str) -> None:
    """Take usage out of a plan that nobody has had yet.

    Raises:
        BadInput: there is no such allowance, or it has been given to somebody.
    """
    whose = f"allowance {name!r} of plan {plan!r}"
    found = Allowance.objects.filter(plan=checks.named_plan(whose, plan), name=name).first()
    if found is None:
        raise BadInput(f"{whose}: there is none; see `tollbook allowances list --plan {plan}`")
    if found.pools.exists():
        raise BadInput(f"{whose} has been given to subscribers; make another plan without it for new ones")
    found.delete()


@transaction.atomic
def set_destination_group(*, name: str, prefixes: Sequence[str]) -> DestinationGroup:
    """Make a group of destinations, or say anew what it is: digits of E.164, `+` and blanks are left out.

    Raises:
        BadInput: no prefix, too many, or one that is not digits.
    """
    whose = f"destination group {name!r}"
    checks.text(whose, DestinationGroup, "name", name, is_required=True)
    digits = sorted({prefix.replace("+", "").replace(" ", "") for prefix in prefixes})
    if not digits or len(digits) > MAX_PREFIXES:
        raise BadInput(f"{whose}: {len(digits)} prefixes; a group has 1 to {MAX_PREFIXES}")
    for prefix in digits:
        if len(prefix) > MAX_DIGITS or not re.fullmatch("[0-9]*", prefix):
            raise BadInput(f"{whose}: {prefix!r} is not a prefix; write at most {MAX_DIGITS} digits")
    return DestinationGroup.objects.update_or_create(name=name, defaults={"prefixes": digits})[0]


def _whole(whose: str, what: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise BadInput(f"{whose}: {what} {value}; write a whole number from {least} to {most}")
    return value
