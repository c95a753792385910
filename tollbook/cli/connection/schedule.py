"""What options say of when usage is collected, and setting it so."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tollbook.connections.models import Connection
from tollbook.connections.operations import schedule_of, set_schedule
from tollbook.connections.schedule import Schedule
from tollbook.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was named; None is what was not."""

    at: time | None
    every: timedelta | None
    is_on: bool | None

    def __post_init__(self) -> None:
        if self.at is not None and self.every is not None:
            raise BadInput("--at is daily and --every is not: give one of them")
        if self.is_on is False and (self.at or self.every) is not None:
            raise BadInput("--no-schedule, and yet a time was given: leave out one of them")


def grant(wish: Wish, connection: Connection, *, was: Schedule | None, may_change: bool, now: datetime) -> None:
    """Set the schedule; one that was there before changes only if it may.

    Raises:
        BadInput: it may not.
    """
    if wish.at is None and wish.every is None and wish.is_on is None:
        return
    every = wish.every if wish.at or wish.every else connection.collect_every
    made = set_schedule(connection, now=now, is_on=wish.is_on is not False, at=wish.at, every=every)
    if was is not None and schedule_of(made) != was and not may_change:
        raise BadInput(
            f"there is a connection {connection.name!r} already, with another schedule; give --change to change it"
        )
