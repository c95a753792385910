"""A markup on a price list: put on what the rates come to, fee and bounds included, before the one rounding."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.rating import oracle
from tests.rating.random_tariffs import HOLIDAYS, RandomTariff, random_tariff
from tests.rating.sheets import assert_rated, calls, tariff
from tollbook.rating.engine import Tariff, compile_tariff, rate_calls, with_markup
from tollbook.rating.explain import Explanation, explanation, explanations, rebuild
from tollbook.rating.frames import CALLS

CENT_A_MINUTE = """
    prefix  destination  price   increments  connect_fee  minimum_charge  maximum_charge
    44      UK           0.0100  60/60       0            0               -
    48      Poland       0.0500  1/1         0            0               -
    49      Germany      0.0500  60/60       0.10         0.30            0.40
    33      France       0.014   60/60       0            0               -
    39      Italy       -0.05    60/60       0            0               -
    1       America      0.123456789  60/60  0            0               -
"""


def price_of(cld: str, talked: int, markup: str, **settings: Any) -> str:
    marked_up = with_markup(tariff(CENT_A_MINUTE, **settings), int(Decimal(markup) * 100))
    rated = rate_calls(calls(f"call  cld  talked\none  {cld}  {talked}"), marked_up)
    return f"{Decimal(rated['price_nanos'][0]).scaleb(-9).normalize():f}"


def test_a_cent_a_minute_and_fifteen_percent() -> None:
    assert price_of("442079460000", 60, "15") == "0.0115"
    assert price_of("442079460000", 61, "15") == "0.023"


@pytest.mark.parametrize(
    ("cld", "talked", "markup", "price"),
    [
        ("48600000000", 60, "12.34", "0.0562"),  # 0.05 × 1.1234 = 0.05617
        ("48600000000", 7, "12.5", "0.0066"),  # 0.05 × 7 / 60 = 0.005833…, × 1.125 = 0.0065625
        ("48600000000", 60, "-2.5", "0.0488"),  # 0.04875: half goes up
        ("48600000000", 60, "-100", "0"),
        ("49300000000", 120, "20", "0.36"),  # 0.10 + 2 × 0.05 is lifted to 0.30, and 20 % on that
        ("49300000000", 60 * 5, "20", "0.42"),  # 0.10 + 5 × 0.05 = 0.35
        ("49300000000", 60 * 10, "20", "0.48"),  # 0.60 is cut to 0.40
    ],
)
def test_fees_and_bounds_are_marked_up_too(cld: str, talked: int, markup: str, price: str) -> None:
    assert price_of(cld, talked, markup) == price


def test_the_price_is_rounded_once() -> None:
    # 0.014 × 1.1 = 0.0154. Rounded before it would be 0.01, and with the markup 0.011.
    assert price_of("33100000000", 60, "10", decimals=2) == "0.02"
    assert price_of("39061234567", 60, "10", decimals=2) == "-0.06"  # 0.055: a credit rounds like a charge


def test_no_price_is_refused_or_cut_for_its_decimals() -> None:
    # 0.123456789 × 1.1234 = 0.1386913567626
    assert price_of("12025550100", 60, "12.34", decimals=9) == "0.138691357"
    assert price_of("12025550100", 120, "12.34", decimals=9) == "0.277382714"  # 0.2773827135252


def test_a_price_on_the_edge_of_64_bits_is_exact_and_one_beyond_waits() -> None:
    dear = "prefix  price      increments\n44      100000000  1/1"
    minute = calls("call  talked\none  60")
    # 1e8 × 1.5, and × 1.0001, are within 153 million; × 1.6 is not.
    assert_rated(with_markup(tariff(dear), 5_000), minute, "outcome  price\ncharged  150000000")
    assert_rated(with_markup(tariff(dear), 1), minute, "outcome  price\ncharged  100010000")
    beyond = "outcome    reason        price\nset_aside  bad_quantity  -"
    assert_rated(with_markup(tariff(dear), 6_000), minute, beyond)


@pytest.mark.parametrize(
    ("rounding", "price"),
    [("half_up", "0.1234"), ("half_even", "0.1234"), ("up", "0.1234"), ("down", "0.1233")],
)
def test_a_price_whose_product_needs_more_than_64_bits_is_rounded_like_any_other(
    rounding: str, price: str
) -> None:
    dear = tariff("prefix  price               increments\n44      99999999.123456789  1/1", rounding=rounding)
    # × 1.0001 = 100009999.1233691346789
    expected = f"price\n10000999{Decimal(9) + Decimal(price)}"
    assert_rated(with_markup(dear, 1), calls("call  talked\none  60"), expected)


def test_what_is_not_charged_stays_so() -> None:
    sheet = """
        prefix  price  increments  grace_period_s  forbidden
        44      1      1/1         3               no
        4470    1      1/1         0               yes
    """
    records = calls("""
        call       cld           talked  answered  known_reason
        grace      442079460000  3       yes       -
        forbidden  447000000000  60      yes       -
        nowhere    33100000000   60      yes       -
        unheard    442079460000  0       no        -
        excluded   442079460000  60      yes       excluded
    """)
    expected = """
        outcome    reason                 price
        free       grace                  0
        set_aside  forbidden_destination  -
        set_aside  no_rate                -
        free       unanswered             0
        free       excluded               0
    """
    assert_rated(with_markup(tariff(sheet), 1_500), records, expected)


def told(markup: int, cld: str, talked: int) -> Explanation:
    call = calls(f"call  cld  talked\none  {cld}  {talked}").row(0, named=True)
    return explanation(call, with_markup(tariff(CENT_A_MINUTE), markup))


@pytest.mark.req("X1")
def test_the_explanation_shows_the_rate_and_the_markup() -> None:
    assert told(1_500, "49300000000", 300).as_text().splitlines() == [
        "charged 0.4025 EUR without tax",
        "voice_out to 49300000000, from 48221234567, on 2026-01-05T12:00:00+00:00, 300 s",
        "prefix 49 (Germany), price list line 4",
        "  from 0: 300 s at 0.05 per minute (line 4)",
        "  connect fee 0.1",
        "  a markup of 15 % on that",
        "exactly 0.4025, rounded half_up to 4 decimals",
    ]
    assert (
        "  maximum charge 0.4 instead of the sum\n  a markup of 15 % on that"
        in told(1_500, "49300000000", 600).as_text()
    )
    # 7 s of 0.05 a minute are 0.35/60, and 12.5 % on that 0.39375/60.
    assert told(1_250, "48600000000", 7).exact == "0.39375/60"


@pytest.mark.req("X1")
def test_the_price_can_be_rebuilt_from_rate_and_markup() -> None:
    explained = told(1_500, "442079460000", 60)
    assert rebuild(explained).price_nanos == 11_500_000
    cheaper = Explanation.from_json(explained.to_json().replace('"price": "0.01"', '"price": "0.02"'))
    assert rebuild(cheaper).price_nanos == 23_000_000


def test_random_calls_cost_what_the_oracle_says_and_the_markup() -> None:
    charged = 0
    for seed, markup in enumerate([1_500, 1_234, -250, -10_000, 33_333, 1_000_000, 1, 9_999]):
        random = random_tariff(seed + 50, 500)
        compiled = with_markup(compile_tariff(random.rates_frame(), random.settings, holidays=HOLIDAYS), markup)
        charged += agree(random, compiled, markup)
    assert charged > 1_000


def agree(random: RandomTariff, compiled: Tariff, markup: int) -> int:
    """Hold every call against the oracle, and against its own explanation; how many were charged."""
    settings = oracle.Settings(
        timezone=random.settings.timezone,
        decimals=random.settings.decimals,
        rounding=random.settings.rounding.value,
        fraction=random.settings.fraction.value,
        calendars=HOLIDAYS,
    )
    price_list = oracle.by_prefix(random.rows)
    records = random.calls_frame()
    rated = rate_calls(records, compiled)
    texts = explanations(records.select(CALLS.names()), compiled)
    charged = 0
    for call, row, text in zip(random.calls, rated.iter_rows(named=True), texts, strict=True):
        verdict = oracle.rate(call, price_list, settings)
        if verdict.outcome != "charged" or verdict.exact is None:
            assert (row["outcome"], row["reason"]) == (verdict.outcome, verdict.reason)
            continue
        exact = verdict.exact * Fraction(10_000 + markup, 10_000)
        if abs(exact) * 60 > oracle.LARGEST_SIXTIETHS:
            assert (row["outcome"], row["reason"]) == ("set_aside", "bad_quantity")
            continue
        charged += 1
        assert (row["outcome"], row["price_nanos"]) == ("charged", oracle.rounded(exact, settings))
        assert row["exact_sixtieths"] is None
        assert rebuild(Explanation.from_json(text)).price_nanos == row["price_nanos"]
    return charged
