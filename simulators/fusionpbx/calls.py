"""Ordinary calls: out through gateways, in to numbers, between extensions, to voicemail and toll-free numbers."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from simulators.fusionpbx.cdr import Call
from simulators.fusionpbx.tenants import DISABLED, WITHOUT_CALLS, Did, Extension, Switchboard, Tenant, ten_digits

ORDINARY_CALLS = 2_900
TORONTO = ZoneInfo("America/Toronto")
BUSY_HOURS = (1, 1, 1, 1, 1, 2, 4, 10, 22, 28, 28, 26, 20, 24, 27, 27, 24, 14, 7, 4, 3, 2, 1, 1)
KINDS = {"outbound": 60, "inbound": 24, "local": 14, "feature": 2}
ENDINGS = {
    "NORMAL_CLEARING": 80,
    "NO_ANSWER": 8,
    "ORIGINATOR_CANCEL": 6,
    "USER_BUSY": 4,
    "UNALLOCATED_NUMBER": 2,
}
ABROAD = ("4420794600", "3319900", "4930231250", "6125550")  # fictional ranges of GB, FR, DE, AU
ABROAD_DIGITS = {"44": 12, "33": 11, "49": 12, "61": 11}
TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")
OVER_GLOBAL_GATEWAY = 12  # every so many-th outbound call
LONGEST_S = 3_600
HANDED_IN = (
    lambda e164: e164,
    lambda e164: e164[1:],
    lambda e164: f"+{e164}",
)  # how carriers write a number called


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """The month, as "2017-06", as Toronto's clock has it; in UTC."""
    year, number = map(int, month.split("-"))
    first = datetime(year, number, 1, tzinfo=TORONTO)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=TORONTO)
    return first.astimezone(UTC), end.astimezone(UTC)


@dataclass(slots=True)
class Caller:
    """Makes calls of one switchboard; what is drawn comes from one source, so that a seed gives one month."""

    switchboard: Switchboard
    random: random.Random

    def new_uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def outbound(self, tenant: Tenant, start: datetime, billsec: int, destination: str, **more: Any) -> Call:
        """By an extension, over the tenant's gateway. `gateway` and `extension` may be given."""
        gateway = more.pop("gateway", tenant.gateway)
        extension: Extension | None = more.pop("extension", self.random.choice(tenant.extensions))
        fields: dict[str, Any] = {
            "caller": (extension.outbound_number or extension.extension) if extension else tenant.dids[0].e164,
            "caller_name": extension.name if extension else "",
            "accountcode": extension.accountcode if extension else "",
            "arg": f"sofia/gateway/{gateway.uuid}/{sent(destination)}",
        }
        return Call(
            uuid=self.new_uuid(),
            tenant=tenant,
            extension=extension,
            start=start,
            billsec=billsec,
            destination=destination,
            **fields | more,
        )

    def inbound(self, tenant: Tenant, start: datetime, billsec: int, **more: Any) -> Call:
        """From outside to a number of the tenant, and on to an extension."""
        did: Did = more.pop("did", self.random.choice(tenant.dids))
        extension: Extension | None = more.pop("extension", self.random.choice(tenant.extensions))
        reached = extension.extension if extension else did.e164
        fields: dict[str, Any] = {
            "caller": f"1{ten_digits(self.random)}",
            "caller_destination": self.random.choice(HANDED_IN)(did.e164),
            "accountcode": extension.accountcode if extension else "",
            "arg": f"user/{reached}@{tenant.name}",
        }
        return Call(
            uuid=self.new_uuid(),
            tenant=tenant,
            extension=extension,
            start=start,
            billsec=billsec,
            destination=reached,
            direction="inbound",
            **fields | more,
        )

    def local(self, tenant: Tenant, start: datetime, billsec: int, **more: Any) -> Call:
        caller, called = self.random.sample(tenant.extensions, 2)
        fields: dict[str, Any] = {
            "extension": caller,
            "destination": called.extension,
            "caller_name": caller.name,
            "accountcode": caller.accountcode,
            "arg": f"user/{called.extension}@{tenant.name}",
        }
        return Call(
            uuid=self.new_uuid(),
            tenant=tenant,
            start=start,
            billsec=billsec,
            caller=caller.extension,
            direction="local",
            **fields | more,
        )

    def feature(self, tenant: Tenant, start: datetime, billsec: int, code: str) -> Call:
        """A code is dialled instead of a number: *97 asks for one's own voicemail, *99 leaves a message."""
        arg = f"default {tenant.name} {code[3:] or '*'}"
        return replace(self.local(tenant, start, billsec), destination=code, app="voicemail", arg=arg)


def sent(destination: str) -> str:
    """What the outbound route sends to the gateway: a 1 before ten digits, the rest as dialled."""
    return f"1{destination}" if len(destination) == 10 and destination.isdigit() else destination


def number_outside(random_: random.Random) -> str:
    """As people dial: ten digits, 1 before them, 011 or + and a country."""
    form = random_.choices(("ten", "one", "plus", "toll_free", "exit_code", "plus_abroad"), (45, 30, 5, 6, 11, 3))[
        0
    ]
    match form:
        case "ten":
            return ten_digits(random_)
        case "one":
            return f"1{ten_digits(random_)}"
        case "plus":
            return f"+1{ten_digits(random_)}"
        case "toll_free":
            return toll_free(random_)
        case "exit_code":
            return f"011{abroad(random_)}"
    return f"+{abroad(random_)}"


def toll_free(random_: random.Random) -> str:
    return f"1{random_.choice(TOLL_FREE)}5550{random_.randrange(190, 200)}"


def abroad(random_: random.Random) -> str:
    beginning = random_.choice(ABROAD)
    missing = ABROAD_DIGITS[beginning[:2]] - len(beginning)
    return beginning + "".join(random_.choices("0123456789", k=missing))


def ordinary(caller: Caller, month: str) -> Iterator[Call]:
    first, end = month_bounds(month)
    hours = [first + timedelta(hours=hour) for hour in range((end - first) // timedelta(hours=1))]
    busy = [BUSY_HOURS[hour.astimezone(TORONTO).hour] for hour in hours]
    last = len(hours) - 2  # who is not awkward is done before the month ends
    tenants = [tenant for tenant in caller.switchboard.tenants if tenant.name != WITHOUT_CALLS]
    draw = caller.random
    for number in range(ORDINARY_CALLS):
        tenant = draw.choice(tenants)
        # A tenant that is switched off at the end called in the first half only.
        until = last // 2 if tenant.name == DISABLED else last
        start = draw.choices(hours[:until], busy[:until])[0] + timedelta(seconds=draw.randrange(3_600))
        call = _one(caller, tenant, start, _drawn(KINDS, draw), number)
        yield _ended(call, draw)


def _one(caller: Caller, tenant: Tenant, start: datetime, kind: str, number: int) -> Call:
    billsec = max(1, min(LONGEST_S, round(caller.random.lognormvariate(4.4, 1.1))))
    match kind:
        case "inbound":
            return caller.inbound(tenant, start, billsec)
        case "local":
            return caller.local(tenant, start, billsec)
        case "feature":
            return caller.feature(tenant, start, billsec, "*97")
    more = {"gateway": caller.switchboard.global_gateway} if number % OVER_GLOBAL_GATEWAY == 0 else {}
    return caller.outbound(tenant, start, billsec, number_outside(caller.random), **more)


def _ended(call: Call, random_: random.Random) -> Call:
    cause = _drawn(ENDINGS, random_)
    ring_s = random_.randrange(1, 30)
    if cause == "NORMAL_CLEARING" or call.destination.startswith("*"):
        return replace(call, ring_s=ring_s)
    return replace(call, ring_s=ring_s, billsec=0, cause=cause)


def _drawn(weights: dict[str, int], random_: random.Random) -> str:
    return random_.choices(list(weights), list(weights.values()))[0]
