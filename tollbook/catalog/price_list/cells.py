"""What one cell of a price list means. Each reader takes the text of a cell and raises ValueError with the reason.

They run once per distinct text of a column, not once per row, so plain Python is fast enough for a million rows.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from tollbook.money import MAX_DECIMALS, NANOS_PER_UNIT
from tollbook.rating.frames import UNITS
from tollbook.records import KINDS

MAX_WHOLE = 1_000_000_000  # seconds, units or digits: nothing in a price list is larger
MAX_AMOUNT = 100_000_000  # of any currency; leaves room in 64 bits to price a minute exactly
MAX_AMOUNT_CHARACTERS = 40
AMOUNT = re.compile(r"([+-]?)(\d*)(?:([.,])(\d*))?", re.ASCII)
WEEKDAYS = re.compile(r"([1-7])(?:-([1-7]))?", re.ASCII)
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0"})
DAY_S = 86_400


def amount_nanos(cell: str, *, mark: str | None, factor: Decimal) -> int:
    """Nano-units of an amount written with decimal `mark`, times `factor`. Exact, or refused.

    More than 9 decimals are refused, never cut. An amount like 1,234 is read with its comma as decimal comma:
    the price lists we read group no thousands, and `mark` keeps one file to one meaning.
    """
    match = AMOUNT.fullmatch(cell) if len(cell) <= MAX_AMOUNT_CHARACTERS else None
    if match is None or not (match[2] or match[4]):
        raise ValueError("is not an amount; write it as 0.0125")
    sign, whole, used_mark, fraction = match[1], match[2], match[3], (match[4] or "").rstrip("0")
    if used_mark and mark and used_mark != mark:
        raise ValueError(f"is written with {used_mark!r} in a price list that writes decimals with {mark!r}")
    numerator, denominator = factor.as_integer_ratio()
    nanos, rest = divmod(
        int(whole + fraction or "0") * numerator * NANOS_PER_UNIT, int(10 ** len(fraction)) * denominator
    )
    if rest:
        raise ValueError(f"has more than {MAX_DECIMALS} decimals; write it with at most {MAX_DECIMALS}")
    if nanos > MAX_AMOUNT * NANOS_PER_UNIT:
        raise ValueError(f"is too large; the limit is {MAX_AMOUNT}")
    return -nanos if sign == "-" else nanos


def whole_number(cell: str) -> int:
    if not (cell.isascii() and cell.isdigit() and len(cell) <= len(str(MAX_WHOLE)) and int(cell) <= MAX_WHOLE):
        raise ValueError(f"is not a whole number between 0 and {MAX_WHOLE}")
    return int(cell)


def increment_step(cell: str) -> int:
    step = whole_number(cell)
    if step == 0:
        raise ValueError("is not an increment; the least is 1")
    return step


def first_and_next_increment(cell: str) -> tuple[int, int]:
    """`60/6` is first 60, next 6; `60` is 60 for both."""
    first, slash, following = cell.partition("/")
    try:
        return increment_step(first.strip()), increment_step((following if slash else first).strip())
    except ValueError:
        raise ValueError("is not an increment; write it as 60 or 60/6") from None


def weekday_bits(cell: str) -> int:
    """`1-5` or `1,3,7` with 1 = Monday; bit 0 = Monday. `6-1` goes over Sunday to Monday."""
    bits = 0
    for part in cell.replace(" ", "").split(","):
        match = WEEKDAYS.fullmatch(part)
        if match is None:
            raise ValueError("is not a choice of weekdays; write it as 1-5 or 1,3,7 (1 = Monday)")
        first, last = int(match[1]), int(match[2] or match[1])
        length = (last - first) % 7 + 1
        for day in range(first - 1, first - 1 + length):
            bits |= 1 << day % 7
    return bits


def time_of_day_s(cell: str) -> int:
    """Seconds after midnight of `08:00`, `20:00:30` or, as an end, `24:00`."""
    match = CLOCK.fullmatch(cell)
    if match:
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
        total = hours * 3600 + minutes * 60 + seconds
        if minutes < 60 and seconds < 60 and total <= DAY_S:
            return total
    raise ValueError("is not a time of day; write it as 08:00 or 24:00")


def moment(cell: str, *, zone: ZoneInfo, date_format: str | None) -> datetime:
    """The moment in UTC. A date alone is its first moment; without a zone it is read in `zone`.

    An hour that clocks skip is read as the moment at which they jump; an hour that they repeat is its first.
    """
    try:
        read = datetime.strptime(cell, date_format) if date_format else datetime.fromisoformat(cell)  # noqa: DTZ007
        if read.tzinfo is None:
            read = read.replace(tzinfo=zone)
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        expected = datetime(2026, 12, 31, tzinfo=zone).strftime(date_format) if date_format else "2026-12-31"
        raise ValueError(f"is not a date or date-time; write it as {expected}") from None


def yes_or_no(cell: str) -> bool:
    word = cell.lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError("is neither yes nor no")


def usage_kind(cell: str) -> str:
    if cell not in KINDS:
        raise ValueError(f"is not a usage kind; there are {', '.join(KINDS)}")
    return cell


_UNIT_NAMES = {name.lower(): name for name in UNITS}


def unit_name(cell: str) -> str:
    name = _UNIT_NAMES.get(cell.lower())
    if name is None:
        raise ValueError(f"is not a unit; there are {', '.join(UNITS)}")
    return name
