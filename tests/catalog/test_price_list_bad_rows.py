"""A row that cannot be used is named with line, column, value and reason; no price is ever guessed."""

from collections.abc import Callable

import pytest

from tollbook.catalog.price_list import BadPriceList, BadRow, PriceList

Read = Callable[..., PriceList]


def test_all_bad_cells_are_named_at_once(read: Read) -> None:
    with pytest.raises(BadPriceList) as caught:
        read("""
            prefix,price,increment,active_from
            44,0.01,60,2026-01-01
            4x,0.01,60,
            45,free,0/6,
            46,0.01,60,yesterday
            47,,60,
        """)

    assert caught.value.rows == [
        BadRow(3, "prefix", "4x", "is not a prefix; write digits only"),
        BadRow(4, "price", "free", "is not an amount; write it as 0.0125"),
        BadRow(4, "increment", "0/6", "is not an increment; write it as 60 or 60/6"),
        BadRow(5, "active_from", "yesterday", "is not a date or date-time; write it as 2026-12-31"),
        BadRow(6, "price", "", "is missing; write 0 if calls are free"),
    ]
    assert "4 rows cannot be used, nothing was imported" in str(caught.value)
    assert "line 4, price 'free': is not an amount" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "row", "column", "reason"),
    [
        ("prefix,price", "44,0.0000000001", "price", "more than 9 decimals"),
        ("prefix,price", "44,1.0000000000000000000000000000001", "price", "more than 9 decimals"),
        ("prefix,price", "44,100000000.1", "price", "too large; the limit is 100000000"),
        ("prefix,price", "44,1e3", "price", "not an amount"),
        ("prefix,price", "44,€1", "price", "not an amount"),
        ("prefix,price", "44,.", "price", "not an amount"),
        ("prefix;price", "44;1.234,50", "price", "not an amount"),
        ("prefix,price", "4.42E+11,1", "prefix", "not a prefix"),
        ("prefix,price", "4420-4422,1", "prefix", "not a prefix"),
        ("prefix,price", "1234567890123456789,1", "prefix", "longer than 18 digits"),
        ("prefix,price,cli_prefix", "44,1,22a", "cli_prefix", "not a prefix"),
        ("prefix,price,kind", "44,1,voice", "kind", "not a usage kind"),
        ("prefix,price,from_s", "44,1,1.5", "from_s", "not a whole number"),
        ("prefix,price,grace_period", "44,1,-3", "grace_period", "not a whole number"),
        ("prefix,price,next_increment", "44,1,0", "next_increment", "the least is 1"),
        ("prefix;price;weekdays", "44;1;0-5", "weekdays", "not a choice of weekdays"),
        ("prefix,price,from_time", "44,1,8", "from_time", "not a time of day"),
        ("prefix,price,until_time", "44,1,24:01", "until_time", "not a time of day"),
        ("prefix,price,forbidden", "44,1,maybe", "forbidden", "neither yes nor no"),
        ("prefix,price,unit", "44,1,KB/s", "unit", "not a unit"),
        ("prefix,price,active_from", "44,1,01/02/2026", "active_from", "not a date"),
        ("prefix,first_price", "44,1", "next_price", "is missing, and so is price"),
        ("prefix,next_price", "44,1", "first_price", "is missing, and so is price"),
        ("prefix,price,per_unit", "44,1,1", "per_unit", "calls have a price per minute"),
        ("prefix,price,kind,per_unit", "44,1,sms_out,1", "price", "is per minute"),
        ("prefix,kind,per_unit", "44,sms_out,", "per_unit", "is missing"),
        ("prefix,kind,per_unit,unit", "44,sms_out,1,MiB", "unit", "write message"),
        ("prefix,kind,per_unit,unit", "44,data,1,", "unit", "is missing"),
        ("prefix,kind,per_unit,unit", "44,data,1,message", "unit", "not what data is counted in"),
        ("prefix,price,increment,next_increment", "44,1,60,6", "increment", "given twice"),
        ("prefix,price,active_from,active_until", "44,1,2026-02-01,2026-02-01", "active_until", "not after"),
        ("prefix,price,min_digits,max_digits", "44,1,12,11", "max_digits", "less than min_digits"),
        ("prefix,price,minimum_charge,maximum_charge", "44,1,2,1", "maximum_charge", "less than minimum_charge"),
        ("prefix,price,minimum_charge", "44,1,-2", "minimum_charge", "below 0"),
        ("prefix,price,min_digits", "44,1,0", "min_digits", "not a length from 1 to 18"),
        ("prefix,price,from_time", "44,1,24:00", "from_time", "end of a day"),
        ("prefix,price", "44,1,2", "", "does not have the header's 2 cells"),
        ("prefix,price,destination", "44,1", "", "does not have the header's 3 cells"),
        ("prefix,price,destination", '44,1,"UK', "", "a quotation mark is not closed"),
        ("prefix,price,destination", "44,1,U\0K", "", "NUL byte"),
    ],
)
def test_what_makes_a_row_bad(read: Read, header: str, row: str, column: str, reason: str) -> None:
    with pytest.raises(BadPriceList) as caught:
        read(f"{header}\n{row}\n")

    (bad,) = caught.value.rows
    assert (bad.line, bad.column) == (2, column)
    assert reason in bad.reason


def test_a_fee_on_a_later_step_would_be_lost(read: Read) -> None:
    with pytest.raises(BadPriceList) as caught:
        read("""
            prefix,from_s,price,connect_fee
            44,0,1.00,0.05
            44,60,0.50,
            44,120,0.40,0.05
            44,180,0.30,0.10
            45,0,1.00,
            45,60,0.50,0.10
        """)

    reason = "differs from the first step's; a call has it only once"
    assert caught.value.rows == [
        BadRow(5, "connect_fee", "0.10", reason),
        BadRow(7, "connect_fee", "0.10", reason),
    ]


def test_one_file_writes_decimals_in_one_way(read: Read) -> None:
    # 1.234 may be one euro twenty-three or one thousand two hundred and thirty-four: nobody may guess.
    with pytest.raises(BadPriceList, match=r"line 3, connect_fee '1\.234': is written with '\.'"):
        read("""
            prefix;price;connect_fee
            44;0,5;0
            45;0,5;1.234
        """)


def test_an_open_quotation_mark_does_not_swallow_the_rows_below(read: Read) -> None:
    price_list = read('prefix,price,destination\n44,1,"UK\n45,2,DK\n46,3,SE\n', skip_bad_rows=True)

    assert price_list.rates["prefix"].to_list() == ["45", "46"]
    assert [row.line for row in price_list.skipped] == [2]


def test_skipped_rows_are_named_and_the_rest_is_read(read: Read) -> None:
    price_list = read(
        """
        prefix,price
        44,0.01
        45,cheap
        46,0.03
        """,
        skip_bad_rows=True,
    )

    assert price_list.rates["line"].to_list() == [2, 4]
    assert price_list.skipped == [BadRow(3, "price", "cheap", "is not an amount; write it as 0.0125")]


def test_a_rate_with_one_bad_step_is_skipped_whole(read: Read) -> None:
    price_list = read(
        """
        prefix,from_s,price
        44,0,1.00
        44,60,half
        45,0,1.00
        """,
        skip_bad_rows=True,
    )

    assert price_list.rates["prefix"].to_list() == ["45"]
    assert [str(row) for row in price_list.skipped] == [
        "line 2, prefix '44': is left out with line 3, a row of the same rate",
        "line 3, price 'half': is not an amount; write it as 0.0125",
    ]


def test_a_thousand_mistakes_do_not_fill_the_screen(read: Read) -> None:
    with pytest.raises(BadPriceList) as caught:
        read("prefix,price\n" + "".join(f"{prefix},x\n" for prefix in range(1000, 2000)))

    assert len(caught.value.rows) == 1000
    assert str(caught.value).count("\n") == 21
    assert str(caught.value).endswith("… and 980 more")
