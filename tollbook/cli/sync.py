"""`tollbook sync`: bring customers, accounts and numbers into line with a platform."""

import getpass
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.sync_report import report_lines, report_status
from tollbook.connections.operations import named_connection, open_connector
from tollbook.connectors.base import Feature
from tollbook.jobs.sync import sync as sync_parts

app = typer.Typer(add_completion=False)


@app.command()
def sync(
    *,
    connection: Annotated[str, typer.Argument(help="The platform.")],
    customers: Annotated[bool, typer.Option("--customers", help="Its customers, paired with ours.")] = False,
    accounts: Annotated[bool, typer.Option("--accounts", help="Accounts of paired customers.")] = False,
    numbers: Annotated[bool, typer.Option("--numbers", help="Its DIDs, on those accounts.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, with every line.")] = False,
) -> None:
    """Fetch a platform's customers, accounts and numbers, and bring ours into line. Safe to repeat.

    Without --customers, --accounts or --numbers all that the platform offers. Customers are paired where a NIP, PESEL,
    identity card, VAT id or id there proves who they are; everything else is said, and left to you.

    The exit status is 0 when the platform's lists were read whole, 1 when one was not, 2 when none could be read.

    Example: tollbook sync metroport --dry-run
    """
    asked = {Feature.CUSTOMERS: customers, Feature.ACCOUNTS: accounts, Feature.NUMBERS: numbers}
    open_database()
    source = named_connection(connection)
    with closing(open_connector(source)) as connector:
        reports = sync_parts(
            source,
            connector,
            now=datetime.now(UTC),
            by=f"sync ({getpass.getuser()})",
            parts=[part for part, is_asked in asked.items() if is_asked],
            dry_run=dry_run,
        )
    if as_json:
        print_json([report.facts() for report in reports])
    else:
        for report in reports:
            for line in report_lines(report):
                typer.echo(line)
    raise typer.Exit(report_status(reports))
