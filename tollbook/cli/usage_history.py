"""What was collected and imported, run by run and day by day: seen, taken out as it came, read again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tollbook.cli.database import open_database
from tollbook.cli.listing import print_json, print_list
from tollbook.cli.period import days_of
from tollbook.cli.progress import file_progress
from tollbook.cli.run_report import collect_facts, history, pushed_by_day, run_facts, run_lines
from tollbook.connections.operations import named_connection
from tollbook.errors import BadInput
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.jobs.take_pushed import PUSHED
from tollbook.usage.days import DayIntake, intake_by_day
from tollbook.usage.evidence import copy_evidence, evidence_path
from tollbook.usage.frames import OUTCOMES
from tollbook.usage.models import CollectRun, ImportRun
from tollbook.usage.queries import charged_sums

DOES_NOT_ADD_UP = 1  # exit status


def runs(
    connection: Annotated[str | None, typer.Option("--connection", "-c", help="Only this connection's.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON: the imports, or with --collects the visits.")
    ] = False,
    collects: Annotated[bool, typer.Option("--collects", help="Only the visits to platforms.")] = False,
    pushed: Annotated[
        bool, typer.Option("--pushed", help="Every taking of pushed records, too; there may be two a second.")
    ] = False,
) -> None:
    """Imports so far, with their intake equation: records in = the sum of all that became of them.

    What a visit to a platform brought stands below the visit. Of pushed records a line tells for each day.

    Example: tollbook usage runs --connection office --last 5
    """
    open_database()
    visits = CollectRun.objects.select_related("connection").order_by("-pk")
    imports = ImportRun.objects.select_related("connection", "evidence").order_by("-pk")
    if connection is not None:
        source = named_connection(connection)
        visits, imports = visits.filter(connection=source), imports.filter(connection=source)
    by_day = [] if pushed or as_json else pushed_by_day(visits, last)
    if not pushed:
        visits, imports = visits.exclude(asked_by=PUSHED), imports.exclude(collect__asked_by=PUSHED)
    newest_visits = list(visits[:last])[::-1]
    newest = [] if collects else list(imports[:last])[::-1]
    if as_json and collects:
        print_json([collect_facts(visit) for visit in newest_visits])
    elif as_json:
        sums = charged_sums(run.pk for run in newest)
        print_json([run_facts(run, sums.get(run.pk, {})) for run in newest])
    else:
        for line in [*history(newest_visits, newest), *by_day]:
            typer.echo(line)


def raw(
    run: Annotated[int, typer.Argument(help="Number of the run, as `tollbook usage runs` shows it.")],
    to: Annotated[Path, typer.Option(help="The file to write; there must be none yet.", show_default=False)],
) -> None:
    """Take a run's evidence out: the bytes as they were received.

    Example: tollbook usage raw 7 --to june.jsonl
    """
    open_database()
    evidence = named_run(run).evidence
    copy_evidence(evidence, to)
    typer.echo(f"{to}: {evidence.size_bytes:,} bytes as received, sha256 {evidence.sha256}")


def reprocess(
    run: Annotated[int, typer.Argument(help="Number of the run, as `tollbook usage runs` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Undo an import and read the same bytes again, as the connection is set up now.

    For when its layout, zone or number rules were wrong. What was invoiced already is credited on the next invoice.

    Example: tollbook usage reprocess 7
    """
    open_database()
    found = named_run(run)
    if not yes:
        typer.confirm(f"Reverse {found.charged} charged records and read them again?", abort=True, err=True)
    with file_progress(evidence_path(found.evidence.sha256)) as progress:
        made = reprocess_usage(found, now=datetime.now(UTC), progress=progress)
    for line in run_lines(made, charged_sums([made.pk]).get(made.pk, {})):
        typer.echo(line)


def days(
    connection: Annotated[str, typer.Argument(help="The connection.")],
    from_: Annotated[str, typer.Option("--from", metavar="DAY", help="First day, as 2017-06-01.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day, included.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The intake equation of each day of the connection's zone, counted again. Exit status 1 on a difference.

    Example: tollbook usage days office --from 2017-06-01 --to 2017-06-30
    """
    since, until = days_of(from_, to)
    open_database()
    source = named_connection(connection)
    equations = intake_by_day(source.pk, since, until)
    print_list(
        [_row(day) for day in equations],
        as_json=as_json,
        empty=f"{source.name} has no usage then",
        right=("records_in", *OUTCOMES, "missing"),
    )
    broken = [day for day in equations if day.missing]
    if broken:
        which = ", ".join(str(day.day or "no day") for day in broken)
        typer.echo(f"does not add up: {which}; `tollbook usage check` says which runs", err=True)
        raise typer.Exit(DOES_NOT_ADD_UP)
    if equations and not as_json:
        typer.echo("every record is accounted for")


def named_run(number: int) -> ImportRun:
    """The run with that number.

    Raises:
        BadInput: there is none.
    """
    found = ImportRun.objects.select_related("connection", "evidence", "collect").filter(pk=number).first()
    if found is None:
        raise BadInput(f"there is no run {number}; see `tollbook usage runs`")
    return found


def _row(day: DayIntake) -> dict[str, object]:
    counts = {name: day.became[name] or None for name in OUTCOMES}
    return {
        "day": str(day.day) if day.day else "no start",
        "records_in": day.records_in,
        **counts,
        "missing": day.missing or None,
    }
