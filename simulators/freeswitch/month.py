"""A month of calls of five account codes in two domains. The same for a seed; all numbers are made up.

One call lasts exactly 2.506 seconds; others have names with quotes, commas and letters of other alphabets, no
account code (one in thirty), or were transferred (one in twenty). The second domain's dial plan sets no direction.
"""

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulators.freeswitch.calls import CAUSES, Call, Way

CALLS = 400
# Domain → account code → its DID
DOMAINS = {
    "lantern.example.net": {"1001": "12505550131", "1002": "12505550132", "1003": "12505550133"},
    "cobble.example.net": {"lantern-cobble": "441514960134", "cobble-2": "441514960135"},
}
WITHOUT_DIRECTION = "cobble.example.net"
GATEWAY = "carrier-one"
SHORT_CALL_MS = 2_506
UNANSWERED, NO_CODE, TRANSFERRED = 6, 30, 20  # one in so many
NAMES = ("", "Lantern Hall", 'Marsh, "Tilly"', "Łucja & Søren <home>", "100% Wool; a+b=c")
FAILURES = [cause for cause in CAUSES if cause != "NORMAL_CLEARING"]


def make_month(seed: int = 1, month: str = "2017-06", count: int = CALLS) -> list[Call]:
    """Calls in the order in which they ended."""
    random_ = random.Random(f"freeswitch {seed} {month}")
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    following = (first + timedelta(days=31)).replace(day=1)
    length_ms = (following - first) // timedelta(milliseconds=1)
    start_ms = int(first.timestamp()) * 1000
    calls = [_call(start_ms + random_.randrange(length_ms - 7_200_000), random_) for _ in range(count)]
    if calls:
        answer = calls[0].start + 3_200
        calls[0] = replace(calls[0], answer=answer, end=answer + SHORT_CALL_MS, hangup_cause="NORMAL_CLEARING")
    return sorted(calls, key=lambda call: (call.end, call.uuid))


def _call(start: int, random_: random.Random) -> Call:
    domain = random_.choice(list(DOMAINS))
    code = random_.choice(list(DOMAINS[domain]))
    way: Way = random_.choices(("outbound", "inbound", "local"), (60, 30, 10))[0]
    own, outside = DOMAINS[domain][code], _nobodys(random_)
    other = random_.choice([one for one in DOMAINS[domain] if one != code])
    sides = {
        "outbound": (own, _as_dialled(outside, own, random_)),
        "inbound": (outside, own),
        "local": (code, other),
    }
    is_answered = random_.randrange(UNANSWERED) != 0
    answer = start + random_.randrange(800, 20_000) if is_answered else None
    return Call(
        uuid=str(uuid.UUID(int=random_.getrandbits(128), version=4)),
        way=way,
        domain=domain,
        accountcode="" if random_.randrange(NO_CODE) == 0 else code,
        caller_id_name=random_.choice(NAMES),
        caller_id_number=sides[way][0],
        destination_number=sides[way][1],
        start=start,
        answer=answer,
        end=start + random_.randrange(1_000, 30_000) if answer is None else answer + _talk_ms(random_),
        hangup_cause="NORMAL_CLEARING" if is_answered else random_.choice(FAILURES),
        gateway=GATEWAY if way == "outbound" else "",
        sets_direction=domain != WITHOUT_DIRECTION,
        is_transferred=random_.randrange(TRANSFERRED) == 0,
    )


def _talk_ms(random_: random.Random) -> int:
    return 1 + round(random_.expovariate(1 / 120_000))


def _nobodys(random_: random.Random) -> str:
    area = random_.choice(("1212555", "1306555", "4420794"))
    return f"{area}{random_.randrange(60_200, 61_000)}" if area.startswith("44") else f"{area}01{_two(random_)}"


def _two(random_: random.Random) -> str:
    return f"{random_.randrange(40, 100)}"


def _as_dialled(number: str, own: str, random_: random.Random) -> str:
    """Some dial numbers abroad as in their own country: 00 before them in Great Britain, 011 in North America."""
    exit_code = "00" if own.startswith("44") else "011"
    return random_.choice(("", "+", exit_code if not number.startswith("1") else "")) + number
