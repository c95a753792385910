"""A month of the switch: some fifteen hundred calls of six tenants. The same for a seed.

The switch is looked at in the evening of the month's last day (`closing`): calls that arrive later still belong to
that day. Every tenant has a call of exactly 2.506 seconds, and one that begins before midnight UTC and ends after it.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from simulators.vodia.calls import Call, Kind, Party
from simulators.vodia.people import Account, Tenant, tenants

CALLS_PER_TENANT = 250
FIRST_ID = 48_001
KINDS: dict[Kind, int] = {
    "outbound": 45,
    "inbound": 20,
    "inbound by name": 5,
    "hunt": 8,
    "attendant": 8,
    "internal": 14,
}
UNANSWERED = 7  # one in so many
EVENING = timedelta(hours=3)  # before the month's end, in UTC
SHORT_CALL_MS = 2_506
SPECIAL = {"1": ("911", "+18005550117", "411"), "44": ("999", "+448081570117", "101")}
NAMES = ("", "", "Tidewater Supply", "O'Neill, Kate", 'The "Old" Shop', "Zoë Bâtiment")


def bounds(month: str) -> tuple[datetime, datetime]:
    """The first moment of a month, as "2017-06", and the first of the next one, in UTC."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return first, (first + timedelta(days=31)).replace(day=1)


def closing(month: str) -> int:
    """When the switch is looked at, in milliseconds since 1970."""
    return _ms(bounds(month)[1] - EVENING)


def make_month(seed: int, month: str) -> list[Call]:
    """All calls, in the order in which they ended; ids grow with it."""
    random_ = random.Random(f"vodia {seed} {month}")
    calls = [call for tenant in tenants() for call in _of_tenant(tenant, month, random_)]
    calls.sort(key=lambda call: (call.end, call.call_id))
    return [replace(call, id=id) for id, call in enumerate(calls, start=FIRST_ID)]


def arriving(tenant: Tenant, first_id: int, count: int, after: int) -> list[Call]:
    """Answered outbound calls, one every ten seconds after a moment."""
    random_ = random.Random(f"vodia arrives {first_id}")
    drawn = [_call("outbound", tenant, after + 10_000 * place, random_) for place in range(count)]
    talked = [replace(call, connect=call.start + 1_000, end=call.start + 7_250) for call in drawn]
    return [replace(call, id=id) for id, call in enumerate(talked, start=first_id)]


def _of_tenant(tenant: Tenant, month: str, random_: random.Random) -> Iterator[Call]:
    first, end = (_ms(moment) for moment in bounds(month))
    last_start = closing(month) - 3_600_000
    kinds = random_.choices(list(KINDS), list(KINDS.values()), k=CALLS_PER_TENANT - 2)
    for kind in kinds:
        yield _call(kind, tenant, random_.randrange(first, last_start), random_)
    short = _call("outbound", tenant, first + 36_000_000, random_)
    yield replace(short, connect=short.start + 4_100, end=short.start + 4_100 + SHORT_CALL_MS)
    midnight = (first + end) // 2 // 86_400_000 * 86_400_000
    night = _call("outbound", tenant, midnight - 61_500, random_)
    yield replace(night, connect=midnight - 55_250, end=midnight + 64_750)


def _call(kind: Kind, tenant: Tenant, start: int, random_: random.Random) -> Call:
    ringing = random_.randrange(900, 24_000)
    talking = round(random_.expovariate(1 / 140_000)) + 1
    is_answered = random_.randrange(UNANSWERED) != 0
    ours = random_.choice([one for one in tenant.extensions if kind != "inbound" or one.dids])
    outside = _outside(tenant, random_, is_dialled=kind == "outbound")
    caller, called, did, group = _sides(kind, tenant, ours, outside, random_)
    return Call(
        id=0,
        call_id=f"{random_.getrandbits(64):016x}@{tenant.name}",
        tenant=tenant.name,
        kind=kind,
        caller=caller,
        called=called,
        outside="" if kind == "internal" else outside,
        did=did,
        extension=ours.number,
        group=group.number if group else "",
        trunk=None if kind == "internal" else random_.choice(tenant.trunks).id,
        start=start,
        connect=start + ringing if is_answered else None,
        end=start + ringing + (talking if is_answered else 0),
    )


def _sides(
    kind: Kind, tenant: Tenant, ours: Account, outside: str, random_: random.Random
) -> tuple[Party, Party, str, Account | None]:
    """Who calls, who is called, the DID and the group on the way."""
    us, them = Party(ours.number, ours.display), _stranger(outside, random_)
    match kind:
        case "outbound":
            return us, Party(_as_dialled(outside, tenant, random_)), "", None
        case "internal":
            others = [one for one in tenant.extensions if one is not ours]
            other = random_.choice(others)
            return us, Party(other.number, other.display), "", None
        case "inbound":
            did = random_.choice(ours.dids)
            return them, Party(did), did, None
        case "inbound by name":
            did = ours.dids[0] if ours.dids else tenant.hunt.dids[0]
            return them, Party(ours.first_name, ours.first_name), did, None
        case "hunt":
            return them, Party(tenant.hunt.number, tenant.hunt.display), tenant.hunt.dids[0], tenant.hunt
        case "attendant":
            return them, Party(tenant.attendant.dids[0]), tenant.attendant.dids[0], tenant.attendant


def _stranger(number: str, random_: random.Random) -> Party:
    """One in thirty withholds its number."""
    is_withheld = random_.randrange(30) == 0
    return Party("anonymous", "Anonymous") if is_withheld else Party(number, random_.choice(NAMES))


def _outside(tenant: Tenant, random_: random.Random, *, is_dialled: bool) -> str:
    """A number that nobody has; none of the tenants' either."""
    if is_dialled and random_.randrange(25) == 0:
        return random_.choice(SPECIAL[tenant.country_code])
    is_british = random_.random() < (0.7 if tenant.country_code == "44" else 0.12)
    if is_british:
        return f"+44207946{random_.randrange(200, 1000):04}"
    return f"+1{random_.choice((204, 212, 305, 709, 780, 902))}55501{random_.randrange(100):02}"


def _as_dialled(number: str, tenant: Tenant, random_: random.Random) -> str:
    """Two out of three in E.164, the others as people in the country dial it."""
    country = tenant.country_code
    if not number.startswith("+") or random_.randrange(3):
        return number
    if number.startswith(f"+{country}"):
        local = number.removeprefix(f"+{country}")
        return f"0{local}" if country == "44" else local
    return ("00" if country == "44" else "011") + number[1:]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
