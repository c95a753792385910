"""The tax of a price: a sheet worked out by hand, and laws for every price."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.ledger.books import CHARGES
from tollbook.errors import BadInput
from tollbook.ledger.operations import entries_of, percent, tax_of
from tollbook.money import INT64_MAX

amounts = st.integers(-INT64_MAX, INT64_MAX)
rates = st.one_of(st.sampled_from([0, 500, 800, 2300, 2700]), st.integers(0, 9_999))  # basis points
small = st.integers(-(10**13), 10**13)


def taxes(prices: list[int], basis_points: int, *, is_gross: bool) -> list[int]:
    expression = tax_of(pl.col("price"), pl.lit(basis_points), pl.lit(is_gross))
    return pl.DataFrame({"price": prices}, schema={"price": pl.Int64}).select(tax=expression)["tax"].to_list()


@pytest.mark.parametrize(
    ("price", "basis_points", "basis", "tax"),
    [
        (1_000_000_000, 2300, "net", 230_000_000),
        (1_230_000_000, 2300, "gross", 230_000_000),
        (1_080_000_000, 800, "gross", 80_000_000),
        (0, 2300, "net", 0),
        (24_000_000, 0, "net", 0),
        (2, 2500, "net", 1),  # 0.5 nano: half goes up
        (-2, 2500, "net", -1),  # away from zero
        (1, 2300, "net", 0),  # 0.23
        (3, 2300, "net", 1),  # 0.69
        (1, 2300, "gross", 0),  # 23/123 = 0.19
        (3, 2300, "gross", 1),  # 69/123 = 0.56
        (-3, 2300, "gross", -1),
        # 20 % of 9223372036854775807 is 1844674407370955161.4, and 3 % is 276701161105643274.21
        (INT64_MAX, 2300, "net", 2_121_375_568_476_598_436),
        # less a ten-thousandth of it, 922337203685477.5807
        (INT64_MAX, 9999, "net", 9_222_449_699_651_090_329),
    ],
)
def test_tax_sheet(price: int, basis_points: int, basis: str, tax: int) -> None:
    assert taxes([price], basis_points, is_gross=basis == "gross") == [tax]


@pytest.mark.req("X2")
@given(price=amounts, basis_points=rates, is_gross=st.booleans())
@example(price=-INT64_MAX, basis_points=9_999, is_gross=False)
def test_tax_is_what_decimal_arithmetic_says(price: int, basis_points: int, is_gross: bool) -> None:
    with localcontext(prec=60):
        exact = Decimal(price) * basis_points / (10_000 + basis_points if is_gross else 10_000)
        by_hand = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    assert taxes([price], basis_points, is_gross=is_gross) == [by_hand]


@given(price=amounts, basis_points=rates, is_gross=st.booleans())
def test_tax_of_a_credit_is_the_opposite_of_the_charge(price: int, basis_points: int, is_gross: bool) -> None:
    charged, credited = taxes([price, -price], basis_points, is_gross=is_gross)

    assert credited == -charged
    assert abs(charged) <= abs(price)


def group(prices: list[int], basis_points: int, *, is_gross: bool) -> pl.DataFrame:
    """Charges of one customer, kind and tax."""
    rows = {
        "customer_id": 1,
        "account_id": 2,
        "month": date(2017, 6, 1),
        "usage_kind": "voice_out",
        "tax_basis_points": basis_points,
        "is_gross": is_gross,
        "currency": "EUR",
    }
    return pl.DataFrame([{**rows, "price_nanos": price} for price in prices], schema=CHARGES)


@given(prices=st.lists(small, min_size=1, max_size=30), basis_points=rates, is_gross=st.booleans())
def test_an_entry_is_the_sum_of_its_records(prices: list[int], basis_points: int, is_gross: bool) -> None:
    (entry,) = entries_of(group(prices, basis_points, is_gross=is_gross)).to_dicts()

    tax = sum(taxes(prices, basis_points, is_gross=is_gross))
    assert entry["tax_nanos"] == tax
    assert entry["net_nanos"] == sum(prices) - (tax if is_gross else 0)


@given(
    parts=st.lists(st.lists(small, min_size=1, max_size=8), min_size=1, max_size=8),
    basis_points=rates,
    is_gross=st.booleans(),
)
def test_taking_records_back_part_by_part_leaves_exactly_nothing(
    parts: list[list[int]], basis_points: int, is_gross: bool
) -> None:
    together = entries_of(group([price for part in parts for price in part], basis_points, is_gross=is_gross))
    apart = pl.concat(entries_of(group(part, basis_points, is_gross=is_gross)) for part in parts)

    for amount in ("net_nanos", "tax_nanos"):
        assert sum(apart[amount].to_list()) == together[amount].item()


@given(prices=st.lists(amounts, min_size=1, max_size=6), basis_points=rates, is_gross=st.booleans())
@example(prices=[INT64_MAX, 1], basis_points=0, is_gross=False)
@example(prices=[INT64_MAX, INT64_MAX], basis_points=2300, is_gross=True)  # would wrap to -2
def test_sums_are_right_or_refused_up_to_the_border(prices: list[int], basis_points: int, is_gross: bool) -> None:
    tax = sum(taxes(prices, basis_points, is_gross=is_gross))
    net = sum(prices) - (tax if is_gross else 0)
    fits = max(abs(net), abs(tax), abs(net + tax)) <= INT64_MAX

    if fits:
        (entry,) = entries_of(group(prices, basis_points, is_gross=is_gross)).to_dicts()
        assert (entry["net_nanos"], entry["tax_nanos"]) == (net, tax)
    else:
        with pytest.raises(BadInput, match=r"one posting holds at most 9223372036\.854775807"):
            entries_of(group(prices, basis_points, is_gross=is_gross))


def test_percent_is_written_with_two_decimals() -> None:
    assert [percent(points) for points in (0, 5, 800, 2300, 9_999)] == ["0.00", "0.05", "8.00", "23.00", "99.99"]
