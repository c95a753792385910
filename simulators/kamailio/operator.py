"""The operator's own customers, and which users of the proxy each has. The last user is nobody's."""

import csv
import io

from simulators.kamailio.month import USERS

COLUMNS = (
    *("code", "name", "street", "postcode", "city", "country", "tax_id", "email", "currency", "language"),
    *("timezone", "tax_rate", "tax_treatment", "tax_note", "payment_days"),
)
# Code | name | city
TABLE = """
fala|Studio Fala s.c.|Gdynia
zorza|Zorza Spedycja sp. z o.o.|Białystok
kuznia|Kuźnia Smaku s.c.|Kielce
"""
USERS_EACH = (1, 2, 2)


def customers_csv() -> str:
    """A sheet to import: one customer a line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_customer(line) for line in TABLE.strip().splitlines())
    return out.getvalue()


def services() -> list[dict[str, str]]:
    """One service each: `customer` and `account` are codes, `user` its users on the proxy."""
    left = list(USERS)
    rows = []
    for line, count in zip(TABLE.strip().splitlines(), USERS_EACH, strict=True):
        code, mine, left = line.partition("|")[0], left[:count], left[count:]
        rows.append({"customer": code, "account": f"{code}-sip", "user": " | ".join(mine)})
    return rows


def _customer(line: str) -> dict[str, str]:
    code, name, city = line.split("|")
    return {
        "code": code,
        "name": name,
        "street": "ul. Zmyślona 8",
        "postcode": "00-000",
        "city": city,
        "country": "PL",
        "tax_id": "",
        "email": f"biuro@{code}.example",
        "currency": "PLN",
        "language": "pl",
        "timezone": "Europe/Warsaw",
        "tax_rate": "23",
        "tax_treatment": "standard",
        "tax_note": "",
        "payment_days": "14",
    }
