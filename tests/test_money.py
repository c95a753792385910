"""Exact money: what goes in comes out, or is refused."""

from decimal import Decimal

import pytest

from tollbook.errors import BadInput
from tollbook.money import decimal_of, nanos_of


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("amount", "nanos"),
    [
        ("0", 0),
        ("0E-50", 0),
        ("9.90", 9_900_000_000),
        ("-0.000000001", -1),
        ("1E+3", 1_000_000_000_000),
        ("9223372036.854775807", 9_223_372_036_854_775_807),
    ],
)
def test_an_amount_in_nano_units_and_back(amount: str, nanos: int) -> None:
    assert nanos_of(Decimal(amount)) == nanos
    assert decimal_of(nanos) == Decimal(amount)


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        ("0.0000000001", "more than 9 decimals"),
        # Decimal operations would cut this one to 28 digits and call it 1.
        ("1.0000000000000000000000000000001", "more than 9 decimals"),
        ("1E-999999", "more than 9 decimals"),
        ("9223372036.854775808", "too large"),
        ("1E+999999", "too large"),
        ("NaN", "not an amount"),
        ("-Infinity", "not an amount"),
    ],
)
def test_an_amount_that_cannot_be_exact_is_refused(amount: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        nanos_of(Decimal(amount))
