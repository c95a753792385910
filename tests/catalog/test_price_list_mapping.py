"""Price lists in other layouts, read through a saved mapping."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from tollbook.catalog.price_list import BadPriceList, PriceList, PriceListMapping, read_mapping, read_price_list
from tollbook.errors import BadInput
from tollbook.rating.frames import TariffSettings

CENT = 10_000_000  # nano-units of 0.01
DATA = Path(__file__).parent.parent / "data"
Read = Callable[..., PriceList]


@pytest.fixture
def mapping(tmp_path: Path) -> Callable[[str], PriceListMapping]:
    def saved(text: str) -> PriceListMapping:
        path = tmp_path / "mapping.toml"
        path.write_text(dedent(text), encoding="utf-8")
        return read_mapping(path)

    return saved


Saved = Callable[[str], PriceListMapping]


def test_a_carriers_list_with_names_of_its_own(read: Read, mapping: Saved) -> None:
    carrier = mapping("""
        skip_lines = 2
        ignore = ["Comment"]
        date_format = "%d.%m.%Y"
        [columns]
        "Country" = "destination"
        "Dial code" = "prefix"
        "Rate EUR/min" = "price"
        "Valid from" = "active_from"
        "Blocked" = "forbidden"
        [constants]
        increment = "60/6"
        [values.forbidden]
        blocked = "yes"
        open = "no"
    """)

    rates = read(
        """
        Carrier rates
        autumn
        Country;Dial code;Rate EUR/min;Valid from;Blocked;Comment
        UK;44;0,02;01.09.2026;open;increased
        Cuba;53;;01.09.2026;blocked;
        """,
        mapping=carrier,
    ).rates

    assert rates.select(
        "line", "prefix", "destination", "next_per_min_nanos", "next_increment", "is_forbidden"
    ).rows() == [(4, "44", "UK", 2 * CENT, 6, False), (5, "53", "Cuba", 0, 6, True)]
    assert {str(moment.date()) for moment in rates["active_from"]} == {"2026-09-01"}


def test_lists_and_ranges_of_prefixes_in_one_cell(read: Read, mapping: Saved) -> None:
    rates = read(
        """
        prefix\tprice
        44,4420;4477\t0.01
        4520-4522\t0.02
        +46\t0.03
        098-101\t0.04
        """,
        mapping=mapping("prefix_lists = true"),
    ).rates

    assert rates.select("line", "prefix").rows() == [
        (2, "44"),
        (2, "4420"),
        (2, "4477"),
        (3, "4520"),
        (3, "4521"),
        (3, "4522"),
        (4, "46"),
        (5, "098"),
        (5, "099"),
        (5, "100"),
        (5, "101"),
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("44;x", "'x' is neither a prefix nor a range"),
        ("4422-4420", "is not a range"),
        ("44-4422", "is not a range"),
        ("440000-450000", "more than 10000 prefixes"),
        (";", "names no prefix"),
    ],
)
def test_a_list_of_prefixes_that_makes_no_sense(read: Read, mapping: Saved, cell: str, reason: str) -> None:
    with pytest.raises(BadPriceList) as caught:
        read(f"prefix\tprice\n{cell}\t1\n", mapping=mapping("prefix_lists = true"))

    (bad,) = caught.value.rows
    assert (bad.line, bad.column) == (2, "prefix")
    assert reason in bad.reason


def test_country_and_area_code_in_two_columns(read: Read, mapping: Saved) -> None:
    codes = mapping("""
        prefix_lists = true
        [columns]
        CC = "country_code"
        Areas = "prefix"
    """)

    assert read("CC;Areas;price\n44;20,161;0.01\n48;;0.02\n", mapping=codes).rates["prefix"].to_list() == [
        "4420",
        "44161",
        "48",
    ]


@pytest.mark.req("X2")
def test_prices_per_second_and_in_cents(read: Read, mapping: Saved) -> None:
    # 0.05 ct a second is 3 ct a minute; the connect fee is 2 ct, whatever prices are per.
    per_second = mapping("""
        price_per = "second"
        money_unit = "0.01"
    """)

    rates = read("prefix,price,connect_fee\n44,0.05,2\n", mapping=per_second).rates

    assert rates.select("next_per_min_nanos", "connect_fee_nanos").rows() == [(3 * CENT, 2 * CENT)]


def test_a_file_without_names_and_not_in_utf8(read: Read, mapping: Saved) -> None:
    by_position = mapping("""
        header = false
        encoding = "cp1250"
        [columns]
        1 = "prefix"
        2 = "destination"
        3 = "price"
    """)

    rates = read("4842;Łódź;0,02\n".encode("cp1250"), mapping=by_position).rates

    assert rates.select("line", "prefix", "destination").rows() == [(1, "4842", "Łódź")]


def test_the_french_number_blocks() -> None:
    # 11,966 blocks of the French regulator, national format: 010001 is 33 1 0001.
    blocks = PriceListMapping(
        header=False,
        columns={"1": "prefix", "2": "destination"},
        constants={"price": "0.012"},
        ignore=frozenset({"3", "4"}),
        prefix_remove="0",
        prefix_add="33",
    )

    price_list = read_price_list(DATA / "prefixes-fr.csv", settings=TariffSettings(), mapping=blocks)

    assert price_list.rates.height == 11_966
    assert price_list.rates.row(0, named=True)["prefix"] == "3310001"
    assert price_list.rates.row(0, named=True)["destination"] == "COLT TELECOMMUNICATIONS FRANCE"
    assert price_list.rates["next_per_min_nanos"].unique().to_list() == [12_000_000]


def test_other_columns_may_be_ignored_on_purpose_only(read: Read, mapping: Saved) -> None:
    sheet = "prefix,price,margin\n44,0.01,high\n"

    assert read(sheet, mapping=mapping("ignore_other_columns = true")).rates.height == 1
    with pytest.raises(BadInput, match="unknown column 'margin'"):
        read(sheet, mapping=mapping("prefix_lists = true"))


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ("colums = {}", "unknown key 'colums'; did you mean 'columns'"),
        ('[columns]\nCode = "prefixx"', "'prefixx' is no column of ours; did you mean 'prefix'"),
        ("[constants]\nfee = 1", "'fee' is no column of ours"),
        ('[columns]\nA = "prefix"\nB = "prefix"', "'prefix' is filled twice"),
        ('price_per = "hour"', "price_per = 'hour'"),
        ('decimal_mark = "·"', "decimal_mark"),
        ('money_unit = "0"', "not a positive number"),
        ('money_unit = "ten"', "not a positive number"),
        ('skip_lines = "2"', "is not a int"),
        ("skip_lines = true", "is not a int"),
        ('separator = "||"', "not one ASCII character"),
        ('prefix_add = "+33"', "is not digits"),
        ('[values]\nforbidden = "x"', "values.forbidden is not a table"),
        ("columns = ", "not a TOML file"),
    ],
)
def test_a_mapping_that_makes_no_sense(mapping: Saved, saved: str, message: str) -> None:
    with pytest.raises(BadInput, match=r"mapping\.toml") as caught:
        mapping(saved)

    assert message in str(caught.value)


def test_a_mapping_for_another_file(read: Read, mapping: Saved) -> None:
    with pytest.raises(BadInput, match="has no column 'Dialcode'; did you mean 'Dial code'"):
        read("Dial code,price\n44,1\n", mapping=mapping('[columns]\nDialcode = "prefix"'))
