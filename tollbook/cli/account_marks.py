"""`tollbook accounts services|describe|unmark|marks`: by what the usage of an account is recognised at a platform."""

import getpass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tollbook.cli.connection.words import day, pairs
from tollbook.cli.database import open_database
from tollbook.cli.import_report import print_lines
from tollbook.cli.listing import print_json, print_list
from tollbook.connections.operations import named_connection
from tollbook.connectors.registry import connector_class
from tollbook.customers.models import Account
from tollbook.customers.operations import Described, describe_account, end_mark, import_services
from tollbook.customers.queries import mark_list
from tollbook.customers.service_sheet import read_service_sheet
from tollbook.errors import BadInput

AccountCode = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's code here.")]
ConnectionName = Annotated[str, typer.Argument(metavar="CONNECTION", help="The platform.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def services(
    file: Annotated[Path, typer.Argument(help="CSV with customer, account, and the platform's fields.")],
    connection: Annotated[str, typer.Option("--connection", "-c", help="The platform.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take over services from another billing system: make the accounts, and say how their usage is recognised.

    Columns: customer*, account*, product (of accounts to be made), name, active_from, and the fields that the
    platform knows, written as they are there: of FusionPBX domain (tenant.example.ca | 5192229000) and username
    (2112 | 2113 | 2114). All rows are taken or none. Safe to repeat.

    Example: tollbook accounts services services.csv --connection pbx
    """
    open_database()
    place = named_connection(connection)
    sheet = read_service_sheet(file, place)
    report = import_services(
        sheet=sheet, connection=place, by=getpass.getuser(), now=datetime.now(UTC), dry_run=dry_run
    )
    if as_json:
        described = [_facts(one) for one in report.described]
        print_json({"made": report.made, "described": described, "unmarked": report.unmarked, "dry_run": dry_run})
        return
    changed = sum(bool(one.new) for one in report.described)
    typer.echo(
        f"services: {len(report.described):,} rows, {len(report.made):,} accounts made, {changed:,} described anew"
        f"{' (dry run: nothing was written)' if dry_run else ''}"
    )
    print_lines("described", [f"{one.account}: {', '.join(one.new)}" for one in report.described if one.new])
    elsewhere = [f"{one.account}: {', '.join(one.elsewhere)}" for one in report.described if one.elsewhere]
    print_lines("numbers that another account of the customer has, where they stay", elsewhere)
    kept = [f"{one.account}: {', '.join(one.kept)}" for one in report.described if one.kept]
    print_lines("kept, though the sheet does not name them (`tollbook accounts unmark` ends one)", kept)
    print_lines("nothing says which calls are theirs (extensions, numbers, trunks)", report.unmarked)


def describe(
    account: AccountCode,
    connection: ConnectionName,
    field: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="What is written down about it there, as 'domain=tenant.example.ca | 5192229000'; may be repeated.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="From this day on.", show_default="always")
    ] = None,
) -> None:
    """Say by what the usage of one account is recognised at a platform. Safe to repeat.

    Example: tollbook accounts describe acme-office pbx --field domain=acme.example.ca --field "username=2112 | 2113"
    """
    open_database()
    place, one = named_connection(connection), _named_account(account)
    given = pairs("--field", field, example="--field 'domain=tenant.example.ca | 5192229000'")
    if not given:
        names = ", ".join(f"{known.name} ({known.help})" for known in connector_class(place.kind).account_fields)
        raise BadInput(
            f"nothing is said about {account}; give --field NAME=VALUE. {place.name} knows: {names or '-'}"
        )
    described = describe_account(
        account=one,
        connection=place,
        marks=connector_class(place.kind).marks(given),
        by=getpass.getuser(),
        now=datetime.now(UTC),
        since=_midnight("--from", since, one) if since else None,
    )
    said = ", ".join(described.new) or f"nothing new, {described.unchanged} known"
    typer.echo(f"account {one.code} at {place.name}: {said}")
    print_lines("numbers that another account of the customer has, where they stay", described.elsewhere)
    print_lines("kept, though not named (`tollbook accounts unmark` ends one)", described.kept)
    typer.echo(f"try what waits again with `tollbook set-aside retry --connection {place.quoted}`")


def unmark(
    account: AccountCode,
    connection: ConnectionName,
    value: Annotated[str, typer.Argument(help="The mark, as `accounts marks` shows it.")],
    at: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The first day on which it does not count.", show_default="now"),
    ] = None,
) -> None:
    """End a mark of an account: usage with it is not the account's any more.

    Example: tollbook accounts unmark acme-office pbx 2113@tenant.example.ca --at 2026-03-01
    """
    open_database()
    now = datetime.now(UTC)
    place, one = named_connection(connection), _named_account(account)
    end = _midnight("--at", at, one) if at else now
    end_mark(account=one, connection=place, value=value, by=getpass.getuser(), now=now, at=end)
    typer.echo(f"account {one.code} at {place.name}: {value} is no mark of it from {end:%Y-%m-%d %H:%M} UTC on")


def marks(
    connection: Annotated[str | None, typer.Option("--connection", "-c", help="Only this platform's.")] = None,
    account: Annotated[str | None, typer.Option(help="Only this account's, by code.")] = None,
    as_json: Json = False,
) -> None:
    """By what usage is recognised: extensions, trunks, texts and links, with their accounts.

    Example: tollbook accounts marks --connection pbx
    """
    open_database()
    place = named_connection(connection) if connection else None
    rows = mark_list(connection=place, account=_named_account(account) if account else None)
    empty = "there are no marks; add some with `tollbook accounts services FILE --connection NAME`"
    print_list(rows, as_json=as_json, empty=empty)


def _named_account(code: str) -> Account:
    found = Account.objects.select_related("customer").filter(code=code).first()
    if found is None:
        raise BadInput(f"there is no account {code!r}; `tollbook accounts list` shows those there are")
    return found


def _midnight(option: str, text: str, account: Account) -> datetime:
    first: date = day(option, text)
    return datetime.combine(first, time(), tzinfo=ZoneInfo(account.customer.timezone)).astimezone(UTC)


def _facts(described: Described) -> dict[str, object]:
    return {
        "account": described.account,
        "new": described.new,
        "unchanged": described.unchanged,
        "kept": described.kept,
        "elsewhere": described.elsewhere,
    }
