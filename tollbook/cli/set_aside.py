"""`tollbook set-aside`: what could not be charged, why, and trying it again."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tollbook.cli.database import open_database
from tollbook.errors import BadInput
from tollbook.jobs.retry_set_aside import DEFECTS, retry_set_aside
from tollbook.usage.connections import named_connection
from tollbook.usage.models import Connection
from tollbook.usage.queries import select_records, set_aside_by_reason

app = typer.Typer(no_args_is_help=True, help="What could not be charged, why, and trying it again.")

# What to do about a reason, said where the reason is shown.
NEXT_STEP = {
    "bad_time": "mend the connection's layout or zone, undo the import, import again",
    "bad_quantity": "mend the connection's layout, undo the import, import again",
    "unknown_kind": "mend the layout's kind rules, undo the import, import again",
    "unreadable": "look at the line in the file; mend it or the layout, import again",
    "no_account": "import the account that has the number, then retry",
    "ambiguous_account": "end the number on all accounts but one, then retry",
    "account_closed": "correct the account's dates, or accept that nobody pays, then retry",
    "bad_number": "mend the connection's number rules, then retry",
    "no_tariff": "name a tariff for this kind in the product, then retry",
    "no_rate": "import a price list that covers the number, then retry",
    "forbidden_destination": "find out why it was possible; allow it in a new price list to charge it",
    "currency_mismatch": "give the customer a tariff in their currency, then retry",
    "correction_undone": "retry charges it as it was before the correction",
}


@app.command("list")
def list_(
    records: Annotated[
        int, typer.Option("--records", "-n", help="Also show so many records, the oldest first.")
    ] = 0,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What waits, by connection and reason, and what to do about it."""
    open_database()
    waiting = [row for row in set_aside_by_reason() if reason is None or row[1] == reason]
    if as_json:
        names = ("connection", "reason", "records", "first_start", "last_start")
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in waiting], indent=2))
        return
    console = Console()
    if not waiting:
        console.print("nothing is set aside")
        return
    table = Table("connection", "reason", "records", "first", "last", "what to do")
    table.columns[2].justify = "right"
    for connection, why, count, first, last in waiting:
        table.add_row(connection, why, f"{count:,}", first, last, NEXT_STEP[why])
    console.print(table)
    if records:
        console.print(_record_table(reason, records))


def _record_table(reason: str | None, limit: int) -> Table:
    condition = "outcome = 'set_aside' AND (%s::text IS NULL OR reason = %s)"
    table = Table("record", "line", "start (UTC)", "kind", "from", "to", "account", "reason", "detail")
    for row in select_records(condition, (reason, reason), limit=limit).iter_rows(named=True):
        start = row["start"].strftime("%Y-%m-%d %H:%M:%S") if row["start"] else ""
        shown = (row["kind"], row["cli_raw"], row["cld_raw"], row["account_ref"], row["reason"], row["detail"])
        table.add_row(str(row["id"]), str(row["line"]), start, *(value or "" for value in shown))
    return table


@app.command()
def retry(
    connection: Annotated[str | None, typer.Option("--connection", "-c", help="Only this connection.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")] = False,
) -> None:
    """Rate again what was set aside, after the cause was mended."""
    open_database()
    if reason in DEFECTS:
        raise BadInput(f"retrying cannot help {reason}: {NEXT_STEP[reason]}")
    if reason is not None and reason not in NEXT_STEP:
        raise BadInput(f"unknown reason {reason!r}; reasons are {', '.join(NEXT_STEP)}")
    sources = [named_connection(connection)] if connection else Connection.objects.order_by("name")
    would = "would be " if dry_run else ""
    for source in sources:
        result = retry_set_aside(source, now=datetime.now(UTC), reason=reason, dry_run=dry_run)
        waiting = result.tried - result.charged - result.free
        typer.echo(
            f"{source.name}: {result.tried:,} tried, {result.charged:,} {would}charged, "
            f"{result.free:,} {would}free, {waiting:,} still set aside"
        )
