"""Many prices changed at once, worked out on paper. Amounts are nano-units: 0.01 is 10,000,000."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tollbook.catalog.price_change import PriceChange, changed_rates, with_all_amounts
from tollbook.catalog.price_list import PriceList
from tollbook.errors import BadInput

Read = Callable[..., PriceList]

SHEET = """
    prefix,kind,category,price,first_price,connect_fee,minimum_charge,maximum_charge,per_unit,increment
    48,,national,0.0200,,,,,,60/60
    485,,Mobile,0.0500,0.0800,0.01,0.02,5,,60/6
    44,,,0.0123,,,,,,1/1
    447,,mobile,0.0333,,0.01,,,,1/1
    48,sms_out,national,,,,,,0.07,
"""


@pytest.fixture
def change(read: Read) -> Callable[..., dict[int, dict[str, Any]]]:
    """What the list is after a change, by line."""

    def of(**words: Any) -> dict[int, dict[str, Any]]:
        rates = changed_rates(read(SHEET).rates, PriceChange(**words))
        assert rates["line"].to_list() == [2, 3, 4, 5, 6]
        return {row["line"]: row for row in rates.iter_rows(named=True)}

    return of


Change = Callable[..., dict[int, dict[str, Any]]]


def prices(rows: dict[int, dict[str, Any]]) -> list[str]:
    """First and next price per minute, or the price per unit."""
    shown = []
    for row in rows.values():
        amounts = (row["first_per_min_nanos"], row["next_per_min_nanos"], row["per_unit_nanos"])
        shown.append("/".join(f"{(Decimal(one) / 10**9).normalize():f}" for one in amounts if one is not None))
    return shown


WAS = ["0.02/0.02", "0.08/0.05", "0.0123/0.0123", "0.0333/0.0333", "0.07"]


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ({"percent": Decimal(10)}, ["0.022/0.022", "0.088/0.055", "0.01353/0.01353", "0.03663/0.03663", "0.077"]),
        (
            {"percent": Decimal("-2.5"), "prefix": "44"},
            [*WAS[:2], "0.0119925/0.0119925", "0.0324675/0.0324675", WAS[4]],
        ),
        (
            {"percent": Decimal(10), "category": "MOBILE"},
            [WAS[0], "0.088/0.055", WAS[2], "0.03663/0.03663", WAS[4]],
        ),
        ({"percent": Decimal(10), "category": ""}, [*WAS[:2], "0.01353/0.01353", *WAS[3:]]),
        ({"percent": Decimal(10), "kind": "sms_out"}, [*WAS[:4], "0.077"]),
        ({"percent": Decimal(10), "category": "mobile", "prefix": "48"}, [WAS[0], "0.088/0.055", *WAS[2:]]),
        # 0.01353 and 0.03663 to four decimals; 0.0005 halves up.
        (
            {"percent": Decimal(10), "decimals": 4},
            ["0.022/0.022", "0.088/0.055", "0.0135/0.0135", "0.0366/0.0366", "0.077"],
        ),
        (
            {"add": Decimal("0.0005"), "decimals": 3, "prefix": "48"},
            ["0.021/0.021", "0.081/0.051", *WAS[2:4], "0.071"],
        ),
        (
            {"percent": Decimal(100), "add": Decimal("-0.01"), "prefix": "48"},
            ["0.03/0.03", "0.15/0.09", *WAS[2:4], "0.13"],
        ),
        ({"set_to": {"price": "0.04"}, "prefix": "48"}, ["0.04/0.04", "0.04/0.04", *WAS[2:]]),
        ({"set_to": {"per_unit": "0.04"}, "prefix": "48"}, [*WAS[:4], "0.04"]),
        ({"percent": Decimal(-100), "prefix": "44"}, [*WAS[:2], "0/0", "0/0", WAS[4]]),
    ],
)
def test_prices(change: Change, words: dict[str, Any], becomes: list[str]) -> None:
    assert prices(change(**words)) == becomes


def test_fees_and_bounds_change_when_they_are_named(change: Change) -> None:
    rows = change(percent=Decimal(50), of=("connect_fee", "maximum_charge"), category="mobile")
    assert prices(rows) == WAS
    assert (rows[3]["connect_fee_nanos"], rows[3]["minimum_charge_nanos"]) == (15_000_000, 20_000_000)
    assert (rows[3]["maximum_charge_nanos"], rows[5]["maximum_charge_nanos"]) == (7_500_000_000, None)
    assert rows[2]["connect_fee_nanos"] == 0


def test_whatever_else_a_rate_says_can_be_set(change: Change) -> None:
    words = {
        "increment": "30/6",
        "grace_period": "3",
        "maximum_charge": "none",
        "category": "cell",
        "forbidden": "yes",
    }
    rows = change(set_to=words, category="mobile")
    row = rows[3]
    assert (row["first_increment"], row["next_increment"], row["grace_period_s"]) == (30, 6, 3)
    assert (row["maximum_charge_nanos"], row["category"], row["is_forbidden"]) == (None, "cell", True)
    assert (rows[2]["first_increment"], rows[2]["category"], rows[2]["is_forbidden"]) == (60, "national", False)


def test_a_markup_is_on_every_amount(read: Read) -> None:
    row = with_all_amounts(read(SHEET).rates, 1_250).row(1, named=True)  # 12.5 %
    amounts = ("next_per_min_nanos", "connect_fee_nanos", "minimum_charge_nanos", "maximum_charge_nanos")
    assert [row[name] for name in amounts] == [56_250_000, 11_250_000, 22_500_000, 5_625_000_000]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({}, "nothing is to be changed"),
        ({"percent": Decimal(10), "category": "moon"}, "no rate is chosen by category moon"),
        ({"percent": Decimal(10), "of": ("prise",)}, "did you mean 'price'"),
        ({"percent": Decimal(-101)}, "-101 %; write -100 to 10000"),
        ({"percent": Decimal("NaN")}, "NaN %"),
        ({"percent": Decimal("0.00001")}, "more than 4 decimals"),
        ({"add": Decimal("-0.03")}, "price would be below 0, or above 100000000, in line 2, 4"),
        ({"add": Decimal("0.0000000001")}, "at most 9 decimals"),
        ({"add": Decimal(100_000_000)}, "price would be below 0, or above 100000000"),
        ({"set_to": {"prize": "1"}}, "'prize' cannot be set; did you mean 'price'"),
        ({"set_to": {"price": "cheap"}}, "price 'cheap' is not an amount"),
        ({"set_to": {"price": "-1"}}, "is below 0"),
        ({"set_to": {"increment": "0"}}, "increment '0' is not an increment"),
        ({"percent": Decimal(1), "decimals": 10}, "prices with 10 decimals"),
    ],
)
def test_a_change_that_cannot_be(change: Change, words: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        change(**words)


def test_a_change_says_what_it_was() -> None:
    words = PriceChange(percent=Decimal("7.5"), add=Decimal("-0.01"), category="mobile", prefix="48")
    assert words.in_words() == "price +7.5 %, price -0.01, of category mobile and prefix 48"
