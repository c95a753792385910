"""`tollbook accounts`: import them with their numbers, list them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from tollbook.cli import account_deeds, account_marks, special_lists
from tollbook.cli.database import open_database
from tollbook.cli.import_report import print_lines, print_report, report_facts
from tollbook.cli.listing import print_json, print_list
from tollbook.customers.account_sheet import read_account_sheet
from tollbook.customers.number_plan import Holding
from tollbook.customers.operations import AccountsReport, import_accounts
from tollbook.customers.queries import account_list
from tollbook.errors import BadInput

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Accounts and their numbers: what makes usage.")

app.command("open")(account_deeds.open_)
app.command()(account_deeds.change)
app.command()(account_deeds.block)
app.command()(account_deeds.unblock)
app.command()(account_deeds.end)
app.command("approve")(account_deeds.approve_)
app.command()(account_deeds.waiting)
app.command()(account_deeds.history)
app.command()(account_marks.services)
app.command()(account_marks.describe)
app.command()(account_marks.unmark)
app.command()(account_marks.marks)
app.command("special")(special_lists.of_account)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="CSV with the columns customer, code, product, numbers and others.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")] = False,
    end_missing_numbers: Annotated[
        str | None, typer.Option(metavar="DATE", help="End numbers that the file no longer lists, as 2026-03-01.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, with every change.")] = False,
) -> None:
    """Make accounts, or change those whose code is known. Safe to repeat.

    Columns: customer*, code*, product*, name, numbers, numbers_from, numbers_until, active_from, active_until.
    Several rows may repeat an account to give it further numbers at other dates. Dates are in the customer's time
    zone; an end is the first day that no longer counts.

    Example: tollbook accounts import accounts.csv --end-missing-numbers 2026-03-01
    """
    sheet = read_account_sheet(file)
    last_day = _parse_day(end_missing_numbers) if end_missing_numbers else None
    open_database()
    report = import_accounts(sheet=sheet, now=datetime.now(UTC), dry_run=dry_run, end_missing_numbers=last_day)
    if as_json:
        print_json(report_facts(report) | _number_facts(report) | {"dry_run": dry_run})
        return
    print_report(report, what="accounts", dry_run=dry_run, as_json=False)
    _print_numbers(report)


@app.command("list")
def list_(
    customer: Annotated[
        str | None, typer.Option("--customer", "-c", help="Only this customer's, by code.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Accounts with the numbers they have now.

    Example: tollbook accounts list --customer acme
    """
    open_database()
    empty = "there are no accounts; import them with `tollbook accounts import FILE.csv`"
    print_list(account_list(customer=customer, at=datetime.now(UTC)), as_json=as_json, empty=empty)


def _print_numbers(report: AccountsReport) -> None:
    numbers = report.numbers
    if not report.numbers_are_listed:
        return
    typer.echo(
        f"numbers: {len(numbers.new):,} new, {len(numbers.changed):,} with new dates, {len(numbers.ended):,} ended"
    )
    print_lines(
        "new dates", [f"{_named(was)}: {was.period} → {becomes.period}" for was, becomes in numbers.changed]
    )
    print_lines("ended", [f"{_named(becomes)}: {becomes.period}" for _, becomes in numbers.ended])
    print_lines(
        f"kept, though the file does not list them (--end-missing-numbers DATE ends them; {len(numbers.missing):,})",
        [f"{_named(holding)}: {holding.period}" for holding in numbers.missing],
    )


def _number_facts(report: AccountsReport) -> dict[str, object]:
    numbers = report.numbers
    return {
        "numbers_new": [_fact(holding) for holding in numbers.new],
        "numbers_changed": [_fact(after) for _, after in numbers.changed],
        "numbers_ended": [_fact(after) for _, after in numbers.ended],
        "numbers_not_listed": [_fact(holding) for holding in numbers.missing],
    }


def _fact(holding: Holding) -> dict[str, object]:
    return {
        "account": holding.account,
        "number": f"+{holding.digits}",
        "from": holding.since and holding.since.isoformat(),
        "until": holding.until and holding.until.isoformat(),
    }


def _named(holding: Holding) -> str:
    return f"{holding.account}: +{holding.digits}"


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"--end-missing-numbers {text!r} is not a date; write it as 2026-03-01") from None
