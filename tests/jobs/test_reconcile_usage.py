"""The toy platform's books beside ours: what is missing, what was corrected, and what is left of the money."""

from datetime import date
from pathlib import Path

import pytest

from tests.jobs.books import books
from tests.jobs.office import price_tariff
from tests.jobs.toy_office import Toy, at
from tests.jobs.toy_platform import Call
from tollbook.catalog.operations import set_product
from tollbook.connectors.errors import TryAgainLater
from tollbook.errors import BadInput
from tollbook.jobs.margin import margin
from tollbook.jobs.reconcile_usage import Reconciliation, reconcile_usage
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import UsageRecord

NOW = "2017-06-21T12:00"
CALLS = [
    Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00", price="0.005"),
    Call(id=2, customer="c1", start="2017-06-18T11:00:00+00:00", seconds=61, price="0.010"),
    # 22:30 UTC is the next day in Warsaw.
    Call(id=3, customer="c3", start="2017-06-18T22:30:00+00:00", cli="48221000003", price="0.005"),
    Call(id=4, customer="c1", start="2017-06-19T10:00:00+00:00", fee=True, price="9.9"),
]


@pytest.fixture
def collected(toy: Toy) -> Toy:
    toy.platform.calls = list(CALLS)
    toy.collect("2017-06-20T12:00", since="2017-06-01T00:00")
    return toy


def held(toy: Toy, since: int = 18, until: int = 20) -> Reconciliation:
    return reconcile_usage(toy.connection, since=date(2017, 6, since), until=date(2017, 6, until), now=at(NOW))


@pytest.mark.req("X10")
def test_both_sides_agree_by_day_and_margin_is_what_is_left(collected: Toy) -> None:
    before = books()

    result = held(collected)

    assert result.agrees
    assert [tuple(row.values()) for row in result.usage.iter_rows(named=True)] == [
        # day, kind, currency; records, seconds and nano-euros there and here; what customers pay for it:
        # 1 + 2 minutes at 0.012, and 1 minute.
        (date(2017, 6, 18), "voice_out", "EUR", 2, 121, 15_000_000, 2, 121, 15_000_000, 36_000_000),
        (date(2017, 6, 19), "voice_out", "EUR", 1, 60, 5_000_000, 1, 60, 5_000_000, 12_000_000),
    ]
    # The fee is money of the platform's and no usage: it stands apart.
    assert result.not_usage.select("what", "amount_nanos_there", "amount_nanos_here").rows() == [
        ("fee", 9_900_000_000, 9_900_000_000)
    ]
    assert books() == before

    collected.connection.price_is = "cost"
    collected.connection.save()
    period = {"since": date(2017, 6, 18), "until": date(2017, 6, 20)}
    # Each call has both prices; customers, destinations and days add them up.
    calls = UsageRecord.objects.filter(outcome="charged").order_by("record_key")
    assert [(call.price_nanos, call.platform_price_nanos) for call in calls] == [
        (12_000_000, 5_000_000),
        (24_000_000, 10_000_000),
        (12_000_000, 5_000_000),
    ]
    by_customer = [
        (line.of, line.currency, line.charged_nanos, line.cost_nanos, line.margin_nanos)
        for line in margin(collected.connection, by="customer", **period)
    ]
    assert by_customer == [
        ("ann", "EUR", 36_000_000, 15_000_000, 21_000_000),
        ("bob", "EUR", 12_000_000, 5_000_000, 7_000_000),
    ]
    by_destination = margin(collected.connection, by="destination", **period)
    assert [(line.of, line.margin_nanos) for line in by_destination] == [("United Kingdom", 28_000_000)]
    by_day = margin(collected.connection, by="day", **period)
    assert [(line.of, line.margin_nanos) for line in by_day] == [
        ("2017-06-18", 21_000_000),
        ("2017-06-19", 7_000_000),
    ]


def test_each_record_that_differs_is_named(collected: Toy) -> None:
    collected.platform.correct(2, seconds=121)
    collected.platform.calls = [call for call in collected.platform.calls if call.id != 3]
    collected.platform.calls.append(Call(id=5, customer="c2", start="2017-06-18T12:00:00+00:00"))

    result = held(collected)

    assert not result.agrees
    assert [(one.record_key, str(one.day), one.what, one.detail) for one in result.differences] == [
        ("00000002", "2017-06-18", "other content", "duration_us 121000000 there, 61000000 here"),
        ("00000005", "2017-06-18", "missing here", ""),
        ("00000003", "2017-06-19", "missing there", ""),
    ]

    collected.collect("2017-06-20T12:00", since="2017-06-01T00:00", again=True)
    assert [one.what for one in held(collected).differences] == ["missing there"]


def test_who_could_not_be_fetched_is_not_compared_and_said(collected: Toy) -> None:
    collected.platform.failing["c1"] = TryAgainLater("busy", platform="toy")
    result = held(collected)
    assert (result.different_records, result.agrees) == (0, False)
    assert [(problem.scope, problem.error) for problem in result.problems] == [("c1", "toy: busy")]
    assert result.usage["records_here"].sum() == 1  # Bob's


def test_a_call_billed_days_later_belongs_to_its_own_day(toy: Toy) -> None:
    toy.platform.calls = [
        Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00", written_at="2017-06-20T10:00:00+00:00")
    ]
    toy.collect(NOW, since="2017-06-01T00:00")
    assert held(toy, 18, 19).agrees


def test_costs_in_another_currency_are_never_mixed(toy: Toy) -> None:
    toy.connection.price_is = "cost"
    toy.connection.save()
    toy.platform.calls = [
        Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00", price="0.02", currency="PLN")
    ]
    toy.collect(NOW, since="2017-06-01T00:00")
    lines = margin(toy.connection, by="customer", since=date(2017, 6, 18), until=date(2017, 6, 19))
    assert [(line.currency, line.charged_nanos, line.cost_nanos) for line in lines] == [
        ("EUR", 12_000_000, 0),
        ("PLN", 0, 20_000_000),
    ]


def test_the_tax_in_a_price_is_nothing_that_is_left(toy: Toy, tmp_path: Path) -> None:
    prices = "prefix,destination,price,increment\n44,United Kingdom,0.0123,60/60\n"
    price_tariff("with tax", prices, tmp_path, settings=TariffSettings(is_gross=True))
    set_product(code="voice", name="Voice", tariffs={"voice_out": "with tax"})
    toy.connection.price_is = "cost"
    toy.connection.save()
    toy.platform.calls = [
        Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00", price="0.004"),
        Call(id=2, customer="c3", start="2017-06-18T10:00:00+00:00", cli="48221000003", price="0.004"),
    ]
    toy.collect(NOW, since="2017-06-01T00:00")
    lines = margin(toy.connection, by="customer", since=date(2017, 6, 18), until=date(2017, 6, 19))
    # Of 0.0123 with 23 % of tax Ann pays 0.01 net; Bob pays no tax.
    assert [(line.of, line.charged_nanos, line.margin_nanos) for line in lines] == [
        ("ann", 10_000_000, 6_000_000),
        ("bob", 12_300_000, 8_300_000),
    ]


def test_prices_that_are_no_costs_have_no_margin(toy: Toy) -> None:
    with pytest.raises(BadInput, match="its prices are not what you pay"):
        margin(toy.connection, by="day", since=date(2017, 6, 18), until=date(2017, 6, 19))


def test_a_platform_that_adds_up_itself_is_held_to_it(toy: Toy) -> None:
    toy.connection.kind = "adding-toy"
    toy.connection.save()
    toy.platform.calls = [Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00")]
    toy.collect(NOW, since="2017-06-01T00:00")

    result = held(toy, 18, 19)

    assert (result.different_records, result.agrees) == (0, False)
    assert result.totals.select("records_there", "records_here", "quantity_there", "quantity_here").rows() == [
        (1, 1, 61, 60)
    ]
