"""What a change costs is said before, and is what it then costs."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.jobs.agreed import JUNE_1, JUNE_11, customer, history, product, themselves
from tollbook.billing.models import FeeCharge
from tollbook.catalog.models import Product
from tollbook.customers.errors import AgreementExceeded, NotInAgreement, NotTheirs
from tollbook.customers.models import Account, AccountProduct
from tollbook.jobs.change_account import change_account
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.open_account import open_account
from tollbook.jobs.quote_change import by_period, quote_change

pytestmark = pytest.mark.usefixtures("db")


def charges(account: Account) -> list[tuple[str, str, Decimal]]:
    """Plan, what for, and amount, in the order in which they were charged."""
    made = FeeCharge.objects.filter(subscription__account=account).order_by("pk")
    return [(one.subscription.plan.code, one.what, one.amount) for one in made]


@pytest.mark.req("P9")
def test_a_customer_sees_the_price_and_then_changes_product_and_addons_within_the_agreement() -> None:
    basic, premium = product("basic", monthly="10"), product("premium", monthly="30")
    recording = product("recording", monthly="4", is_addon=True, goes_with=[premium])
    product("gold", monthly="90")
    acme = customer(basic=None, premium=1, recording=None)
    anna = open_account(actor=themselves(acme), customer=acme, product=basic, extension="101", now=JUNE_1)
    assert charges(anna) == [("basic", "fee", Decimal(10))]

    quote = quote_change(actor=themselves(acme), account=anna, product=premium, addons=[recording], now=JUNE_11)

    assert by_period(quote.before) == {"month": Decimal(10)}
    assert by_period(quote.after) == {"month": Decimal(34)}
    assert quote.currency == "USD"
    # 11 to 30 June are 20 of 30 days: 30 × 20/30 and 4 × 20/30.
    assert [(one.text, one.what, one.since, one.until, one.amount) for one in quote.charged_now] == [
        ("premium fee", "fee", date(2026, 6, 11), date(2026, 7, 1), Decimal("20.00000")),
        ("recording fee", "fee", date(2026, 6, 11), date(2026, 7, 1), Decimal("2.66667")),
    ]
    # 12 to 30 June are 19 days of 10/30; the 11th was begun with basic, and stays paid.
    assert quote.settled_on == date(2026, 6, 12)
    assert [(one.text, one.what, one.amount) for one in quote.settled] == [
        ("basic fee", "given_back", Decimal("-6.33333"))
    ]
    assert (quote.charged_now_total, quote.settled_total) == (Decimal("22.66667"), Decimal("-6.33333"))
    # Nothing was changed by asking.
    anna.refresh_from_db()
    assert (anna.product, history(anna)) == (basic, ["created", "extension_added"])
    assert len(charges(anna)) == 1
    assert not AccountProduct.objects.exists()

    change_account(actor=themselves(acme), account=anna, product=premium, addons=[recording], now=JUNE_11)
    charge_fees(upto=date(2026, 6, 12), now=datetime(2026, 6, 12, 12, tzinfo=UTC))

    assert anna.product == premium
    assert charges(anna)[1:] == [
        ("premium", "fee", Decimal("20.00000")),
        ("recording", "fee", Decimal("2.66667")),
        ("basic", "given_back", Decimal("-6.33333")),
    ]
    # The agreement holds for a change as for a new account, and a quote says so before.
    bob = open_account(actor=themselves(acme), customer=acme, product=basic, extension="102", now=JUNE_1)
    for ask in (quote_change, change_account):
        with pytest.raises(AgreementExceeded, match="1 of 1"):
            ask(actor=themselves(acme), account=bob, product=premium, now=JUNE_11)
        with pytest.raises(NotInAgreement, match="gold is not in your agreement"):
            ask(actor=themselves(acme), account=bob, product=gold(), now=JUNE_11)
    stranger = customer("beta")
    with pytest.raises(NotTheirs):
        quote_change(actor=themselves(stranger), account=anna, addons=[], now=JUNE_11)


def gold() -> Product:
    return Product.objects.get(code="gold")


def test_an_addon_switched_off_and_on_again_on_the_same_day_costs_nothing_more() -> None:
    basic = product("basic")
    recording = product("recording", monthly="30", is_addon=True)
    acme = customer(basic=None, recording=None)
    me = themselves(acme)
    anna = open_account(actor=me, customer=acme, product=basic, addons=[recording], extension="101", now=JUNE_1)
    noon, evening = (datetime(2026, 6, 11, hour, tzinfo=UTC) for hour in (12, 18))

    change_account(actor=me, account=anna, addons=[], now=noon)
    change_account(actor=me, account=anna, addons=[recording], now=evening)
    charge_fees(upto=date(2026, 6, 13), now=datetime(2026, 6, 13, 12, tzinfo=UTC))

    assert charges(anna) == [("recording", "fee", Decimal(30))]


def test_who_has_something_for_the_day_alone_pays_for_the_day() -> None:
    basic = product("basic")
    recording = product("recording", monthly="30", is_addon=True)
    acme = customer(basic=None, recording=None)
    me = themselves(acme)
    anna = open_account(actor=me, customer=acme, product=basic, extension="101", now=JUNE_1)
    morning, evening = (datetime(2026, 6, 11, hour, tzinfo=UTC) for hour in (12, 22))

    change_account(actor=me, account=anna, addons=[recording], now=morning)
    change_account(actor=me, account=anna, addons=[], now=evening)
    charge_fees(upto=date(2026, 6, 13), now=datetime(2026, 6, 13, 12, tzinfo=UTC))

    # 20 days are charged at once, and 19 of them, each 30/30, given back.
    assert charges(anna) == [("recording", "fee", Decimal(20)), ("recording", "given_back", Decimal(-19))]
