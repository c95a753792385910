"""`tollbook tariff`: import price lists, see what they change, look up a rate."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tollbook.catalog.operations import derive_tariff, set_platform_tariff
from tollbook.catalog.proposal import propose_version, record_proposal
from tollbook.catalog.queries import tariff_list, version_rates
from tollbook.catalog.rate_choice import chosen_rates
from tollbook.catalog.rate_lookup import rate_for_number, version_in_force
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.rate_search import search
from tollbook.cli.tariff_change import change, copy
from tollbook.cli.tariff_options import (
    SETTINGS,
    Decimals,
    FractionMode,
    Gross,
    RoundingMode,
    is_wanted,
    percent,
    utc_moment,
)
from tollbook.cli.tariff_report import (
    print_proposal,
    print_rates,
    print_skipped,
    proposal_facts,
    rate_facts,
    version_facts,
)
from tollbook.errors import BadInput
from tollbook.money import Rounding
from tollbook.rating.frames import TariffSettings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Tariffs: import price lists, see what changes, look up a rate.",
)


@app.command("import")
def import_(
    *,
    file: Annotated[Path, typer.Argument(help="Price list, CSV.", show_default=False)],
    name: Annotated[str, typer.Option(help="The tariff's name.", show_default=False)],
    active_from: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="For calls that start then or later, as 2026-01-01.", show_default="any call"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    mapping: Annotated[
        Path | None, typer.Option(help="TOML that says what the columns of the price list mean.")
    ] = None,
    holidays: Annotated[
        Path | None, typer.Option(help="TOML or CSV with dates of your own holiday calendars.")
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="Leave out the rows that cannot be used, and name them.")
    ] = False,
    top: Annotated[int, typer.Option(min=0, help="How many of the largest changes to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="The difference as JSON.")] = False,
    currency: Annotated[str | None, typer.Option(rich_help_panel=SETTINGS, show_default="EUR")] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Of windows and dates.", rich_help_panel=SETTINGS, show_default="UTC")
    ] = None,
    decimals: Decimals = None,
    rounding: RoundingMode = None,
    fraction: FractionMode = None,
    gross: Gross = None,
    country: Annotated[
        str | None, typer.Option(help="The tariff's country, as PL.", rich_help_panel=SETTINGS)
    ] = None,
) -> None:
    """Show what a price list changes and, when that is wanted, record it as the tariff's next version.

    A version is never changed: what was priced stays as it was priced. An identical list makes no version.

    Example: tollbook tariff import rates.csv --name retail --currency EUR --active-from 2026-01-01 --dry-run
    """
    open_database()
    proposal = propose_version(
        name=name,
        path=file,
        options={
            "currency": currency,
            "timezone": timezone,
            "decimals": decimals,
            "rounding": rounding,
            "fraction": fraction,
            "prices": None if gross is None else "gross" if gross else "net",
            "country": country,
        },
        active_from=active_from,
        mapping=mapping,
        holidays=holidays,
        skip_bad_rows=skip_bad_rows,
    )
    print_skipped(proposal)
    if not as_json:
        print_proposal(proposal, top)
    number = None
    if not proposal.is_identical and not dry_run and is_wanted(name, yes=yes):
        number = record_proposal(proposal, recorded_at=datetime.now(UTC)).number
    if as_json:
        print_json(proposal_facts(proposal, top) | {"recorded_version": number})
    elif number is not None:
        typer.echo(f"tariff {name}: version {number} recorded")
    elif not proposal.is_identical:
        typer.echo("nothing was recorded")


@app.command()
def platform(
    name: Annotated[str, typer.Argument(help="The tariff's name.", show_default=False)],
    *,
    currency: Annotated[str, typer.Option(help="That the platform's prices are in.", show_default=False)],
    markup: Annotated[str, typer.Option(metavar="PERCENT", help="Put on the platform's price, as 12.5.")] = "0",
    active_from: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="For calls that start then or later.", show_default="any call"),
    ] = None,
    decimals: Decimals = None,
    rounding: RoundingMode = None,
    gross: Gross = None,
) -> None:
    """A tariff that takes the price the platform has put on its record, as it is or with a markup.

    Name it in a product like any other. Another markup is another version: what was priced stays as it was.

    Example: tollbook tariff platform "as platform" --currency PLN --markup 10
    """
    open_database()
    version = set_platform_tariff(
        name=name,
        currency=currency,
        markup_percent=percent("--markup", markup),
        is_gross=bool(gross),
        decimals=TariffSettings().decimals if decimals is None else decimals,
        rounding=_rounding(rounding),
        active_from=utc_moment("--active-from", active_from) if active_from else None,
        recorded_at=datetime.now(UTC),
    )
    typer.echo(
        f"tariff {name}: version {version.number} takes the platform's price in {currency}, markup {markup} %"
    )


@app.command()
def derive(
    name: Annotated[str, typer.Argument(help="The derived tariff's name.", show_default=False)],
    *,
    base: Annotated[str, typer.Option("--from", metavar="TARIFF", help="Whose prices.", show_default=False)],
    markup: Annotated[
        str, typer.Option(metavar="PERCENT", help="Put on them, as 15 or -2.5.", show_default=False)
    ],
    active_from: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="For calls that start then or later.", show_default="any call"),
    ] = None,
) -> None:
    """A tariff whose prices are always another's with a markup. It gets a version whenever the other gets one.

    The markup is put on what the rates come to, connect fee and bounds included, before the price is rounded.
    `products set --markup` makes such tariffs by itself.

    Example: tollbook tariff derive gold --from retail --markup 15
    """
    open_database()
    derived = derive_tariff(
        name=name,
        base=base,
        markup_percent=percent("--markup", markup),
        active_from=utc_moment("--active-from", active_from) if active_from else None,
        recorded_at=datetime.now(UTC),
    )
    count = derived.versions.count()
    versions = f"{count} version{'' if count == 1 else 's'}"
    typer.echo(f"tariff {name}: the prices of {base} with a markup of {markup} %, {versions}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """All tariffs with their newest version.

    Example: tollbook tariff list
    """
    open_database()
    empty = "there are no tariffs; import a price list with `tollbook tariff import FILE --name NAME`"
    print_list(
        tariff_list(), as_json=as_json, empty=empty, right=("versions", "rates"), only_json=("recorded_at",)
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The tariff.")],
    prefix: Annotated[
        str | None, typer.Option(help="Which rate for this number, in E.164; else the list's first rates.")
    ] = None,
    kind: Annotated[str, typer.Option(help="Kind of usage of the number.")] = "voice_out",
    cli: Annotated[str, typer.Option(help="Calling number, where prices depend on it.")] = "",
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="For a call that starts then.", show_default="now")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Only with what was recorded until then.", show_default="now"),
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Only rates of this category of destinations.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rates to show.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The version in force and its rates, or the rate for one number. Dates without a zone are in UTC.

    Example: tollbook tariff show retail --prefix 447700900123 --at 2026-01-15
    """
    open_database()
    start = utc_moment("--at", at) if at else datetime.now(UTC)
    version = version_in_force(name, at=start, known_at=utc_moment("--known-at", known_at) if known_at else None)
    rate_count = (version.base_version or version).rate_count
    if prefix is None:
        rates = chosen_rates(version_rates(version), category=category)
        rate_count = len(rates)
        rates = rates.head(limit)
    else:
        digits = prefix.removeprefix("+").replace(" ", "")
        if not (digits.isascii() and digits.isdigit()):
            raise BadInput(f"--prefix {prefix!r} is not a number; write country code and number, as 447700900123")
        rates = rate_for_number(version, digits, kind=kind, at=start, cli=cli.removeprefix("+"))
    if as_json:
        print_json(version_facts(version) | {"rates": rate_facts(rates, version)})
        return
    for key, value in version_facts(version).items():
        typer.echo(f"{key.replace('_', ' ')}: {value}")
    if rates.is_empty():
        asked = f"no rate for {prefix} ({kind})" if prefix else f"no rate of category {category!r}"
        typer.echo(f"{asked} at {start:%F %T %Z}")
        raise typer.Exit(1)
    print_rates(rates, version)
    if prefix is None and rate_count > limit:
        typer.echo(f"… and {rate_count - limit:,} more rates (--limit, or --prefix NUMBER)")


app.command()(search)
app.command()(change)
app.command()(copy)


def _rounding(text: str | None) -> Rounding:
    try:
        return Rounding(text or Rounding.HALF_UP)
    except ValueError:
        raise BadInput(f"--rounding {text!r}; write one of {', '.join(Rounding)}") from None
