"""The engine against the oracle, over random tariffs with all features mixed."""

from collections import Counter
from dataclasses import asdict
from fractions import Fraction

import pytest

from tests.rating.oracle import Settings, Verdict, by_prefix, rate
from tests.rating.random_tariffs import HOLIDAYS, KNOWN, random_tariff
from tollbook.rating.engine import compile_tariff, rate_calls

CALLS_PER_TARIFF = 500
TARIFFS, ALL_TARIFFS = 60, 600

FEATURES = {
    "CLI prefix",
    "connect fee",
    "credit",
    "crossed steps",
    "crossed windows",
    "dated",
    "daylight saving changed during the call",
    "forbidden window on the way",
    "fraction down",
    "fraction nearest",
    "fraction up",
    "gap in windows at start",
    "gap in windows on the way",
    "holiday window",
    "lifted to minimum time",
    "maximum charge",
    "minimum charge",
    "required length",
    "rounded",
    "rounding down",
    "rounding half_even",
    "rounding half_up",
    "rounding up",
    "unit GiB",
    "unit KiB",
    "unit MB",
    "unit MiB",
    "unit None",
    "unit byte",
    "unit kB",
    "unit message",
    "window over midnight",
}
EVERYTHING = {*FEATURES, *KNOWN, "no_rate", "forbidden_destination", "grace", "charged", "free", "set_aside"}


@pytest.mark.req("X2")
def test_the_engine_and_the_oracle_give_the_same_answer_to_30_000_random_calls() -> None:
    met = compare(range(TARIFFS))

    assert met.keys() >= EVERYTHING


@pytest.mark.full
def test_the_engine_and_the_oracle_give_the_same_answer_to_300_000_random_calls() -> None:
    met = compare(range(TARIFFS, TARIFFS + ALL_TARIFFS))

    assert met.keys() >= EVERYTHING


def compare(seeds: range) -> Counter[str]:
    """Rate the calls of these random tariffs twice. What was met on the way: outcomes, reasons, features."""
    met: Counter[str] = Counter()
    for seed in seeds:
        tariff = random_tariff(seed, CALLS_PER_TARIFF)
        compiled = compile_tariff(tariff.rates_frame(), tariff.settings, holidays=HOLIDAYS)
        rated = rate_calls(tariff.calls_frame(), compiled)
        price_list = by_prefix(tariff.rows)
        settings = Settings(
            timezone=tariff.settings.timezone,
            decimals=tariff.settings.decimals,
            rounding=tariff.settings.rounding.value,
            fraction=tariff.settings.fraction.value,
            calendars=HOLIDAYS,
        )
        for call, answer in zip(tariff.calls, rated.iter_rows(named=True), strict=True):
            expected = rate(call, price_list, settings)
            assert seen(answer) == told(expected), f"seed {seed}, {call}, {asdict(expected)}"
            met.update([expected.outcome, *([expected.reason] if expected.reason else []), *expected.features])
    return met


def seen(answer: dict[str, object]) -> tuple[object, ...]:
    sixtieths = answer["exact_sixtieths"]
    exact = Fraction(sixtieths, 60) if isinstance(sixtieths, int) else None
    return (
        answer["outcome"],
        answer["reason"],
        answer["rate_line"],
        answer["billed"],
        exact,
        answer["price_nanos"],
    )


def told(verdict: Verdict) -> tuple[object, ...]:
    return (verdict.outcome, verdict.reason, verdict.line, verdict.billed, verdict.exact, verdict.price)
