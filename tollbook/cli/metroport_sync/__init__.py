"""`tollbook metroport-sync`: Metroport MVNO in one command, with the options of the script that cron lines have."""

from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tollbook.cli.database import open_database
from tollbook.cli.metroport_sync.place import SECTION, connection_of_file, connection_there_is
from tollbook.cli.metroport_sync.steps import Outcome, Steps, exit_status
from tollbook.cli.metroport_sync.wish import Given, wish_of
from tollbook.connectors.base import Feature
from tollbook.connectors.metroport.connector import check_price_list
from tollbook.connectors.metroport.options import USUAL_ZONE
from tollbook.errors import BadInput
from tollbook.jobs.sync_listing import nothing_written

app = typer.Typer(add_completion=False)
STEPS, RECORDS = "Steps (any of them, together or alone)", "Which records"


class Mode(StrEnum):
    CUSTOMER = "customer"
    PROVIDER = "provider"


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"tollbook {version('tollbook')}")
        raise typer.Exit


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def metroport_sync(
    *,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "-C",
            "--config-file",
            help=f"An ini file whose section {SECTION} has api_url, api_login, api_password, tariff_tag (code of the "
            "product of new accounts). Instead of a connection added before; it is kept as one.",
        ),
    ] = None,
    connection: Annotated[
        str | None,
        typer.Option(help="The connection, where there are several of Metroport; with -C, what to call it."),
    ] = None,
    customers: Annotated[
        bool,
        typer.Option("--customers", help="Pair customers by NIP, PESEL and identity card.", rich_help_panel=STEPS),
    ] = False,
    accounts: Annotated[
        bool,
        typer.Option("--accounts", help="Bring SIM cards of paired customers into line.", rich_help_panel=STEPS),
    ] = False,
    billings: Annotated[
        bool, typer.Option("--billings", help="Load records of a period.", rich_help_panel=STEPS)
    ] = False,
    pricelist_file: Annotated[
        Path | None,
        typer.Option(help="Send this price list (CSV) to Metroport.", rich_help_panel=STEPS),
    ] = None,
    start_date: Annotated[
        str | None,
        typer.Option(
            "-s",
            "--start-date",
            metavar="TIME",
            help='First second by Metroport\'s clock, as "2017-06-01 00:00:00".',
            show_default="day 1 of the previous month",
            rich_help_panel=RECORDS,
        ),
    ] = None,
    end_date: Annotated[
        str | None,
        typer.Option(
            "-e",
            "--end-date",
            metavar="TIME",
            help="Last second. One in the future becomes the end of yesterday.",
            show_default="a month after the start; with -i now",
            rich_help_panel=RECORDS,
        ),
    ] = None,
    customerid: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Records of this customer only: our code, or Metroport's id.",
            rich_help_panel=RECORDS,
        ),
    ] = None,
    update: Annotated[  # noqa: ARG001  a cron line may have it
        bool,
        typer.Option(
            "-u",
            "--update",
            help="Understood, and always so: changed records are corrected in place. Nothing is ever deleted, also "
            "what Metroport no longer reports; `tollbook reconcile` names that.",
            rich_help_panel=RECORDS,
        ),
    ] = False,
    mode: Annotated[
        Mode | None,
        typer.Option(
            "-m",
            "--mode",
            metavar="MODE",
            help="customer: a request for each; provider: one for all.",
            show_default="as the connection says: customer",
            rich_help_panel=RECORDS,
        ),
    ] = None,
    incremental: Annotated[
        bool,
        typer.Option(
            "-i",
            "--incremental",
            help="Only what is new; without --start-date from where it left off.",
            rich_help_panel=RECORDS,
        ),
    ] = False,
    use_last_id: Annotated[
        bool,
        typer.Option(
            "--use-last-id",
            help="With -i: late records are known by higher ids. The default.",
            rich_help_panel=RECORDS,
        ),
    ] = False,
    use_call_start_time: Annotated[
        bool,
        typer.Option(
            "--use-call-start-time",
            help="With -i: the days before are read again, which also finds changed records.",
            rich_help_panel=RECORDS,
        ),
    ] = False,
    chunking: Annotated[
        bool | None,
        typer.Option(
            "--chunking/--no-chunking",
            help="Ask day by day, or for the whole period at once.",
            show_default="day by day with -i, else as the connection says",
            rich_help_panel=RECORDS,
        ),
    ] = None,
    chunk_size: Annotated[
        int | None,
        typer.Option(metavar="DAYS", help="Days asked for at once.", show_default="1", rich_help_panel=RECORDS),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say only what is wrong.")] = False,
    test: Annotated[
        bool, typer.Option("-t", "--test", help="Change nothing, here or there; say what it would do.")
    ] = False,
    _version: Annotated[
        bool, typer.Option("-v", "--version", help="Say the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Metroport MVNO: pair customers, bring SIM cards into line, load records, send the price list.

    A record that is there already is not loaded twice, and a failed request deletes nothing.

    Exit status 0: all is well; 1: something failed, and the rest is in; 2: it could not run.

    Example: tollbook metroport-sync --customers --accounts --billings
    """
    if not (customers or accounts or billings or pricelist_file):
        raise BadInput("nothing to do; give some of --customers, --accounts, --billings, --pricelist-file")
    if customerid and (customers or accounts):
        raise BadInput(
            "--customerid is for --billings; customers and SIM cards are compared as whole lists, where twins show"
        )
    if pricelist_file:
        check_price_list(pricelist_file)
    now = datetime.now(UTC)
    given = Given(
        start=start_date,
        end=end_date,
        mode=mode,
        incremental=incremental,
        use_last_id=use_last_id,
        use_call_start_time=use_call_start_time,
        chunking=chunking,
        chunk_size=chunk_size,
    )
    parts = {Feature.CUSTOMERS: customers, Feature.ACCOUNTS: accounts}
    open_database()
    with nothing_written(test) if config_file else nullcontext():
        where = connection_of_file(config_file, connection) if config_file else connection_there_is(connection)
        steps = Steps(
            price_list=pricelist_file,
            parts=tuple(part for part, is_asked in parts.items() if is_asked),
            records=wish_of(given, now=now, zone=ZoneInfo(where.timezone or USUAL_ZONE)) if billings else None,
            customer=customerid,
            now=now,
            dry_run=test,
        )
        outcomes = []
        for outcome in steps.taken(where):
            outcomes.append(outcome)
            _tell(outcome, is_quiet=quiet)
    raise typer.Exit(exit_status(outcomes))


def _tell(outcome: Outcome, *, is_quiet: bool) -> None:
    for line in [] if is_quiet else outcome.lines:
        typer.echo(line)
    for problem in outcome.problems if is_quiet or not outcome.lines else []:
        typer.echo(problem, err=True)
