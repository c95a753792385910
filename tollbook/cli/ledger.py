"""`tollbook ledger`: what customers owe, whether the books are right, and the books as a file."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from tollbook.billing.documents.invoice import currency_decimals
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.jobs.check_ledger import check_ledger
from tollbook.ledger.beancount import export_beancount
from tollbook.ledger.queries import balances
from tollbook.money import Money

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="What is owed, and whether the books are right."
)

BOOKS_ARE_WRONG = 1  # exit status of a check that found something
DAY = ["%Y-%m-%d"]


class Format(StrEnum):
    """Files that the ledger can be written as."""

    BEANCOUNT = "beancount"


WRITERS = {Format.BEANCOUNT: export_beancount}


@app.command()
def balance(
    customer: Annotated[str | None, typer.Argument(help="Code of a customer. Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What customers owe. A negative balance is the customer's credit.

    Example: tollbook ledger balance acme
    """
    open_database()
    rows: list[dict[str, object]] = [
        {
            "customer": one.customer_code,
            "balance": one.balance.amount if as_json else _as_money(one.balance),
            "currency": one.balance.currency,
        }
        for one in balances(_named(customer) if customer else None)
    ]
    empty = "there are no customers; import them with `tollbook customers import FILE.csv`"
    print_list(rows, as_json=as_json, empty=empty, right=("balance",))


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False) -> None:
    """Add everything up again: postings, the records behind them, imports and invoices. Changes nothing.

    Exit status 1 when something does not hold; it is named by its ids.

    Example: tollbook ledger check
    """
    open_database()
    is_wrong = False
    findings = []
    for finding in check_ledger():
        is_wrong = is_wrong or bool(finding.problems)
        findings.append({"law": finding.law, "problems": finding.problems, "has_more": finding.has_more})
        if not as_json:
            typer.echo(f"{'WRONG' if finding.problems else 'holds'}  {finding.law}")
            for problem in finding.problems:
                typer.echo(f"       {problem}")
            if finding.has_more:
                typer.echo("       … and more")
    if as_json:
        print_json(findings)
    if is_wrong:
        raise typer.Exit(BOOKS_ARE_WRONG)


@app.command()
def export(
    file_format: Annotated[Format, typer.Option("--format", help="What the file shall be.")],
    out: Annotated[Path | None, typer.Option(help="File to write. Default: standard output.")] = None,
    customer: Annotated[str | None, typer.Option(help="Code of a customer. Default: all.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="Posted from this day on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAY, help="Posted before this day (UTC).")] = None,
) -> None:
    """Write the ledger for another program: Beancount's text, with every balance asserted at its end.

    What was posted before `--since` is one opening transaction.

    Example: tollbook ledger export --format beancount --out ledger.beancount
    """
    if since and until and until <= since:
        raise BadInput(f"--until {until:%Y-%m-%d} is not after --since {since:%Y-%m-%d}; until is the day after")
    open_database()
    chosen = _named(customer) if customer else None
    days = {"since": since and since.date(), "until": until and until.date()}

    def write(file: TextIO) -> int:
        return WRITERS[file_format](file, customer=chosen, **days)

    if out is None:
        write(sys.stdout)
        sys.stdout.flush()  # a reader that has gone away is noticed here, where it ends the command quietly
        return
    unfinished = out.with_name(f"{out.name}.part")  # so that FILE is never half of an export
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        written = write(file)
    unfinished.replace(out)
    typer.echo(f"{written:,} transactions in {out}", err=True)


def _as_money(amount: Money) -> str:
    """Exact, and with no fewer decimals than the currency has: 1.60, 16.945095."""
    plain = f"{amount.amount.normalize():f}"
    decimals = max(len(plain.partition(".")[2]), currency_decimals(amount.currency))
    return f"{amount.amount:,.{decimals}f}"


def _named(code: str) -> Customer:
    try:
        return Customer.objects.get(code=code)
    except Customer.DoesNotExist:
        raise BadInput(f"there is no customer {code!r}; `tollbook customers list` shows them all") from None
