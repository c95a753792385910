"""From talked to billed seconds."""

import pytest

from tests.rating.sheets import assert_rated, calls, tariff

UNITED_KINGDOM = """
    prefix  connect_fee  increments  first_price  next_price  grace_period_s
    44      0            60/60       0.0120       0.0120      0
    447     0.01         30/6        0.0900       0.0600      3
"""


def test_each_call_takes_its_first_increment_and_then_whole_next_increments() -> None:
    assert_rated(
        tariff(UNITED_KINGDOM),
        calls("""
            call          cld           talked
            landline      442079460000  61
            one_minute    442079460000  60
            one_second    442079460000  1
            mobile        447700900000  31
            first_only    447700900000  30
            two_more      447700900000  37
            shortest      447700900000  4
            in_grace      447700900000  3
            unlisted      999000000000  60
        """),
        """
            call          billed  price
            landline      120     0.0240
            one_minute    60      0.0120
            one_second    60      0.0120
            mobile        36      0.0610
            first_only    30      0.0550
            two_more      42      0.0670
            shortest      30      0.0550
            in_grace      0       0
            unlisted      -       -
        """,
    )


def test_60_then_6_makes_66_of_61_seconds() -> None:
    assert_rated(
        tariff("price  increments\n0.60  60/6"),
        calls("call  talked\na  60\nb  61\nc  66\nd  67"),
        """
            call  billed  price
            a     60      0.60
            b     66      0.66
            c     66      0.66
            d     72      0.72
        """,
    )


@pytest.mark.parametrize(
    ("fraction", "billed"), [("up", "3 3 2 1 0"), ("nearest", "3 2 2 0 0"), ("down", "2 2 2 0 0")]
)
def test_a_fraction_of_a_second_counts_once_per_call(fraction: str, billed: str) -> None:
    figures = billed.split()
    assert_rated(
        tariff("price\n0.60", fraction=fraction),
        calls("call  talked\na  2.5\nb  2.499999\nc  2\nd  0.000001\ne  0"),
        "call  billed\n" + "\n".join(f"{call}  {figure}" for call, figure in zip("abcde", figures, strict=True)),
    )


def test_grace_is_up_to_and_including_its_seconds_and_comes_before_the_minimum() -> None:
    assert_rated(
        tariff("price  connect_fee  grace_period_s  minimum_s\n0.60  0.05  5  30"),
        calls("call  talked\nzero  0\nin_grace  5\nfraction  5.1\nlifted  29\nlonger  31"),
        """
            call      outcome  reason      billed  price
            zero      free     unanswered  0       0
            in_grace  free     grace       0       0
            fraction  charged  -           30      0.35
            lifted    charged  -           30      0.35
            longer    charged  -           31      0.36
        """,
    )


def test_the_minimum_is_lifted_to_before_increments_are_counted() -> None:
    assert_rated(
        tariff("price  increments  minimum_s\n0.60  20/20  30"),
        calls("call  talked\na  1\nb  40\nc  41"),
        "call  billed  price\na  40  0.40\nb  40  0.40\nc  60  0.60",
    )


STEPS = """
    prefix  from_s  price  increments
    44      60      0.50   1/1
    44      0       1.00   60/60
    44      180     0.10   60/60
"""


def test_each_step_has_its_price_and_increment() -> None:
    # 1.00 for the first minute, 0.50 a minute by seconds for the next two, then 0.10 for each minute begun.
    assert_rated(
        tariff(STEPS),
        calls("call  talked\na  1\nb  60\nc  61\nd  90\ne  180\nf  181\ng  300\nh  301"),
        """
            call  line  billed  price
            a     2     60      1.00
            b     2     60      1.00
            c     2     61      1.0083
            d     2     90      1.25
            e     2     180     2.00
            f     2     240     2.10
            g     2     300     2.20
            h     2     360     2.30
        """,
    )


def test_an_increment_that_begins_before_a_step_is_not_cut_by_it() -> None:
    # Increments of 40 s begin at 0, 40 and 80; that of 80 s belongs to the step of 0 s and ends at 120 s.
    assert_rated(
        tariff("from_s  price  increments\n0  0.60  40/40\n90  0.06  10/10"),
        calls("call  talked\na  90\nb  120\nc  121"),
        "call  billed  price\na  120  1.20\nb  120  1.20\nc  130  1.21",
    )


def test_a_first_increment_longer_than_its_step_passes_over_the_next() -> None:
    assert_rated(
        tariff("from_s  price  increments\n0  0.60  100/1\n30  6.00  1/1\n60  0.06  1/1"),
        calls("call  talked\na  1\nb  130"),
        "call  billed  price\na  100  1.00\nb  130  1.03",
    )
