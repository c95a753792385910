"""What a new price list changes, worked out on paper. Amounts are nano-units: 0.01 is 10,000,000."""

from collections.abc import Callable

import polars as pl
import pytest

from tollbook.catalog.difference import CHANGES, DIFFERENCE, change_counts, difference, largest_changes
from tollbook.catalog.price_list import PriceList

CENT = 10_000_000
Read = Callable[..., PriceList]
Compare = Callable[[str, str], pl.DataFrame]


@pytest.fixture
def compare(read: Read) -> Compare:
    """The difference between two price lists written as text."""

    def of(old: str, new: str) -> pl.DataFrame:
        return difference(read(old).rates, read(new).rates)

    return of


def by_prefix(changes: pl.DataFrame) -> dict[str, str]:
    return dict(changes.select("prefix", "change").iter_rows())


@pytest.mark.req("X4")
def test_every_prefix_of_either_list_is_counted_once(compare: Compare) -> None:
    changes = compare(
        """
        prefix,destination,price,increment,connect_fee
        1,USA,0.0100,1/1,
        33,France,0.0200,60/60,
        44,UK,0.0120,60/60,
        447,UK mobile,0.0900,30/6,0.01
        48,Poland,0.0150,1/1,
        49,Germany,0.0200,1/1,
        """,
        """
        prefix,destination,price,increment,connect_fee
        447,UK mobile,0.1200,30/6,0.01
        44,UK,0.0100,60/60,
        34,Spain,0.0300,1/1,
        48,Polska,0.0150,1/1,
        49,Germany,0.0200,60/1,
        1,USA,0.01,1/1,0
        """,
    )

    assert changes.schema == DIFFERENCE
    assert by_prefix(changes) == {
        "1": "unchanged",  # another line, the same price
        "33": "gone",
        "34": "new",
        "44": "cheaper",
        "447": "dearer",
        "48": "changed",  # its name
        "49": "changed",  # its increments: dearer for short calls only
    }
    assert change_counts(changes) == {
        "new": 1, "gone": 1, "dearer": 1, "cheaper": 1, "changed": 2, "unchanged": 1
    }  # fmt: skip
    assert change_counts(changes.clear()) == dict.fromkeys(CHANGES, 0)


def test_the_change_is_shown_in_percent_of_the_old_amount(compare: Compare) -> None:
    changes = compare(
        "prefix,price,connect_fee\n44,0.012,0\n447,0.09,0.01\n33,0.03,0\n1,0,0\n7,0.05,0.01\n",
        "prefix,price,connect_fee\n44,0.01,0\n447,0.12,0.01\n33,0.03,0.02\n1,0.01,0\n7,0.04,0.02\n",
    )

    # 0.12 is a third more than 0.09: 33.33 %. 0.010 is a sixth less than 0.012: 16.67 %.
    shown = changes.select("prefix", "change", "amount", "old_nanos", "new_nanos", "basis_points").rows()
    assert shown == [
        ("1", "dearer", "next_per_min_nanos", 0, 1 * CENT, None),
        ("33", "dearer", "connect_fee_nanos", 0, 2 * CENT, None),
        ("44", "cheaper", "next_per_min_nanos", 12_000_000, 10_000_000, -1_667),
        ("447", "dearer", "next_per_min_nanos", 9 * CENT, 12 * CENT, 3_333),
        # A minute costs less, the call more: it depends on the call. The fee doubled, which is the larger change.
        ("7", "changed", "connect_fee_nanos", 1 * CENT, 2 * CENT, 10_000),
    ]
    assert largest_changes(changes, 4)["prefix"].to_list() == ["1", "33", "7", "447"]


def test_a_cap_that_comes_is_cheaper_and_one_that_goes_is_dearer(compare: Compare) -> None:
    changes = compare(
        "prefix,price,maximum_charge\n44,0.01,\n48,0.01,5\n49,0.01,5\n",
        "prefix,price,maximum_charge\n44,0.01,5\n48,0.01,\n49,0.01,4\n",
    )

    assert by_prefix(changes) == {"44": "cheaper", "48": "dearer", "49": "cheaper"}
    assert changes.filter(prefix="44").select("amount", "old_nanos", "new_nanos", "basis_points").row(0) == (
        "maximum_charge_nanos",
        None,
        500 * CENT,
        None,
    )


def test_of_dated_prices_those_that_begin_last_are_compared(compare: Compare) -> None:
    changes = compare(
        """
        prefix,price,active_from,active_until
        44,0.0100,,
        48,0.0100,,2026-01-01
        48,0.0150,2026-01-01,
        49,0.0100,2025-12-01,
        7,0.0500,2025-01-01,
        7,0.0200,2026-01-01,
        """,
        """
        prefix,price,active_from,active_until
        44,0.0100,,2026-02-01
        44,0.0110,2026-02-01,
        48,0.0150,2026-01-01,
        49,0.0100,2026-01-01,
        7,0.0600,2025-01-01,
        7,0.0100,2026-01-01,
        """,
    )

    assert by_prefix(changes) == {
        "44": "dearer",  # from February on
        "48": "changed",  # the last price is the same, but calls of last year have none any more
        "49": "changed",  # the same price from another day on
        "7": "cheaper",  # from 2026 on, whatever it was before
    }
    assert changes.filter(prefix="48")["amount"].to_list() == [None]


def test_windows_and_steps_are_compared_each_with_its_like(compare: Compare) -> None:
    day_and_night = """
        prefix,price,from_s,weekdays,from_time,until_time
        44,{night},0,,,
        44,{day},0,1-5,08:00,20:00
        48,{first},0,,,
        48,{later},60,,,
    """
    old = day_and_night.format(night="0.01", day="0.03", first="1.00", later="0.50")

    assert by_prefix(compare(old, day_and_night.format(night="0.01", day="0.04", first="1.00", later="0.40"))) == {
        "44": "dearer",
        "48": "cheaper",
    }
    assert by_prefix(compare(old, day_and_night.format(night="0.02", day="0.02", first="1.00", later="0.50"))) == {
        "44": "changed",  # the night is dearer, the day cheaper
        "48": "unchanged",
    }
    assert by_prefix(compare(old, "prefix,price\n44,0.01\n48,0.50\n")) == {"44": "changed", "48": "changed"}


def test_kinds_and_origins_of_one_prefix_are_told_apart(compare: Compare) -> None:
    changes = compare(
        "prefix,kind,cli_prefix,price,per_unit\n44,voice_out,,0.01,\n44,voice_out,48,0.02,\n44,sms_out,,,0.05\n",
        "prefix,kind,cli_prefix,price,per_unit\n44,voice_out,,0.01,\n44,voice_out,48,0.03,\n44,sms_out,,,0.04\n",
    )

    assert changes.select("kind", "cli_prefix", "change", "amount").rows() == [
        ("sms_out", "", "cheaper", "per_unit_nanos"),
        ("voice_out", "", "unchanged", None),
        ("voice_out", "48", "dearer", "next_per_min_nanos"),
    ]


def test_forbidding_a_prefix_is_no_matter_of_price(compare: Compare) -> None:
    changes = compare("prefix,price,forbidden\n44,0.01,no\n", "prefix,price,forbidden\n44,0.02,yes\n")

    assert by_prefix(changes) == {"44": "changed"}


def test_the_largest_prices_do_not_wrap(compare: Compare) -> None:
    changes = compare("prefix,price\n44,0.000000001\n48,100000000\n", "prefix,price\n44,100000000\n48,-1\n")

    assert by_prefix(changes) == {"44": "dearer", "48": "cheaper"}
    assert changes["basis_points"].to_list() == [
        10**12,
        -10_000,
    ]  # the first is cut; -1 is a little more than 100 % below
