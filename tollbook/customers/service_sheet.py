"""A sheet of services as operators have them in another billing system: one row for an account at a platform, with
the fields that say there what it is (`tenant.example.ca | 5192229000`, `2112 | 2113 | 2114`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tollbook.catalog.models import Product
from tollbook.catalog.price_list import BadRow, nearest_name
from tollbook.catalog.price_list.cells import moment
from tollbook.connections.models import Connection
from tollbook.connectors.base import AccountMarks, Connector
from tollbook.connectors.registry import connector_class
from tollbook.customers.models import Account, Customer
from tollbook.customers.spreadsheet import Column, Row, Sheet, read_sheet, short_text
from tollbook.errors import BadInput


@dataclass(frozen=True, slots=True)
class Service:
    """One row, understood."""

    line: int
    code: str  # of the account
    customer: Customer
    product: Product | None  # of an account that is to be made
    name: str
    since: datetime | None
    marks: AccountMarks


def read_service_sheet(path: Path, connection: Connection) -> Sheet:
    """The rows of a file; its columns are `customer`, `account`, and the fields that the platform's kind knows.

    Raises:
        BadInput: the file as a whole cannot be used.
    """
    fields = connector_class(connection.kind).account_fields
    columns = (
        Column("customer", is_required=True),
        Column("account", short_text(Account, "code"), is_required=True),
        Column("product"),
        Column("name", short_text(Account, "name")),
        Column("active_from"),
        *(Column(field.name) for field in fields),
    )
    return read_sheet(path, columns)


def services(sheet: Sheet, connection: Connection) -> tuple[list[Service], list[BadRow]]:
    """The rows as services, and what is wrong with the others."""
    connector = connector_class(connection.kind)
    fields = [field.name for field in connector.account_fields]
    customers = {customer.code: customer for customer in Customer.objects.all()}
    products = {product.code: product for product in Product.objects.all()}
    found: list[Service] = []
    problems = list(sheet.problems)
    for row in sheet.rows:
        wrong = list(_unknown(row, customers, products))
        customer = customers.get(row.text("customer"))
        since, bad_date = _since(row, customer.timezone if customer else "UTC")
        marks, bad_field = _marks(row, connector, fields)
        wrong += [*bad_date, *bad_field]
        if wrong or customer is None or marks is None:
            problems += wrong
            continue
        product = products.get(row.text("product"))
        found.append(Service(row.line, row.text("account"), customer, product, row.text("name"), since, marks))
    return found, problems


def _unknown(row: Row, customers: dict[str, Customer], products: dict[str, Product]) -> Iterator[BadRow]:
    if row.text("customer") not in customers:
        near = nearest_name(row.text("customer"), customers) or "; add the customer first"
        yield BadRow(row.line, "customer", row.text("customer"), f"is no customer here{near}")
    if row.text("product") and row.text("product") not in products:
        near = nearest_name(row.text("product"), products) or "; add the product first"
        yield BadRow(row.line, "product", row.text("product"), f"is no product here{near}")


def _since(row: Row, zone: str) -> tuple[datetime | None, list[BadRow]]:
    text = row.text("active_from")
    try:
        return (moment(text, zone=ZoneInfo(zone), date_format=None) if text else None), []
    except ValueError as error:
        return None, [BadRow(row.line, "active_from", text, str(error))]


def _marks(row: Row, connector: type[Connector], fields: list[str]) -> tuple[AccountMarks | None, list[BadRow]]:
    given = {name: row.text(name) for name in fields if row.text(name)}
    try:
        return connector.marks(given), []
    except BadInput as error:
        name = next((name for name in fields if name in str(error)), "")
        return None, [BadRow(row.line, name, row.text(name), str(error))]
