"""How PortaBilling writes values: switches as 0 and 1, properties as Y and N, times in UTC without a zone."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
DATE_FORMAT = "%Y-%m-%d"
END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
LARGEST_ID = (1 << 63) - 1
MOST_WHOLE_DIGITS = 9  # of an amount
FIRST_YEAR = 1900  # before that nothing was billed; the calendar's first days cannot be moved between zones

Id = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]

# In answers.
YN = Literal["Y", "N"]
Bit = Literal[0, 1]
Money = Annotated[Decimal, msgspec.Meta(extra_json_schema={"type": "number", "format": "double"})]
TimeText = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")]
DayText = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]

# In requests; msgspec asks `read_value` for these.


class Switch(int):
    """0 or 1; true and false are read too."""


class YesNo(str):
    """Y or N; true, false, 1 and 0 are read too."""

    __slots__ = ()

    @property
    def is_yes(self) -> bool:
        return self == "Y"


class Time(datetime):
    """`YYYY-MM-DD HH:MM:SS`, UTC; a date is its midnight."""


class Until(Time):
    """The same, or `now`: the end of time, since nothing is billed after now."""


class Day(date):
    """`YYYY-MM-DD`; of a date-time its day."""


class Amount(Decimal):
    """Money: a JSON number or the same as text, at most 9 decimals."""


SWITCHES = {0: 0, 1: 1, "0": 0, "1": 1, "true": 1, "false": 0, "Y": 1, "N": 0}
YES_NO = {"Y": "Y", "N": "N", "y": "Y", "n": "N", 0: "N", 1: "Y", "0": "N", "1": "Y", "true": "Y", "false": "N"}


def read_value(kind: type, value: Any) -> Any:
    """A value of one of the kinds above; msgspec asks for it.

    Raises:
        ValueError: it is none, with what was expected.
    """
    match kind:
        case _ if kind is Switch:
            return Switch(_one_of(SWITCHES, value, "0 or 1"))
        case _ if kind is YesNo:
            return YesNo(_one_of(YES_NO, value, "Y or N"))
        case _ if kind is Time:
            return read_time(value)
        case _ if kind is Until:
            moment = END_OF_TIME if str(value).strip().lower() == "now" else read_time(value)
            return Until(*moment.timetuple()[:6], tzinfo=UTC)
        case _ if kind is Day:
            moment = read_time(value)
            return Day(moment.year, moment.month, moment.day)
        case _ if kind is Amount:
            return _amount(value)
    raise NotImplementedError(kind)


def _one_of(known: dict[Any, Any], value: Any, expected: str) -> Any:
    if isinstance(value, (str, int)) and value in known:
        return known[value]
    raise ValueError(f"{value!r} is not {expected}")


def read_time(value: Any) -> Time:
    """A date-time or a date, in UTC.

    Raises:
        ValueError: it is written otherwise.
    """
    for written in (TIME_FORMAT, DATE_FORMAT, "%Y-%m-%dT%H:%M:%S"):
        try:
            moment = datetime.strptime(f"{value}+0000", f"{written}%z")
        except ValueError:
            continue
        if moment.year < FIRST_YEAR:
            raise ValueError(f"{value!r} is before {FIRST_YEAR}")
        return Time(*moment.timetuple()[:6], tzinfo=UTC)
    raise ValueError(f"{value!r} is not a time like 2026-11-21 09:30:00, in UTC")


def _amount(value: Any) -> Amount:
    try:
        amount = Amount(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"{value!r} is not an amount") from None
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -9 or amount.adjusted() >= MOST_WHOLE_DIGITS:
        raise ValueError(f"{value!r} is not an amount below 1,000,000,000 with at most 9 decimals")
    return amount


def schema_of(kind: type) -> dict[str, Any]:
    """The kinds above as JSON schema; msgspec asks for it."""
    match kind:
        case _ if kind is Switch:
            return {"type": "integer", "enum": [0, 1]}
        case _ if kind is YesNo:
            return {"type": "string", "enum": ["Y", "N"]}
        case _ if kind in (Time, Until):
            return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"}
        case _ if kind is Day:
            return {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}
        case _ if kind is Amount:
            return {"type": "number"}
    raise NotImplementedError(kind)


def time_text(moment: datetime | None) -> str | None:
    """A moment as the API writes it."""
    return None if moment is None else moment.astimezone(UTC).strftime(TIME_FORMAT)


def day_text(day: date | None) -> str | None:
    """A day as the API writes it."""
    return None if day is None else day.isoformat()


def money(amount: Decimal | None) -> Decimal | None:
    """Money as the API has it: a JSON number, at most 5 decimals."""
    return None if amount is None else round(amount, 5)


def yes_no(value: bool) -> YN:
    """A stored property."""
    return "Y" if value else "N"


def bit(value: bool) -> Bit:
    """A computed flag."""
    return 1 if value else 0
