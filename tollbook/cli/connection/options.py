"""The options of `tollbook connection add`, each with what its help says. None means not named."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

PLATFORM = "The platform"
SYNC = "Customers and accounts"
WHEN = "When usage is collected"
NUMBERS = "How numbers are written"


class Price(StrEnum):
    """What a price in the platform's records means, as an option says it."""

    RETAIL = "retail"
    COST = "cost"
    NONE = "none"


Kind = Annotated[
    str | None,
    typer.Option(help="As `connection kinds` lists it.", show_default="files", rich_help_panel=PLATFORM),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting, see `connection settings KIND`; may be repeated. With --change an empty value puts back the "
        "default.",
        rich_help_panel=PLATFORM,
    ),
]
SecretNames = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="A secret setting, as password: its value is asked for, or taken from TOLLBOOK_SECRET_PASSWORD.",
        rich_help_panel=PLATFORM,
    ),
]
SecretFiles = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=FILE", help="A secret setting, from a file.", rich_help_panel=PLATFORM),
]
Layout = Annotated[
    str | None,
    typer.Option(help="Of files: a built-in layout, as asterisk, or a mapping in TOML.", show_default="tollbook"),
]
Preset = Annotated[
    str | None, typer.Option(help="Files as a platform writes them, as asterisk: see `connection presets`.")
]
Timezone = Annotated[
    str | None,
    typer.Option(help="Zone of times that do not say theirs, and of --at.", show_default="the layout's"),
]
MatchBy = Annotated[
    str | None,
    typer.Option(
        help="How the account is found, in this order.", show_default="platform,number; of files account,number"
    ),
]
PriceIs = Annotated[
    Price | None,
    typer.Option(help="What a price in its records means.", show_default="as usual for the kind"),
]
AccountProduct = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]CODE",
        help="The product of accounts made by the sync; of those with a product of that NAME there (* is any text)."
        " May be repeated.",
        show_default="it makes none",
        rich_help_panel=SYNC,
    ),
]
CreatesCustomers = Annotated[
    bool | None,
    typer.Option(
        "--creates-customers/--no-creates-customers",
        help="Whether the sync makes customers that are known only there.",
        show_default="no",
        rich_help_panel=SYNC,
    ),
]
CustomerDefault = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="What customers made by the sync get, as currency=PLN; may be repeated.",
        rich_help_panel=SYNC,
    ),
]
Exclude = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="What costs nothing and is shown: 911, 1800xxxxxxx, 1-800-*, [local]. Replaces the list there was.",
        rich_help_panel=NUMBERS,
    ),
]
Hide = Annotated[
    str | None,
    typer.Option(
        metavar="LIST",
        help="What costs nothing and is not shown: *xx, 201,202. Replaces the list there was.",
        rich_help_panel=NUMBERS,
    ),
]
ImportFrom = Annotated[
    str | None,
    typer.Option(
        metavar="DATE",
        help="First day for newly paired customers.",
        show_default="the day before their first import",
        rich_help_panel=SYNC,
    ),
]
At = Annotated[
    str | None,
    typer.Option(metavar="HH:MM", help="Daily at this time.", show_default="01:00", rich_help_panel=WHEN),
]
Every = Annotated[
    str | None,
    typer.Option(metavar="INTERVAL", help="Again and again, as 30m, 6h or 2d.", rich_help_panel=WHEN),
]
Scheduled = Annotated[
    bool | None,
    typer.Option(
        "--scheduled/--no-schedule",
        help="Whether by itself; --at and --every say so too.",
        show_default="no",
        rich_help_panel=WHEN,
    ),
]
StaleAfter = Annotated[
    str | None,
    typer.Option(
        metavar="INTERVAL",
        help="An alarm when nothing new came for so long, as 2d; 0d for never.",
        rich_help_panel=WHEN,
    ),
]
Country = Annotated[
    str | None, typer.Option(help="Numbers are written as in this country, as US.", rich_help_panel=NUMBERS)
]
ExitCodes = Annotated[
    list[str] | None,
    typer.Option(help="Dialled before a country code, as 00; may be repeated.", rich_help_panel=NUMBERS),
]
TrunkPrefix = Annotated[
    str | None, typer.Option(help="Dialled before a national number, as 0.", rich_help_panel=NUMBERS)
]
AddCountryCode = Annotated[
    bool | None,
    typer.Option(
        "--add-country-code/--no-add-country-code",
        help="Numbers as long as national ones get the country code.",
        show_default="as usual in the country",
        rich_help_panel=NUMBERS,
    ),
]
ExtensionLengths = Annotated[
    list[int] | None,
    typer.Option(help="Digits of internal numbers; may be repeated.", rich_help_panel=NUMBERS),
]
NumberRulesFile = Annotated[
    Path | None, typer.Option(help="TOML with these and further number rules.", rich_help_panel=NUMBERS)
]
Change = Annotated[
    bool, typer.Option("--change", help="Change a connection of this name: what is not named stays.")
]
