"""`tollbook tariff change` and `copy`: new versions made of the prices there are."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.catalog.price_change import AMOUNTS, SETTABLE, PriceChange
from tollbook.catalog.proposal import record_proposal
from tollbook.catalog.tariff_change import copy_tariff, propose_change
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.tariff_options import amount, is_wanted, percent, utc_moment
from tollbook.cli.tariff_report import print_proposal, proposal_facts
from tollbook.errors import BadInput
from tollbook.money import MAX_DECIMALS


def change(
    name: Annotated[str, typer.Argument(help="The tariff.", show_default=False)],
    *,
    active_from: Annotated[
        str, typer.Option(metavar="DATE", help="For calls that start then or later, in UTC.", show_default=False)
    ],
    by: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="Raise, or lower with a minus.", show_default=False)
    ] = None,
    add: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="Add so much to each, after the percentage.")
    ] = None,
    of: Annotated[
        list[str] | None,
        typer.Option(help=f"What is raised: {', '.join(AMOUNTS)}; may be repeated.", show_default="price"),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="COLUMN=VALUE", help=f"Of {', '.join(SETTABLE)}; may be repeated."),
    ] = None,
    decimals: Annotated[int, typer.Option(help="To which raised amounts are rounded.")] = MAX_DECIMALS,
    category: Annotated[str | None, typer.Option(help="Only of this category of destinations.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Only of prefixes that begin so.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind of usage.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    top: Annotated[int, typer.Option(min=0, help="How many of the largest changes to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="The difference as JSON.")] = False,
) -> None:
    """Change many prices at once: show the difference and, when that is wanted, record it as the next version.

    What is changed is the version in force on the day from which the new one counts. What was priced stays as it was.

    Example: tollbook tariff change retail --by 10 --category mobile --active-from 2026-07-01 --dry-run
    """
    open_database()
    proposal = propose_change(
        name=name,
        change=PriceChange(
            category=category,
            prefix=prefix.removeprefix("+") if prefix else prefix,
            kind=kind,
            percent=None if by is None else percent("--by", by),
            add=None if add is None else amount("--add", add),
            of=of or ("price",),
            decimals=decimals,
            set_to=dict(_pair(text) for text in set_ or ()),
        ),
        active_from=utc_moment("--active-from", active_from),
    )
    if not as_json:
        print_proposal(proposal, top)
    number = None
    is_new = not proposal.changes.filter(proposal.changes["change"] != "unchanged").is_empty()
    if is_new and not dry_run and is_wanted(name, yes=yes):
        number = record_proposal(proposal, recorded_at=datetime.now(UTC)).number
    if as_json:
        print_json(proposal_facts(proposal, top) | {"recorded_version": number})
    else:
        recorded = f"tariff {name}: version {number} recorded"
        typer.echo("nothing was recorded" if number is None else recorded)


def copy(
    source: Annotated[str, typer.Argument(metavar="TARIFF", help="Whose prices.", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="NEW", help="The new tariff's name.", show_default=False)],
    *,
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="Its prices of then, in UTC.", show_default="now")
    ] = None,
    active_from: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="For calls that start then or later.", show_default="any call"),
    ] = None,
) -> None:
    """Make a tariff with the prices of another, to change them by themselves from then on.

    Prices that shall always follow the other's are a derived tariff: `tollbook tariff derive`.

    Example: tollbook tariff copy retail wholesale
    """
    open_database()
    now = datetime.now(UTC)
    version = copy_tariff(
        source=source,
        name=name,
        at=utc_moment("--at", at) if at else now,
        active_from=utc_moment("--active-from", active_from) if active_from else None,
        recorded_at=now,
    )
    typer.echo(f"tariff {name}: {version.rate_count:,} rates, {version.source_name}")


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not (column and equals):
        raise BadInput(f"--set {text!r}: write a column and its value, as increment=60/6")
    return column.strip(), value.strip()
