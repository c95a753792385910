"""From billed time to the price: fee, bounds, one rounding."""

import pytest

from tests.rating.sheets import assert_rated, calls, tariff


@pytest.mark.req("X2")
def test_a_price_per_minute_is_not_divided_before_the_end() -> None:
    # 30 s at 0.0101 are 0.00505, so 0.0051. Divided first, at six decimals, they were 30 x 0.000168 = 0.0050.
    assert_rated(
        tariff("price\n0.0101"),
        calls("call  talked\na  30"),
        "call  exact  price\na  505/100000  0.0051",
    )


@pytest.mark.parametrize(
    ("rounding", "charge", "odd_charge", "credit"),
    [
        ("half_up", "0.0051", "0.0052", "-0.0051"),
        ("half_even", "0.0050", "0.0052", "-0.0050"),
        ("up", "0.0051", "0.0052", "-0.0051"),
        ("down", "0.0050", "0.0051", "-0.0050"),
    ],
)
def test_the_one_rounding_has_the_tariffs_mode_and_treats_credits_like_charges(
    rounding: str, charge: str, odd_charge: str, credit: str
) -> None:
    half_cents = tariff(
        """
        prefix  price
        1       0.0101
        2       0.0103
        3       -0.0101
    """,
        rounding=rounding,
    )

    assert_rated(
        half_cents,
        calls("call  cld  talked\ncharge  100  30\nodd  200  30\ncredit  300  30"),
        f"call  price\ncharge  {charge}\nodd  {odd_charge}\ncredit  {credit}",
    )


@pytest.mark.parametrize(
    ("decimals", "rounding", "price"),
    [
        (0, "half_up", "1"),
        (0, "half_even", "0"),
        (2, "up", "0.51"),
        (4, "down", "0.5000"),
        (9, "down", "0.500016666"),
    ],
)
def test_the_tariff_says_how_many_decimals(decimals: int, rounding: str, price: str) -> None:
    # 50 s at 0.60002 a minute are 0.500016666…; without decimals 0.5 exactly for the half modes.
    per_minute = "0.60" if decimals == 0 else "0.60002"
    assert_rated(
        tariff(f"price\n{per_minute}", decimals=decimals, rounding=rounding),
        calls("call  talked\na  50"),
        f"call  price\na  {price}",
    )


def test_a_sixtieth_of_the_smallest_price_is_not_lost() -> None:
    assert_rated(
        tariff("price\n0.000000001", decimals=9, rounding="up"),
        calls("call  talked\none_second  1\none_minute  60\nmore  61"),
        """
            call        exact          price
            one_second  1/60000000000  0.000000001
            one_minute  1/1000000000   0.000000001
            more        61/60000000000  0.000000002
        """,
    )


def test_the_sum_is_lifted_to_the_minimum_and_cut_at_the_maximum() -> None:
    assert_rated(
        tariff("""
            price  connect_fee  minimum_charge  maximum_charge
            0.60   0.10         0.20            2.50
        """),
        calls("call  talked\nshort  5\njust  10\nmiddle  60\ncapped  241\nlong  3600"),
        """
            call    billed  exact  price
            short   5       1/5    0.20
            just    10      1/5    0.20
            middle  60      7/10   0.70
            capped  241     5/2    2.50
            long    3600    5/2    2.50
        """,
    )


def test_a_minimum_of_nothing_leaves_a_credit_a_credit() -> None:
    assert_rated(
        tariff("price  connect_fee  minimum_charge\n-0.30  -0.01  0"),
        calls("call  talked\nincoming  60"),
        "call  price\nincoming  -0.31",
    )


def test_the_connect_fee_is_charged_once_and_only_with_a_charged_call() -> None:
    assert_rated(
        tariff("price  connect_fee  increments  grace_period_s\n0  0.05  60/60  2"),
        calls("call  answered  talked\nlong  yes  600\nin_grace  yes  2\nunanswered  no  0"),
        "call  outcome  price\nlong  charged  0.05\nin_grace  free  0\nunanswered  free  0",
    )


def test_a_rate_of_nothing_is_charged_at_nothing() -> None:
    assert_rated(
        tariff("price\n0"),
        calls("call  talked\na  60"),
        "call  outcome  billed  price\na  charged  60  0",
    )


UNITS = """
    kind     prefix  per_unit  unit     increments  connect_fee
    sms_out  44      0.05      message  1/1         0
    sms_out  447     0.05      -        3/1         0
    data     any     0.02      MB       1/1         0
    data     1       0.02      MiB      10/5        0.01
    data     2       3.00      GB       1/1         0
    data     3       0.001     kB       1/1         0
    data     4       0.000002  byte     1/1         0
    data     5       0.50      GiB      1/1         0
    data     6       0.003     KiB      1/1         0
"""


def test_every_begun_unit_of_messages_and_data_counts() -> None:
    assert_rated(
        tariff(UNITS),
        calls("""
            call        kind     cld           quantity
            sms         sms_out  442079460000  3
            sms_3       sms_out  447700900000  1
            byte        data     -             1
            mb          data     -             1000000
            mb_more     data     -             1000001
            mib         data     1             10485760
            mib_more    data     1             10485761
            gb          data     2             1000000001
            kb          data     3             1001
            bytes       data     4             1001
            gib         data     5             1073741825
            kib         data     6             1025
            nothing     data     -             0
        """),
        """
            call        outcome  billed  price
            sms         charged  3       0.15
            sms_3       charged  3       0.15
            byte        charged  1       0.02
            mb          charged  1       0.02
            mb_more     charged  2       0.04
            mib         charged  10      0.21
            mib_more    charged  15      0.31
            gb          charged  2       6.00
            kb          charged  2       0.002
            bytes       charged  1001    0.0020
            gib         charged  2       1.00
            kib         charged  2       0.006
            nothing     free     0       0
        """,
    )


def test_a_price_too_large_for_64_bits_is_refused_for_that_record_alone() -> None:
    # 2^63 sixtieths of nano-units are some 153 million; at 1.00 for a byte that is 153 million bytes.
    assert_rated(
        tariff("""
            kind  prefix  per_unit     unit
            data  1       1.00         byte
            data  2       0.000000001  byte
        """),
        calls("""
            call      kind  cld  quantity
            fits      data  1    100000000
            too_much  data  1    200000000
            cheap     data  2    200000000
            absurd    data  2    9223372036854775807
        """),
        """
            call      outcome    reason        price
            fits      charged    -             100000000
            too_much  set_aside  bad_quantity  -
            cheap     charged    -             0.2
            absurd    set_aside  bad_quantity  -
        """,
    )
