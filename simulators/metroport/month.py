"""A month of one provider at Metroport: users, SIM cards, and five thousand records and more. The same for a seed.

Times are drawn in the world's time and written as Warsaw's clock shows them, so that in October the hour between two
and three comes twice, and in March not at all.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from simulators.metroport.mobiles import Mobile, mobiles
from simulators.metroport.records import UNKNOWN_TYPE, Record, Service, priced
from simulators.metroport.services import (
    DATA,
    EMERGENCY,
    INCOMING,
    LANDLINE,
    NATIONAL_MOBILE,
    PRIVATE_DATA,
    SERVICES,
    VIDEO,
)
from simulators.metroport.users import User, users
from simulators.metroport.warsaw import WARSAW, bounds, hour_that_comes_twice, hours_of, wall_clock

ORDINARY_RECORDS = 5_200
FIRST_ID = 97_301  # so that ids grow from five digits to six in the middle of the month
ROUTED = 40  # every so many-th call carries the prefix of its route
LOST_NUMBER = "500000900"  # no SIM card in the list has it
BUSY_HOURS = (1, 1, 1, 1, 1, 2, 4, 9, 14, 18, 19, 19, 18, 17, 18, 18, 17, 16, 15, 14, 12, 9, 5, 2)


@dataclass(slots=True)
class Month:
    users: list[User]
    mobiles: list[Mobile]
    records: list[Record]  # by id


def make_month(seed: int, month: str) -> Month:
    """The month, as "2017-06"."""
    random_ = random.Random(f"metroport {seed} {month}")
    everybody = users()
    cards = mobiles(everybody, random_)
    events = [*_ordinary(cards, month, random_), *_awkward(cards, month)]
    events.sort(key=lambda event: event.seen)
    records = [replace(event.record, id=FIRST_ID + place) for place, event in enumerate(events)]
    return Month(everybody, cards, records)


@dataclass(frozen=True, slots=True)
class _Event:
    """A record that has no id yet: ids are given in the order in which the network reports."""

    seen: datetime
    record: Record


def _ordinary(cards: list[Mobile], month: str, random_: random.Random) -> Iterator[_Event]:
    hours = hours_of(month)
    busy = [BUSY_HOURS[hour.astimezone(WARSAW).hour] for hour in hours]
    in_use = [card for card in cards if card.may_be_used]
    services = random_.choices(SERVICES, [service.weight for service in SERVICES], k=ORDINARY_RECORDS)
    for number, service in enumerate(services):
        start = random_.choices(hours, busy)[0] + timedelta(seconds=random_.randrange(3600))
        far_end = _far_end(service, random_)
        if service.kind == "call" and len(far_end) > 9 and number % ROUTED == 0:
            far_end = f"D{random_.randrange(1, 10)}{far_end}"
        quantity = _quantity(service, random_)
        delay = timedelta(seconds=random_.randrange(1, 90))
        yield _event(random_.choice(in_use), service, start, quantity, far_end, delay)


def _awkward(cards: list[Mobile], month: str) -> Iterator[_Event]:
    """What must be in every month, at the same card: the first that may be used. Nobody else calls these numbers."""
    card = next(card for card in cards if card.may_be_used)
    first, end = bounds(month)
    noon = first + timedelta(days=9, hours=12)

    def event(service: Service, start: datetime, quantity: int, far_end: str) -> _Event:
        return _event(card, service, start, quantity, far_end)

    yield event(NATIONAL_MOBILE, first, 60, "48501900101")
    yield event(NATIONAL_MOBILE, end - timedelta(seconds=30), 75, "48501900102")  # ends in the next month
    yield event(LANDLINE, end - timedelta(seconds=1), 20, "48220900103")
    yield event(INCOMING, noon, 33, "48501900104")
    yield event(EMERGENCY, noon + timedelta(minutes=1), 41, "112")
    yield event(NATIONAL_MOBILE, noon + timedelta(minutes=2), 60, "D248501900105")
    yield event(PRIVATE_DATA, noon + timedelta(minutes=3), 2048, PRIVATE_DATA.to[0])
    yield event(VIDEO, noon + timedelta(minutes=4), 90, "48602900106")
    yield event(DATA, noon + timedelta(minutes=5), 0, "internet")
    for change in (_as_it_was, _correction, _of_unknown_type, _of_lost_number):
        corrected = event(NATIONAL_MOBILE, noon + timedelta(minutes=6), 120, "48501900107")
        yield replace(corrected, record=change(corrected.record))
    if (again := hour_that_comes_twice(month)) is not None:
        for minutes, number in (
            (10, "48501900110"),
            (50, "48501900111"),
            (65, "48501900112"),
            (110, "48501900113"),
        ):
            yield event(NATIONAL_MOBILE, again + timedelta(minutes=minutes), 300, number)


def _as_it_was(record: Record) -> Record:
    return record


def _correction(record: Record) -> Record:
    return replace(record, category="Korekta", price=-record.price)


def _of_unknown_type(record: Record) -> Record:
    return replace(record, category="Usługa dodatkowa", traffic_types_id=UNKNOWN_TYPE)


def _of_lost_number(record: Record) -> Record:
    return replace(record, ano=LOST_NUMBER, src=f"48{LOST_NUMBER}")


def _event(
    card: Mobile,
    service: Service,
    start: datetime,
    quantity: int,
    far_end: str,
    delay: timedelta = timedelta(seconds=1),
) -> _Event:
    src, dst = (far_end, card.number) if service.is_incoming else (card.number, far_end)
    record = Record(
        id=0,
        userid=card.userid,
        ano=card.ano,
        src=src,
        dst=dst,
        calldate=wall_clock(start),
        kind=service.kind,
        quantity=quantity,
        category=service.category,
        price=priced(service, quantity),
    )
    lasts = timedelta(seconds=quantity if record.counted == "duration" else 0)
    return _Event(start + lasts + delay, record)


def _far_end(service: Service, random_: random.Random) -> str:
    beginning = random_.choice(service.to)
    if not beginning.isdigit():
        return beginning
    missing = service.length - len(beginning)
    return beginning + "".join(random_.choices("0123456789", k=missing))


def _quantity(service: Service, random_: random.Random) -> int:
    match service.kind:
        case "call" | "video":
            return max(1, min(7_200, round(random_.lognormvariate(4.3, 1.1))))
        case "data":
            return max(1, min(4_000_000, round(random_.lognormvariate(9.0, 1.8))))
        case "sms" | "mms":
            return random_.choices((1, 2, 3), (90, 8, 2))[0]
