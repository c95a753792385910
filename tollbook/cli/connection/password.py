"""A new password for the API user, given to the platform and kept here."""

from pathlib import Path
from typing import Annotated

import typer

from tollbook.cli.connection.secret_input import from_environment, from_file, typed
from tollbook.cli.database import open_database
from tollbook.connections.operations import named_connection
from tollbook.connections.password import change_password, made_password, settle_password
from tollbook.errors import BadInput

NEW = "new_password"


def password(
    name: Annotated[str, typer.Argument(help="The connection.")],
    file: Annotated[
        Path | None, typer.Option(help="A file with the new password.", show_default="asked for twice")
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make one of letters and digits. It is kept here, and not shown.")
    ] = False,
) -> None:
    """Change the API user's password at the platform, and keep the new one.

    Platforms want this now and then; a password that has expired is changed the same way. The new one is kept before
    the platform hears of it: if the connection breaks in between, the same command finds out which one is in force.
    Without a terminal it comes from --file, --generate or TOLLBOOK_SECRET_NEW_PASSWORD.

    Example: tollbook connection password softswitch --generate
    """
    if generate and file:
        raise BadInput("--generate and --file: give one of them")
    open_database()
    connection = named_connection(name)
    if settle_password(connection):
        typer.echo(
            f"connection {name}: an earlier change was cut short; the password that is in force is found, and kept "
            "here. Nothing else was done: run the command again to change it"
        )
        return
    if generate:
        new = made_password()
    elif file:
        new = from_file(NEW, file)
    else:
        new = from_environment(NEW) or typed(NEW, twice=True, file_option="--file or --generate")
    change_password(connection, new)
    typer.echo(f"connection {name}: the platform has the new password, and it is kept here")
