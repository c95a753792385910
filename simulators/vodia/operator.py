"""The operator's own customers, and what stands in its billing system about their services: fields typed by people.

The last tenant of the switch is nobody's. North Pine has two services on one tenant, of the shop and of the warehouse.
"""

import csv
import io

from simulators.vodia.people import UNKNOWN_TO_OPERATOR, Tenant, tenants

COLUMNS = (
    *(
        "code",
        "name",
        "street",
        "postcode",
        "city",
        "country",
        "tax_id",
        "email",
        "currency",
        "language",
        "timezone",
    ),
    *("tax_rate", "tax_treatment", "tax_note", "payment_days"),
)
SUFFIX = {"1": "Inc.", "44": "Ltd"}
BY_COUNTRY = {
    "1": {"country": "CA", "postcode": "K1A 0B1", "currency": "CAD", "tax_rate": "13"},
    "44": {"country": "GB", "postcode": "SW1A 0AA", "currency": "GBP", "tax_rate": "20"},
}
CITIES = {"20": "London", "416": "Toronto", "514": "Montreal", "604": "Vancouver", "613": "Ottawa"}
SPLIT = "northpine.example.ca"  # the first half of its extensions is one service, the rest another


def customers_csv() -> str:
    """A sheet to import: one customer a line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_customer(place, tenant) for place, tenant in enumerate(_known()))
    return out.getvalue()


def services() -> list[dict[str, str]]:
    """One service each: `customer` and `account` are codes, the other fields are as in the billing system.

    `domain` is the tenant, then any DIDs and extensions; `username` one of them; `profile_first_name` and
    `inbound_search` are what inbound calls show that carry no number.
    """
    found = []
    for place, tenant in enumerate(_known()):
        numbers = [one.number for one in tenant.extensions]
        if tenant.name == SPLIT:
            found.append(_service(tenant, place, "shop", numbers[:5], with_groups=True))
            found.append(_service(tenant, place, "warehouse", numbers[5:], with_groups=False))
        else:
            found.append(_service(tenant, place, "voip", numbers, with_groups=True))
    return found


def code(tenant: str) -> str:
    """The customer's code at the operator."""
    return tenant.partition(".")[0]


def _known() -> list[Tenant]:
    return [tenant for tenant in tenants() if tenant.name != UNKNOWN_TO_OPERATOR]


def _customer(place: int, tenant: Tenant) -> dict[str, str]:
    return BY_COUNTRY[tenant.country_code] | {
        "code": code(tenant.name),
        "name": f"{tenant.display} {SUFFIX[tenant.country_code]}",
        "street": f"{12 + 7 * place} Invented Street",
        "city": CITIES[tenant.area_code],
        "tax_id": "",
        "email": f"accounts@{tenant.name}",
        "language": "en",
        "timezone": tenant.timezone,
        "tax_treatment": "standard",
        "tax_note": "",
        "payment_days": "14",
    }


def _service(tenant: Tenant, place: int, name: str, extensions: list[str], *, with_groups: bool) -> dict[str, str]:
    members = [one for one in tenant.extensions if one.number in extensions]
    groups = [tenant.hunt, tenant.attendant] if with_groups else []
    dids = [_as_typed(did, place) for one in [*groups, *members] for did in one.dids]
    others = [*(one.number for one in groups), *extensions]
    return {
        "customer": code(tenant.name),
        "account": f"{code(tenant.name)}-{name}",
        "domain": (" | ", "|", "  |  ", " |", "| ")[place].join([tenant.name, *dids, *others]),
        "username": extensions[0] if place % 2 else dids[0],
        "profile_first_name": " | ".join(one.first_name for one in members),
        "inbound_search": tenant.hunt.display if with_groups else "",
    }


def _as_typed(did: str, place: int) -> str:
    """With a plus, or the digits only, or without the country of North America."""
    return (did, did[1:], did[2:], did[1:], did)[place]
