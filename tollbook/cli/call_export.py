"""`tollbook calls export`: records of usage as CSV, with the columns that are wanted."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO
from zoneinfo import ZoneInfo

import typer

from tollbook.billing.cdr_export import (
    COLUMNS,
    DEFAULT_COLUMNS,
    DELIMITERS,
    OUTCOMES,
    Choice,
    export_calls,
    read_columns,
)
from tollbook.billing.queries import midnight
from tollbook.catalog.operations.checks import usage_kind
from tollbook.cli.database import open_database
from tollbook.cli.named import named_account, named_customer
from tollbook.cli.period import day_of
from tollbook.customers.customer_sheet import timezone as read_zone
from tollbook.errors import BadInput

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Records of usage as files.")

SCREEN = Path("-")  # standard output


@app.callback()
def calls() -> None:
    """Records of usage as files, for other programs and for spreadsheets."""


@app.command()
def export(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where it is written; - is standard output.")] = SCREEN,
    columns: Annotated[
        str, typer.Option(help=f"In this order, apart by commas: {', '.join(COLUMNS)}.")
    ] = ",".join(DEFAULT_COLUMNS),
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="First day.", show_default=False)] = "",
    until: Annotated[
        str, typer.Option(metavar="DAY", help="The first day that is not in it.", show_default=False)
    ] = "",
    customer: Annotated[str, typer.Option(help="Of this customer alone.", show_default=False)] = "",
    account: Annotated[str, typer.Option(help="Of this account alone.", show_default=False)] = "",
    kind: Annotated[list[str] | None, typer.Option(help="Of this kind of usage; may be repeated.")] = None,
    category: Annotated[str | None, typer.Option(help="Of this category of destinations.")] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option(help=f"Of {', '.join(OUTCOMES)}; may be repeated.", show_default="charged and free"),
    ] = None,
    delimiter: Annotated[str, typer.Option(help=f"{', '.join(DELIMITERS)}.")] = "comma",
    header: Annotated[
        bool, typer.Option("--header/--no-header", help="A first line that names the columns.")
    ] = True,
    timezone: Annotated[
        str, typer.Option(help="Of days and times.", show_default="the customer's, else UTC")
    ] = "",
) -> None:
    """Write records of usage as CSV, in the order of their start; any number of them.

    What an exclusion hides is left out. A text that a spreadsheet would run as a formula begins with a quotation mark.

    Example: tollbook calls export --customer acme --from 2026-06-01 --columns start,cld,price_net --out june.csv
    """
    open_database()
    chosen = read_columns(columns)
    who = named_account(account) if account else None
    payer = named_customer(customer) if customer else who.customer if who else None
    if who is not None and payer is not None and who.customer_id != payer.pk:
        raise BadInput(f"{account!r} is none of {customer!r}")
    zone = _zone(timezone or (payer.timezone if payer else "UTC"))
    choice = Choice(
        since=_moment("--from", from_, zone),
        until=_moment("--until", until, zone),
        customer_id=None if who or payer is None else payer.pk,
        account_id=who.pk if who else None,
        kinds=[usage_kind("--kind", one) for one in kind or ()],
        category=category,
        outcomes=_outcomes(outcome),
    )
    if delimiter not in DELIMITERS:
        raise BadInput(f"--delimiter {delimiter!r}; write one of {', '.join(DELIMITERS)}")
    with _opened(out) as file:
        count = export_calls(
            choice, chosen, file.write, timezone=zone, delimiter=DELIMITERS[delimiter], header=header
        )
    if out != SCREEN:
        typer.echo(f"{out}: {count:,} record{'' if count == 1 else 's'}")


def _moment(option: str, text: str, zone: str) -> datetime | None:
    return midnight(day_of(text, option), ZoneInfo(zone)) if text else None


def _zone(text: str) -> str:
    try:
        return read_zone(text)
    except ValueError as error:
        raise BadInput(f"--timezone {text!r} {error}") from None


def _outcomes(given: list[str] | None) -> tuple[str, ...]:
    for one in given or ():
        if one not in OUTCOMES:
            raise BadInput(f"--outcome {one!r}; write one of {', '.join(OUTCOMES)}")
    return tuple(given or ("charged", "free"))


@contextmanager
def _opened(out: Path) -> Iterator[BinaryIO]:
    """The file; it has its name once it is whole."""
    if out == SCREEN:
        yield sys.stdout.buffer
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
