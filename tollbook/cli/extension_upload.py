"""`tollbook extensions upload` and `template`: many extensions of a customer from one file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tollbook.catalog.price_list import BadRow
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.named import named_customer
from tollbook.customers.actors import Actor, Realm, staff
from tollbook.customers.extension_template import template_csv, template_xlsx
from tollbook.customers.grid import MAX_FILE_BYTES
from tollbook.customers.spreadsheet import BadSheet
from tollbook.errors import BadInput
from tollbook.jobs.upload_extensions import MadeExtension, problem_facts, upload_extensions

CANNOT_BE_USED = 2  # exit status
OPERATOR = "operator"  # as histories name who works at the command line
SHOWN = 50  # extensions on a screen; JSON has all
TEMPLATES = {".csv": template_csv, ".xlsx": template_xlsx}


def upload(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX, as `extensions template` makes it.")],
    *,
    customer: Annotated[str, typer.Option(help="Whose extensions they are, by code.", show_default=False)],
    as_customer: Annotated[
        bool, typer.Option("--as-customer", help="Within their agreement, as if they uploaded it themselves.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="What was made, or is wrong, as JSON.")] = False,
) -> None:
    """Make the extensions of a file, each with its account, numbers and hunt group: all of them, or none.

    Everything that is wrong is named at once, with its line and column; the exit status is 2 then.

    Example: tollbook extensions upload extensions.csv --customer acme --dry-run
    """
    content = _read(file)
    open_database()
    whose = named_customer(customer)
    actor = staff(OPERATOR)
    if as_customer:
        actor = Actor(realm=Realm.CUSTOMER, name=f"{OPERATOR} for {customer}", customer_id=whose.pk)
    try:
        report = upload_extensions(
            actor=actor,
            customer=whose,
            file_name=file.name,
            content=content,
            now=datetime.now(UTC),
            dry_run=dry_run,
        )
    except BadSheet as bad:
        if not as_json:
            raise
        print_json({"file": file.name, "made": [], "problems": problem_facts(_in_order(bad.rows))})
        raise typer.Exit(CANNOT_BE_USED) from None
    rows = [_facts(one) for one in report.made]
    if as_json:
        print_json({"file": file.name, "dry_run": dry_run, "made": rows, "notes": report.notes, "problems": []})
        return
    print_list(rows[:SHOWN], as_json=False, empty="nothing was made")
    if len(rows) > SHOWN:
        typer.echo(f"… and {len(rows) - SHOWN:,} more; --json has all")
    for note in report.notes:
        typer.echo(f"note: {note}")
    became = "would be made, nothing was written" if dry_run else "made"
    typer.echo(f"{file.name}: {len(rows):,} extension{'' if len(rows) == 1 else 's'} {became}")


def template(
    file: Annotated[Path, typer.Argument(help="Where it is written, .csv or .xlsx.", show_default=False)],
) -> None:
    """Write the empty sheet for `extensions upload`: its columns in order, those that are needed with a star.

    In the workbook cells stay as they are typed, so no digit of a number is lost.

    Example: tollbook extensions template extensions.xlsx
    """
    make = TEMPLATES.get(file.suffix.lower())
    if make is None:
        raise BadInput(f"{file}: a template is {' or '.join(TEMPLATES)}; name the file so")
    if file.exists():
        raise BadInput(f"{file} is there already; name another file, or remove it")
    file.write_bytes(make())
    typer.echo(f"{file}: fill it in, then `tollbook extensions upload {file} --customer CODE`")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_FILE_BYTES + 1)  # one byte too many is said to be too many
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from None


def _in_order(rows: Sequence[BadRow]) -> list[BadRow]:
    return sorted(rows, key=lambda row: row.line)


def _facts(made: MadeExtension) -> dict[str, object]:
    return {
        "extension": made.extension,
        "account": made.account,
        "product": made.product,
        "numbers": ", ".join(f"+{number}" for number in made.numbers),
        "state": made.state,
        "line": made.line,
    }
