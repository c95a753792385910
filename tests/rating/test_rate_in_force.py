"""Which rate a call gets: longest prefix, then CLI, dates, lengths."""

from datetime import UTC, datetime

from tests.rating.sheets import assert_rated, calls, tariff


def test_the_longest_prefix_wins_and_a_number_without_one_is_set_aside() -> None:
    uk = tariff("""
        prefix  price   increments
        44      0.0120  60/60
        447     0.0600  60/60
        447700  0.2400  60/60
    """)

    assert_rated(
        uk,
        calls("""
            call      cld           talked
            landline  442079460000  60
            mobile    447911000000  60
            jersey    447700900000  60
            prefix    447           60
            shorter   4             60
            unlisted  999000000000  60
        """),
        """
            call      outcome    reason   line  price
            landline  charged    -        2     0.0120
            mobile    charged    -        3     0.0600
            jersey    charged    -        4     0.2400
            prefix    charged    -        3     0.0600
            shorter   set_aside  no_rate  -     -
            unlisted  set_aside  no_rate  -     -
        """,
    )


def test_an_empty_prefix_is_any_number_and_zeros_are_digits_like_others() -> None:
    zeros = tariff("""
        prefix  price   increments
        any     0.0100  60/60
        0       0.0200  60/60
        00      0.0300  60/60
        4900    0.0400  60/60
    """)

    assert_rated(
        zeros,
        calls("""
            call     cld                 talked
            any      123                 60
            zero     0                   60
            zeros    00                  60
            longest  999999999999999999  60
            short    49                  60
            exact    4900                60
        """),
        """
            call     line  price
            any      2     0.0100
            zero     3     0.0200
            zeros    4     0.0300
            longest  2     0.0100
            short    2     0.0100
            exact    5     0.0400
        """,
    )


def test_what_is_not_up_to_18_digits_is_a_bad_number() -> None:
    anywhere = tariff("""
        prefix  price
        any     0.01
    """)

    assert_rated(
        anywhere,
        calls("""
            call      cld                  talked
            none      -                    60
            plus      +442079460000        60
            minus     -0                   60
            letters   anonymous            60
            blank     44 20                60
            too_long  1234567890123456789  60
        """),
        """
            call      outcome    reason      price
            none      set_aside  bad_number  -
            plus      set_aside  bad_number  -
            minus     set_aside  bad_number  -
            letters   set_aside  bad_number  -
            blank     set_aside  bad_number  -
            too_long  set_aside  bad_number  -
        """,
    )


def test_dates_are_compared_with_the_start_of_the_call() -> None:
    june = tariff("""
        prefix  price  increments  active_from           active_until
        44      0.01   60/60       -                     -
        447     0.06   60/60       2026-01-01            2026-06-01
        447     0.09   60/60       2026-06-01            2026-07-01
    """)

    assert_rated(
        june,
        calls("""
            call       start                      talked
            before     2025-12-31T23:59:59.999    60
            first      2026-01-01T00:00:00        60
            last       2026-05-31T23:59:59.999    3600
            change     2026-06-01T00:00:00        60
            after      2026-07-01T00:00:00        60
            warsaw     2026-06-01T01:59:59+02:00  60
        """),
        """
            call       line  price
            before     2     0.01
            first      3     0.06
            last       3     3.60
            change     4     0.09
            after      2     0.01
            warsaw     3     0.06
        """,
    )


def test_of_two_rates_in_force_the_later_wins_and_gives_way_when_it_ends() -> None:
    offer = tariff("""
        prefix  price  increments  active_from  active_until
        44      0.06   60/60       2026-01-01   -
        44      0.02   60/60       2026-03-01   2026-04-01
    """)

    assert_rated(
        offer,
        calls("""
            call    start                talked
            early   2025-06-01T00:00:00  60
            usual   2026-02-28T23:59:59  60
            offer   2026-03-01T00:00:00  60
            again   2026-04-01T00:00:00  60
        """),
        """
            call    reason   price
            early   no_rate  -
            usual   -        0.06
            offer   -        0.02
            again   -        0.06
        """,
    )


def test_a_rate_for_other_lengths_leaves_the_call_to_a_shorter_prefix() -> None:
    germany = tariff("""
        prefix  price  increments  min_digits  max_digits
        49      0.02   60/60       -           -
        4911    0.00   60/60       -           6
        4915    0.30   60/60       13          13
        4915    0.25   60/60       12          12
    """)

    assert_rated(
        germany,
        calls("""
            call       cld            talked
            service    491183         60
            landline   49118300       60
            mobile_13  4915112345678  60
            mobile_12  491511234567   60
            odd        49151123456    60
        """),
        """
            call       line  price
            service    3     0.00
            landline   2     0.02
            mobile_13  4     0.30
            mobile_12  5     0.25
            odd        2     0.02
        """,
    )


def test_the_cli_prefix_counts_after_the_cld_prefix() -> None:
    origins = tariff("""
        prefix  cli_prefix  price  increments  active_from
        44      -           0.10   60/60       -
        44      48          0.05   60/60       -
        447     33          0.20   60/60       -
        447     3360        0.30   60/60       2026-06-01
    """)

    assert_rated(
        origins,
        calls("""
            call             cld           cli          start                talked
            from_abroad      442079460000  12025550100  2026-01-05T12:00:00  60
            from_poland      442079460000  48221234567  2026-01-05T12:00:00  60
            french_mobile    447700900000  33601234567  2026-01-05T12:00:00  60
            later            447700900000  33601234567  2026-06-01T00:00:00  60
            short_cli        447700900000  336          2026-06-01T00:00:00  60
            not_from_france  447700900000  48221234567  2026-01-05T12:00:00  60
            anonymous        447700900000  -            2026-01-05T12:00:00  60
        """),
        """
            call             line  price
            from_abroad      2     0.10
            from_poland      3     0.05
            french_mobile    4     0.20
            later            5     0.30
            short_cli        4     0.20
            not_from_france  3     0.05
            anonymous        2     0.10
        """,
    )


def test_each_kind_has_its_own_prefixes() -> None:
    mixed = tariff("""
        kind       prefix  price  per_unit  unit
        voice_out  44      0.01   -         -
        voice_in   44      0.00   -         -
        sms_out    44      -      0.05      message
        data       any     -      0.02      MB
    """)

    assert_rated(
        mixed,
        calls("""
            call     kind       cld           talked  quantity
            out      voice_out  442079460000  60      -
            sms      sms_out    447700900000  -       1
            in       voice_in   442079460000  60      -
            data     data       internet      -       1
            mms      mms_out    447700900000  -       1
        """),
        """
            call     outcome    reason   line  price
            out      charged    -        2     0.01
            sms      charged    -        4     0.05
            in       charged    -        3     0
            data     charged    -        5     0.02
            mms      set_aside  no_rate  -     -
        """,
    )


def test_a_forbidden_prefix_is_set_aside_and_hides_the_shorter_one() -> None:
    premium = tariff("""
        prefix  price  forbidden
        44      0.01   -
        449     -      yes
    """)

    assert_rated(
        premium,
        calls("""
            call      cld           talked
            premium   449098790000  60
            landline  442079460000  60
        """),
        """
            call      outcome    reason                 line  billed  price
            premium   set_aside  forbidden_destination  3     -       -
            landline  charged    -                      2     60      0.01
        """,
    )


HISTORY = """
    prefix  price  increments  active_from  recorded_at
    44      0.06   60/60       2026-01-01   2025-12-01
    44      0.09   60/60       2026-02-01   2026-03-15
    44      0.05   60/60       2026-01-01   2026-02-10
"""


def test_known_at_gives_the_price_as_it_was_known_then() -> None:
    february = calls("""
        call      start                talked
        february  2026-02-05T12:00:00  60
    """)

    for known_at, expected in (
        (datetime(2026, 1, 31, tzinfo=UTC), "0.06"),  # before any correction
        (datetime(2026, 2, 28, tzinfo=UTC), "0.05"),  # line 4 corrected line 2
        (datetime(2026, 3, 31, tzinfo=UTC), "0.09"),  # line 3 was written late
        (None, "0.09"),
    ):
        assert_rated(tariff(HISTORY, known_at=known_at), february, f"price  billed\n{expected}  60")
