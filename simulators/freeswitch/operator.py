"""The operator's own customers, and their accounts with the numbers that the switch's directory gives them."""

import csv
import io
from collections.abc import Iterator

from simulators.freeswitch.month import DOMAINS

COLUMNS = (
    *("code", "name", "street", "postcode", "city", "country", "tax_id", "email", "currency", "language"),
    *("timezone", "tax_rate", "tax_treatment", "tax_note", "payment_days"),
)
# Domain → code | name | city | country | currency | time zone | tax
TABLE = {
    "lantern.example.net": "lanternhall|Lantern Hall Hostel Ltd.|Victoria|CA|CAD|America/Vancouver|12",
    "cobble.example.net": "cobblelane|Cobble Lane Carpentry Ltd|Liverpool|GB|GBP|Europe/London|20",
}


def customers_csv() -> str:
    """A sheet to import: one customer a line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_customer(line) for line in TABLE.values())
    return out.getvalue()


def accounts_csv(products: dict[str, str]) -> str:
    """A sheet of accounts: an account code of the switch each, with its number. `products` is by currency."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("customer", "code", "product", "name", "numbers"))
    writer.writerows(_accounts(products))
    return out.getvalue()


def _accounts(products: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for domain, line in TABLE.items():
        code, _, _, _, currency, *_ = line.split("|")
        for account, number in DOMAINS[domain].items():
            yield code, f"{account}@{domain}", products[currency], f"Extension {account}", f"+{number}"


def _customer(line: str) -> dict[str, str]:
    code, name, city, country, currency, timezone, tax = line.split("|")
    return {
        "code": code,
        "name": name,
        "street": "8 Invented Row",
        "postcode": "",
        "city": city,
        "country": country,
        "tax_id": "",
        "email": f"office@{code}.example",
        "currency": currency,
        "language": "en",
        "timezone": timezone,
        "tax_rate": tax,
        "tax_treatment": "standard",
        "tax_note": "",
        "payment_days": "14",
    }
