"""`tollbook customers`: import them from a sheet, list them."""

from pathlib import Path
from typing import Annotated

import typer

from tollbook.cli import special_lists
from tollbook.cli.database import open_database
from tollbook.cli.import_report import print_report
from tollbook.cli.listing import print_list
from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.operations import import_customers
from tollbook.customers.queries import customer_list

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Customers: who pays.")

app.command("special")(special_lists.of_customer)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with the columns code, name, currency and others.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")] = False,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out the rows that cannot be used, and name them.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, with every change.")] = False,
) -> None:
    """Make customers, or change those whose code is known. Safe to repeat.

    Columns: code*, name*, currency*, street, postcode, city, country, tax_id, email, language, timezone, tax_rate
    (percent), tax_treatment, tax_note, payment_days, is_prepaid, credit_limit, nip, pesel, id_card, vat_id. Columns
    that the file does not have stay as they are; an empty cell empties its field.

    Example: tollbook customers import customers.csv --dry-run
    """
    sheet = read_customer_sheet(file)
    open_database()
    report = import_customers(sheet=sheet, dry_run=dry_run, skip_bad_rows=skip_bad_rows)
    print_report(report, what="customers", dry_run=dry_run, as_json=as_json)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All customers, by code.

    Example: tollbook customers list
    """
    open_database()
    empty = "there are no customers; import them with `tollbook customers import FILE.csv`"
    print_list(
        customer_list(),
        as_json=as_json,
        empty=empty,
        right=("tax_rate", "account_count"),
        only_json=("city", "country", "is_prepaid", "credit_limit"),
    )
