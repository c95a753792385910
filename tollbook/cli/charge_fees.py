"""`tollbook charge-fees`: charge the fees that are due."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.billing.operations.charging import FeesCharged
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.named import named_customer
from tollbook.cli.period import day_of
from tollbook.cli.progress import count_progress
from tollbook.errors import BadInput
from tollbook.jobs.charge_fees import BATCH, FIRST_ZONE
from tollbook.jobs.charge_fees import charge_fees as charge

app = typer.Typer(add_completion=False)

SAID = {
    "activation": "activation fees",
    "fee": "fees",
    "waiver": "days without service credited",
    "given_back": "given back after the end",
    "penalty": "ended before the minimum term",
}


@app.command()
def charge_fees(
    upto: Annotated[
        str, typer.Option(help="What is due when this day begins, as 2026-07-01.", show_default="today")
    ] = "",
    customer: Annotated[str, typer.Option(help="Code of a customer. Default: all.", show_default=False)] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be charged; keep nothing.")] = False,
    batch: Annotated[int, typer.Option(min=1, help="Subscriptions that are charged in one transaction.")] = BATCH,
    as_json: Annotated[bool, typer.Option("--json", help="The sums as JSON.")] = False,
) -> None:
    """Charge the fees of subscriptions that are due: what was charged before is not charged again.

    `tollbook up` does it every hour, for each customer when their day has begun; nobody is charged beyond their own
    today. It may be interrupted at any moment and run again.

    Example: tollbook charge-fees --upto 2026-07-01 --dry-run
    """
    now = datetime.now(UTC)
    furthest = (now + FIRST_ZONE).date()
    day = day_of(upto, "--upto") if upto else furthest
    if day > furthest:
        raise BadInput(f"--upto {day} has not begun anywhere; give today or an earlier day")
    open_database()
    chosen = named_customer(customer) if customer else None
    with count_progress("subscriptions") as progress:
        report = charge(upto=day, now=now, customer=chosen, dry_run=dry_run, batch=batch, progress=progress)
    if as_json:
        print_json(
            {
                "subscriptions": report.subscriptions,
                "amounts": [
                    {"what": what, "currency": currency, "count": report.counts[what, currency], "sum": total}
                    for (what, currency), total in sorted(report.sums.items())
                ],
                "problems": report.problems,
            }
        )
    else:
        _say(report, dry_run=dry_run)
    for problem in report.problems:
        typer.echo(problem, err=True)
    if report.problems:
        raise typer.Exit(1)


def _say(report: FeesCharged, *, dry_run: bool) -> None:
    if not report.sums:
        typer.echo("no fees are due")
        return
    verb = "would be charged" if dry_run else "charged"
    typer.echo(
        f"{report.subscriptions:,} {'subscription' if report.subscriptions == 1 else 'subscriptions'} {verb}"
    )
    for (what, currency), total in sorted(
        report.sums.items(), key=lambda one: (list(SAID).index(one[0][0]), one[0])
    ):
        typer.echo(f"  {report.counts[what, currency]:,} {SAID[what]}: {total.normalize():f} {currency}")
