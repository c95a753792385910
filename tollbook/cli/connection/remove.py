"""Taking out a connection that was never used."""

from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.connections.operations import named_connection, remove_connection


def remove(name: Annotated[str, typer.Argument(help="The connection.")]) -> None:
    """Take out a connection that nothing came from and nobody is paired through, with its secrets.

    Example: tollbook connection remove mistyped
    """
    open_database()
    remove_connection(named_connection(name))
    typer.echo(f"connection {name}: removed")
