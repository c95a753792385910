"""Confirming that files are read as they are meant, before anything of them is charged."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import polars as pl
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tollbook.cli.database import open_database
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection, open_connector, set_connection
from tollbook.connectors.base import Preview
from tollbook.customers.models import Number
from tollbook.jobs.account_links import follow_links
from tollbook.records import INCOMING

SHOWN = {
    "start": "start (UTC)",
    "kind": "kind",
    "cli": "CLI",
    "cld": "CLD",
    "duration_us": "seconds",
    "trunk_ref": "trunk",
    "defect": "set aside",
}
US_PER_S = 1_000_000
MAX_DIGITS = 18


def confirm(
    name: Annotated[str, typer.Argument(help="The connection.")],
    yes: Annotated[bool, typer.Option("--yes", help="It is right; do not ask.")] = False,
) -> None:
    """Show how the beginning of a file is read, and have somebody say that it is right. Safe to repeat.

    Of a platform whose files nobody has described, nothing is charged before. After a change of layout, delimiter,
    header or zone it is asked for again.

    Example: tollbook connection confirm carrier
    """
    open_database()
    connection = named_connection(name)
    with closing(open_connector(connection)) as connector:
        follow_links(connector, connection, now=datetime.now(UTC))
        preview = connector.preview()
    show(preview)
    for line in doubts(preview, connection):
        typer.echo(line)
    if not yes:
        typer.confirm("Is every call read as it was made?", abort=True)
    set_connection(name=name, settings=preview.settings, may_change=True)
    typer.echo(f"connection {name}: confirmed; collect with `tollbook collect {connection.quoted}`")


def show(preview: Preview) -> None:
    """The lines as they stand there, and the records made of them."""
    console = Console()
    console.print(f"{preview.source}: {preview.says}", soft_wrap=True, highlight=False, markup=False)
    for line in preview.lines:
        console.print(f"  {line}", soft_wrap=True, highlight=False, markup=False)
    usage = preview.usage.with_columns(
        pl.col("start").dt.strftime("%Y-%m-%d %H:%M:%S"), pl.col("duration_us") / US_PER_S
    )
    table = Table(*SHOWN.values())
    for row in usage.select(*SHOWN).head(len(preview.lines)).iter_rows():
        table.add_row(*(_shown(value) for value in row))
    console.print(table)


def doubts(preview: Preview, connection: Connection) -> Iterator[str]:
    """What looks wrong in more records than are shown."""
    usage = preview.usage
    defects = usage.filter(pl.col("defect").is_not_null())
    if len(defects):
        yield f"{len(defects):,} of {len(usage):,} records are set aside: {defects['defect_detail'][0]}"
    called = usage.filter(~pl.col("kind").is_in(INCOMING))["cld"].drop_nulls().unique()
    digits = {int(cld) for cld in called.str.strip_prefix("+") if cld.isdecimal() and len(cld) <= MAX_DIGITS}
    own = Number.objects.filter(digits__in=digits, active_until=None).order_by("digits")
    if numbers := ", ".join(f"{number.digits}" for number in own):
        yield (
            f"calls to your own numbers are read as outgoing: {numbers}; if they came in: tollbook connection add "
            f'{connection.quoted} --change --set "incoming_to={numbers}"'
        )


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else escape(str(value))
