"""`tollbook usage`: read files of calls into the ledger, see what became of them, take an import back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tollbook.cli.calls import calls
from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json
from tollbook.cli.next_steps import NEXT_STEP
from tollbook.cli.number_quality import quality
from tollbook.cli.progress import file_progress
from tollbook.cli.run_report import run_facts, run_lines
from tollbook.cli.usage_history import days, named_run, raw, reprocess, runs
from tollbook.cli.usage_preview import preview
from tollbook.connections.operations import named_connection
from tollbook.errors import BadInput
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.import_usage import BATCH_ROWS, import_usage
from tollbook.jobs.reverse_usage import undo_import
from tollbook.usage.models import ImportRun, RunState
from tollbook.usage.queries import broken_equations, charged_sums

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Read files of calls into the ledger, and see what became of them.",
)

CANNOT_BE_USED = 2  # exit status when some file could not


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files of calls; plain, gz, zip or zst.")],
    connection: Annotated[
        str, typer.Option("--connection", "-c", help="Where they are from; says how they are read.")
    ],
    growing: Annotated[
        bool, typer.Option("--growing", help="The file may still grow: leave a cut last line for the next pass.")
    ] = False,
    batch_rows: Annotated[
        int, typer.Option(min=1, max=2_000_000, help="Records that are written together or not at all.")
    ] = BATCH_ROWS,
    as_json: Annotated[bool, typer.Option("--json", help="The runs' counts as JSON.")] = False,
) -> None:
    """Read, match, rate and post files of calls. Importing a file again adds nothing.

    A file that cannot be used does not stop the others: it is named, and the exit status is 2.

    Example: tollbook usage import Master.csv --connection office
    """
    open_database()
    source = named_connection(connection)
    done, are_all_read = [], True
    for path in files:
        try:
            with file_progress(path) as progress:
                run = import_usage(
                    source,
                    path,
                    now=datetime.now(UTC),
                    is_complete=not growing,
                    batch_rows=batch_rows,
                    progress=progress,
                )
        except KeyboardInterrupt:
            typer.echo(f"stopped; import {path} again and it goes on where it was", err=True)
            raise
        except BadInput as error:
            typer.echo(f"tollbook: {error}", err=True)
            are_all_read = False
            continue
        done.append(run)
        if not as_json:
            _print_run(run)
    if as_json:
        sums = charged_sums(run.pk for run in done)
        print_json([run_facts(run, sums.get(run.pk, {})) for run in done])
    elif any(run.set_aside for run in done):
        typer.echo("`tollbook set-aside list` says why records were set aside, and what to do")
    if not are_all_read:
        raise typer.Exit(CANNOT_BE_USED)


app.command()(preview)
app.command()(runs)
app.command()(days)
app.command()(raw)
app.command()(reprocess)
app.command()(quality)
app.command()(calls)


@app.command()
def undo(
    run: Annotated[int, typer.Argument(help="Number of the run, as `tollbook usage runs` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take an import back by reversing entries. Its file can then be imported again.

    What was invoiced already is credited on the next invoice.

    Example: tollbook usage undo 7
    """
    open_database()
    found = named_run(run)
    if found.undone == found.records_in - found.duplicate and found.state == RunState.UNDONE:
        raise BadInput(f"run {run} was undone before; its file, {found.evidence.name}, can be imported again")
    if not yes:
        typer.confirm(f"Reverse {found.charged} charged records of {found.evidence.name}?", abort=True, err=True)
    count = undo_import(found, posted_at=datetime.now(UTC))
    typer.echo(f"run {run}: {count} records undone")


@app.command()
def check() -> None:
    """Count all records again and compare with the intake equation of every run. Exit status 1 on a difference.

    Example: tollbook usage check
    """
    open_database()
    problems = broken_equations()
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo("every record is accounted for")


@app.command()
def explain(
    record: Annotated[int, typer.Argument(help="Number of the usage record.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Why a record costs what it costs, rebuilt from the tariff version it was priced with; or why it has no price.

    Example: tollbook usage explain 4711
    """
    open_database()
    explained = explain_record(record)
    typer.echo(explained.to_json() if as_json else explained.as_text())
    if explained.outcome == "set_aside" and explained.reason and not as_json:
        typer.echo(f"next: {NEXT_STEP[explained.reason]}")


def _print_run(run: ImportRun) -> None:
    for line in run_lines(run, charged_sums([run.pk]).get(run.pk, {})):
        typer.echo(line)
