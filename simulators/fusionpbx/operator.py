"""The operator's own books: its customers, and what it wrote into its services by hand.

One tenant is in nobody's books, one customer's tenant never calls, and one extension was forgotten.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from simulators.fusionpbx.tenants import UNKNOWN_TO_OPERATOR, Switchboard, Tenant

COLUMNS = (
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
    "tax_rate",
    "tax_treatment",
    "tax_note",
    "payment_days",
)
SAME_EVERYWHERE = {
    "city": "Toronto",
    "country": "CA",
    "tax_id": "",
    "currency": "CAD",
    "language": "en",
    "timezone": "America/Toronto",
    "tax_rate": "13",
    "tax_treatment": "standard",
    "tax_note": "",
    "payment_days": "30",
}
FORGOTTEN = ("birch.example.ca", "211")  # in no service
MOST_IN_ONE = 6  # extensions of one service; the rest is another
BETWEEN_DOMAIN = (" | ", "|", "  |  ", " |")
BETWEEN_EXTENSIONS = (" | ", " |", "|", "  | ", "\t| ")
AROUND = ("", " ", "")


def customers_csv(switchboard: Switchboard) -> str:
    """All tenants but the unknown one, a line each; a customer's code is the tenant's first name."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for number, tenant in enumerate(_known(switchboard), start=1):
        code = tenant.short_name
        own = {"code": code, "name": f"{code.title()} Ltd.", "email": f"accounts@{tenant.name}"}
        writer.writerow(
            SAME_EVERYWHERE | own | {"street": f"{number} Front Street", "postcode": f"M5J 2N{number}"}
        )
    return text.getvalue()


def services(switchboard: Switchboard) -> list[dict[str, str]]:
    """A customer and an account each; `domain` as "tenant | number", `username` as "2112 | 2113", oddly spaced."""
    return [
        {
            "customer": tenant.short_name,
            "account": f"{tenant.short_name}-{number:02}",
            "domain": f"{tenant.name}{BETWEEN_DOMAIN[place % len(BETWEEN_DOMAIN)]}{_main_did(tenant, place)}",
            "username": _joined(extensions, place),
        }
        for place, (tenant, number, extensions) in enumerate(_divided(switchboard))
    ]


def _known(switchboard: Switchboard) -> list[Tenant]:
    return [tenant for tenant in switchboard.tenants if tenant.name != UNKNOWN_TO_OPERATOR]


def _divided(switchboard: Switchboard) -> Iterator[tuple[Tenant, int, list[str]]]:
    for tenant in _known(switchboard):
        all_of_it = [each.extension for each in tenant.extensions if (tenant.name, each.extension) != FORGOTTEN]
        for number, first in enumerate(range(0, len(all_of_it), MOST_IN_ONE), start=1):
            yield tenant, number, all_of_it[first : first + MOST_IN_ONE]


def _main_did(tenant: Tenant, place: int) -> str:
    """With the country's 1 or without."""
    e164 = tenant.dids[0].e164
    return e164 if place % 3 else e164[1:]


def _joined(extensions: Sequence[str], place: int) -> str:
    text = extensions[0]
    for number, extension in enumerate(extensions[1:], start=place):
        text += BETWEEN_EXTENSIONS[number % len(BETWEEN_EXTENSIONS)] + extension
    around = AROUND[place % len(AROUND)]
    return around + text + around
