"""Who is on the switch: tenants with their extensions, gateways and numbers. The same for a seed.

Numbers are from ranges that are kept for fiction: 555-01xx in North America.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import NAMESPACE_DNS, UUID, uuid5

DISABLED = "tamarack.example.ca"  # switched off at the end of the month; it still called before
WITHOUT_CALLS = "quiet.example.ca"
UNKNOWN_TO_OPERATOR = "stranger.example.ca"
OWN_CONTEXT = "rideau.example.ca"  # its extensions' user_context is not its name
GLOBAL_GATEWAY = "carrier-of-all"
# Name, area code, first extension, how many; three-digit and four-digit plans.
PLANS = (
    ("maple.example.ca", "519", 2112, 9),
    ("seaway.example.ca", "416", 101, 8),
    ("birch.example.ca", "613", 200, 12),
    ("prairie.example.ca", "204", 3001, 6),
    ("lakeside.example.ca", "705", 401, 7),
    (OWN_CONTEXT, "343", 500, 10),
    (DISABLED, "807", 1000, 6),
    (WITHOUT_CALLS, "506", 600, 6),
    (UNKNOWN_TO_OPERATOR, "902", 7000, 6),
)
DIDS_EACH = 3
WHO_MAY_CALL = ("local,domestic,international", "local,domestic", "local,domestic,international", "")
# How the rows of v_destinations give one and the same number: prefix, area code, number, from ten digits.
WRITTEN_AS = (
    lambda ten: ("", "", f"1{ten}"),
    lambda ten: ("1", "", ten),
    lambda ten: ("", "", f"+1{ten}"),
    lambda ten: ("+1", "", ten),
    lambda ten: ("1", "", f"1{ten}"),  # the prefix twice
    lambda ten: ("1", ten[:3], ten[3:]),
    lambda ten: ("", "", ten),
)


def made_uuid(seed: int, *what: object) -> UUID:
    return uuid5(NAMESPACE_DNS, " ".join(map(str, ("fusionpbx", seed, *what))))


@dataclass(frozen=True, slots=True)
class Extension:
    uuid: UUID
    extension: str
    number_alias: str
    accountcode: str
    user_context: str
    toll_allow: str
    outbound_number: str  # empty where nobody filled it in
    name: str
    forwarded_to: str  # a number outside; empty for most
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Gateway:
    uuid: UUID
    domain_uuid: UUID | None
    name: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Did:
    """A number as the field has it, and its digits with the country code."""

    uuid: UUID
    number: str
    prefix: str
    area_code: str
    e164: str


@dataclass(frozen=True, slots=True)
class Tenant:
    uuid: UUID
    name: str
    is_enabled: bool
    extensions: tuple[Extension, ...]
    gateway: Gateway
    dids: tuple[Did, ...]
    accountcode_is: str  # "domain", "extension" or "empty"

    @property
    def short_name(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Switchboard:
    tenants: tuple[Tenant, ...]
    global_gateway: Gateway
    by_name: dict[str, Tenant] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {tenant.name: tenant for tenant in self.tenants})

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        return (*(tenant.gateway for tenant in self.tenants), self.global_gateway)


def make_switchboard(seed: int) -> Switchboard:
    random_ = random.Random(f"fusionpbx tenants {seed}")
    tenants = tuple(_tenant(place, seed, random_) for place in range(len(PLANS)))
    return Switchboard(tenants, Gateway(made_uuid(seed, "gateway", GLOBAL_GATEWAY), None, GLOBAL_GATEWAY))


def _tenant(place: int, seed: int, random_: random.Random) -> Tenant:
    name, area_code, first, count = PLANS[place]
    own = made_uuid(seed, "domain", name)
    is_enabled = name != DISABLED
    dids = tuple(_did(seed, area_code, place, number) for number in range(DIDS_EACH))
    code = ("domain", "extension", "empty")[place % 3]
    extensions = tuple(_extensions(seed, name, range(first, first + count), code, dids[0].e164, random_))
    gateway = Gateway(made_uuid(seed, "gateway", name), own, f"{name.partition('.')[0]}-trunk", is_enabled)
    return Tenant(own, name, is_enabled, extensions, gateway, dids, code)


def _extensions(
    seed: int, domain: str, numbers: range, code: str, main_did: str, random_: random.Random
) -> Iterator[Extension]:
    for place, number in enumerate(numbers):
        yield Extension(
            uuid=made_uuid(seed, "extension", domain, number),
            extension=str(number),
            number_alias=f"8{number}" if place % 4 == 3 else "",
            accountcode={"domain": domain, "extension": str(number), "empty": ""}[code],
            user_context="rideau-internal" if domain == OWN_CONTEXT else domain,
            toll_allow=WHO_MAY_CALL[place % len(WHO_MAY_CALL)],
            outbound_number="" if place % 5 == 4 else main_did,
            name=f"Desk {number}",
            forwarded_to=ten_digits(random_) if place == 1 else "",
        )


def _did(seed: int, area_code: str, tenant_place: int, number: int) -> Did:
    ten = f"{area_code}5550{100 + 10 * tenant_place + number}"
    form = (DIDS_EACH * tenant_place + number) % len(WRITTEN_AS)
    prefix, area, written = WRITTEN_AS[form](ten)
    return Did(made_uuid(seed, "did", ten), written, prefix, area, f"1{ten}")


AREA_CODES = ("416", "514", "604", "403", "212", "312", "905")


def ten_digits(random_: random.Random) -> str:
    return f"{random_.choice(AREA_CODES)}5550{random_.randrange(190, 200)}"
