"""A month of calls of a handful of users, the ordinary ones and the awkward. The same for a seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from simulators.kamailio.calls import Call

DOMAIN = "sip.example.net"
USERS = tuple(str(48_22_100_0200 + nth) for nth in range(6))
PHONES, CARRIER = "198.51.100.7", "192.0.2.10"
ORDINARY_CALLS = 400
CALLED = ("442079460123", "447700900456", "48601000111", "4930123456")
DIALOG_TIMEOUT_MS = 12 * 3_600_000  # after which the dialog module gives up a call that nobody ended
_BUSY_HOURS = (8, 9, 9, 10, 10, 11, 11, 12, 13, 14, 14, 15, 16, 17, 18, 20)


def make_month(seed: int, month: str) -> list[Call]:
    """The calls in the order in which they ended. Every seventh is refused, every fifth comes in from the carrier."""
    chance = random.Random(f"kamailio {seed} {month}")
    first = datetime.fromisoformat(f"{month}-01")
    days = ((first + timedelta(days=32)).replace(day=1) - first).days
    calls = [_ordinary(nth, first, days, chance) for nth in range(ORDINARY_CALLS)]
    calls += awkward(first).values()
    return sorted(calls, key=lambda call: call.ended)


def awkward(first: datetime) -> Mapping[str, Call]:
    """One call for each way in which a log can be strange, on the third of the month, an hour apart."""
    day = first + timedelta(days=2)
    usual = {
        name: _call(name, day + timedelta(hours=hour), 61_000, USERS[0], CALLED[0])
        for hour, name in enumerate(AWKWARD)
    }
    last_second = (first + timedelta(days=32)).replace(day=1) - timedelta(seconds=1)
    changed: Mapping[str, dict[str, object]] = {
        "fraction": {"talked_ms": 2_506},
        "on hold": {"held_after_s": (10, 20)},
        "hold refused": {"refused_hold_after_s": 10},
        "callee hangs up": {"callee_hangs_up": True},
        "challenged": {"is_bye_challenged": True},
        "no BYE": {"is_bye_lost": True, "talked_ms": DIALOG_TIMEOUT_MS},
        "no INVITE": {"is_invite_lost": True},
        "BYE first": {"is_bye_first": True},
        "forked twin": {"callid": usual["forked"].callid, "begun": usual["forked"].begun, "talked_ms": 30_000},
        "busy": {"code": "486", "talked_ms": 0},
        "emergency": {"callee": "112"},
        "comes in": {"caller": CALLED[1], "callee": USERS[1], "source": CARRIER},
        "inside": {"callee": USERS[1]},
        "last second": {"begun": last_second - timedelta(milliseconds=500), "talked_ms": 700},
    }
    return {name: replace(call, **changed.get(name, {})) for name, call in usual.items()}  # type: ignore[arg-type]


AWKWARD: Sequence[str] = (
    *("fraction", "on hold", "hold refused", "callee hangs up", "challenged", "no BYE", "no INVITE", "BYE first"),
    *("forked", "forked twin", "busy", "emergency", "comes in", "inside", "last second"),
)


def _ordinary(nth: int, first: datetime, days: int, chance: random.Random) -> Call:
    begun = first + timedelta(
        days=chance.randrange(days), hours=chance.choice(_BUSY_HOURS), milliseconds=chance.randrange(3_600_000)
    )
    user, other = chance.choice(USERS), chance.choice(CALLED)
    is_in, is_refused = nth % 5 == 4, nth % 7 == 6
    call = _call(
        f"call-{nth}", begun, chance.randrange(500, 900_000), *((other, user) if is_in else (user, other))
    )
    if is_in:
        call = replace(call, source=CARRIER)
    if is_refused:
        return replace(call, code=chance.choice(("486", "487")), talked_ms=0)
    return replace(call, callee_hangs_up=chance.random() < 0.4)


def _call(name: str, begun: datetime, talked_ms: int, caller: str, callee: str) -> Call:
    callid = name.replace(" ", "-")
    return Call(
        callid=f"{callid}@{PHONES}",
        from_tag=f"f-{callid}",
        to_tag=f"t-{callid}",
        caller=caller,
        callee=callee,
        source=PHONES,
        begun=begun,
        talked_ms=talked_ms,
    )


def users() -> Iterator[tuple[str, str]]:
    """Names and domains, as the table of users has them."""
    yield from ((user, DOMAIN) for user in USERS)
