"""How people write an amount of usage: `500min` or `2h` of calls, `100` messages, `10GB` of data."""

import re
from decimal import Decimal

from tollbook.rating.frames import UNITS
from tollbook.records import KINDS, Measure

MAX_QUANTITY = 10**15  # a petabyte: nothing that is included or counted in a period is more
QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)", re.ASCII)

TIME_UNITS = {"s": 1, "min": 60, "h": 3_600}
MESSAGE_UNITS = {"messages": 1, "message": 1}
BYTE_UNITS = {name: size for name, size in UNITS.items() if name != "message"}


def read_quantity(text: str, kind: str) -> int:
    """Seconds, messages or bytes. Without a unit it is that many of them.

    Raises:
        ValueError: with what is wrong and how it is written.
    """
    units = units_of(kind)
    found = QUANTITY.fullmatch(text.strip())
    spelled = {name.lower(): size for name, size in units.items()}
    size = None if found is None else (spelled.get(found[2].lower()) if found[2] else 1)
    if found is None or size is None:
        raise ValueError(f"{text!r} is no amount of {kind}; write a number with one of {', '.join(units)}")
    exact = Decimal(found[1]) * size
    if exact != int(exact) or exact > MAX_QUANTITY:
        raise ValueError(f"{text!r} is not a whole number of {smallest(kind)} up to {MAX_QUANTITY}")
    return int(exact)


def written_quantity(amount: int, kind: str) -> str:
    """The amount in the largest unit that it is whole in: 30000 seconds are `500 min`."""
    units = units_of(kind)
    if KINDS[kind] is Measure.MESSAGES:
        return f"{amount} messages"
    name = max((name for name, size in units.items() if amount % size == 0), key=lambda name: units[name])
    if amount == 0:
        name = min(units, key=lambda name: units[name])
    return f"{amount // units[name]} {name}"


def units_of(kind: str) -> dict[str, int]:
    """The units in which amounts of this kind are written, with their size."""
    measure = KINDS[kind]
    return {Measure.TIME: TIME_UNITS, Measure.MESSAGES: MESSAGE_UNITS, Measure.BYTES: BYTE_UNITS}[measure]


def smallest(kind: str) -> str:
    """What amounts of this kind are counted in."""
    return {Measure.TIME: "seconds", Measure.MESSAGES: "messages", Measure.BYTES: "bytes"}[KINDS[kind]]
