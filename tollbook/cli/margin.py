"""`tollbook margin`: what customers pay less what the platform is paid."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.period import days_of, today
from tollbook.connections.operations import named_connection
from tollbook.jobs.margin import Margin, margin
from tollbook.money import decimal_of

app = typer.Typer(add_completion=False)

USUAL_DAYS = 30


class By(StrEnum):
    CUSTOMER = "customer"
    DESTINATION = "destination"
    DAY = "day"


@app.command("margin")
def margin_(
    connection: Annotated[str, typer.Argument(help="A connection whose prices are costs.")],
    by: Annotated[By, typer.Option(help="What makes a line.")] = By.CUSTOMER,
    from_: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day, as 2017-06-01.", show_default="30 days back")
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, included.", show_default="today")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Charged less cost, net, by customer, destination or day; each currency for itself.

    What was free or waits has its cost, too.

    Example: tollbook margin wholesale --by destination --from 2017-06-01 --to 2017-06-30
    """
    since, until = days_of(from_, to)
    open_database()
    source = named_connection(connection)
    until = until or today(source) + timedelta(days=1)
    since = since or until - timedelta(days=USUAL_DAYS)
    lines = margin(source, by=by.value, since=since, until=until)
    print_list(
        [_row(line, by.value) for line in lines],
        as_json=as_json,
        empty=f"{source.name} has no usage then",
        right=("charged_records", "charged", "cost", "margin"),
    )


def _row(line: Margin, by: str) -> dict[str, object]:
    return {
        by: line.of or "(none)",
        "currency": line.currency,
        "charged_records": line.charged_records,
        "charged": decimal_of(line.charged_nanos),
        "cost": decimal_of(line.cost_nanos),
        "margin": decimal_of(line.margin_nanos),
    }
