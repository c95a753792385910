"""`tollbook usage preview`: what an import of a file would bring."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tollbook.billing.calls import talked_seconds
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.next_steps import NEXT_STEP
from tollbook.cli.run_report import amounts, equation
from tollbook.connections.operations import named_connection
from tollbook.jobs.preview_usage import Preview, preview_usage
from tollbook.money import decimal_of


def preview(
    file: Annotated[Path, typer.Argument(help="File of calls; plain, gz, zip or zst.", show_default=False)],
    *,
    connection: Annotated[
        str,
        typer.Option("--connection", "-c", help="Where it is from; says how it is read.", show_default=False),
    ],
    rows: Annotated[int, typer.Option(min=0, max=10_000, help="How many records to show.")] = 20,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Show only those that could not be charged.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Read, match and rate a file as an import would, and write nothing: whose calls they are, and what they cost.

    What plans include is not in these prices: it is taken when a record is charged.

    Example: tollbook usage preview Master.csv --connection office
    """
    open_database()
    found = preview_usage(
        named_connection(connection), file, now=datetime.now(UTC), most_rows=rows, only_set_aside=set_aside
    )
    if as_json:
        print_json(
            {
                "file": file.name,
                "outcomes": dict(found.outcomes),
                "set_aside": dict(found.reasons),
                "charged": {currency: decimal_of(nanos) for currency, nanos in found.sums.items()},
                "rows": _rows(found),
            }
        )
        return
    print_list(_rows(found), as_json=False, empty="no records to show", right=("duration_s", "price"))
    typer.echo(f"{file.name} would be: {equation(found.outcomes)}")
    if found.sums:
        typer.echo(f"  charged {amounts(found.sums)}")
    for reason, count in found.reasons.most_common():
        typer.echo(f"  {count:,} {reason}: {NEXT_STEP.get(reason, 'look at the record')}")
    typer.echo("nothing was written")


def _rows(found: Preview) -> list[dict[str, object]]:
    shown = found.rows.select(
        *("line", "customer", "account", "kind", "start", "cli", "cld", "destination", "category"),
        *(talked_seconds(), "quantity", "billed", "price_nanos", "currency", "outcome", "reason"),
    )
    return [
        {("price" if name == "price_nanos" else name): value for name, value in row.items()}
        | {"price": None if row["price_nanos"] is None else decimal_of(row["price_nanos"])}
        for row in shown.iter_rows(named=True)
    ]
