"""What an invoice comes to, on paper: totals by tax rate, and lines in whole cents."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbook.billing.totals import NetAndTax, apportion, line_totals, rounded, total_of_rate
from tollbook.ledger.operations import percent
from tollbook.money import nanos_of


def nanos(amount: str) -> int:
    return nanos_of(Decimal(amount))


@pytest.mark.parametrize(
    ("basis", "rate", "net", "tax", "total_net", "total_tax"),
    [
        # Net prices: the sum is rounded, then 23 % of what was rounded.
        ("net", 2300, "10.0000", "2.3000", "10.00", "2.30"),
        ("net", 2300, "1.3449", "0.3093", "1.34", "0.31"),  # 23 % of 1.34 is 0.3082
        ("net", 2300, "0.0240", "0.0055", "0.02", "0.00"),  # 23 % of 0.02 is 0.0046
        ("net", 2300, "0.1250", "0.0288", "0.13", "0.03"),  # half a cent goes up
        ("net", 2300, "0.5000", "0.1150", "0.50", "0.12"),  # also in tax: 0.115
        ("net", 0, "7.4950", "0.0000", "7.50", "0.00"),
        ("net", 800, "-0.1250", "-0.0100", "-0.13", "-0.01"),  # a credit goes away from zero
        # Gross prices: what is paid is rounded, then the tax in it is found.
        ("gross", 2300, "10.0000", "2.3000", "10.00", "2.30"),
        (
            "gross",
            2300,
            "8.1260",
            "1.8690",
            "8.13",
            "1.87",
        ),  # 9.995 is paid as 10.00; 1000 × 23/123 = 186.99 cents
        ("gross", 2300, "0.0041", "0.0009", "0.01", "0.00"),  # 0.005 is paid as 0.01, with 0.00187 of tax
        ("gross", 800, "-0.9259", "-0.0741", "-0.93", "-0.07"),  # 100 × 8/108 = 7.41 cents
        ("gross", 0, "0.0149", "0.0000", "0.01", "0.00"),
    ],
)
def test_total_of_a_rate(basis: str, rate: int, net: str, tax: str, total_net: str, total_tax: str) -> None:
    total = total_of_rate(nanos(net), nanos(tax), basis_points=rate, is_gross=basis == "gross", decimals=2)

    assert total == NetAndTax(Decimal(total_net), Decimal(total_tax)), percent(rate)


def test_currencies_have_their_own_decimals() -> None:
    yen = total_of_rate(nanos("120.5"), nanos("12.05"), basis_points=1000, is_gross=False, decimals=0)
    dinar = total_of_rate(nanos("1.2345"), nanos("0.06"), basis_points=500, is_gross=False, decimals=3)

    assert yen == NetAndTax(Decimal(121), Decimal(12))
    assert dinar == NetAndTax(Decimal("1.235"), Decimal("0.062"))  # 5 % of 1.235 is 0.06175


@pytest.mark.parametrize(
    ("exact", "cents"),
    [
        ("1.00 2.00", "1.00 2.00"),
        ("0.004 0.004 0.004", "0.01 0.00 0.00"),  # together 0.012; of equals the earlier one gets the cent
        ("0.002 0.008 0.005", "0.00 0.01 0.01"),  # together 0.015, so two cents, to the two that lost most
        ("3.333 3.333 3.334", "3.33 3.33 3.34"),
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.00 0.006 0.00", "0.00 0.01 0.00"),  # a line of nothing gets nothing
        ("-0.006 -0.006", "0.00 -0.01"),  # together -0.012: down to -0.01 both, and one cent back
        ("10.006 -0.006", "10.01 -0.01"),  # a charge and a credit
        ("", ""),
    ],
)
def test_lines_get_whole_cents_by_largest_remainders(exact: str, cents: str) -> None:
    assert apportion([Fraction(amount) for amount in exact.split()], 2) == [Decimal(c) for c in cents.split()]


def lines(sheet: str) -> list[tuple[int, int]]:
    """Lines of exact net and tax."""
    return [(nanos(net), nanos(tax)) for net, tax in (line.split() for line in sheet.strip().splitlines())]


def test_lines_of_net_prices() -> None:
    found = line_totals(
        lines("""
            12.3447   2.839281
            0.0240    0.00552
            0.0610    0.01403
            0.0000    0.0000
        """),
        basis_points=2300,
        is_gross=False,
        decimals=2,
    )

    # 12.4297 together is 12.43: 12.34, 0.02 and 0.06 leave one cent, for 12.3447.
    # 23 % of 12.35, 0.02 and 0.06: 2.8405, 0.0046 and 0.0138, together 2.8589, so 2.86;
    # rounded down they leave one cent, for the line that lost 0.0046.
    assert found == [
        NetAndTax(Decimal("12.35"), Decimal("2.84")),
        NetAndTax(Decimal("0.02"), Decimal("0.01")),
        NetAndTax(Decimal("0.06"), Decimal("0.01")),
        NetAndTax(Decimal("0.00"), Decimal("0.00")),
    ]


def test_lines_of_gross_prices_take_the_tax_out_of_what_they_show() -> None:
    found = line_totals(
        lines("""
            4.065041  0.934959
            0.003252  0.000748
            0.004878  0.001122
        """),
        basis_points=2300,
        is_gross=True,
        decimals=2,
    )

    # 5.00, 0.004 and 0.006 are paid: 5.01, of which 5.00, 0.00 and 0.01.
    # 500 × 23/123 is 93.496 cents and 1 × 23/123 is 0.187: together 93.68, so 94; the cent goes to the first.
    assert found == [
        NetAndTax(Decimal("4.06"), Decimal("0.94")),
        NetAndTax(Decimal("0.00"), Decimal("0.00")),
        NetAndTax(Decimal("0.01"), Decimal("0.00")),
    ]


def test_a_line_of_nothing_has_no_tax() -> None:
    found = line_totals(
        lines("0.043902 0.010098\n" * 10 + "0.002439 0.000561\n" * 9),
        basis_points=2300,
        is_gross=True,
        decimals=2,
    )

    # Ten of 5.4 cents and nine of 0.3 are 56.7, so 57: seven of the ten are 6, three are 5, the nine are nothing.
    # 57 × 23/123 is 10.66, so 11 cents of tax: 1.12 in each 6 and 0.94 in each 5. Rounded down that is seven;
    # the three of 0.94 lost most, and the first of 1.12 gets the last cent.
    assert [(str(line.net), str(line.tax)) for line in found] == [
        ("0.04", "0.02"),
        *[("0.05", "0.01")] * 6,
        *[("0.04", "0.01")] * 3,
        *[("0.00", "0.00")] * 9,
    ]


amounts = st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=20)
cent_splinters = st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=20)
several = st.one_of(amounts, cent_splinters)


@given(exact=several, decimals=st.sampled_from([0, 2, 3]))
def test_shares_add_up_and_are_less_than_a_cent_off(exact: list[int], decimals: int) -> None:
    fractions = [Fraction(nano, 10**9) for nano in exact]

    shares = apportion(fractions, decimals)

    assert sum(shares) == rounded(sum(fractions, Fraction(0)), decimals)
    cent = Fraction(1, 10**decimals)
    assert all(abs(Fraction(share) - amount) < cent for share, amount in zip(shares, fractions, strict=True))


@given(
    net=several,
    rate=st.sampled_from([0, 500, 800, 2300, 9_999]),
    is_gross=st.booleans(),
    decimals=st.sampled_from([0, 2, 3]),
)
def test_lines_add_up_to_their_rate(net: list[int], rate: int, is_gross: bool, decimals: int) -> None:
    with_tax = [(amount, round(Fraction(amount * rate, 10_000))) for amount in net]

    found = line_totals(with_tax, basis_points=rate, is_gross=is_gross, decimals=decimals)

    total = total_of_rate(
        sum(net), sum(tax for _, tax in with_tax), basis_points=rate, is_gross=is_gross, decimals=decimals
    )
    assert sum(line.net for line in found) == total.net
    assert sum(line.tax for line in found) == total.tax
    for line in found:
        assert line.net * line.tax >= 0, "net and tax point the same way"
        assert abs(line.tax) <= abs(line.net + line.tax)
