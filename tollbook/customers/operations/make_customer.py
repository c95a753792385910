"""Customers made from a platform's list, where a connection is set to do so."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.customers.customer_sheet import COLUMNS
from tollbook.customers.identities import SCHEMES
from tollbook.customers.models import Customer, ForeignCustomer, Identity
from tollbook.customers.operations.foreign_customers import pair_by_keys
from tollbook.customers.pairing.keys import read_keys
from tollbook.errors import BadInput

READERS = {column.name: column.read for column in COLUMNS if column.name not in ("code", *SCHEMES)}
LENGTHS = {"name": 200, "street": 200, "postcode": 20, "city": 100}  # as Customer has them; a longer text is cut
CHECKED = ("email", "country", "timezone", "currency")  # left out when they are no such thing
MAX_CODE = 64


def checked_defaults(connection: Connection) -> dict[str, Any]:
    """What the connection says of every customer it makes, as the fields of Customer.

    Raises:
        BadInput: a name or value that a sheet of customers could not have either.
    """
    fields: dict[str, Any] = {}
    for name, value in connection.customer_defaults.items():
        if name not in READERS:
            known = ", ".join(READERS)
            raise BadInput(f"{connection.name}: customer_defaults has {name!r}; there are {known}")
        try:
            fields[name] = READERS[name](str(value))
        except ValueError as error:
            raise BadInput(f"{connection.name}: customer_defaults: {name} {value!r} {error}") from None
    return fields


def why_not_made(listed: ForeignCustomer, defaults: Mapping[str, Any]) -> str:
    """What a customer would lack; "" when nothing."""
    if not (listed.name or listed.code):
        return "it has no name"
    if not (defaults.get("currency") or "currency" in _said(listed)):
        return "it says no currency, and the connection's customer_defaults say none"
    return ""


@transaction.atomic
def make_customers(
    *,
    connection: Connection,
    listed: Sequence[ForeignCustomer],
    defaults: Mapping[str, Any],
    now: datetime,
    by: str,
) -> list[Customer]:
    """A customer of ours for each of these, paired with it. Codes are those of the platform, made unique."""
    taken = set(Customer.objects.values_list("code", flat=True))
    made = []
    for one in listed:
        code = free_code(one.code or one.foreign_id, connection.name, taken)
        taken.add(code)
        keys = dict(read_keys(one.identities, country=one.country).good)
        fields = {"code": code, "tax_id": keys.get("nip") or keys.get("vat_id") or "", **_said(one), **defaults}
        made.append((one, Customer(**{"name": code, **fields}), keys))
    Customer.objects.bulk_create([customer for _, customer, _ in made])
    Identity.objects.bulk_create(
        Identity(customer=customer, scheme=scheme, value=value)
        for _, customer, keys in made
        for scheme, value in keys.items()
    )
    why = f"made from {connection.name}, where nobody of ours was found"
    pair_by_keys(
        connection=connection, pairs=[(one.foreign_id, own.pk, why) for one, own, _ in made], now=now, by=by
    )
    return [customer for _, customer, _ in made]


def _said(listed: ForeignCustomer) -> dict[str, Any]:
    """What the platform says of it, as far as it fits a customer of ours."""
    fields: dict[str, Any] = {name: getattr(listed, name)[:length] for name, length in LENGTHS.items()}
    for name in CHECKED:
        with suppress(ValueError):
            fields[name] = READERS[name](getattr(listed, name))
    return {name: value for name, value in fields.items() if value}


def free_code(wanted: str, connection: str, taken: Collection[str]) -> str:
    """A code that nobody has: as wanted, else with the connection's name, else with a number too."""
    code = wanted[:MAX_CODE]
    place = 1
    while code in taken:
        end = f"@{connection}" + (f"-{place}" if place > 1 else "")
        code = wanted[: MAX_CODE - len(end[:MAX_CODE])] + end[:MAX_CODE]
        place += 1
    return code
