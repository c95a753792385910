"""What can be connected, and what there is to say of each kind. Needs no platform and no password."""

from typing import Annotated

import typer

from tollbook.cli.listing import print_json, print_list
from tollbook.connectors.base import Feature, Setting
from tollbook.connectors.registry import CONNECTORS, connector_class


def kinds(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """What there are connectors for, and what each offers.

    Example: tollbook connection kinds
    """
    rows = []
    for kind in CONNECTORS:
        connector = connector_class(kind)
        offered = [feature.value for feature in Feature if feature in connector.offers]
        needed = [setting.name for setting in connector.settings if setting.is_required]
        rows.append(
            {
                "kind": kind,
                "platform": connector.title,
                "offers": offered if as_json else ", ".join(offered),
                "must_be_set": needed if as_json else ", ".join(needed),
            }
        )
    print_list(rows, as_json=as_json, empty="there are no connectors")
    if not as_json:
        typer.echo("`tollbook connection settings KIND` lists what else can be set, with its defaults")


def settings(
    kind: Annotated[str, typer.Argument(help="As `tollbook connection kinds` lists it.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Every setting of a kind: its default, whether it must be set, whether it is a secret.

    Example: tollbook connection settings files
    """
    connector = connector_class(kind)
    if as_json:
        print_json([_row(setting) for setting in connector.settings])
        return
    for setting in sorted(connector.settings, key=lambda setting: not setting.is_required):
        typer.echo(f"{setting.name}  ({_notes(setting)})\n    {setting.help}")
    secret = next((setting.name for setting in connector.settings if setting.is_secret), None)
    typer.echo(f"\nset one with --set NAME=VALUE{f', a secret with --secret {secret}' if secret else ''}")


def _notes(setting: Setting) -> str:
    notes = ["must be set"] if setting.is_required else []
    if setting.is_secret:
        notes.append("secret")
    if setting.choices:
        notes.append(f"one of {', '.join(setting.choices)}")
    if setting.default:
        notes.append(f"default {setting.default}")
    return "; ".join(notes) or "may be left out"


def _row(setting: Setting) -> dict[str, object]:
    return {
        "name": setting.name,
        "help": setting.help,
        "default": setting.default,
        "is_required": setting.is_required,
        "is_secret": setting.is_secret,
        "choices": list(setting.choices),
    }
