"""`tollbook reconcile`: a platform's usage beside ours, by day and record by record."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import polars as pl
import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list, shown
from tollbook.cli.period import days_of, today
from tollbook.cli.visit_progress import visit_progress
from tollbook.connections.models import Connection
from tollbook.connections.operations import named_connection
from tollbook.jobs.reconcile_usage import Reconciliation, reconcile_usage
from tollbook.money import decimal_of

app = typer.Typer(add_completion=False)

DIFFERS = 1  # exit status
SHOWN = 50  # differing records, for people; JSON has more
USUAL_DAYS = 7


@app.command()
def reconcile(
    connection: Annotated[str, typer.Argument(help="The connection.")],
    from_: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day, as 2017-06-01.", show_default="a week back")
    ] = "",
    to: Annotated[
        str, typer.Option("--to", metavar="DAY", help="Last day, included.", show_default="yesterday")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Fetch a period once more and compare it with what is here: counts, quantities, money. Changes nothing.

    Quantities are seconds, messages or bytes; amounts are the platform's prices. The exit status is 1 when
    something differs or could not be fetched.

    Example: tollbook reconcile portaone --from 2017-06-01 --to 2017-06-30
    """
    since, until = days_of(from_, to)
    open_database()
    source = named_connection(connection)
    until = until or today(source)
    since = since or until - timedelta(days=USUAL_DAYS)
    with visit_progress(source.name) as progress:
        result = reconcile_usage(source, since=since, until=until, now=datetime.now(UTC), progress=progress)
    if as_json:
        print_json(_facts(result))
    else:
        _print(result, _bring(source, since, until))
    if not result.agrees:
        raise typer.Exit(DIFFERS)


def _bring(source: Connection, since: date, until: date) -> str:
    """The command that brings here what is missing; `until` is the day after the last."""
    return f"tollbook collect {source.quoted} --from {since} --to {until - timedelta(days=1)} --again"


def _print(result: Reconciliation, command: str) -> None:
    print_list(_sides(result.usage), as_json=False, empty="there is no usage, there nor here", right=_FIGURES)
    for title, table in (("not usage", result.not_usage), ("as the platform adds up", result.totals)):
        if not table.is_empty():
            typer.echo(f"{title}:")
            print_list(_sides(table), as_json=False, empty="", right=_FIGURES)
    if any(row["differs"] for table in (result.usage, result.not_usage, result.totals) for row in _rows(table)):
        typer.echo("where there are two figures, the platform's stands above ours")
    for one in result.differences[:SHOWN]:
        typer.echo(f"{one.day} {one.record_key}: {one.what}{': ' + one.detail if one.detail else ''}")
    if result.different_records > SHOWN:
        typer.echo(f"{result.different_records - SHOWN:,} more differ (--json names them)")
    for problem in result.problems:
        typer.echo(f"not compared: {problem.scope + ': ' if problem.scope else ''}{problem.error}")
    if result.agrees:
        typer.echo("all of it is the same on both sides")
    elif result.different_records:
        typer.echo(
            f"{result.different_records:,} records differ; `{command}` brings what is missing or was corrected"
        )


_FIGURES = ("records", "quantity", "amount", "charged")


def _sides(table: pl.DataFrame) -> list[dict[str, object]]:
    """As people read it, on a narrow screen: a figure that is the same on both sides stands once."""
    return [
        {
            "day": row["day"],
            "what": row["what"],
            **{name: _both(row[f"{name}_there"], row[f"{name}_here"]) for name in ("records", "quantity")},
            "amount": f"{_both(row['amount_there'], row['amount_here'])} {row['currency'] or ''}".rstrip(),
            **({"charged": row["charged"]} if "charged" in row else {}),
        }
        for row in _rows(table)
    ]


def _both(there: object, here: object) -> str:
    return shown(there) if there == here else f"{shown(there)}\n≠ {shown(here)}"


def _rows(table: pl.DataFrame) -> list[dict[str, object]]:
    """Amounts as decimals; `differs` says which lines to look at."""
    rows = []
    for row in table.iter_rows(named=True):
        shown = {"day": str(row["day"]), "what": row["what"], "currency": row["currency"]}
        pairs: dict[str, object] = {}
        for figure in ("records", "quantity"):
            pairs |= {f"{figure}_{side}": row[f"{figure}_{side}"] for side in ("there", "here")}
        pairs |= {f"amount_{side}": decimal_of(row[f"amount_nanos_{side}"]) for side in ("there", "here")}
        differs = any(
            pairs[f"{name}_there"] != pairs[f"{name}_here"] for name in ("records", "quantity", "amount")
        )
        charged = {"charged": decimal_of(row["charged_nanos"])} if "charged_nanos" in row else {}
        rows.append({**shown, **pairs, **charged, "differs": True if differs else None})
    return rows


def _facts(result: Reconciliation) -> dict[str, object]:
    return {
        "agrees": result.agrees,
        "usage": _rows(result.usage),
        "not_usage": _rows(result.not_usage),
        "totals": _rows(result.totals),
        "different_records": result.different_records,
        "differences": [
            {"record_key": one.record_key, "day": one.day, "what": one.what, "detail": one.detail or None}
            for one in result.differences
        ],
        "problems": [{"scope": one.scope, "error": one.error} for one in result.problems],
    }
