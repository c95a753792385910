"""The columns of a price list by name, in groups of one meaning."""

from collections.abc import Iterable
from difflib import get_close_matches

PER_MINUTE = ("price", "first_price", "next_price")
AMOUNTS = (*PER_MINUTE, "connect_fee", "minimum_charge", "maximum_charge", "per_unit")
WHOLE_NUMBERS = ("from_s", "grace_period", "minimum_duration", "min_digits", "max_digits")
INCREMENTS = ("first_increment", "next_increment")
MOMENTS = ("active_from", "active_until", "recorded_at")
TIMES = ("from_time", "until_time")
TEXTS = ("destination", "category", "holiday")
COLUMNS = (
    *("prefix", "cli_prefix", "kind", "increment", "weekdays", "forbidden", "unit"),
    *(*AMOUNTS, *WHOLE_NUMBERS, *INCREMENTS, *MOMENTS, *TIMES, *TEXTS),
)


def nearest_name(name: str, names: Iterable[str]) -> str:
    """`; did you mean 'connect_fee'?` or nothing, for the end of a message."""
    near = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""
