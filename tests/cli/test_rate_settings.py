"""What the settings of a tariff and the columns of a price list do to the prices of `tollbook rate`."""

from pathlib import Path

import pytest

from tests.cli.rate_sheets import Tollbook, sheet, table


@pytest.mark.parametrize(
    ("options", "price"),
    [
        # 1 s of 0.0125 a minute is 0.000208333…; 6 s are 0.00125.
        ([], "0.0002"),
        (["--decimals", "9"], "0.000208333"),
        (["--decimals", "9", "--rounding", "up"], "0.000208334"),
        (["--decimals", "3", "--rounding", "up"], "0.001"),
        (["--decimals", "0"], "0"),
    ],
)
def test_decimals_and_rounding(tollbook: Tollbook, tmp_path: Path, options: list[str], price: str) -> None:
    rates = sheet(tmp_path / "rates.csv", "prefix,price\n44,0.0125\n")
    calls = sheet(tmp_path / "calls.csv", "start,duration_s,cld\n2026-03-02T10:00:00Z,1,44207\n")

    (row,) = table(tollbook("rate", calls, "--tariff", rates, *options).stdout)

    assert row["price"] == price


@pytest.mark.parametrize(("fraction", "billed"), [("up", "3"), ("nearest", "3"), ("down", "2")])
def test_fractions_of_a_second(tollbook: Tollbook, tmp_path: Path, fraction: str, billed: str) -> None:
    rates = sheet(tmp_path / "rates.csv", "prefix,price\n44,60\n")
    calls = sheet(tmp_path / "calls.csv", "start,duration_s,cld\n2026-03-02T10:00:00Z,2.506,44207\n")

    (row,) = table(tollbook("rate", calls, "--tariff", rates, "--fraction", fraction).stdout)

    assert (row["billed_s"], row["price"]) == (billed, f"{billed}.0000")


def test_settings_beside_the_price_list_and_options_over_them(
    tollbook: Tollbook, rates: Path, calls: Path, tmp_path: Path
) -> None:
    sheet(tmp_path / "rates.toml", 'currency = "GBP"\ndecimals = 2\n')

    beside = table(tollbook("rate", calls, "--tariff", rates).stdout)
    option = table(tollbook("rate", calls, "--tariff", rates, "--decimals", "3").stdout)

    assert (beside[0]["price"], beside[0]["currency"]) == ("0.02", "GBP")
    assert (option[0]["price"], option[0]["currency"]) == ("0.024", "GBP")


def test_windows_are_in_the_tariffs_zone(tollbook: Tollbook, tmp_path: Path) -> None:
    # 07:30 UTC in July is 09:30 in Warsaw: the day price. 19:00 UTC is 21:00: the price for all other times.
    rates = sheet(
        tmp_path / "rates.csv",
        """
        prefix,price,weekdays,from_time,until_time
        48,0.10,1-5,08:00,20:00
        48,0.02,,,
        """,
    )
    calls = sheet(
        tmp_path / "calls.csv",
        """
        start,duration_s,cld
        2026-07-01T07:30:00Z,60,48221234567
        2026-07-01T19:00:00Z,60,48221234567
        """,
    )

    rated = table(tollbook("rate", calls, "--tariff", rates, "--timezone", "Europe/Warsaw").stdout)

    assert [row["price"] for row in rated] == ["0.1000", "0.0200"]


def test_holidays_by_country_and_from_a_file(tollbook: Tollbook, tmp_path: Path) -> None:
    # 11 November is a holiday in Poland; 12 November one of this company only.
    rates = sheet(
        tmp_path / "rates.csv", "prefix,price,holiday\n48,0.10,\n48,0.02,PL\n49,0.10,\n49,0.03,Company\n"
    )
    days = sheet(tmp_path / "days.csv", "calendar,date\nCompany,2026-11-12\n")
    calls = sheet(
        tmp_path / "calls.csv",
        """
        start,duration_s,cld
        2026-11-11T12:00:00Z,60,48221234567
        2026-11-12T12:00:00Z,60,48221234567
        2026-11-11T12:00:00Z,60,49301234567
        2026-11-12T12:00:00Z,60,49301234567
        """,
    )

    rated = table(tollbook("rate", calls, "--tariff", rates, "--holidays", days).stdout)

    assert [row["price"] for row in rated] == ["0.0200", "0.1000", "0.1000", "0.0300"]


def test_known_at_leaves_out_what_was_recorded_later(tollbook: Tollbook, tmp_path: Path) -> None:
    rates = sheet(
        tmp_path / "rates.csv",
        """
        prefix,price,recorded_at
        44,0.01,2026-01-01
        44,0.02,2026-04-01
        """,
    )
    calls = sheet(tmp_path / "calls.csv", "start,duration_s,cld\n2026-03-02T10:00:00Z,60,44207\n")

    now = table(tollbook("rate", calls, "--tariff", rates).stdout)
    then = table(tollbook("rate", calls, "--tariff", rates, "--known-at", "2026-03-31").stdout)

    assert (now[0]["price"], then[0]["price"]) == ("0.0200", "0.0100")


def test_country_reads_local_numbers_and_knows_emergency_calls(tollbook: Tollbook, tmp_path: Path) -> None:
    rates = sheet(tmp_path / "rates.csv", "prefix,price\n48,0.05\n44,0.10\n")
    calls = sheet(
        tmp_path / "calls.csv",
        """
        record_id,start,duration_s,cld
        local,2026-03-02T10:00:00Z,60,22 123 45 67
        abroad,2026-03-02T10:00:00Z,60,00442079460000
        ambulance,2026-03-02T10:00:00Z,60,112
        words,2026-03-02T10:00:00Z,60,hello
        """,
    )

    rated = table(tollbook("rate", calls, "--tariff", rates, "--country", "PL").stdout)

    assert [(row["record_id"], row["outcome"], row["reason"], row["price"]) for row in rated] == [
        ("local", "charged", "", "0.0500"),
        ("abroad", "charged", "", "0.1000"),
        ("ambulance", "free", "emergency", "0.0000"),
        ("words", "set_aside", "bad_number", ""),
    ]


def test_messages_and_data(tollbook: Tollbook, tmp_path: Path) -> None:
    # 1.5 MiB are two begun MiB at 1 ct.
    rates = sheet(tmp_path / "rates.csv", "prefix,kind,per_unit,unit\n48,sms_out,0.05,message\n,data,0.01,MiB\n")
    calls = sheet(
        tmp_path / "calls.csv",
        """
        start,kind,quantity,unit,cld
        2026-03-02T10:00:00Z,sms_out,3,message,48601234567
        2026-03-02T10:00:00Z,data,1.5,MiB,
        """,
    )

    run = tollbook("rate", calls, "--tariff", rates)

    assert [(row["billed_s"], row["price"]) for row in table(run.stdout)] == [("3", "0.1500"), ("2", "0.0200")]
    assert "0:05" not in run.stderr  # units are not seconds


def test_the_prefix_of_a_row_that_lists_several(tollbook: Tollbook, tmp_path: Path) -> None:
    rates = sheet(tmp_path / "rates.csv", "Codes;price;destination\n44,4420;0,01;UK\n4,447;0,02;Rest\n")
    mapping = sheet(
        tmp_path / "carrier.toml", 'prefix_lists = true\nseparator = ";"\n[columns]\nCodes = "prefix"\n'
    )
    calls = sheet(
        tmp_path / "calls.csv",
        """
        start,duration_s,cld
        2026-03-02T10:00:00Z,60,442079460000
        2026-03-02T10:00:00Z,60,441619460000
        2026-03-02T10:00:00Z,60,447700900000
        2026-03-02T10:00:00Z,60,491111111111
        2026-03-02T10:00:00Z,60,331111111111
        """,
    )

    rated = table(tollbook("rate", calls, "--tariff", rates, "--tariff-mapping", mapping).stdout)

    assert [(row["prefix"], row["price"]) for row in rated] == [
        ("4420", "0.0100"),
        ("44", "0.0100"),
        ("447", "0.0200"),
        ("4", "0.0200"),
        ("", ""),
    ]
