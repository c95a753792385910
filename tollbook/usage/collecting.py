"""Keeping track of what was collected. Cursors move only when what was fetched is in the ledger."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connectors.base import Finished, RemoteFile, Scope
from tollbook.connectors.errors import TryAgainLater
from tollbook.errors import TollbookError
from tollbook.usage.frames import OUTCOMES
from tollbook.usage.models import CollectedFile, CollectRun, CollectState, Evidence, UsageCursor
from tollbook.usage.queries import charged_sums

KEPT_PROBLEMS = 1_000  # by name; more are only counted
WHOLE_VISIT = ""  # the scope of a problem that concerns all of them


@dataclass(frozen=True, slots=True)
class Problem:
    """A scope (foreign customer, file) that could not be collected."""

    scope: str
    error: str
    may_pass: bool  # by just trying again

    @classmethod
    def of(cls, scope: str, error: TollbookError) -> "Problem":
        """What an error means for a scope."""
        return cls(scope, str(error), isinstance(error, TryAgainLater))


@dataclass(slots=True, kw_only=True)
class Visit:
    """What a visit to a platform came to."""

    scopes: int = 0  # that were asked for
    skipped: int = 0
    succeeded: int = 0  # of them, and of those skipped as they are in the ledger already
    bytes_fetched: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def state(self) -> CollectState:
        """Partial is when something could be collected all the same."""
        if not self.problems:
            return CollectState.DONE
        return CollectState.PARTIAL if self.succeeded else CollectState.FAILED

    def put_on(self, run: CollectRun) -> None:
        """Write these figures on a run, which is not saved."""
        run.state = self.state
        run.scopes, run.scopes_skipped, run.scopes_failed = self.scopes, self.skipped, len(self.problems)
        run.problems = [{"scope": one.scope, "error": one.error} for one in self.problems[:KEPT_PROBLEMS]]
        run.may_pass = bool(self.problems) and all(one.may_pass for one in self.problems)
        run.bytes_fetched = self.bytes_fetched


def close_collect(run: CollectRun, visit: Visit, *, finished_at: datetime) -> None:
    """Say what became of it, with the counts and sums of its imports as they are now."""
    visit.put_on(run)
    run.finished_at = finished_at
    imports = list(run.runs.all())
    counts = {name: sum(getattr(one, name) for one in imports) for name in OUTCOMES}
    run.outcomes = {name: count for name, count in counts.items() if count}
    sums: Counter[str] = Counter()
    for by_currency in charged_sums(one.pk for one in imports).values():
        sums.update(by_currency)
    run.sums = dict(sums)
    run.save()


def note_first_asked(connection: Connection, scopes: Iterable[Scope], *, now: datetime) -> None:
    """Remember when a customer was first asked for, so that a first attempt that fails loses no days."""
    UsageCursor.objects.bulk_create(
        [UsageCursor(connection=connection, scope=scope.customer_id, first_asked_at=now) for scope in scopes],
        ignore_conflicts=True,
    )


@transaction.atomic
def move_cursors(connection: Connection, finished: Iterable[Finished], *, now: datetime) -> None:
    """Extend what is known to be collected by these scopes, all of them or none."""
    asked = {one.scope.customer_id: one for one in finished}
    cursors = UsageCursor.objects.select_for_update().filter(connection=connection, scope__in=asked)
    for cursor in cursors.order_by("pk"):
        _extend(cursor, asked[cursor.scope], now)
        cursor.save()


def _extend(cursor: UsageCursor, done: Finished, now: datetime) -> None:
    """Never backwards, and never over a gap: a period apart from the others moves nothing.

    The connector's own words are taken when it went on from where it was, up to now. Those for a period somebody
    chose could make it forget to look for what comes late of the days before, or of the days after.
    """
    since, until = done.scope.since, done.scope.until
    went_on = done.scope.cursor == cursor.cursor
    if cursor.collected_from is None or cursor.collected_until is None:
        cursor.collected_from, cursor.collected_until = since, until
    elif since <= cursor.collected_until and until >= cursor.collected_from:
        went_on = since <= cursor.collected_from or (went_on and since >= cursor.collected_until)
        cursor.collected_from = min(cursor.collected_from, since)
        cursor.collected_until = max(cursor.collected_until, until)
    else:
        return
    if went_on and until >= now:
        cursor.cursor = done.cursor


def remember_file(
    connection: Connection, file: RemoteFile, *, evidence: Evidence | None, now: datetime, error: str = ""
) -> None:
    """Note how the file was when it was collected, or found to be unusable."""
    CollectedFile.objects.update_or_create(
        connection=connection,
        name=file.name,
        defaults={
            "size_bytes": file.size_bytes,
            "modified_at": file.modified_at,
            "version": file.version,
            "is_complete": file.is_complete,
            "collected_at": now,
            "evidence": evidence,
            "error": error,
        },
    )


def as_remote(known: CollectedFile) -> RemoteFile:
    """A file as its source described it when it was collected."""
    return RemoteFile(
        name=known.name,
        size_bytes=known.size_bytes,
        modified_at=known.modified_at,
        version=known.version,
        is_complete=known.is_complete,
    )


def is_unchanged(file: RemoteFile, known: RemoteFile) -> bool:
    """Whether the source says so much of a file that it can be left alone, being as it was."""
    if file is known:  # the source was asked, and gave it back
        return True
    says_enough = bool(file.version) or (file.size_bytes is not None and file.modified_at is not None)
    return says_enough and file == known
