"""The operator's own customers, and the fields of their services. The last peer is nobody's."""

import csv
import io

from simulators.lesnet.peers import UNKNOWN_TO_OPERATOR, Peer, peers

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
# Code | name | city | time zone
TABLE = """
redriver|Red River Rowing Club|Winnipeg|America/Winnipeg
prairiedog|Prairie Dog Couriers Ltd.|Brandon|America/Winnipeg
wheatsheaf|Wheatsheaf Credit Desk|Regina|America/Regina
granite|Granite Bay Marina Inc.|Thunder Bay|America/Toronto
"""


def customers_csv() -> str:
    """A sheet to import: one customer a line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_customer(line) for line in TABLE.strip().splitlines())
    return out.getvalue()


def services(portal: str = "https://portal.les.net") -> list[dict[str, str]]:
    """One service each: `customer` and `account` are codes, the other fields are as in the billing system.

    `domain` is the peer and a DID; `cdr_link` begins with `portal`, which has no slash at its end.
    """
    known = [peer for peer in peers() if peer.id != UNKNOWN_TO_OPERATOR]
    lines = TABLE.strip().splitlines()
    return [
        _service(line.partition("|")[0], peer, place, portal)
        for place, (line, peer) in enumerate(zip(lines, known, strict=True))
    ]


def _customer(line: str) -> dict[str, str]:
    code, name, city, timezone = line.split("|")
    return {
        "code": code,
        "name": name,
        "street": "8 Invented Avenue",
        "postcode": "R0R 0R0",
        "city": city,
        "country": "CA",
        "tax_id": "",
        "email": f"office@{code}.example",
        "currency": "CAD",
        "language": "en",
        "timezone": timezone,
        "tax_rate": "5",
        "tax_treatment": "standard",
        "tax_note": "",
        "payment_days": "21",
    }


def _service(code: str, peer: Peer, place: int, portal: str) -> dict[str, str]:
    return {
        "customer": code,
        "account": f"{code}-trunk",
        "domain": (" | ", "|", "  | ", " |")[place].join((peer.id, peer.dids[0])),
        "username": peer.dids[0],
        "peer_id": peer.id,
        "dids": ", ".join(peer.dids),
        "cdr_link": portal + peer.path,
    }
