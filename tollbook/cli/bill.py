"""`tollbook bill`: close a month and write its invoices."""

import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from django.db import transaction
from rich.console import Console
from rich.table import Table

from tollbook.billing.models import Invoice, Seller
from tollbook.billing.queries import next_month
from tollbook.cli.database import open_database
from tollbook.cli.progress import count_progress
from tollbook.errors import BadInput
from tollbook.jobs.issue_invoices import invoices_of, issue_invoices, write_documents

app = typer.Typer(add_completion=False)

# The first zone to see a new day: a month that has not ended there has ended nowhere.
FIRST_ZONE = timedelta(hours=14)


@app.command()
def bill(
    month: Annotated[str, typer.Option(help="The month to close, as 2017-06.", show_default=False)],
    customer: Annotated[list[str] | None, typer.Option(help="Only this customer; may be repeated.")] = None,
    issued_on: Annotated[
        str | None, typer.Option(help="Date of issue, as 2017-07-01.", show_default="today")
    ] = None,
    series: Annotated[str | None, typer.Option(help="What stands before the number. Default: 2017/06/.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the PDFs and call lists.")] = Path("invoices"),
    although_stale: Annotated[
        bool,
        typer.Option(
            "--although-stale", help="Also customers whose platform has not told all calls of the month yet."
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be invoiced; keep nothing.")] = False,
) -> None:
    """Close a month: invoice what was used until its end and is on no invoice yet, as PDF with call lists as CSV.

    Safe to repeat: it invoices what has come since, and writes the documents of the month's earlier invoices again
    where they are missing. A customer whose file of calls has not been refreshed since the month's end waits.

    Example: tollbook bill --month 2017-06
    """
    open_database()
    now = datetime.now(UTC)
    first_day, seller = parse_month(month), _seller()
    if (now + FIRST_ZONE).date() < next_month(first_day):
        raise BadInput(f"{month} has not ended; bill it from {next_month(first_day)} on")
    day = _parse_day(issued_on) if issued_on else now.date()
    if not dry_run:
        out.mkdir(parents=True, exist_ok=True)  # before the invoices are issued for good
    with transaction.atomic() if dry_run else nullcontext(), count_progress("invoices") as progress:
        issued = issue_invoices(
            seller=seller,
            month=first_day,
            issued_on=day,
            now=now,
            codes=customer or (),
            series=series,
            although_stale=although_stale,
            progress=progress,
        )
        if dry_run:
            transaction.set_rollback(True)
    console = Console()
    console.print(invoice_table(issued.invoices) if issued.invoices else "nothing new to invoice")
    if not dry_run:
        written = write_documents(invoices_of(first_day, customer or ()), out)
        if written:
            console.print(f"{len(written)} documents of {month} in {out}", soft_wrap=True, highlight=False)
    for who, problem in issued.problems:
        typer.echo(f"{who}: not invoiced: {problem}", err=True)
    if issued.problems:
        raise typer.Exit(1)


def invoice_table(invoices: list[Invoice]) -> Table:
    """Number, customer, due date and sums."""
    table = Table("invoice", "customer", "due", "net", "tax", "gross", "")
    for column in table.columns[3:6]:
        column.justify = "right"
    for invoice in invoices:
        sums = (f"{amount:,.2f}" for amount in (invoice.net, invoice.tax, invoice.gross))
        table.add_row(invoice.number, str(invoice.customer), str(invoice.due_on), *sums, invoice.currency)
    return table


def parse_month(text: str) -> date:
    """First day of a month written as 2017-06."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise BadInput(f"{text!r} is not a month; write it as 2017-06")
    return date.fromisoformat(f"{text}-01")


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a date; write it as 2017-07-01") from None


def _seller() -> Seller:
    seller = Seller.objects.order_by("pk").first()
    if seller is None:
        raise BadInput("there is no seller to issue invoices; set it with `tollbook seller set`")
    return seller
