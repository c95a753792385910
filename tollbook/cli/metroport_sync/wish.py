"""What the options of `tollbook metroport-sync` ask for. Pure: the clock and the zone are arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tollbook.connectors.metroport.options import MAX_DAYS
from tollbook.errors import BadInput

DEFAULT_CHUNK_DAYS = 1
TIME_FORMAT = "YYYY-MM-DD HH:MM:SS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options as they were given."""

    start: str | None = None
    end: str | None = None
    mode: str | None = None
    incremental: bool = False
    use_last_id: bool = False
    use_call_start_time: bool = False
    chunking: bool | None = None
    chunk_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What they mean for collecting."""

    since: datetime | None  # UTC; None = where it left off
    until: datetime  # UTC, exclusive
    again: bool  # also what was collected before
    settings: Mapping[str, str] = field(default_factory=dict)  # of the connector, in place of the connection's


def wish_of(given: Given, *, now: datetime, zone: ZoneInfo) -> Wish:
    """The period, and how to ask for it.

    Without options it is the previous calendar month. A start alone is followed by a month. An end is the last second
    wanted; one in the future becomes the end of yesterday. What is incremental goes on to this moment.

    Raises:
        BadInput: options that exclude each other, a time that is none, or an empty period.
    """
    settings = _settings(given)
    start = None if given.start is None else _local("--start-date", given.start)
    today = now.astimezone(zone).date()
    first_of_month = datetime.combine(today.replace(day=1), time())
    begin = start or _months_later(first_of_month, -1)
    if given.end is not None:
        end = _local("--end-date", given.end, is_end=True) + timedelta(seconds=1)
    else:
        end = _months_later(begin, 1)
    until = _utc(end, zone)
    is_open = given.incremental and given.end is None
    if until > now:
        end = datetime.combine(today, time())
        until = _utc(end, zone)
    goes_on = given.incremental and start is None
    if not goes_on and not is_open and begin >= end:
        raise BadInput(
            f"the period from {begin} to {end - timedelta(seconds=1)} is empty; an end in the future is moved to the "
            "end of yesterday: give an earlier --start-date or a later --end-date"
        )
    return Wish(
        since=None if goes_on else _utc(begin, zone),
        until=now if is_open else until,
        again=not given.incremental,
        settings=settings,
    )


def _settings(given: Given) -> dict[str, str]:
    if given.use_last_id and given.use_call_start_time:
        raise BadInput("--use-last-id and --use-call-start-time exclude each other; give one of them")
    if (given.use_last_id or given.use_call_start_time) and not given.incremental:
        raise BadInput("--use-last-id and --use-call-start-time say how to be --incremental; give that, too")
    if given.chunking is False and given.chunk_size is not None:
        raise BadInput("--no-chunking and --chunk-size exclude each other; give one of them")
    if given.chunk_size is not None and not 1 <= given.chunk_size <= MAX_DAYS:
        raise BadInput(f"--chunk-size {given.chunk_size}; it is 1 to {MAX_DAYS} days")
    settings = {} if given.mode is None else {"mode": given.mode}
    if given.incremental:
        settings["incremental"] = "time" if given.use_call_start_time else "id"
    if given.chunking is False:
        settings["chunk_days"] = "0"
    elif given.chunking or given.incremental or given.chunk_size is not None:
        settings["chunk_days"] = str(given.chunk_size or DEFAULT_CHUNK_DAYS)
    return settings


def _local(option: str, text: str, *, is_end: bool = False) -> datetime:
    """A time of the zone's clock. A day alone is its first second, or its last one where it is the end."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or moment.microsecond:
        raise BadInput(f'{option} {text!r} is no time; write it as "{TIME_FORMAT}"')
    is_day = len(text.strip()) <= len("YYYY-MM-DD")
    return moment + timedelta(days=1, seconds=-1) if is_day and is_end else moment


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day and time of another month; its last day where it has no such day."""
    years, month = divmod(moment.month - 1 + months, 12)
    first = moment.replace(year=moment.year + years, month=month + 1, day=1)
    last_day = ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(moment.day, last_day))


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)
