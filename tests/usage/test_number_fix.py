"""The change of rules that is suggested is the one a person would make, with figures counted by hand."""

from typing import Any

import polars as pl
import pytest

from tollbook.phone import NumberRules
from tollbook.usage.number_fix import Fix, best_fix
from tollbook.usage.quality import WRITTEN, judge

COUNTRIES = ["GB", "CA", "PL"]


def fix(sheet: str, rules: dict[str, Any], home: str = "", direction: str = "out") -> Fix | None:
    """The best fix for numbers called, each with how often."""
    rows = [(direction, "called", number, int(records)) for number, records in map(str.split, sheet.split(";"))]
    written = pl.DataFrame(rows, schema=WRITTEN, orient="row")
    judged = judge(written, NumberRules.from_mapping(rules), home=home)
    return best_fix(judged, rules, countries=COUNTRIES, home=home)


def found(fix: Fix | None) -> tuple[dict[str, Any], int, int, int]:
    assert fix is not None
    return dict(fix.changes), fix.reads, fix.wanting, fix.spoils


def test_a_london_switchboard_without_rules() -> None:
    """020… without 44, exit code 00: the country's own plan has both."""
    suggested = fix("02079460000 40; 00442079460000 10; 0033142278186 5; +442079460001 7; reception 1", {})

    assert found(suggested) == ({"country": "GB"}, 55, 56, 0)
    assert suggested is not None
    assert suggested.examples == (
        ("02079460000", "442079460000"),
        ("00442079460000", "442079460000"),
        ("0033142278186", "33142278186"),
    )


def test_london_numbers_without_the_trunk_prefix() -> None:
    assert found(fix("2079460000 40; 1614960000 2; +33142278186 9", {"country": "GB"})) == (
        {"add_country_code": True}, 42, 42, 0,
    )  # fmt: skip


def test_ten_digits_of_north_america() -> None:
    """Of 1,310 bad numbers 1,304 are read: five begin with 0, one is too long.

    Without its 0, 55501 could be a short number; for five slips nobody takes a 0 off all numbers.
    """
    suggested = fix("4165550100 1000; 6045550100 300; 011442079460000 4; 055501 5; 141655501000000000 1", {}, "1")

    assert found(suggested) == ({"country": "CA"}, 1304, 1310, 0)


def test_an_exit_code_and_a_trunk_prefix_that_somebody_set_wrong() -> None:
    rules = {"country": "GB", "exit_codes": ["011"], "trunk_prefix": "9"}

    assert found(fix("0033142278186 3; 02079460000 5", rules)) == (
        {"trunk_prefix": "0", "exit_codes": ["011", "00"]}, 8, 8, 0,
    )  # fmt: skip


def test_what_stands_in_front_of_numbers() -> None:
    assert found(fix("1234#4165550100 6; 1234#18005550199 2; *674165550100 1", {"country": "CA"})) == (
        {"strip_prefixes": ["1234#", "*67"]}, 9, 9, 0,
    )  # fmt: skip


def test_a_digit_for_a_line_out_but_never_one_that_emergency_numbers_begin_with() -> None:
    assert found(fix("800442079460000 3; 802079460001 2; 999 1", {"country": "GB"}))[0] == {
        "strip_prefixes": ["8"]
    }
    assert fix("94165550100 3; 9011442079460000 2; 911 1", {"country": "CA"}) is None


def test_extensions_inside_the_platform() -> None:
    assert found(fix("2001 6; 201 2; *97 3", {"country": "CA", "extension_lengths": [3]}, direction="local")) == (
        {"extension_lengths": [3, 4]}, 6, 6, 0,
    )  # fmt: skip


def test_a_country_brings_the_lengths_of_extensions_with_it() -> None:
    """Without rules 2001 is read as it stands; with a country it is too short for a number, and has to be known."""
    rows = [("out", "called", "4165550100", 5), ("local", "called", "2001", 3)]
    judged = judge(pl.DataFrame(rows, schema=WRITTEN, orient="row"), NumberRules(), home="1")

    suggested = best_fix(judged, {}, countries=["CA"], home="1")

    assert found(suggested) == ({"country": "CA", "extension_lengths": [4]}, 5, 5, 0)


def test_a_change_is_worth_what_it_reads_less_what_it_spoils() -> None:
    """32 2 234 56 78 is Brussels. With a 1 in front it is nobody's: what most of ten digits are decides."""
    without = {"country": "CA", "add_country_code": False}

    assert found(fix("4165550100 3; 3222345678 2", without)) == ({"add_country_code": True}, 3, 3, 2)
    assert fix("4165550100 2; 3222345678 3", without) is None


@pytest.mark.parametrize("rules", [{}, {"country": "GB"}])
def test_nothing_is_suggested_where_all_is_well_or_nothing_helps(rules: dict[str, Any]) -> None:
    assert fix("+442079460000 3; +33142278186 1", rules) is None
    assert fix("reception 3; +9995550100 2", rules) is None


def test_a_few_new_ranges_are_no_reason() -> None:
    """Of the unlikely ones few would be likelier otherwise; nothing else is wrong."""
    assert fix("+447700900123 30; 94112345678 1; +442079460000 500", {"country": "GB"}) is None
