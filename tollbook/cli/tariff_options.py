"""Options that every command with a price list has: settings of the tariff, given or left to what stands beside it."""

import sys
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tollbook.catalog.price_list.cells import moment
from tollbook.errors import BadInput

SETTINGS = "Tariff, where not said in the TOML beside it"

Decimals = Annotated[
    int | None, typer.Option(help="Of a price, 0 to 9.", rich_help_panel=SETTINGS, show_default="4")
]
RoundingMode = Annotated[
    str | None,
    typer.Option(help="half_up, half_even, up or down.", rich_help_panel=SETTINGS, show_default="half_up"),
]
FractionMode = Annotated[
    str | None,
    typer.Option(help="Of a second: up, nearest or down.", rich_help_panel=SETTINGS, show_default="up"),
]
Gross = Annotated[
    bool | None,
    typer.Option("--gross/--net", help="Prices contain tax.", rich_help_panel=SETTINGS, show_default="net"),
]


def percent(option: str, text: str) -> Decimal:
    """12.5.

    Raises:
        BadInput: it is no number.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadInput(f"{option} {text!r} is not a number; write percent, as 12.5") from None


def amount(option: str, text: str) -> Decimal:
    """0.015, with a point or a comma.

    Raises:
        BadInput: it is no number.
    """
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise BadInput(f"{option} {text!r} is not an amount; write it as 0.015") from None


def utc_moment(option: str, text: str) -> datetime:
    """2026-01-31, or a date-time; without a zone in UTC.

    Raises:
        BadInput: it is neither.
    """
    try:
        return moment(text, zone=ZoneInfo("UTC"), date_format=None)
    except ValueError as error:
        raise BadInput(f"{option} {text!r} {error}") from None


def is_wanted(name: str, *, yes: bool) -> bool:
    """Whether a new version of that tariff is to be recorded: said with `yes`, or asked.

    Raises:
        BadInput: nobody is there to be asked.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise BadInput(
            f"tariff {name!r}: nothing was recorded, because nobody can be asked here; look at the difference"
            " and run the command again with --yes"
        )
    return typer.confirm(f"Record this as the next version of {name}?", err=True)
