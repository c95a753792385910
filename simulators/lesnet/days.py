"""The calls of one peer on one day, and the line that a file has of each. The same for a seed.

On the fourth day of every peer two lines are identical in every letter: two calls that began in the same second. One
call a day was not answered; every fourth call came in to a DID.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from simulators.lesnet.peers import Peer

TWINS_ON = 4  # the day of the month, counted from one
INBOUND = 4  # one in so many
STEP_S = 6  # what the carrier rounds up to
INBOUND_RATE = Decimal("0.0085")
RATES = {
    "1204": Decimal("0.0070"),
    "1416": Decimal("0.0055"),
    "1867": Decimal("0.0990"),
    "44207": Decimal("0.0120"),
}
CENT_PARTS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Row:
    """A call. Inbound has a DID of the peer as its destination."""

    start: datetime  # UTC
    source: str
    destination: str
    seconds: int
    rate: Decimal  # a minute
    peer: str

    @property
    def cost(self) -> Decimal:
        steps = -(-self.seconds // STEP_S)
        return (self.rate * steps * STEP_S / 60).quantize(CENT_PARTS)

    def line(self, delimiter: str) -> str:
        fields = (f"{self.start:%Y-%m-%d %H:%M:%S}", self.source, self.destination, str(self.seconds))
        return delimiter.join((*fields, f"{self.rate:f}", f"{self.cost:f}", self.peer))


def header(delimiter: str) -> str:
    return delimiter.join(("start", "source", "destination", "seconds", "rate", "cost", "peer"))


def rows_of_day(seed: int, peer: Peer, first_day: datetime, day: int, count: int) -> list[Row]:
    """By time. `day` is counted from one; twins are among the `count`."""
    random_ = random.Random(f"lesnet {seed} {peer.id} {first_day:%Y-%m} {day}")
    midnight = first_day + timedelta(days=day - 1)
    rows = [_row(peer, midnight, place, random_) for place in range(count)]
    if day == TWINS_ON and count > 1:
        rows[1] = rows[0]
    return sorted(rows, key=lambda row: row.start)


def _row(peer: Peer, midnight: datetime, place: int, random_: random.Random) -> Row:
    start = midnight + timedelta(seconds=random_.randrange(7 * 3600, 23 * 3600))
    prefix = random_.choice(list(RATES))
    stranger = (
        f"{prefix}{random_.randrange(9_460_200, 9_461_000)}" if prefix == "44207" else _nobodys(prefix, random_)
    )
    did = random_.choice(peer.dids)
    seconds = 0 if place == 2 else 1 + round(random_.expovariate(1 / 150))
    if place % INBOUND == INBOUND - 1:
        return Row(start, stranger, did, seconds, INBOUND_RATE, peer.id)
    return Row(start, did, stranger, seconds, RATES[prefix], peer.id)


def _nobodys(area: str, random_: random.Random) -> str:
    return f"{area}55501{random_.randrange(40, 100)}"
