"""`tollbook pairing`: who a platform's customers are here, decided by a person."""

import getpass
from datetime import UTC, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_list
from tollbook.cli.named import named_customer
from tollbook.cli.period import day_of
from tollbook.connections.operations import named_connection
from tollbook.customers.models import Customer
from tollbook.customers.operations import accept_suggestion, end_pairing, reject_suggestion, set_ignored
from tollbook.customers.operations import pair as pair_customer
from tollbook.customers.operations.pair import foreign_id_of
from tollbook.customers.pairing_queries import open_suggestions, pairing_history, pairing_list

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Who a platform's customers are here, and who decided."
)

Platform = Annotated[str, typer.Argument(metavar="CONNECTION", help="The platform.")]
There = Annotated[str, typer.Argument(metavar="ID", help="Their id at the platform, or their code there.")]
Code = Annotated[str, typer.Argument(metavar="CUSTOMER", help="Our customer, by code.")]
Why = Annotated[str, typer.Option("--why", help="Kept in the history.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `tollbook pairing suggestions` has it.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_(
    connection: Platform,
    standing: Annotated[
        str | None, typer.Option(help="Only these: paired, suggested, conflict, unmatched, ignored.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The platform's customers as last seen, and who they are here.

    Example: tollbook pairing list metroport --standing conflict
    """
    open_database()
    empty = f"nobody; fetch the platform's customers with `tollbook sync {connection} --customers`"
    rows = pairing_list(named_connection(connection), standing=standing)
    print_list(rows, as_json=as_json, empty=empty)


@app.command()
def suggestions(
    connection: Annotated[str | None, typer.Argument(help="Only of this platform.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who might be the same, the surest first. Nobody is paired until somebody accepts.

    Example: tollbook pairing suggestions metroport
    """
    open_database()
    found = open_suggestions(named_connection(connection) if connection else None)
    rows = [
        {
            "number": one.pk,
            "connection": one.foreign.connection.name,
            "there": str(one.foreign),
            "here": str(one.customer),
            "score": one.score,
            "hints": ", ".join(one.hints),
        }
        for one in found
    ]
    print_list(rows, as_json=as_json, empty="there are no open suggestions", right=("number", "score"))


@app.command()
def pair(
    *,
    connection: Platform,
    there: There,
    customer: Code,
    why: Why = "",
    from_: Annotated[
        str,
        typer.Option(
            "--from", metavar="DAY", help="First day, in the customer's zone.", show_default="always was"
        ),
    ] = "",
    shared: Annotated[
        bool, typer.Option("--shared", help="Although it is paired with another customer of ours too.")
    ] = False,
) -> None:
    """Say that a customer of ours is this one at the platform.

    Example: tollbook pairing pair metroport 993 AB-1295 --why "the school, by phone"
    """
    open_database()
    own = named_customer(customer)
    made = pair_customer(
        customer=own,
        connection=named_connection(connection),
        foreign=there,
        by=getpass.getuser(),
        why=why,
        now=datetime.now(UTC),
        active_from=_beginning(from_, "--from", own),
        is_shared=shared,
    )
    typer.echo(f"paired: {connection} {made.foreign_id} is {own}")
    typer.echo(f"its accounts come with `tollbook sync {connection} --accounts`")


@app.command()
def unpair(
    *,
    connection: Platform,
    there: There,
    customer: Code,
    why: Why = "",
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="DAY",
            help="First day that no longer counts, in the customer's zone.",
            show_default="now",
        ),
    ] = "",
) -> None:
    """Say that a customer of ours is no longer this one at the platform. The sync does not pair them again.

    Example: tollbook pairing unpair metroport 993 AB-1295 --at 2026-03-01 --why "sold"
    """
    open_database()
    own = named_customer(customer)
    ended = end_pairing(
        customer=own,
        connection=named_connection(connection),
        foreign=there,
        by=getpass.getuser(),
        why=why,
        now=datetime.now(UTC),
        at=_beginning(at, "--at", own),
    )
    typer.echo(f"ended: {connection} {ended.foreign_id} was {own} until {ended.active_until:%Y-%m-%d %H:%M} UTC")


@app.command()
def accept(number: Number, why: Why = "") -> None:
    """Make a suggestion a pairing.

    Example: tollbook pairing accept 12
    """
    open_database()
    made = accept_suggestion(suggestion_id=number, by=getpass.getuser(), why=why, now=datetime.now(UTC))
    typer.echo(f"paired: {made.connection.name} {made.foreign_id} is {made.customer}")
    typer.echo(f"its accounts come with `tollbook sync {made.connection.quoted} --accounts`")


@app.command()
def reject(number: Number, why: Why = "") -> None:
    """Say that the two are not the same. They are not suggested again.

    Example: tollbook pairing reject 12 --why "another company of that name"
    """
    open_database()
    refused = reject_suggestion(suggestion_id=number, by=getpass.getuser(), why=why, now=datetime.now(UTC))
    typer.echo(f"refused: {refused.foreign} is not {refused.customer}")


@app.command()
def ignore(
    connection: Platform,
    there: There,
    why: Why = "",
    no: Annotated[bool, typer.Option("--no", help="Take that back.")] = False,
) -> None:
    """Say that somebody at the platform is no customer of ours, so that nobody is asked again.

    Example: tollbook pairing ignore metroport 1021 --why "our own office"
    """
    open_database()
    listed = set_ignored(
        connection=named_connection(connection),
        foreign=there,
        is_ignored=not no,
        by=getpass.getuser(),
        why=why,
        now=datetime.now(UTC),
    )
    typer.echo(f"{listed}: {listed.standing}")


@app.command()
def history(
    connection: Platform,
    there: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only of this one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Who decided what, when and why.

    Example: tollbook pairing history metroport 993
    """
    open_database()
    source = named_connection(connection)
    rows = [
        {
            "when": event.at,
            "id": event.foreign_id,
            "what": event.what,
            "customer": event.customer.code if event.customer else "",
            "by": event.by,
            "why": event.why,
        }
        for event in pairing_history(source, foreign_id_of(source, there) if there else None)
    ]
    print_list(rows, as_json=as_json, empty="nothing was decided yet")


def _beginning(day: str, option: str, customer: Customer) -> datetime | None:
    """When that day begins in the customer's zone."""
    return datetime.combine(day_of(day, option), time(), ZoneInfo(customer.timezone)) if day else None
