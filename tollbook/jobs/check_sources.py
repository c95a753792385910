"""Look whether every connection still brings what it should: raise alarms, and clear those whose cause is gone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db import connection as database
from django.db.models import F, Max, Min

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm, settle_alarms
from tollbook.connections.models import Connection
from tollbook.connections.sequence import FileSequence
from tollbook.errors import BadInput
from tollbook.jobs.account_links import LinkState, link_states
from tollbook.jobs.take_pushed import PUSHED
from tollbook.usage.models import CollectedFile, CollectRun, CollectState, ImportRun

WHOLE = ""  # subject of an alarm about the connection itself

# A collect that failed is tried again by itself for so long before it is anybody's business.
TRIED_AGAIN_FOR = timedelta(hours=2)
LONGEST_COLLECT = timedelta(hours=6)  # before somebody should look whether it hangs

LOOK_BACK = timedelta(days=60)  # for gaps in a sequence, and for what used to be set aside

# When more is set aside than usual. A visit of fewer records says nothing, and a few in a hundred are daily bread. Of
# records that are pushed, an hour counts as a visit.
VISITS_COMPARED = 10
LEAST_RECORDS = 20
LEAST_SHARE = Fraction(5, 100)
TIMES_USUAL = 3

VISITS = """
SELECT sum(records_in - duplicate - undone)::bigint AS fresh, sum(set_aside)::bigint
  FROM usage_importrun i LEFT JOIN usage_collectrun c ON c.id = i.collect_id
 WHERE i.connection_id = %s AND i.started_at > %s
 GROUP BY CASE WHEN c.asked_by = %s THEN to_char(i.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24')
               ELSE coalesce(i.collect_id, -i.id)::text END
HAVING sum(records_in - duplicate - undone) >= %s
 ORDER BY max(i.started_at) DESC, max(i.id) DESC LIMIT %s"""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit to a platform brought."""

    fresh: int  # records that were not known before
    set_aside: int  # of them, now


def check_sources(*, now: datetime) -> None:
    """Check every connection. Safe to repeat."""
    for connection in Connection.objects.order_by("pk"):
        check_source(connection, now=now)


def check_source(connection: Connection, *, now: datetime) -> None:
    """Check one connection."""
    found = {
        AlarmKind.STALE_SOURCE: _stale(connection, now),
        AlarmKind.GAP: _gaps(connection, now),
        AlarmKind.ERRORS: _errors(connection, now),
    }
    for kind, wrong in found.items():
        settle_alarms(kind=kind, connection=connection, found=wrong, now=now)
    _check_last_collect(connection, now)


def _stale(connection: Connection, now: datetime) -> dict[str, str]:
    if connection.stale_after is None:
        return {}
    if links := link_states(connection, now=now):
        return _stale_links(connection, links, now)
    runs = ImportRun.objects.filter(connection=connection)
    last = runs.filter(records_in__gt=F("duplicate")).aggregate(at=Max("started_at"))["at"]
    since = last or _watched_since(connection)
    if since is None or now - since <= connection.stale_after:
        return {}
    came = f"nothing new has come since {last:%Y-%m-%d %H:%M} UTC" if last else "nothing has come yet"
    return {
        WHOLE: f"{connection.name}: {came}, which is longer than {_words(connection.stale_after)}. See that the"
        f" platform writes its records, then collect: tollbook collect {connection.quoted}"
    }


def _stale_links(connection: Connection, links: Sequence[LinkState], now: datetime) -> dict[str, str]:
    """Each by itself: one that stands still is not seen among many that do not. All together are one alarm."""
    limit = connection.stale_after or timedelta.max
    begun = {one.link: one.refreshed_at or one.expected_since for one in links}
    stale = [one for one in links if (since := begun[one.link]) is not None and now - since > limit]
    step = f"See that the platform refreshes its files, then collect: tollbook collect {connection.quoted}"
    if len(stale) == len(links) > 1:
        what = f"none of {len(links):,} files has been refreshed for longer than {_words(limit)}"
        return {WHOLE: f"{connection.name}: {what}. {step}"}
    return {
        one.link: f"{connection.name}: {one.link} of account {one.account} "
        + (f"was last refreshed {one.refreshed_at:%Y-%m-%d %H:%M} UTC" if one.refreshed_at else "has not come yet")
        + f", which is longer than {_words(limit)}. {step}"
        for one in stale
    }


def _watched_since(connection: Connection) -> datetime | None:
    """When something could have come for the first time."""
    first = CollectRun.objects.filter(connection=connection).aggregate(at=Min("started_at"))["at"]
    moments = [moment for moment in (first, connection.scheduled_at) if moment is not None]
    return min(moments, default=None)


def _gaps(connection: Connection, now: datetime) -> dict[str, str]:
    if not connection.sequence_pattern:
        return {}
    try:
        gaps = FileSequence.of(connection.sequence_pattern).gaps(_file_names(connection, now - LOOK_BACK))
    except BadInput as error:
        return {connection.sequence_pattern: f"{connection.name}: the sequence pattern {error}"}
    return {
        str(
            gap
        ): f"{connection.name}: {gap} {'is' if gap.count == 1 else f'({gap.count} files) are'} missing, though later"
        " files have come. Ask the platform for it; it is collected when it is there"
        for gap in gaps
    }


def _file_names(connection: Connection, since: datetime) -> Iterable[str]:
    collected = CollectedFile.objects.filter(connection=connection, collected_at__gte=since)
    imported = ImportRun.objects.filter(connection=connection, started_at__gte=since)
    return {*collected.values_list("name", flat=True), *imported.values_list("evidence__name", flat=True)}


def _errors(connection: Connection, now: datetime) -> dict[str, str]:
    with database.cursor() as cursor:
        cursor.execute(VISITS, [connection.pk, now - LOOK_BACK, PUSHED, LEAST_RECORDS, VISITS_COMPARED + 1])
        visits = [Visit(*row) for row in cursor.fetchall()]
    before = visits[1:]
    if not before or not is_unusual(visits[0], before):
        return {}
    return {
        WHOLE: f"{connection.name}: of the {visits[0].fresh:,} records that came last, {visits[0].set_aside:,} "
        f"({visits[0].set_aside / visits[0].fresh:.0%}) are set aside; it used to be {float(usual_share(before)):.0%}. "
        "See why: tollbook set-aside list"
    }


def is_unusual(last: Visit, before: Iterable[Visit]) -> bool:
    """Whether more of a visit's records is set aside than the visits before would let one expect.

    Three times as many set aside as usual, or a third as many well where much is set aside all the time.
    """
    share, usual = Fraction(last.set_aside, last.fresh), usual_share(before)
    return share >= LEAST_SHARE and (share >= TIMES_USUAL * usual or TIMES_USUAL * (1 - share) <= 1 - usual)


def usual_share(visits: Iterable[Visit]) -> Fraction:
    """How much of what came is set aside, of 1."""
    counted = list(visits)
    return Fraction(sum(visit.set_aside for visit in counted), sum(visit.fresh for visit in counted))


def _check_last_collect(connection: Connection, now: datetime) -> None:
    """A collect that hangs, or failed and was not followed by a better one. What failed just now is tried again.

    One of some customers or of a period says nothing of the others, and whoever asked for it has seen its end.
    """
    kind = AlarmKind.COLLECT_FAILED
    runs = CollectRun.objects.filter(connection=connection)
    at_work = runs.filter(state=CollectState.RUNNING, started_at__lt=now - LONGEST_COLLECT).first()
    if at_work is not None:
        raise_alarm(kind=kind, connection=connection, subject=WHOLE, text=_hangs(at_work), now=now)
        return
    ended = runs.filter(customers=[], since=None, until=None).exclude(finished_at=None)
    last = ended.order_by("-started_at", "-pk").first()
    if last is None or last.finished_at is None:
        return
    if last.state == CollectState.DONE:
        clear_alarm(kind=kind, connection=connection, subject=WHOLE, now=now)
    elif now - last.finished_at > TRIED_AGAIN_FOR:
        raise_alarm(kind=kind, connection=connection, subject=WHOLE, text=why_collect_failed(last), now=now)


def _hangs(run: CollectRun) -> str:
    return (
        f"{run.connection.name}: a collect has been at work since {run.started_at:%Y-%m-%d %H:%M} UTC. See in the log "
        "of `tollbook up` whether it gets on; if not, restart that: nothing is lost, and it is collected again"
    )


def why_collect_failed(run: CollectRun) -> str:
    """What to tell of a collect that failed, wholly or in part."""
    first = (
        run.problems[0]["error"].removeprefix(f"{run.connection.name}: ") if run.problems else "it was interrupted"
    )
    more = f" (and {len(run.problems) - 1} more)" if len(run.problems) > 1 else ""
    return (
        f"{run.connection.name}: {'only a part' if run.state == CollectState.PARTIAL else 'no usage'} could be "
        + (
            f"collected: {first}{more}. Nothing is lost; when it is mended: tollbook collect {run.connection.quoted}"
        )
    )


def _words(interval: timedelta) -> str:
    hours = interval.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
