"""`tollbook connection`: where usage comes from, and how it is read."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection, set_connection
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Connections: where usage comes from, and how it is read."
)

NUMBERS = "How numbers are written"


@app.command()
def add(
    *,
    name: Annotated[str, typer.Argument(help="What people call it.")],
    layout: Annotated[
        str, typer.Option(help="A built-in layout, as asterisk, or a mapping in TOML.")
    ] = "tollbook",
    timezone: Annotated[
        str, typer.Option(help="Zone of times that do not say theirs.", show_default="the layout's")
    ] = "",
    match_by: Annotated[
        str | None, typer.Option(help="How the account is found, in this order.", show_default="account,number")
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="Numbers are written as in this country, as US.", rich_help_panel=NUMBERS)
    ] = None,
    exit_code: Annotated[
        list[str] | None,
        typer.Option(help="Dialled before a country code, as 00; may be repeated.", rich_help_panel=NUMBERS),
    ] = None,
    trunk_prefix: Annotated[
        str | None, typer.Option(help="Dialled before a national number, as 0.", rich_help_panel=NUMBERS)
    ] = None,
    add_country_code: Annotated[
        bool | None,
        typer.Option(
            "--add-country-code/--no-add-country-code",
            help="Numbers as long as national ones get the country code.",
            show_default="as usual in the country",
            rich_help_panel=NUMBERS,
        ),
    ] = None,
    extension_length: Annotated[
        list[int] | None,
        typer.Option(help="Digits of internal numbers; may be repeated.", rich_help_panel=NUMBERS),
    ] = None,
    number_rules: Annotated[
        Path | None, typer.Option(help="TOML with these and further number rules.", rich_help_panel=NUMBERS)
    ] = None,
    change: Annotated[bool, typer.Option("--change", help="Change a connection of this name.")] = False,
) -> None:
    """Add a place from which files of usage come. Safe to repeat.

    Example: tollbook connection add office --layout asterisk --country US --timezone America/New_York
    """
    options: dict[str, object] = {
        "country": country,
        "exit_codes": exit_code,
        "trunk_prefix": trunk_prefix,
        "add_country_code": add_country_code,
        "extension_lengths": extension_length,
    }
    rules = _read_rules(number_rules) if number_rules else {}
    rules |= {key: value for key, value in options.items() if value not in (None, [])}
    open_database()
    added = set_connection(
        name=name,
        layout=layout,
        timezone=timezone,
        number_rules=rules,
        match_by=None if match_by is None else [way.strip() for way in match_by.split(",") if way.strip()],
        may_change=change,
    )
    typer.echo(
        f"connection {added.name}: import files with `tollbook usage import FILE --connection {added.name}`"
    )


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All connections.

    Example: tollbook connection list
    """
    open_database()
    empty = "there are no connections; add one with `tollbook connection add NAME`"
    rows = [_facts(connection) for connection in Connection.objects.order_by("name")]
    for row in rows:
        del row["number_rules"]
    print_list(rows, as_json=as_json, empty=empty)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The connection.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """One connection with its number rules, and its mapping when it has its own.

    Example: tollbook connection show office
    """
    open_database()
    connection = named_connection(name)
    facts = _facts(connection)
    if as_json:
        print_json(facts | {"mapping": connection.layout if "\n" in connection.layout else None})
        return
    rules = facts.pop("number_rules")
    for key, value in facts.items():
        typer.echo(f"{key.replace('_', ' ')}: {value}")
    typer.echo(
        "number rules: " + (", ".join(f"{key} {value}" for key, value in rules.items()) or "digits as they are")
    )
    if "\n" in connection.layout:
        typer.echo(f"mapping:\n{connection.layout}")


def _facts(connection: Connection) -> dict[str, Any]:
    return {
        "name": connection.name,
        "kind": connection.kind,
        "layout": "own mapping" if "\n" in connection.layout else connection.layout,
        "timezone": connection.timezone or "as the layout says",
        "country": connection.number_rules.get("country", ""),
        "match_by": ", ".join(connection.match_by),
        "number_rules": dict(connection.number_rules),
    }


def _read_rules(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{path} is not a TOML file: {error}") from None
