"""Collect a platform's usage: fetch, keep as evidence, import, and only then move on.

It may be killed anywhere. What was fetched and not kept is fetched again; what was kept and not wholly imported is
imported to its end by the next collect; and what was imported and is fetched once more is known by its keys.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector, Feature
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.push_gate import takes_pushes
from tollbook.errors import BadInput
from tollbook.jobs.collect_files import collect_files
from tollbook.jobs.collect_period import collect_period
from tollbook.jobs.collect_scopes import Wish
from tollbook.jobs.collect_trial import try_collecting
from tollbook.jobs.fetch_usage import Progress, unwatched
from tollbook.jobs.import_usage import COLLECTED_BATCH_ROWS, import_evidence
from tollbook.jobs.rate_usage import Compiled
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.take_pushed import PUSHED, take_pushed
from tollbook.usage import operations as usage
from tollbook.usage.collecting import WHOLE_VISIT, Problem, Visit, close_collect
from tollbook.usage.models import CollectRun, CollectState, ImportRun, RunState

STOPPED = "it was stopped by hand; nothing is lost, and the next collect asks again"
SCHEDULE = "schedule"  # who asked, when nobody did
RETRY_EVERY = timedelta(hours=1)
INTERRUPTED = "it was interrupted; the next collect read what it had fetched, and asked again for the rest"


def collect_usage(
    connection: Connection,
    *,
    now: datetime,
    asked_by: str,
    since: datetime | None = None,
    until: datetime | None = None,
    customers: Sequence[str] | None = None,
    again: bool = False,
    dry_run: bool = False,
    progress: Progress = unwatched,
    compiled: Compiled | None = None,
) -> CollectRun:
    """Collect what is new, or a period. Safe to repeat: what is known already is counted as duplicate.

    What could not be collected is in the run that comes back, not raised: its state is `partial` or `failed`,
    `problems` say why, and `may_pass` whether all of it may succeed by just trying again. One collect of a
    connection works at a time; another waits for it.

    Args:
        connection: where from.
        now: the end of what is asked for, and the time of all that is written.
        asked_by: the schedule, or who.
        since: begin here, whatever was collected before; None = where it left off, for each customer. Of files,
            those changed since then.
        until: end here; None = now.
        customers: only these: codes of ours, or foreign ids. None = all that are paired.
        again: also what was collected before; without `since`, everything since the beginning.
        dry_run: fetch, read and rate, and write nothing. The run that comes back says what would become of it.
        progress: told how far it is.
        compiled: tariffs that the caller keeps from one collect to the next.

    Raises:
        BadInput: the connection's settings make no sense.
    """
    wish = Wish(now=now, since=since, until=until, customers=tuple(customers or ()), again=again)
    run = CollectRun(
        connection=connection,
        asked_by=asked_by,
        since=since,
        until=until,
        customers=list(wish.customers),
        is_again=again,
        started_at=now,
    )
    with closing(open_connector(connection)) as connector:
        if dry_run:
            return try_collecting(connector, run, wish, progress)
        with usage.one_collect_at_a_time(connection):
            _finish_interrupted(connector, connection, now)
            run.save()
            return _collected(connector, run, wish, progress, compiled)


def _collected(
    connector: Connector, run: CollectRun, wish: Wish, progress: Progress, compiled: Compiled | None
) -> CollectRun:
    collect = _way_to_collect(connector, compiled)
    try:
        if doubt := connector.unconfirmed():
            raise NeedsAttention(doubt, platform=connector.site.name)
        if not _has_just_retried(run):
            waiting = retry_set_aside(run.connection, now=wish.now)
            if waiting.tried:
                run.retried = {"tried": waiting.tried, "charged": waiting.charged, "free": waiting.free}
        visit = collect(connector, run, wish, progress)
    except (ConnectorError, BadInput) as error:
        visit = Visit(problems=[Problem.of(WHOLE_VISIT, error)])
    except BaseException as error:  # whatever it is: nobody shall take this run for one at work
        run.state = CollectState.FAILED
        run.finished_at = wish.now
        by_hand = isinstance(error, KeyboardInterrupt)
        run.problems = [{"scope": WHOLE_VISIT, "error": STOPPED if by_hand else repr(error)}]
        run.save()
        raise
    close_collect(run, visit, finished_at=wish.now)
    return run


def _way_to_collect(
    connector: Connector, compiled: Compiled | None
) -> Callable[[Connector, CollectRun, Wish, Progress], Visit]:
    if takes_pushes(type(connector), connector.site.settings):
        return partial(take_pushed, compiled=compiled)
    return collect_files if Feature.FILES in connector.offers else collect_period


def _has_just_retried(run: CollectRun) -> bool:
    """Whether the schedule tries what waits too often: many records, every few minutes, for nothing."""
    if run.asked_by == PUSHED:  # twice a second: the schedule sees to the others
        return True
    if run.asked_by != SCHEDULE:
        return False
    since = run.started_at - RETRY_EVERY
    earlier = CollectRun.objects.filter(connection=run.connection, started_at__gt=since).exclude(pk=run.pk)
    return earlier.exclude(retried={}).exists()


def _finish_interrupted(connector: Connector, connection: Connection, now: datetime) -> None:
    """Whatever is still at work has died, for this process alone may collect. Its evidence is read to the end."""
    half_read = ImportRun.objects.filter(connection=connection, state=RunState.RUNNING).exclude(collect=None)
    for run in half_read.select_related("evidence").order_by("pk"):
        try:
            import_evidence(
                connector,
                connection,
                run.evidence,
                now=now,
                name=run.evidence.name,
                is_complete=run.is_complete,
                collect=run.collect,
                batch_rows=COLLECTED_BATCH_ROWS,
            )
        except BadInput:
            continue  # its run says so
    for died in CollectRun.objects.filter(connection=connection, state=CollectState.RUNNING):
        visit = Visit(problems=[Problem(WHOLE_VISIT, INTERRUPTED, may_pass=True)])
        close_collect(died, visit, finished_at=now)
