"""What a job that visits a platform makes of what went wrong: try again, or an alarm."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.connections.models import Connection
from tollbook.connectors.errors import NeedsAttention, PasswordExpired, TryAgainLater
from tollbook.errors import TollbookError
from tollbook.jobs.check_sources import WHOLE, why_collect_failed
from tollbook.jobs.sync_report import SyncReport
from tollbook.usage.models import CollectRun, CollectState

LOG = structlog.get_logger()


@contextmanager
def alarmed(kind: AlarmKind, connection: Connection, *, is_last: bool) -> Iterator[None]:
    """Have an alarm raised when this fails, and cleared when it does not.

    What may pass by itself is nobody's business until the last attempt.
    """
    try:
        yield
    except TryAgainLater as error:
        LOG.warning("failed", connection=connection.name, kind=kind, again=not is_last, error=str(error))
        if is_last:
            _raise(kind, connection, str(error))
        raise
    except PasswordExpired as error:
        _raise(AlarmKind.PASSWORD_EXPIRES, connection, str(error))
        raise
    except TollbookError as error:
        _raise(kind, connection, str(error))
        raise
    except Exception as error:
        _raise(
            kind,
            connection,
            f"{connection.name}: a defect in Tollbook: {error!r}; the log of `tollbook up` has more",
        )
        raise
    for settled in (kind, AlarmKind.PASSWORD_EXPIRES):
        clear_alarm(kind=settled, connection=connection, subject=WHOLE, now=datetime.now(UTC))


def see_that_all_was_collected(run: CollectRun) -> None:
    """Raise what a collect could not do.

    Raises:
        TryAgainLater: it may succeed by trying again.
        NeedsAttention: a person must act.
    """
    if run.state == CollectState.DONE:
        return
    text = why_collect_failed(run).removeprefix(f"{run.connection.name}: ")
    raise (TryAgainLater if run.may_pass else NeedsAttention)(text, platform=run.connection.name)


def see_that_all_was_synced(connection: Connection, reports: Sequence[SyncReport]) -> None:
    """Raise what a sync could not do.

    Raises:
        ConnectorError: as the platform's list broke off.
        NeedsAttention: a list was not whole for another reason.
    """
    for report in reports:
        if report.failure is not None:
            raise report.failure
        if not report.is_complete:
            raise NeedsAttention(report.error.removeprefix(connection.name).lstrip(": "), platform=connection.name)


def _raise(kind: AlarmKind, connection: Connection, text: str) -> None:
    raise_alarm(kind=kind, connection=connection, subject=WHOLE, text=text, now=datetime.now(UTC))
