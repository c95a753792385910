"""Holiday calendars by name."""

from datetime import date
from pathlib import Path

import pytest

from tollbook.catalog.calendars import holiday_calendars, read_own_calendars
from tollbook.errors import BadInput


def test_a_national_calendar_by_country_code() -> None:
    poland = holiday_calendars(["PL"], years=[2026])["PL"]

    assert {date(2026, 1, 1), date(2026, 5, 3), date(2026, 11, 11), date(2026, 12, 25)} <= poland
    assert date(2026, 11, 12) not in poland


def test_a_part_of_a_country_has_days_of_its_own() -> None:
    calendars = holiday_calendars(["DE", "DE-BY"], years=[2026])

    assert date(2026, 1, 6) in calendars["DE-BY"]  # Epiphany, in Bavaria
    assert date(2026, 1, 6) not in calendars["DE"]


@pytest.mark.parametrize("name", ["Company", "XX", "DE-QQ", ""])
def test_a_calendar_nobody_knows(name: str) -> None:
    with pytest.raises(BadInput, match=r"holiday calendar .* is not known"):
        holiday_calendars([name], years=[2026])


def test_an_own_calendar_wins_over_a_national_one() -> None:
    closed = {"PL": frozenset({date(2026, 8, 14)})}

    assert holiday_calendars(["PL"], own=closed) == closed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("days.toml", 'Company = ["2026-12-24", 2026-12-31]\n'),
        ("days.csv", "calendar,date\nCompany,2026-12-24\nCompany,2026-12-31\n"),
    ],
)
def test_own_dates_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    assert read_own_calendars(path) == {"Company": frozenset({date(2026, 12, 24), date(2026, 12, 31)})}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("days.csv", "calendar,date\nCompany,24.12.2026\n", "line 2: '24.12.2026' is not a date"),
        ("days.csv", "name,date\nCompany,2026-12-24\n", "needs the columns calendar and date"),
        ("days.toml", 'Company = ["24 December"]\n', "Company: '24 December' is not a date"),
        ("days.toml", 'Company = "2026-12-24"\n', "Company is not a list of dates"),
        ("days.toml", "Company =\n", "not a TOML file"),
    ],
)
def test_own_dates_that_are_none(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    with pytest.raises(BadInput, match=name) as caught:
        read_own_calendars(path)
    assert message in str(caught.value)
