"""How runs are shown: visits to platforms, and imports with their intake equation."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate

from tollbook.connections.queries import zone_of
from tollbook.connectors.base import Feature
from tollbook.connectors.push_gate import takes_pushes
from tollbook.connectors.registry import connector_class
from tollbook.jobs.take_pushed import PUSHED
from tollbook.money import decimal_of
from tollbook.usage.frames import OUTCOMES
from tollbook.usage.models import CollectRun, ImportRun, RunState
from tollbook.usage.queries import charged_sums

SHOWN_PROBLEMS = 20


def equation(counts: Mapping[str, int]) -> str:
    """As `3 records in = 1 charged + 2 set aside`."""
    parts = [f"{counts[name]:,} {name.replace('_', ' ')}" for name in OUTCOMES if counts.get(name)]
    return " = ".join([f"{sum(counts.values()):,} records in", *([" + ".join(parts)] if parts else [])])


def amounts(sums: Mapping[str, int]) -> str:
    """As `EUR 1.20, PLN 3`: nano-units by currency, never added up."""
    return ", ".join(f"{currency} {decimal_of(nanos).normalize():f}" for currency, nanos in sorted(sums.items()))


def counts_of(run: ImportRun) -> dict[str, int]:
    """What became of the run's records."""
    return {name: getattr(run, name) for name in OUTCOMES}


def run_lines(run: ImportRun, sums: Mapping[str, int]) -> Iterable[str]:
    """The intake equation in a line, and what a person should know."""
    yield f"run {run.pk}: {run.evidence.name} from {run.connection.name}, {run.state}: {equation(counts_of(run))}"
    if sums:
        yield f"  charged {amounts(sums)}"
    if run.left_for_next_pass:
        yield "  the last line has no end and was left for the next pass"
    if run.state == RunState.RUNNING:
        again = "import the same file again" if run.collect_id is None else "collect again"
        yield f"  still at work, or interrupted: {again} and it goes on where it was"
    if run.state == RunState.FAILED:
        yield f"  {run.error}"


def collect_lines(run: CollectRun, *, is_trial: bool = False) -> Iterable[str]:
    """A visit: what was asked for, what came, what did not."""
    title = "would be" if is_trial else f"collect {run.pk}:"
    name = (
        f"{run.connection.name}: {title} {run.state}"
        if is_trial
        else f"{title} {run.connection.name}, {run.state}"
    )
    zone = zone_of(run.connection)
    yield f"{name}, by {run.asked_by} on {run.started_at.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
    yield f"  {_asked(run)}"
    if run.outcomes:
        yield f"  {equation(run.outcomes)}"
    if run.sums:
        yield f"  charged {amounts(run.sums)}"
    if run.retried:
        yield (
            f"  tried again what had been set aside: {run.retried['tried']:,}, "
            f"{run.retried['charged']:,} charged, {run.retried['free']:,} free"
        )
    for problem in run.problems[:SHOWN_PROBLEMS]:
        error = problem["error"].removeprefix(f"{run.connection.name}: ")
        yield f"  not collected: {problem['scope'] + ': ' if problem['scope'] else ''}{error}"
    if run.scopes_failed > SHOWN_PROBLEMS:
        yield f"  not collected: {run.scopes_failed - SHOWN_PROBLEMS:,} more (--json names them)"


def _asked(run: CollectRun) -> str:
    """As `3 customers asked, 1 failed, 12 had nothing new to ask for; 1,024 bytes fetched`."""
    connector = connector_class(run.connection.kind)
    one, many = "request", "requests"
    if takes_pushes(connector, run.connection.settings):
        one, many = "message", "messages"
    elif Feature.FILES in connector.offers:
        one, many = "new file", "new files"
    parts = [f"{run.scopes:,} {one if run.scopes == 1 else many}"]
    if run.scopes_failed:
        parts.append(f"{run.scopes_failed:,} failed")
    if run.scopes_skipped:
        parts.append(f"{run.scopes_skipped:,} collected before")
    return f"{', '.join(parts)}; {run.bytes_fetched:,} bytes fetched"


def pushed_by_day(visits: QuerySet[CollectRun], last: int) -> list[str]:
    """What was pushed, a line for each connection and day of its zone, the newest last."""
    found: list[tuple[date, str, str]] = []
    imports = ImportRun.objects.filter(collect__in=visits.filter(asked_by=PUSHED).values("pk"))
    for name, zone in set(imports.values_list("connection__name", "day_zone")):
        days = (
            imports.filter(connection__name=name, day_zone=zone)
            .annotate(day=TruncDate("started_at", tzinfo=ZoneInfo(zone)))
            .values("day")
            .annotate(taken=Count("pk"), **{f"all_{outcome}": Sum(outcome) for outcome in OUTCOMES})
            .order_by("-day")
            .values_list("day", "taken", *(f"all_{outcome}" for outcome in OUTCOMES))
        )
        for day, taken, *counts in days[:last]:
            came = equation(dict(zip(OUTCOMES, counts, strict=True)))
            found.append((day, name, f"pushed to {name} on {day}, taken {taken:,} times: {came}"))
    return [line for *_, line in sorted(found)][-last:]


def run_facts(run: ImportRun, sums: Mapping[str, int]) -> dict[str, object]:
    """An import for programs."""
    return {
        "run": run.pk,
        "connection": run.connection.name,
        "file": run.evidence.name,
        "sha256": run.evidence.sha256,
        "state": run.state,
        "records_in": run.records_in,
        **counts_of(run),
        "charged_sums": _plain(sums),
        "collect": run.collect_id,
        "started_at": run.started_at,
        "left_for_next_pass": run.left_for_next_pass or None,
        "error": run.error or None,
    }


def collect_facts(run: CollectRun) -> dict[str, object]:
    """A visit for programs."""
    return {
        "collect": run.pk,
        "connection": run.connection.name,
        "state": run.state,
        "asked_by": run.asked_by,
        "since": run.since,
        "until": run.until,
        "customers": run.customers,
        "again": run.is_again,
        "started_at": run.started_at,
        "scopes": run.scopes,
        "scopes_failed": run.scopes_failed,
        "scopes_skipped": run.scopes_skipped,
        "bytes_fetched": run.bytes_fetched,
        "outcomes": run.outcomes,
        "charged_sums": _plain(run.sums),
        "retried": run.retried,
        "problems": run.problems,
        "may_pass": run.may_pass,
    }


def _plain(sums: Mapping[str, int]) -> dict[str, object]:
    return {currency: decimal_of(nanos) for currency, nanos in sorted(sums.items())}


def history(collects: Iterable[CollectRun], imports: Iterable[ImportRun]) -> list[str]:
    """Visits with their imports below them, and imports by hand, in the order in which they began."""
    imports = list(imports)
    sums = charged_sums(run.pk for run in imports)
    below: dict[int, list[str]] = {}
    entries = []
    for run in imports:
        lines = list(run_lines(run, sums.get(run.pk, {})))
        if run.collect_id is None:
            entries.append((run.started_at, 1, run.pk, lines))
        else:
            below.setdefault(run.collect_id, []).extend(f"  {line}" for line in lines)
    for collect in collects:
        entries.append((collect.started_at, 0, collect.pk, [*collect_lines(collect), *below.pop(collect.pk, [])]))
    return list(chain.from_iterable(lines for *_, lines in sorted(entries)))
