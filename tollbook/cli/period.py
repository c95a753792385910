"""Days on the command line: those of a connection's zone, the last one included."""

from datetime import UTC, date, datetime, timedelta

from tollbook.connections.models import Connection
from tollbook.connections.queries import beginning_of, zone_of
from tollbook.errors import BadInput


def day_of(text: str, option: str) -> date:
    """A day as somebody wrote it.

    Raises:
        BadInput: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text!r} is not a day; write it as 2017-06-30") from None


def days_of(from_: str, to: str) -> tuple[date | None, date | None]:
    """The period as `[since, until)`; None where nothing was written.

    Raises:
        BadInput: no day, or the last is before the first.
    """
    since = day_of(from_, "--from") if from_ else None
    until = day_of(to, "--to") + timedelta(days=1) if to else None
    if since is not None and until is not None and until <= since:
        raise BadInput(f"--to {to} is before --from {from_}; give the earlier day first")
    return since, until


def moments_of(
    since: date | None, until: date | None, connection: Connection
) -> tuple[datetime | None, datetime | None]:
    """When these days begin in the connection's zone.

    Raises:
        BadInput: the first has not begun there.
    """
    begin = None if since is None else beginning_of(since, connection)
    if begin is not None and begin > datetime.now(UTC):
        raise BadInput(f"--from {since} has not come yet; give today or an earlier day")
    return begin, None if until is None else beginning_of(until, connection)


def today(connection: Connection) -> date:
    """The day it is now in the connection's zone."""
    return datetime.now(UTC).astimezone(zone_of(connection)).date()
