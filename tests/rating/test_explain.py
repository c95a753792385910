"""Why a call costs what it costs."""

from typing import Any

import pytest

from tests.rating.sheets import calls, tariff
from tollbook.rating.engine import Tariff
from tollbook.rating.explain import Explanation, Rebuilt, Step, explanation, explanations, rebuild

PEAK = """
    prefix  destination   weekdays  hours        price   increments  connect_fee  maximum_charge
    447     UK mobile     Mon-Fri   08:00-20:00  0.0901  60/60       0.02         -
    447     UK mobile     -         -            0.0601  30/6        0.01         0.30
    449     Premium       -         -            9.00    1/1         0            2.50
"""


@pytest.mark.req("X1")
def test_an_explanation_names_prefix_lines_windows_steps_fee_and_rounding() -> None:
    told = explain(tariff(PEAK), "call  start  talked\nmobile  2026-01-05T19:59:30  61")

    assert told.as_text().splitlines() == [
        # 0.02 + 0.0901 for the minute begun at 19:59:30, then 6 s at 0.0601: 0.11611.
        "charged 0.1161 EUR without tax",
        "voice_out to 447700900000, from 48221234567, on 2026-01-05T19:59:30+00:00, 61 s",
        "prefix 447 (UK mobile), price list line 2",
        "  from 0: 60 s at 0.0901 per minute (line 2, Mon, Tue, Wed, Thu, Fri 08:00–20:00)",
        "  from 60: 6 s at 0.0601 per minute (line 3)",
        "  connect fee 0.02",
        "exactly 0.11611, rounded half_up to 4 decimals",
    ]
    assert rebuild(told) == Rebuilt("charged", 116_100_000)


@pytest.mark.req("X1")
def test_the_price_comes_from_the_explanation_and_nothing_else() -> None:
    told = explain(tariff(PEAK), "call  start  talked\nmobile  2026-01-05T21:00:00  31")
    dearer = Explanation.from_json(told.to_json().replace('"price": "0.0601"', '"price": "0.1202"'))

    assert told.steps == (Step(3, None, 0, 36, "0.0601"),)
    assert told.exact == "0.04606"
    assert rebuild(told) == Rebuilt("charged", 46_100_000)
    assert rebuild(dearer) == Rebuilt("charged", 82_100_000)  # 0.01 + 36 x 0.1202 / 60 = 0.08212


def test_an_exact_value_whose_decimals_do_not_end_is_told_as_a_fraction() -> None:
    told = explain(tariff("price\n0.0100"), "talked\n1")

    assert (told.exact, told.price) == ("0.01/60", "0.0002")
    assert rebuild(told) == Rebuilt("charged", 200_000)


def test_a_cap_is_told() -> None:
    told = explain(tariff(PEAK), "call  cld  talked\npremium  4490  60")

    assert told.bound == "maximum"
    assert "  maximum charge 2.5 instead of the sum" in told.as_text().splitlines()
    assert rebuild(told) == Rebuilt("charged", 2_500_000_000)


def test_units_are_told_as_they_are_billed() -> None:
    told = explain(
        tariff("kind  prefix  per_unit  unit\ndata  any  0.02  MiB", is_gross=True),
        "kind  cld  quantity\ndata  internet  1048577",
    )

    assert told.as_text().splitlines() == [
        "charged 0.04 EUR with tax",
        "data to internet, from 48221234567, on 2026-01-05T12:00:00+00:00, 1048577 bytes",
        "prefix any number, price list line 2",
        "  from 0: 2 MiB at 0.02 per MiB (line 2)",
        "exactly 0.04, rounded half_up to 4 decimals",
    ]


@pytest.mark.parametrize(
    ("call", "first_line", "rebuilt"),
    [
        ("answered  talked\nno  60", "free: it was not answered, or lasted 0 s (unanswered)", Rebuilt("free", 0)),
        (
            "cld  talked\n33  60",
            "set aside: the price list has no price for it (no_rate)",
            Rebuilt("set_aside", None),
        ),
        ("kind  talked\n-  60", "set aside: its kind is not known (unknown_kind)", Rebuilt("set_aside", None)),
    ],
)
def test_a_record_without_a_price_says_why(call: str, first_line: str, rebuilt: Rebuilt) -> None:
    told = explain(tariff(PEAK), call)

    assert told.as_text().splitlines()[0] == first_line
    assert (told.prefix, told.price or "0") == (None, "0")
    assert rebuild(told) == rebuilt


def test_explanations_come_in_the_order_of_the_records() -> None:
    records = calls("kind  cld  talked\nvoice_out  4477  60\nsms_out  1  60\n-  2  60\nvoice_out  4490  60")

    told = [Explanation.from_json(text) for text in explanations(records, tariff(PEAK))]

    assert [one.number for one in told] == ["4477", "1", "2", "4490"]
    assert explanations(records.clear(), tariff(PEAK)).len() == 0


def explain(tariff: Tariff, call: str) -> Explanation:
    record: dict[str, Any] = calls(call).row(0, named=True)
    return explanation(record | {"stored": "elsewhere"}, tariff)
