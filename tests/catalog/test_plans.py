"""What may be entered as a plan, an allowance, a group of destinations and tiers, and what may not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tollbook.billing.models import AllowancePool, Subscription
from tollbook.catalog.models import Allowance, DestinationGroup, Product, SubscriptionPlan, TierScheme
from tollbook.catalog.operations import (
    TierPrice,
    remove_allowance,
    remove_tiers,
    set_allowance,
    set_destination_group,
    set_plan,
    set_product,
    set_tiers,
)
from tollbook.catalog.quantities import read_quantity, written_quantity
from tollbook.customers.models import Customer
from tollbook.errors import BadInput

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def pbx(**facts: Any) -> SubscriptionPlan:
    return set_plan(**{"code": "pbx", "name": "Cloud PBX", "currency": "USD", "fee": Decimal(10), **facts})


def minutes(**facts: Any) -> Allowance:
    return set_allowance(**{"plan": "pbx", "name": "minutes", "kind": "voice_out", "amount": 30_000, **facts})


def test_a_plan_is_said_anew_as_a_whole() -> None:
    pbx(waives=["no_funds"], minimum_periods=12, penalty=Decimal(50), activation_fee=Decimal("1.5"))
    again = pbx()
    assert (again.waives, again.minimum_periods, again.penalty, again.activation_fee) == ([], 0, None, Decimal(0))
    assert SubscriptionPlan.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"fee": Decimal("-1")}, "fee -1; write an amount from 0"),
        ({"fee": Decimal("NaN")}, "fee NaN"),
        ({"fee": Decimal("0.0000000001")}, "has more than 9 decimals"),
        ({"period": "fortnight"}, "period 'fortnight'; write one of day, week, month"),
        ({"charge_model": "in_arears"}, "did you mean 'in_arrears'?"),
        ({"charge_model": "by_day", "advance_periods": 2}, "2 periods in advance, but it is charged by_day"),
        ({"waives": ["no_funds", "no_funds"]}, "reason 'no_funds' is named twice"),
        ({"penalty": Decimal(5)}, "but it has none"),
        ({"currency": "usd"}, "currency 'usd'"),
        ({"name": " "}, "name is empty"),
        ({"code": "x" * 65}, "code has 65 characters; the limit is 64"),
        ({"decimals": 10}, "decimals 10"),
    ],
)
def test_a_plan_that_cannot_be_is_none(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message.replace("?", r"\?")):
        pbx(**facts)
    assert not SubscriptionPlan.objects.exists()


def test_a_plan_keeps_its_money() -> None:
    pbx()
    for other in ({"currency": "EUR"}, {"is_gross": True}):
        with pytest.raises(BadInput, match="is in USD net and stays so"):
            pbx(**other)


def test_a_plan_that_somebody_pays_for_keeps_its_period() -> None:
    """Else a day of a month that was paid would be credited as one of a year."""
    pbx()
    pbx(period="year")
    acme = Customer.objects.create(code="acme", name="Acme", currency="USD")
    Subscription.objects.create(
        customer=acme, plan=SubscriptionPlan.objects.get(), created_at=datetime(2026, 6, 1, tzinfo=UTC)
    )
    with pytest.raises(BadInput, match="has subscribers who pay by the year; make another plan by the month"):
        pbx(period="month")
    assert pbx(period="year", fee=Decimal(99)).fee == 99


def test_an_allowance_is_said_anew_as_a_whole() -> None:
    pbx()
    set_destination_group(name="home", prefixes=["+48", "48", "4 4"])
    assert DestinationGroup.objects.get().prefixes == ["44", "48"]
    made = minutes(
        group="home",
        windows=[{"weekdays": "1-5", "from_time": "08:00"}, {"weekdays": "6,7"}],
        carry_over=6_000,
        is_shared=True,
        place=2,
    )
    assert made.windows == [{"weekdays": "1-5", "from_time": "08:00"}, {"weekdays": "6,7"}]
    assert made.group is not None
    again = minutes()
    assert (again.pk, again.group, again.windows, again.carry_over, again.place) == (made.pk, None, [], 0, 0)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"plan": "pbz"}, "no plan 'pbz'; did you mean 'pbx'"),
        ({"kind": "voice"}, "unknown kind 'voice'"),
        ({"amount": 0}, "amount 0; write a whole number from 1"),
        ({"group": "moon"}, "no destination group 'moon'"),
        ({"windows": [{"weekdays": "0"}]}, "window, weekdays '0' is not a choice of weekdays"),
        ({"windows": [{}]}, "window {}"),
        ({"windows": [{"from": "08:00"}]}, "window {'from'"),
        ({"windows": [{"from_time": "24:00"}]}, "is the end of a day"),
        ({"period": "once", "carry_over": 60}, "nothing is carried over"),
        ({"ends_on": date(2026, 7, 1)}, "only one that is there once ends on a day"),
        ({"connect_fee": "sometimes"}, "connect fee 'sometimes'"),
    ],
)
def test_an_allowance_that_cannot_be_is_none(facts: dict[str, Any], message: str) -> None:
    pbx()
    with pytest.raises(BadInput, match=message):
        minutes(**facts)
    assert not Allowance.objects.exists()


def test_what_somebody_has_had_stays_in_the_plan() -> None:
    plan = pbx()
    minutes()
    remove_allowance(plan="pbx", name="minutes")
    assert not Allowance.objects.exists()

    given = minutes()
    acme = Customer.objects.create(code="acme", name="Acme", currency="USD")
    subscribed = Subscription.objects.create(customer=acme, plan=plan, created_at=NOW)
    days = {"since": date(2026, 6, 1), "until": date(2026, 7, 1)}
    AllowancePool.objects.create(subscription=subscribed, allowance=given, amount=30_000, **days)
    with pytest.raises(BadInput, match="has been given to subscribers"):
        remove_allowance(plan="pbx", name="minutes")


@pytest.mark.parametrize("prefixes", [[], ["44x"], ["٤٤"], ["1" * 19]])
def test_a_group_of_destinations_is_prefixes(prefixes: list[str]) -> None:
    with pytest.raises(BadInput, match="destination group 'home'"):
        set_destination_group(name="home", prefixes=prefixes)


PRICES = [TierPrice(0, Decimal("0.02")), TierPrice(60_000, Decimal("0.015"))]


def tiers(**facts: Any) -> TierScheme:
    words = {"product": "office", "name": "volume", "kind": "voice_out", "mode": "graduated", "steps": PRICES}
    return set_tiers(**{**words, **facts})


def test_tiers_replace_their_steps() -> None:
    set_product(code="office", name="Office", tariffs={})
    tiers()
    made = tiers(steps=PRICES[:1])
    assert list(made.steps.values_list("from_units", "per_min_nanos", "per_unit_nanos")) == [(0, 20_000_000, None)]
    data = tiers(name="data", kind="data", steps=[TierPrice(0, Decimal("1.5"), "GB")])
    assert list(data.steps.values_list("per_min_nanos", "per_unit_nanos", "unit")) == [(None, 1_500_000_000, "GB")]
    remove_tiers(product="office", name="data")
    assert TierScheme.objects.get().name == "volume"


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"product": "ofice"}, "no product 'ofice'; did you mean 'office'"),
        ({"product": "recording"}, "tiers are the main product's"),
        ({"steps": []}, "0 steps"),
        ({"steps": PRICES[1:]}, "the first step is from 60000; add a step from 0"),
        ({"steps": [PRICES[0], PRICES[0]]}, "a step from 0 after one from 0; steps grow"),
        ({"steps": [TierPrice(0, Decimal(1), "GB")]}, "the price of voice_out is per GB"),
        ({"kind": "data"}, "the price of data is per minute"),
        ({"kind": "sms_out"}, "units are message"),
        ({"mode": "stairs"}, "mode 'stairs'"),
    ],
)
def test_tiers_that_cannot_be_are_none(facts: dict[str, Any], message: str) -> None:
    set_product(code="office", name="Office", tariffs={})
    set_product(code="recording", name="Recording", tariffs={}, is_addon=True, goes_with_any=True)
    with pytest.raises(BadInput, match=message):
        tiers(**facts)
    assert not TierScheme.objects.exists()
    assert Product.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "kind", "amount", "written"),
    [
        ("500min", "voice_out", 30_000, "500 min"),
        ("2h", "voice_in", 7_200, "2 h"),
        ("1.5 h", "voice_out", 5_400, "90 min"),
        ("61", "voice_out", 61, "61 s"),
        ("100 messages", "sms_out", 100, "100 messages"),
        ("100", "mms_out", 100, "100 messages"),
        ("10GB", "data", 10_000_000_000, "10 GB"),
        ("1 gib", "data", 1_073_741_824, "1 GiB"),
        ("0", "voice_out", 0, "0 s"),
    ],
)
def test_amounts_of_usage_as_people_write_them(text: str, kind: str, amount: int, written: str) -> None:
    assert read_quantity(text, kind) == amount
    assert written_quantity(amount, kind) == written


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("10GB", "voice_out"),
        ("5min", "data"),
        ("0.5", "sms_out"),
        ("-5", "data"),
        ("9999999999 GB", "data"),
        ("", "data"),
    ],
)
def test_amounts_that_are_none(text: str, kind: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        read_quantity(text, kind)
