"""A price list that cannot be meant is refused, with the lines."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from tests.rating.sheets import tariff
from tollbook.errors import BadInput
from tollbook.rating.pricelist import PriceListConflict

CALENDARS = {"PL": frozenset({date(2026, 1, 6)}), "DE": frozenset({date(2026, 1, 6), date(2026, 1, 1)})}


@pytest.mark.parametrize(
    "rows",
    [
        "prefix  price\n44  0.01\n33  0.01\n44  0.02",
        "prefix  price  active_from  active_until\n44  1  2026-01-01  2026-06-01\n33  1  -  -\n44  2  2026-01-01  -",
        "prefix  price  from_s\n44  0.01  0\n44  0.01  60\n44  0.02  0",
        "prefix  price  min_digits  max_digits\n44  0.01  -  10\n44  0.03  11  11\n44  0.02  9  -",
        "prefix  price  cli_prefix\n44  0.01  48\n44  0.01  -\n44  0.02  48",
    ],
    ids=["same prefix", "same date", "same step", "shared length", "same CLI"],
)
def test_two_rows_that_claim_the_same_calls_are_named(rows: str) -> None:
    with pytest.raises(PriceListConflict, match="lines 2 and 4"):
        tariff(rows)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mon-Fri  08:00-20:00  -", "Fri  19:00-21:00  -"),
        ("-  22:00-06:00  -", "Sat-Sun  05:59-12:00  -"),
        ("Sun  22:00-06:00  -", "Mon-Fri  00:00-06:00  -"),
        ("-  00:00-24:00  PL", "-  12:00-13:00  DE"),
    ],
    ids=["overlapping hours", "over midnight", "Sunday into Monday", "two calendars"],
)
def test_two_windows_that_claim_the_same_second_are_named(one: str, other: str) -> None:
    rows = f"weekdays  hours  holiday  price\n{one}  0.01\n-  -  -  0.05\n{other}  0.02"

    with pytest.raises(PriceListConflict, match=r"lines 2 and 4, prefix '44', claim the same seconds"):
        tariff(rows, holidays=CALENDARS)


def test_windows_that_only_touch_are_no_conflict() -> None:
    tariff(
        """
        weekdays  hours        holiday  price
        Mon-Fri   08:00-20:00  -        0.01
        Mon-Fri   20:00-08:00  -        0.02
        Sat       08:00-00:00  -        0.03
        Sun       00:00-24:00  -        0.04
        -         06:00-12:00  PL       0.05
        -         12:00-06:00  DE       0.06
        -         -            -        0.07
    """,
        holidays={"PL": frozenset({date(2026, 1, 6)}), "DE": frozenset({date(2026, 1, 6)})},
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("kind  price\npigeon  0.01", "line 2: kind is 'pigeon'"),
        ("prefix  price\n44  0.01\n4x4  0.01", "line 3: prefix is '4x4'"),
        ("cli_prefix  price\n+48  0.01", "line 2: cli_prefix is '\\+48'"),
        ("prefix  price\n1234567890123456789  0.01", "line 2: prefix"),
        ("price  increments\n0.01  0/1", "line 2: first_increment is 0; it must be 1 to"),
        ("price  increments\n0.01  60/0", "line 2: next_increment is 0"),
        ("price  from_s\n0.01  60", "line 2: from_s is 60; the first step"),
        ("hours  price  from_s\n-  0.01  0\n08:00-20:00  0.01  30", "line 3: from_s is 30"),
        ("price  from_s\n0.01  -5", "line 2: from_s is -5"),
        ("price\n-", "line 2: first_per_min_nanos is empty"),
        ("price  minimum_charge\n0.01  -0.5", "line 2: minimum_charge_nanos is -0.5"),
        (
            "price  minimum_charge  maximum_charge\n0.01  2  1",
            "line 2: maximum_charge_nanos is 1; .* minimum_charge",
        ),
        ("price  grace_period_s\n0.01  -1", "line 2: grace_period_s is -1"),
        ("price  minimum_s\n0.01  31622401", "line 2: minimum_s is 31622401; it must be 0 to 31622400"),
        ("price  active_from  active_until\n0.01  2026-02-01  2026-02-01", "line 2: active_until"),
        ("price  min_digits  max_digits\n0.01  11  9", "line 2: max_digits is 9; it must not be below min_digits"),
        ("price  min_digits\n0.01  0", "line 2: min_digits is 0"),
        ("price  holiday\n0.01  Mars", "line 2: holiday is 'Mars'; the calendars known are: DE, PL"),
        ("price  weekdays\n0.01  none", "line 2: weekdays is 0"),
        ("kind  price\nsms_out  0.01", "line 2: first_per_min_nanos is 0.01; messages and data"),
        ("kind  unit\nsms_out  -", "line 2: per_unit_nanos is empty"),
        ("kind  per_unit  unit\nsms_out  0.01  MB", "line 2: unit is 'MB'; messages are counted in message"),
        ("kind  per_unit  unit\ndata  0.01  -", "line 2: unit is empty; data is counted in one of byte"),
        ("kind  per_unit  unit\ndata  0.01  furlong", "line 2: unit is 'furlong'"),
        (
            "kind  per_unit  unit  from_s\ndata  1  MB  0\ndata  1  GB  9",
            "line 3: unit is GB; all rows of one rate",
        ),
        ("price  unit\n0.01  message", "line 2: unit is 'message'; a kind counted in time has none"),
        ("price  connect_fee\n0.01  160000000", "line 2: connect_fee_nanos is 160000000; the limit is"),
        ("price  increments\n5000000  1000000000/1", "line 2: the price of one increment is too large"),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_with_its_line(rows: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        tariff(rows, holidays=CALENDARS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"decimals": 10}, "decimals is 10"), ({"decimals": -1}, "decimals is -1"), ({"timezone": "Mars"}, "'Mars'")],
)
def test_a_setting_that_cannot_be_used_is_named(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        tariff("price\n0.01", **settings)


def test_the_first_few_of_many_problems_are_told_together() -> None:
    with pytest.raises(BadInput) as refused:
        tariff("prefix  price\n" + "\n".join("x  0.01" for _ in range(9)))

    assert str(refused.value).count("line ") == 5
