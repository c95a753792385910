"""Each column of the price list file, and each way of writing it. Prices become nano-units: 0.09 is 90,000,000."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tollbook.catalog.price_list import PriceList
from tollbook.errors import BadInput
from tollbook.rating.frames import RATES

CENT = 10_000_000  # nano-units of 0.01
Read = Callable[..., PriceList]


def test_the_shortest_list_is_prefixes_and_a_price_per_minute(read: Read) -> None:
    rates = read("""
        prefix,price
        44,0.01
    """).rates

    assert rates.schema == RATES
    assert rates.row(0, named=True) == {
        "line": 2,
        "prefix": "44",
        "cli_prefix": "",
        "destination": "",
        "category": "",
        "kind": "voice_out",
        "from_s": 0,
        "first_per_min_nanos": CENT,
        "next_per_min_nanos": CENT,
        "first_increment": 1,
        "next_increment": 1,
        "per_unit_nanos": None,
        "unit": None,
        "connect_fee_nanos": 0,
        "minimum_charge_nanos": 0,
        "maximum_charge_nanos": None,
        "grace_period_s": 0,
        "minimum_s": 0,
        "active_from": None,
        "active_until": None,
        "recorded_at": None,
        "weekdays": None,
        "from_time_s": None,
        "until_time_s": None,
        "holiday": None,
        "is_forbidden": False,
        "min_digits": None,
        "max_digits": None,
    }


def test_every_price_and_increment_column(read: Read) -> None:
    rates = read("""
        destination;prefix;first_price;next_price;first_increment;next_increment;connect_fee;minimum_charge;maximum_charge;grace_period;minimum_duration
        UK mobile;447;0,09;0,06;30;6;0,01;0,02;5;3;10
    """).rates

    row = rates.row(0, named=True)
    assert (row["destination"], row["prefix"]) == ("UK mobile", "447")
    assert (row["first_per_min_nanos"], row["next_per_min_nanos"]) == (9 * CENT, 6 * CENT)
    assert (row["first_increment"], row["next_increment"]) == (30, 6)
    assert (row["connect_fee_nanos"], row["minimum_charge_nanos"], row["maximum_charge_nanos"]) == (
        1 * CENT,
        2 * CENT,
        500 * CENT,
    )
    assert (row["grace_period_s"], row["minimum_s"]) == (3, 10)


@pytest.mark.parametrize(
    ("written", "first", "following"), [("60/6", 60, 6), ("60 / 1", 60, 1), ("60", 60, 60), ("", 1, 1)]
)
def test_increment_is_both_or_first_and_next(read: Read, written: str, first: int, following: int) -> None:
    rates = read(f"prefix,price,increment\n44,1,{written}\n").rates

    assert rates.select("first_increment", "next_increment").rows() == [(first, following)]


def test_a_first_price_of_its_own_leaves_price_for_the_rest(read: Read) -> None:
    rates = read("""
        prefix,price,first_price
        44,0.01,0.02
        45,0.01,
    """).rates

    assert rates.select("first_per_min_nanos", "next_per_min_nanos").rows() == [(2 * CENT, CENT), (CENT, CENT)]


def test_rows_with_different_from_s_are_steps(read: Read) -> None:
    rates = read("""
        prefix,from_s,price,increment
        44,0,1.00,60
        44,60,0.50,1
        44,180,0.10,60
    """).rates

    assert rates.select("line", "from_s", "next_per_min_nanos", "next_increment").rows() == [
        (2, 0, 100 * CENT, 60),
        (3, 60, 50 * CENT, 1),
        (4, 180, 10 * CENT, 60),
    ]


@pytest.mark.parametrize(
    "written",
    [
        b"prefix,price,destination\n44,0.5,UK\n",
        b"destination,price,prefix\nUK,0.5,44\n",
        b"prefix;price;destination\n44;0,5;UK\n",
        b"prefix\tprice\tdestination\n44\t0,5\tUK\n",
        b'"prefix","price","destination"\r\n"44","0,5","UK"\r\n',
        b"\xef\xbb\xbfprefix,price,destination\r\n44,0.5,UK",
        b" Prefix , PRICE ,Destination\n +4 4 , 0.500 , UK \n",
        b"prefix,price,destination\n\n44,.5,UK\n,,\n",
    ],
    ids=["comma", "other order", "semicolon", "tab", "quoted", "BOM", "blanks and plus", "empty lines"],
)
def test_one_list_in_many_spellings(read: Read, written: bytes) -> None:
    rates = read(written).rates

    assert rates.select("prefix", "next_per_min_nanos", "destination").rows() == [("44", 50 * CENT, "UK")]


def test_names_may_hold_separators_quotes_and_letters_of_any_language(read: Read) -> None:
    rates = read('''
        prefix,price,destination
        44,0.01,"UK, ""fixed"""
        48,0.01,Łódź
    ''').rates

    assert rates["destination"].to_list() == ['UK, "fixed"', "Łódź"]


def test_an_empty_prefix_is_any_number(read: Read) -> None:
    rates = read("prefix,price,cli_prefix\n,0.01,+48 22\n").rates

    assert rates.select("prefix", "cli_prefix").rows() == [("", "4822")]


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("1-5", "Mo Tu We Th Fr"),
        ("1,3,7", "Mo We Su"),
        ("1-3, 6", "Mo Tu We Sa"),
        ("6-1", "Mo Sa Su"),
        ("7", "Su"),
    ],
)
def test_weekdays(read: Read, written: str, days: str) -> None:
    bits = read(f"prefix;price;weekdays\n44;1;{written}\n").rates["weekdays"][0]

    week = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    assert [day for bit, day in enumerate(week) if bits >> bit & 1] == days.split()


def test_times_of_a_window(read: Read) -> None:
    rates = read("""
        prefix,price,from_time,until_time,holiday
        44,1,08:00,20:00,
        44,1,20:00,24:00,
        44,1,22:30:15,6:00,PL
    """).rates

    assert rates.select("from_time_s", "until_time_s", "holiday").rows() == [
        (28_800, 72_000, None),
        (72_000, 86_400, None),
        (81_015, 21_600, "PL"),
    ]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        # Warsaw is one hour ahead of UTC in winter, two in summer.
        ("2026-01-01", datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-07-01", datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-07-01 08:00", datetime(2026, 7, 1, 6, tzinfo=UTC)),
        ("2026-07-01T08:00:00Z", datetime(2026, 7, 1, 8, tzinfo=UTC)),
        ("2026-07-01T08:00:00-04:00", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        # 29 March 2026: 02:30 does not exist, clocks go from 02:00 to 03:00 at 01:00 UTC.
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        # 25 October 2026: 02:30 comes twice; the first one is meant.
        ("2026-10-25 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_dates_without_a_zone_are_in_the_tariffs_zone(read: Read, written: str, moment: datetime) -> None:
    rates = read(f"prefix,price,active_from\n44,1,{written}\n", timezone="Europe/Warsaw").rates

    assert rates["active_from"][0] == moment


def test_until_and_recorded_at_are_moments_too(read: Read) -> None:
    rates = read("prefix,price,active_until,recorded_at\n44,1,2027-01-01,2026-12-01T12:00Z\n").rates

    assert rates.select("active_until", "recorded_at").rows() == [
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, 12, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("written", "forbidden"),
    [("yes", True), ("Y", True), ("1", True), ("no", False), ("false", False), ("", False)],
)
def test_forbidden(read: Read, written: str, forbidden: bool) -> None:
    assert read(f"prefix,price,forbidden\n44,1,{written}\n").rates["is_forbidden"][0] is forbidden


def test_a_forbidden_rate_needs_no_price(read: Read) -> None:
    rates = read("""
        prefix,price,forbidden
        4470,,yes
    """).rates

    assert rates.select("is_forbidden", "next_per_min_nanos").rows() == [(True, 0)]


def test_lengths_a_number_must_have(read: Read) -> None:
    rates = read("prefix,price,min_digits,max_digits\n44,1,11,13\n").rates

    assert rates.select("min_digits", "max_digits").rows() == [(11, 13)]


def test_messages_and_data_have_a_price_per_unit(read: Read) -> None:
    rates = read("""
        prefix,kind,per_unit,unit,increment
        48,sms_out,0.05,,
        48,mms_out,0.20,message,
        ,data,0.01,mib,10
    """).rates

    assert rates.select("kind", "per_unit_nanos", "unit", "first_increment", "next_per_min_nanos").rows() == [
        ("sms_out", 5 * CENT, "message", 1, None),
        ("mms_out", 20 * CENT, "message", 1, None),
        ("data", 1 * CENT, "MiB", 10, None),
    ]


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("written", "nanos"),
    [
        ("0.000000001", 1),
        ("0.0000000010", 1),
        ("1.005", 1_005_000_000),
        ("-0.02", -20_000_000),
        ("+3", 3_000_000_000),
        ("99999999.999999999", 99_999_999_999_999_999),
    ],
)
def test_prices_are_exact_to_the_ninth_decimal(read: Read, written: str, nanos: int) -> None:
    assert read(f"prefix,price\n44,{written}\n").rates["next_per_min_nanos"][0] == nanos


def test_an_unknown_column_is_named_with_the_nearest_known_one(read: Read) -> None:
    with pytest.raises(BadInput, match="unknown column 'conect_fee'; did you mean 'connect_fee'"):
        read("prefix,price,conect_fee\n44,1,0.05\n")


def test_a_column_that_is_there_twice(read: Read) -> None:
    with pytest.raises(BadInput, match="column 'price' is there twice"):
        read("prefix,price,price\n44,1,2\n")


def test_a_list_without_its_line_of_names(read: Read) -> None:
    with pytest.raises(BadInput, match="unknown column '44'"):
        read("44,0.01\n45,0.02\n")
    with pytest.raises(BadInput, match="no column 'prefix'"):
        read("destination,price\nUK,0.02\n")
    with pytest.raises(BadInput, match="has no prices"):
        read("prefix,destination\n44,UK\n")


@pytest.mark.parametrize("written", ["", "\n\n", "prefix,price\n"])
def test_a_list_with_nothing_in_it(read: Read, written: str) -> None:
    with pytest.raises(BadInput, match=r"no rows|no usable rates"):
        read(written)


def test_text_that_is_not_utf8_is_named_by_its_line(read: Read) -> None:
    with pytest.raises(BadInput, match="line 3: not utf-8 text"):
        read("prefix,price,destination\n44,1,UK\n48,1,Łódź\n".encode("cp1250"))
