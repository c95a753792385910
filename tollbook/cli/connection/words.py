"""What people write in options of connections: names with values, intervals, times of day."""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta

from tollbook.errors import BadInput

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def pairs(option: str, texts: Iterable[str] | None, *, example: str) -> dict[str, str]:
    """NAME=VALUE, each name once. A value may be empty.

    Raises:
        BadInput: not written so. The value is not shown: it may be a secret in the wrong place.
    """
    found: dict[str, str] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not (name.strip() and equals):
            raise BadInput(f"{option} {name!r}: write a name and a value, as {example}")
        if name.strip() in found:
            raise BadInput(f"{option}: {name.strip()!r} is named twice")
        found[name.strip()] = value.strip()
    return found


def interval(option: str, text: str) -> timedelta:
    """30m, 6h or 2d.

    Raises:
        BadInput: it is none.
    """
    written = re.fullmatch(r"(\d{1,6})([smhd])", text.strip(), re.ASCII)
    if written is None:
        raise BadInput(f"{option} {text!r}: write a whole number and its unit, as 30m, 6h or 2d")
    return timedelta(**{UNITS[written[2]]: int(written[1])})


def in_words(length: timedelta) -> str:
    """As `interval` reads it, in the largest unit that is whole."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def time_of_day(option: str, text: str) -> time:
    """01:00.

    Raises:
        BadInput: it is none.
    """
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text.strip(), re.ASCII):
        raise BadInput(f"{option} {text!r}: write a time of day in 24 hours, as 01:00")
    return time.fromisoformat(text.strip())


def day(option: str, text: str) -> date:
    """2026-01-31.

    Raises:
        BadInput: it is none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"{option} {text!r}: write a day as 2026-01-31") from None
