"""Trying a connection out, step by step. Changes nothing at the platform."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.connections.operations import named_connection, open_connector
from tollbook.connections.password import has_pending_password
from tollbook.connectors.base import Check
from tollbook.jobs.account_links import follow_links

NOT_WELL = 1  # exit status


def try_out(
    name: Annotated[str, typer.Argument(help="The connection.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Try it out: reach the platform, log in, and whether each thing may be read there. Changes nothing.

    The exit status is 0 when all is well and 1 when something is not.

    Example: tollbook connection test office
    """
    open_database()
    connection = named_connection(name)
    checks = []
    with closing(open_connector(connection)) as connector:
        follow_links(connector, connection, now=datetime.now(UTC))
        for check in connector.test():
            checks.append(check)
            if not as_json:
                typer.echo(_line(check))  # as it comes: some steps take their time
    failed = [check for check in checks if not check.is_ok]
    if as_json:
        print_json({"connection": name, "is_ok": not failed, "checks": [_row(check) for check in checks]})
    else:
        if failed and has_pending_password(connection):
            typer.echo(
                "A change of the password was cut short: the new one may be in force. "
                f"`tollbook connection password {connection.quoted}` finds out."
            )
        if failed:
            change = f"tollbook connection add {connection.quoted} --change"
            typer.echo(
                f"a setting is corrected with `{change} --set NAME=VALUE`, a secret with `{change} --secret NAME`"
            )
        typer.echo(f"{name}: {f'{len(failed)} of {len(checks)} checks failed' if failed else 'all is well'}")
    if failed:
        raise typer.Exit(NOT_WELL)


def _line(check: Check) -> str:
    line = f"{'✓' if check.is_ok else '✗'} {check.name}: {check.says}"
    return f"{line}\n    → {check.next_step}" if check.next_step else line


def _row(check: Check) -> dict[str, object]:
    return {"name": check.name, "is_ok": check.is_ok, "says": check.says, "next_step": check.next_step}
