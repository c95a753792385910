"""The platform has priced the record: its price is taken as it is, or with a markup."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tollbook.money import INT64_MAX, Rounding, nanos_of
from tollbook.rating.engine import compile_tariff, rate_calls
from tollbook.rating.explain import Explanation, explanation, rebuild
from tollbook.rating.frames import CALLS, RATES, TariffSettings

NO_LIST = pl.DataFrame(schema=RATES)
JUNE = datetime(2017, 6, 1, 12, 0, tzinfo=UTC)


def call(price: str | None, **changes: Any) -> dict[str, Any]:
    fields = {
        "kind": "voice_out",
        "start": JUNE,
        "answered": True,
        "duration_us": 61_500_000,
        "quantity": None,
        "cld": "48221000001",
        "cli": None,
        "known_reason": None,
        "platform_price_nanos": None if price is None else nanos_of(Decimal(price)),
    }
    return fields | changes


def rated(*calls: dict[str, Any], **settings: Any) -> pl.DataFrame:
    tariff = compile_tariff(
        NO_LIST, TariffSettings(platform_markup_basis_points=0) if not settings else _with(settings)
    )
    return rate_calls(pl.DataFrame(list(calls), schema={**CALLS, "platform_price_nanos": pl.Int64}), tariff)


def _with(settings: dict[str, Any]) -> TariffSettings:
    return TariffSettings(**settings)


def price_of(price: str | None, **settings: Any) -> str | None:
    nanos = rated(call(price), **settings)["price_nanos"][0]
    return None if nanos is None else f"{Decimal(nanos).scaleb(-9).normalize():f}"


def test_without_a_markup_the_price_is_the_platforms_to_the_last_decimal() -> None:
    # PortaBilling says prices to five decimals; a tariff of four must not cut the last one off.
    assert price_of("0.12345") == "0.12345"
    assert price_of("0.123456789") == "0.123456789"
    assert price_of("0") == "0"


@pytest.mark.parametrize(
    ("price", "markup", "decimals", "rounding", "expected"),
    [
        ("0.10", 1000, 4, Rounding.HALF_UP, "0.11"),  # + 10 %
        ("0.12345", 1250, 4, Rounding.HALF_UP, "0.1389"),  # × 1.125 = 0.13888125
        ("0.12345", 1250, 4, Rounding.DOWN, "0.1388"),
        ("0.12345", 1250, 9, Rounding.HALF_UP, "0.13888125"),
        ("0.00005", 0, 2, Rounding.HALF_UP, "0.00005"),  # no markup, no rounding
        ("0.05", 1000, 2, Rounding.HALF_UP, "0.06"),  # 0.055 is half, and half goes up
        ("0.05", 1000, 2, Rounding.HALF_EVEN, "0.06"),
        ("0.15", -3000, 2, Rounding.HALF_EVEN, "0.1"),  # 0.105: half goes to the even cent
        ("-0.05", 1000, 2, Rounding.HALF_UP, "-0.06"),  # a credit rounds like a charge
        ("1.00", -10000, 2, Rounding.HALF_UP, "0"),
    ],
)
def test_a_markup_is_put_on_and_rounded_once(
    price: str, markup: int, decimals: int, rounding: Rounding, expected: str
) -> None:
    assert price_of(price, platform_markup_basis_points=markup, decimals=decimals, rounding=rounding) == expected


def test_what_comes_before_the_price_decides_here_as_everywhere() -> None:
    answers = rated(
        call("1.00", answered=False, duration_us=0, platform_price_nanos=0),
        call("1.00", known_reason="emergency"),
        call("1.00", known_reason="unpaired_customer"),
        call("1.00", known_reason="fee"),
        call("1.00", start=None),
        call("1.00", duration_us=-1_000_000),
        call("1.00", kind="fax"),
        call(None),
    )
    assert answers.select("outcome", "reason", "price_nanos").rows() == [
        ("free", "unanswered", 0),
        ("free", "emergency", 0),
        ("set_aside", "unpaired_customer", None),
        ("not_usage", "fee", None),
        ("set_aside", "bad_time", None),
        ("set_aside", "bad_quantity", None),
        ("set_aside", "unknown_kind", None),
        ("set_aside", "no_platform_price", None),
    ]


def test_a_priced_record_of_no_length_is_charged_because_the_platform_knows_why() -> None:
    answers = rated(call("0.05", duration_us=0), call("-0.05", duration_us=0))
    assert answers.select("outcome", "price_nanos").rows() == [("charged", 50_000_000), ("charged", -50_000_000)]


def test_a_number_that_cannot_be_read_does_not_matter_because_nothing_is_looked_up_by_it() -> None:
    assert rated(call("0.10", cld="internet"))["outcome"].to_list() == ["charged"]


def test_a_price_too_large_for_its_markup_is_set_aside() -> None:
    answers = rated(call(None, platform_price_nanos=INT64_MAX // 2), platform_markup_basis_points=1000)
    assert answers.select("outcome", "reason").rows() == [("set_aside", "bad_quantity")]


def test_seconds_begun_are_shown_as_billed() -> None:
    assert rated(call("0.10"))["billed"].to_list() == [62]


def test_rows_of_several_kinds_keep_their_order() -> None:
    sms = {"kind": "sms_out", "duration_us": None, "quantity": 1}
    answers = rated(call("0.10"), call("0.20", **sms), call("0.30"), call("0.40", **sms))
    assert answers["price_nanos"].to_list() == [100_000_000, 200_000_000, 300_000_000, 400_000_000]


@pytest.mark.parametrize("price", ["0.12345", "0", "-1.07", "99.99999"])
@pytest.mark.parametrize("markup", [0, 1250, -333])
def test_the_price_can_be_rebuilt_from_its_explanation(price: str, markup: int) -> None:
    tariff = compile_tariff(NO_LIST, TariffSettings(platform_markup_basis_points=markup))
    told = Explanation.from_json(explanation(call(price), tariff).to_json())
    assert rebuild(told).price_nanos == rated(call(price), platform_markup_basis_points=markup)["price_nanos"][0]


def test_the_explanation_says_whose_price_it_is() -> None:
    tariff = compile_tariff(NO_LIST, TariffSettings(platform_markup_basis_points=1250))
    told = explanation(call("0.12345"), tariff).as_text()
    assert "charged 0.1389 EUR without tax" in told
    assert "the platform's price is 0.12345, taken with a markup of 12.5 %" in told
    assert "exactly 0.13888125, rounded half_up to 4 decimals" in told


def test_the_explanation_counts_each_kind_in_its_own_unit() -> None:
    tariff = compile_tariff(NO_LIST, TariffSettings(platform_markup_basis_points=0))
    for kind, changes, counted in (
        ("voice_out", {}, "61.5 s"),
        ("sms_out", {"duration_us": None, "quantity": 2}, "2 messages"),
        ("data", {"duration_us": None, "quantity": 1_203_153_920}, "1203153920 bytes"),
    ):
        told = explanation(call("0.10", kind=kind, **changes), tariff).as_text()
        assert f", {counted}\n" in told, kind
