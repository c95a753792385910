"""`tollbook collect`: fetch usage from a platform, or new files from a source, and charge it."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.period import days_of, moments_of
from tollbook.cli.run_report import collect_facts, collect_lines
from tollbook.cli.visit_progress import visit_progress
from tollbook.connections.operations import named_connection
from tollbook.connectors.push_gate import takes_pushes
from tollbook.connectors.registry import connector_class
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectRun, CollectState

app = typer.Typer(add_completion=False)

EXIT_STATUS = {CollectState.DONE: 0, CollectState.PARTIAL: 1, CollectState.FAILED: 2}


@app.command()
def collect(
    *,
    connection: Annotated[str, typer.Argument(help="Where from.")],
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="DAY",
            help="First day, as 2017-06-01, in the connection's zone; of files, when they were changed.",
            show_default="where it left off",
        ),
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, included.", show_default="now")] = "",
    customers: Annotated[
        str,
        typer.Option(
            metavar="CODES", help="Only these customers, with commas between.", show_default="all that are paired"
        ),
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="Also what was collected before. It is not charged twice.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fetch, read and price it; say what would happen, change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Fetch what is new, keep it, match, price and post it. Safe to repeat, and to interrupt.

    The exit status is 0 when all was collected, 1 when some was not, 2 when nothing was.

    Example: tollbook collect portaone --from 2017-06-01 --to 2017-06-30 --again
    """
    since, until = days_of(from_, to)
    open_database()
    source = named_connection(connection)
    begin, end = moments_of(since, until, source)
    with visit_progress(source.name) as progress:
        run = collect_usage(
            source,
            now=datetime.now(UTC),
            asked_by=getpass.getuser(),
            since=begin,
            until=end,
            customers=[name.strip() for name in customers.split(",") if name.strip()],
            again=again,
            dry_run=dry_run,
            progress=progress,
        )
    if as_json:
        print_json(collect_facts(run))
    else:
        for line in collect_lines(run, is_trial=dry_run):
            typer.echo(line)
        for line in _next_steps(run, is_trial=dry_run):
            typer.echo(line)
    raise typer.Exit(EXIT_STATUS[CollectState(run.state)])


def _next_steps(run: CollectRun, *, is_trial: bool) -> list[str]:
    steps = []
    name = run.connection.quoted
    if run.outcomes.get("set_aside") and not is_trial:
        steps.append("`tollbook set-aside list` says why records were set aside, and what to do")
    if run.problems and not is_trial:
        when = "" if run.may_pass else "when that is mended, "
        steps.append(f"{when}`tollbook collect {name}` asks for it again; nothing is charged twice")
    if not run.scopes and not run.problems:
        steps.append(_nothing_asked(run))
    return steps


def _nothing_asked(run: CollectRun) -> str:
    if run.scopes_skipped and run.since:
        return "all of it was collected before; --again fetches it again"
    if run.scopes_skipped or takes_pushes(connector_class(run.connection.kind), run.connection.settings):
        return "there is nothing new"
    return f"nothing was asked for: see `tollbook pairing list {run.connection.quoted}`"
