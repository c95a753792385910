"""`tollbook destinations`: prefixes under one name, for allowances and tiers."""

from pathlib import Path
from typing import Annotated

import typer

from tollbook.catalog.operations import set_destination_group
from tollbook.catalog.plan_queries import group_list
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.errors import BadInput

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Destination groups: prefixes under one name, for allowances and tiers.",
)

MAX_FILE_BYTES = 4 << 20


@app.command("set")
def set_(
    *,
    name: Annotated[str, typer.Argument(help="The group's name.", show_default=False)],
    prefixes: Annotated[
        list[str] | None, typer.Argument(metavar="[PREFIX]…", help="Leading digits of E.164.", show_default=False)
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Read them from this file, apart by blanks or lines.")] = None,
) -> None:
    """Make a group of destinations, or say anew which prefixes it has.

    Example: tollbook destinations set benelux 31 32 352
    """
    open_database()
    group = set_destination_group(name=name, prefixes=[*(prefixes or ()), *(_read(file) if file else ())])
    typer.echo(f"destinations {name}: {len(group.prefixes):,} prefixes")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All destination groups, by name.

    Example: tollbook destinations list
    """
    open_database()
    empty = "there are no destination groups; make one with `tollbook destinations set NAME PREFIX …`"
    print_list(group_list(), as_json=as_json, empty=empty, right=("count", "allowances", "tiers"))


def _read(file: Path) -> list[str]:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(
                f"{file} is larger than {MAX_FILE_BYTES} bytes; a group has no use for so many prefixes"
            )
        return file.read_text(encoding="utf-8-sig").replace(",", " ").replace(";", " ").split()
    except UnicodeDecodeError:
        raise BadInput(f"{file} is no text; write prefixes one to a line") from None
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from None
