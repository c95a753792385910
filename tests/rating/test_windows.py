"""Prices by time of day, weekday and holiday. 5 January 2026 is a Monday."""

from datetime import date

from tests.rating.sheets import assert_rated, calls, tariff

PEAK = """
    prefix  weekdays  hours        price  increments  connect_fee
    44      Mon-Fri   08:00-20:00  0.60   60/60       0.02
    44      -         -            0.06   10/10       0.01
"""


def test_a_call_costs_what_its_hours_cost_and_the_first_window_has_the_fee() -> None:
    assert_rated(
        tariff(PEAK),
        calls("""
            call      start                talked
            peak      2026-01-05T08:00:00  60
            early     2026-01-05T07:59:30  30
            evening   2026-01-05T20:00:00  60
            saturday  2026-01-10T12:00:00  60
        """),
        """
            call      billed  price
            peak      60      0.62
            early     30      0.04
            evening   60      0.07
            saturday  60      0.07
        """,
    )


def test_a_call_is_split_where_the_window_ends_and_its_increments_run_on() -> None:
    assert_rated(
        tariff(PEAK),
        calls("""
            call        start                    talked
            to_the_end  2026-01-05T19:59:00      60
            one_more    2026-01-05T19:59:00      61
            whole       2026-01-05T19:59:30      90
            into_peak   2026-01-05T07:59:55      30
            fraction    2026-01-05T19:59:00.001  61
        """),
        # whole: the minute begun at 19:59:30 is peak to its end, then 3 x 10 s: 0.02 + 0.60 + 0.03.
        # into_peak: 10 s begun before 8, then a whole minute begun at 08:00:05: 0.01 + 0.01 + 0.60.
        """
            call        billed  price
            to_the_end  60      0.62
            one_more    70      0.63
            whole       90      0.65
            into_peak   70      0.62
            fraction    70      0.63
        """,
    )


def test_a_window_over_midnight_belongs_to_the_weekday_on_which_it_begins() -> None:
    friday_night = tariff("""
        prefix  weekdays  hours        price
        44      Fri       22:00-06:00  0.06
        44      -         -            0.60
    """)

    assert_rated(
        friday_night,
        calls("""
            call             start                talked
            friday_evening   2026-01-09T22:00:00  60
            before           2026-01-09T21:59:59  1
            over_midnight    2026-01-09T23:59:30  60
            saturday_early   2026-01-10T05:59:00  60
            saturday_six     2026-01-10T06:00:00  60
            over_six         2026-01-10T05:59:30  60
            friday_early     2026-01-09T05:59:00  60
            saturday_night   2026-01-10T22:00:00  60
        """),
        """
            call             price
            friday_evening   0.06
            before           0.01
            over_midnight    0.06
            saturday_early   0.06
            saturday_six     0.60
            over_six         0.33
            friday_early     0.60
            saturday_night   0.60
        """,
    )


def test_until_24_00_is_midnight_and_the_same_hour_twice_is_a_whole_day() -> None:
    whole_days = tariff("""
        prefix  weekdays  hours        price
        44      Sat       18:00-24:00  0.06
        44      Sun       08:00-08:00  0.12
        44      -         -            0.60
    """)

    assert_rated(
        whole_days,
        calls("""
            call           start                talked
            saturday       2026-01-10T23:59:59  1
            sunday         2026-01-11T00:00:00  60
            sunday_eight   2026-01-11T08:00:00  60
            monday_before  2026-01-12T07:59:00  60
            monday_eight   2026-01-12T08:00:00  60
        """),
        """
            call           price
            saturday       0.001
            sunday         0.60
            sunday_eight   0.12
            monday_before  0.12
            monday_eight   0.60
        """,
    )


def test_a_holiday_window_wins_over_a_weekday_one() -> None:
    poland = tariff(
        """
        prefix  weekdays  hours        holiday  price
        44      Mon-Fri   08:00-20:00  -        1.20
        44      -         00:00-24:00  PL       0.30
        44      -         -            -        0.60
    """,
        holidays={"PL": frozenset({date(2026, 1, 6)})},
    )

    assert_rated(
        poland,
        calls("""
            call          start                talked
            epiphany      2026-01-06T12:00:00  60
            day_after     2026-01-07T12:00:00  60
            into_holiday  2026-01-05T23:59:30  60
            out_of_it     2026-01-06T23:59:30  60
        """),
        """
            call          price
            epiphany      0.30
            day_after     1.20
            into_holiday  0.45
            out_of_it     0.45
        """,
    )


def test_a_holiday_night_runs_into_the_next_morning() -> None:
    night = tariff(
        """
        prefix  weekdays  hours        holiday  price
        44      -         22:00-09:00  PL       0.30
        44      Mon-Fri   08:00-20:00  -        1.20
        44      -         -            -        0.60
    """,
        holidays={"PL": frozenset({date(2026, 1, 6)})},
    )

    assert_rated(
        night,
        calls("""
            call     start                talked
            holiday  2026-01-06T22:00:00  60
            morning  2026-01-07T08:30:00  60
            nine     2026-01-07T08:59:30  60
        """),
        "call  price\nholiday  0.30\nmorning  0.30\nnine  0.75",
    )


def test_hours_are_those_of_the_tariffs_zone() -> None:
    assert_rated(
        tariff(PEAK, timezone="Europe/Warsaw"),
        calls("""
            call    start                      talked
            winter  2026-01-05T07:00:00        60
            summer  2026-07-06T06:00:00        60
            before  2026-07-06T07:59:30+02:00  30
        """),
        "call  price\nwinter  0.62\nsummer  0.62\nbefore  0.04",
    )


def test_the_hour_that_daylight_saving_repeats_has_its_windows_twice() -> None:
    # 25 October 2026: at 03:00 the clock in Warsaw goes back to 02:00, which is 01:00 UTC.
    early = tariff(
        """
        prefix  hours        price
        44      02:00-02:30  6.00
        44      -            0.60
    """,
        timezone="Europe/Warsaw",
    )

    assert_rated(
        early,
        calls("""
            call         start                      talked
            both_hours   2026-10-25T02:00:00+02:00  7200
            first_pass   2026-10-25T02:29:30+02:00  60
            second_pass  2026-10-25T02:29:30+01:00  60
            at_the_turn  2026-10-25T02:59:30+02:00  60
        """),
        # both_hours: 2 x 1800 s at 6.00 and 2 x 1800 s at 0.60 a minute: 360 + 36.
        """
            call         billed  price
            both_hours   7200    396.00
            first_pass   60      3.30
            second_pass  60      3.30
            at_the_turn  60      3.30
        """,
    )


def test_the_hour_that_daylight_saving_skips_has_no_windows() -> None:
    # 29 March 2026: at 02:00 the clock in Warsaw goes to 03:00, which is 01:00 UTC.
    skipped = tariff(
        """
        prefix  hours        price
        44      02:00-03:00  6.00
        44      01:00-02:00  3.00
        44      -            0.60
    """,
        timezone="Europe/Warsaw",
    )

    assert_rated(
        skipped,
        calls("""
            call    start                      talked
            across  2026-03-29T01:59:00+01:00  120
            night   2026-03-29T00:59:30+01:00  60
        """),
        "call  billed  price\nacross  120  3.60\nnight  60  1.80",
    )


def test_time_that_no_window_covers_is_set_aside_never_free() -> None:
    office_hours = tariff("""
        prefix  weekdays  hours        price
        44      Mon-Fri   08:00-20:00  0.60
    """)

    assert_rated(
        office_hours,
        calls("""
            call       start                talked
            inside     2026-01-09T19:59:50  10
            runs_over  2026-01-09T19:59:50  11
            saturday   2026-01-10T12:00:00  60
        """),
        """
            call       outcome    reason   price
            inside     charged    -        0.10
            runs_over  set_aside  no_rate  -
            saturday   set_aside  no_rate  -
        """,
    )


def test_steps_do_not_reach_into_time_that_no_window_covers() -> None:
    office_hours = tariff("""
        hours        from_s  price
        08:00-20:00  0       0.60
        08:00-20:00  60      0.30
    """)

    assert_rated(
        office_hours,
        calls("call  start  talked\nruns_over  2026-01-09T19:58:30  120"),
        "call  reason  price\nruns_over  no_rate  -",
    )


def test_a_window_entered_after_its_first_increments_length_goes_on_with_next_increments() -> None:
    evening = tariff("""
        hours        increments  first_price  next_price
        20:00-08:00  60/6        0.90         0.06
        -            60/60       0.60         0.60
    """)

    assert_rated(
        evening,
        calls("""
            call      start                talked
            crossing  2026-01-05T19:59:00  61
            evening  2026-01-05T20:00:00  61
        """),
        # crossing: one minute at 0.60, then 6 s of the evening; nothing of its first increment is left.
        "call  billed  price\ncrossing  66  0.606\nevening  66  0.906",
    )


def test_a_call_that_runs_into_forbidden_hours_is_set_aside() -> None:
    closed = tariff("""
        prefix  hours        price  forbidden
        44      20:00-08:00  -      yes
        44      -            0.60   no
    """)

    assert_rated(
        closed,
        calls("""
            call       start                talked
            inside     2026-01-05T19:59:00  60
            runs_over  2026-01-05T19:59:00  61
        """),
        "call  reason  price\ninside  -  0.60\nruns_over  forbidden_destination  -",
    )


def test_a_call_of_days_crosses_every_window() -> None:
    # Three days: 3 x 12 h at 0.60 and 3 x 12 h at 0.06 a minute: 1296 + 129.60.
    assert_rated(
        tariff("hours  price\n08:00-20:00  0.60\n-  0.06"),
        calls("call  start  talked\nthree_days  2026-01-05T00:00:00  259200"),
        "call  billed  price\nthree_days  259200  1425.60",
    )


def test_a_minimum_of_days_is_talked_through_every_window() -> None:
    # Lifted to three days: the same 1425.60.
    assert_rated(
        tariff("hours  price  minimum_s\n08:00-20:00  0.60  259200\n-  0.06  259200"),
        calls("call  start  talked\nshort  2026-01-05T00:00:00  1"),
        "call  billed  price\nshort  259200  1425.60",
    )


def test_a_start_that_makes_no_sense_meets_no_window() -> None:
    # Two schedules; the seconds before 1970 must not be read as those of another one.
    two_schedules = tariff("""
        prefix  weekdays  hours        price
        44      -         20:00-08:00  0.60
        44      Sat       08:00-20:00  0.30
        44      Sun       08:00-20:00  0.20
        44      -         -            0.06
        48      Sat       08:00-20:00  0.60
        48      -         -            0.06
    """)

    assert_rated(
        two_schedules,
        calls("""
            call     cld    start                talked
            before   4420   1969-12-31T23:59:59  60
            before2  48220  1969-12-31T23:59:59  60
            far      4420   9999-12-31T23:59:59  60
            good     4420   2026-01-05T12:00:00  60
        """),
        "call  reason\nbefore  bad_time\nbefore2  bad_time\nfar  bad_time\ngood  -",
    )


def test_a_window_can_have_steps_of_its_own_and_its_seconds_count_from_the_start_of_the_call() -> None:
    stepped = tariff("""
        hours        from_s  price
        08:00-20:00  0       0.60
        08:00-20:00  60      0.30
        -            0       0.12
        -            60      0.06
    """)

    assert_rated(
        stepped,
        calls("""
            call      start                talked
            two_min   2026-01-05T12:00:00  120
            crossing  2026-01-05T19:59:30  120
        """),
        # crossing: 30 s at 0.60, 30 s at 0.12, then the second minute at 0.06.
        "call  price\ntwo_min  0.90\ncrossing  0.42",
    )


def test_messages_and_data_belong_whole_to_the_window_in_which_they_begin() -> None:
    data = tariff("""
        kind  prefix  hours        per_unit  unit
        data  any     08:00-20:00  0.10      MB
        data  any     -            0.01      MB
    """)

    assert_rated(
        data,
        calls("""
            call   kind  start                quantity
            day    data  2026-01-05T19:59:59  100000000
            night  data  2026-01-05T20:00:00  100000000
        """),
        "call  billed  price\nday  100  10.00\nnight  100  1.00",
    )
