"""`tollbook set-aside`: what could not be charged, why, and trying it again."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from tollbook.cli.database import open_database
from tollbook.cli.listing import console
from tollbook.cli.next_steps import NEXT_STEP
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection
from tollbook.errors import BadInput
from tollbook.jobs.retry_set_aside import DEFECTS, retry_set_aside
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import select_records, set_aside_by_reason

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="What could not be charged, why, and trying it again."
)


@app.command("list")
def list_(
    records: Annotated[
        int, typer.Option("--records", "-n", help="Also show so many records, the oldest first.")
    ] = 0,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, without records.")] = False,
) -> None:
    """What waits, by connection and reason, and what to do about it.

    Example: tollbook set-aside list --reason no_account -n 5
    """
    _check_reason(reason)
    open_database()
    waiting = [row for row in set_aside_by_reason() if reason is None or row[1] == reason]
    if as_json:
        names = ("connection", "reason", "records", "first_start", "last_start")
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in waiting], indent=2))
        return
    if not waiting:
        typer.echo("nothing is set aside")
        return
    table = Table("connection", "reason", "records", "first", "last")
    table.columns[2].justify = "right"
    for connection, why, count, first, last in waiting:
        table.add_row(connection, why, f"{count:,}", first, last)
    console().print(table)
    for why in dict.fromkeys(row[1] for row in waiting):
        typer.echo(f"{why}: {NEXT_STEP[why]}")
    if records:
        _print_records(reason, records)


def _print_records(reason: str | None, limit: int) -> None:
    """Some lines for each record: as many as its detail needs would not fit into a table."""
    condition = "outcome = 'set_aside' AND (%s::text IS NULL OR reason = %s)"
    found = select_records(condition, (reason, reason), limit=limit)
    runs = ImportRun.objects.select_related("evidence").in_bulk(found["run_id"].unique().to_list())
    for row in found.iter_rows(named=True):
        file = runs[row["run_id"]].evidence.name
        typer.echo(f"\nrecord {row['id']}: {row['reason']}; {file}, line {row['line']} (run {row['run_id']})")
        account = f", account {row['account_ref']}" if row["account_ref"] else ""
        if row["kind"]:
            start = f"{row['start']:%Y-%m-%d %H:%M:%S} UTC" if row["start"] else "an unknown time"
            ends = f"from {row['cli_raw'] or 'no number'} to {row['cld_raw'] or 'no number'}"
            typer.echo(f"  {row['kind']} {ends}{account}, at {start}")
        if row["detail"]:
            typer.echo(f"  {row['detail']}")


def _check_reason(reason: str | None) -> None:
    if reason is not None and reason not in NEXT_STEP:
        raise BadInput(f"unknown reason {reason!r}; reasons are {', '.join(NEXT_STEP)}")


@app.command()
def retry(
    connection: Annotated[str | None, typer.Option("--connection", "-c", help="Only this connection.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")] = False,
) -> None:
    """Rate again what was set aside, after the cause was mended. Safe to repeat.

    Example: tollbook set-aside retry --reason no_account
    """
    _check_reason(reason)
    open_database()
    if reason in DEFECTS:
        raise BadInput(f"retrying cannot help {reason}: {NEXT_STEP[reason]}")
    sources = [named_connection(connection)] if connection else Connection.objects.order_by("name")
    would = "would be " if dry_run else ""
    for source in sources:
        result = retry_set_aside(source, now=datetime.now(UTC), reason=reason, dry_run=dry_run)
        waiting = result.tried - result.charged - result.free
        typer.echo(
            f"{source.name}: {result.tried:,} tried, {result.charged:,} {would}charged, "
            f"{result.free:,} {would}free, {waiting:,} still set aside"
        )
    unreadable = sum(row[2] for row in set_aside_by_reason() if row[1] in DEFECTS)
    if unreadable and reason is None:
        typer.echo(f"{unreadable:,} not tried, as they cannot be read; see `tollbook set-aside list`")
