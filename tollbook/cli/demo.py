"""`tollbook demo`: the whole way once, on real calls, in under two minutes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings
from rich.console import Console
from rich.table import Table

import tollbook
from tollbook.cli.database import open_database
from tollbook.jobs.demo_month import DemoMonth, run_demo_month
from tollbook.ledger.queries import balance
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import outcomes_of, select_records

app = typer.Typer(add_completion=False)
FILES = Path(tollbook.__file__).parents[1] / "demo"


@app.command()
def demo(
    _once: Annotated[
        bool,
        typer.Option("--once", help="End after printing. There is nothing to keep running yet: it always does."),
    ] = False,
) -> None:
    """A real file of 218 calls, all the way to invoices. Running it again changes nothing.

    Example: bin/tollbook demo --once
    """
    console, errors = Console(), Console(stderr=True)
    with errors.status("database") as status:
        open_database()
        result = run_demo_month(FILES, out_folder(), now=datetime.now(UTC), say=status.update)
    run = result.run
    added = run.records_in - run.duplicate
    console.print(
        f"\n[bold]{run.evidence.name}[/]: {run.records_in} records in, {added} new, "
        f"{run.duplicate} known from before\n"
    )
    console.print(_outcome_table(run))
    console.print(_money_table(result))
    console.print(f"Invoices and call lists: {result.documents[0].parent}\n", soft_wrap=True, highlight=False)
    console.print("Try next:")
    for command, says in _next_commands():
        console.print(f"  [bold]bin/tollbook {command}[/]\n      {says}", highlight=False)


def _next_commands() -> Iterator[tuple[str, str]]:
    dearest: int = select_records("outcome = 'charged'", ()).sort("price_nanos")["id"][-1]
    yield "set-aside list -n 5", "what could not be charged, why, and what to do about it"
    yield f"usage explain {dearest}", "why the dearest call costs what it costs"
    yield "ledger export --format beancount", "every entry, for another pair of eyes"


def out_folder() -> Path:
    """Where the demo writes: its folder in the data home."""
    home: Path = settings.TOLLBOOK_HOME
    return home / "demo"


def _outcome_table(run: ImportRun) -> Table:
    """The intake equation: the rows come to what went in."""
    table = Table(
        "outcome", "reason", "records", "duration", title="What became of the calls", title_justify="left"
    )
    for column in table.columns[2:]:
        column.justify = "right"
    rows = outcomes_of(run.connection_id)
    for outcome, reason, count, seconds in rows:
        table.add_row(outcome.replace("_", " "), reason.replace("_", " "), f"{count:,}", clock(seconds))
    table.add_section()
    table.add_row("all", "", f"{sum(row[2] for row in rows):,}", clock(sum(row[3] for row in rows)), style="bold")
    return table


def _money_table(result: DemoMonth) -> Table:
    table = Table(title="Money by customer, June 2017", title_justify="left")
    for name in ("customer", "invoice"):
        table.add_column(name)
    for name in ("net", "tax", "to pay", "balance"):
        table.add_column(name, justify="right")
    table.add_column("")
    for invoice in result.invoices:
        owed = balance(invoice.customer, invoice.currency)
        sums = (f"{amount:,.2f}" for amount in (invoice.net, invoice.tax, invoice.gross))
        table.add_row(invoice.customer.code, invoice.number, *sums, f"{owed.amount:,.2f}", owed.currency)
    return table


def clock(seconds: int) -> str:
    """3661 is "1:01:01"."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
