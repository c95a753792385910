"""Settings of a tariff: options win over the TOML beside the price list, that wins over the defaults."""

from datetime import date
from pathlib import Path
from textwrap import dedent

import pytest

from tollbook.catalog.tariff_settings import tariff_sheet
from tollbook.errors import BadInput
from tollbook.money import Rounding
from tollbook.rating.frames import Fraction, TariffSettings


@pytest.fixture
def price_list(tmp_path: Path) -> Path:
    return tmp_path / "uk.csv"


def beside(price_list: Path, text: str) -> None:
    price_list.with_suffix(".toml").write_text(dedent(text), encoding="utf-8")


def test_without_anything_said_the_defaults_hold(price_list: Path) -> None:
    assert tariff_sheet(price_list, {"currency": None, "decimals": None}).settings == TariffSettings()


def test_settings_beside_the_price_list(price_list: Path) -> None:
    beside(
        price_list,
        """
        currency = "GBP"
        timezone = "Europe/London"
        decimals = 2
        rounding = "half_even"
        fraction = "nearest"
        prices = "gross"
        country = "GB"
        [holidays]
        Company = [2026-12-24]
        """,
    )

    sheet = tariff_sheet(price_list, {})

    assert sheet.settings == TariffSettings(
        currency="GBP",
        timezone="Europe/London",
        decimals=2,
        rounding=Rounding.HALF_EVEN,
        fraction=Fraction.NEAREST,
        is_gross=True,
        country="GB",
    )
    assert sheet.own_calendars == {"Company": frozenset({date(2026, 12, 24)})}


def test_options_win(price_list: Path) -> None:
    beside(price_list, 'currency = "GBP"\ndecimals = 2\nprices = "gross"\n')

    settings = tariff_sheet(price_list, {"decimals": 0, "prices": "net", "timezone": None}).settings

    assert (settings.currency, settings.decimals, settings.is_gross) == ("GBP", 0, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('curency = "GBP"', "unknown key 'curency'; did you mean 'currency'"),
        ('currency = "pounds"', "currency = 'pounds'; write three capital letters"),
        ('timezone = "Europe/Warschau"', "is not a time zone"),
        ("decimals = 10", "write a whole number from 0 to 9"),
        ("decimals = true", "write a whole number from 0 to 9"),
        ('rounding = "bankers"', "write one of half_up, half_even, up, down"),
        ('fraction = "ceil"', "write one of up, nearest, down"),
        ("prices = false", "write one of net, gross"),
        ('country = "Poland"', "two capital letters"),
        ('holidays = "PL"', "holidays is not a table"),
        ("decimals =", "not a TOML file"),
    ],
)
def test_a_setting_that_cannot_be(price_list: Path, text: str, message: str) -> None:
    beside(price_list, text)

    with pytest.raises(BadInput, match=r"uk\.toml") as caught:
        tariff_sheet(price_list, {})
    assert message in str(caught.value)


def test_an_option_that_cannot_be(price_list: Path) -> None:
    with pytest.raises(BadInput, match="option decimals = 12"):
        tariff_sheet(price_list, {"decimals": 12})
