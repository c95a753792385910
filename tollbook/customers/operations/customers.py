"""Customers made and changed by hand, by the rules that a sheet of customers is read by."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from tollbook.customers.actors import Actor
from tollbook.customers.customer_sheet import COLUMNS
from tollbook.customers.errors import DuplicateCode, NotTheirs
from tollbook.customers.identities import SCHEMES
from tollbook.customers.models import Customer, Identity, TaxTreatment
from tollbook.customers.operations.events import tell_customer
from tollbook.customers.operations.permits import demand_customer, demand_open, demand_staff, lock_customer
from tollbook.errors import BadInput

SHEET = {column.name: column for column in COLUMNS}
# What no sheet has.
OTHERS: Mapping[str, type | tuple[type, ...]] = {
    "needs_approval": (bool, type(None)),
    "features": dict,
    "custom": dict,
    "details": dict,
}
# What customers say of themselves: where to reach them, and what they keep with us. Nothing that money depends on.
THEIRS = frozenset({"street", "postcode", "city", "email", "language", "features", "custom", "details"})

AMBIGUOUS_DECIMALS = 3  # 1.234 as a person writes it may be a thousand


@transaction.atomic
def add_customer(*, actor: Actor, code: str, name: str, currency: str, now: datetime, **facts: Any) -> Customer:
    """Make a customer. `facts`: the columns of a sheet of customers, and needs_approval, features, custom, details.

    Raises:
        DuplicateCode: there is a customer of that code.
        NotTheirs: it is not staff who ask.
        BadInput: a fact is none.
    """
    demand_staff(actor, "make customers")
    fields, identities = _read({"code": code, "name": name, "currency": currency, **facts})
    customer = Customer(created_at=now, **fields)
    _demand_tax_fits(customer)
    if Customer.objects.filter(code=customer.code).exists():
        raise DuplicateCode(f"there is a customer {customer.code!r} already; choose another code")
    try:
        with transaction.atomic():
            customer.save()
    except IntegrityError:
        raise DuplicateCode(f"there is a customer {customer.code!r} already; choose another code") from None
    _set_identities(customer, identities)
    tell_customer(customer, "created", customer.name, actor=actor, now=now)
    return customer


@transaction.atomic
def change_customer(*, actor: Actor, customer: Customer, now: datetime, **facts: Any) -> Customer:
    """Say something else of a customer. Safe to repeat.

    Raises:
        NotTheirs: another customer asks, or for what only staff say.
        DuplicateCode: another customer has the code.
        BadInput: a fact is none, another currency, or the customer is closed.
    """
    lock_customer(customer)
    demand_customer(actor, customer)
    demand_open(customer)
    if not actor.is_staff and (others := sorted(set(facts) - THEIRS)):
        raise NotTheirs(f"{others[0].replace('_', ' ')} is for staff to change; ask your operator")
    fields, identities = _read(facts)
    if fields.get("currency", customer.currency) != customer.currency:
        raise BadInput(
            f"customer {customer.code} is kept in {customer.currency}; make another customer for another currency"
        )
    others_code = Customer.objects.filter(code=fields.get("code")).exclude(pk=customer.pk)
    if "code" in fields and others_code.exists():
        raise DuplicateCode(f"there is a customer {fields['code']!r} already; choose another code")
    said = []
    for name, value in fields.items():
        if (was := getattr(customer, name)) != value:
            said.append(f"{name}: {_shown(was)} → {_shown(value)}" if not isinstance(value, dict) else name)
            setattr(customer, name, value)
    _demand_tax_fits(customer)
    customer.save(update_fields=list(fields) or None)
    said += _set_identities(customer, identities)
    for detail in said:
        tell_customer(customer, "changed", detail, actor=actor, now=now)
    return customer


def _read(facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Fields of Customer, and identities by scheme; "" = none of it any more."""
    fields: dict[str, Any] = {}
    identities: dict[str, str] = {}
    for name, value in facts.items():
        if name in OTHERS:
            if not isinstance(value, OTHERS[name]):
                raise BadInput(f"{name} {value!r} is not what it can be")
            fields[name] = value
        elif name in SHEET:
            (identities if name in SCHEMES else fields)[name] = _cell(name, value)
        else:
            known = ", ".join((*SHEET, *OTHERS))
            raise BadInput(f"a customer has no {name!r}; there are {known}")
    return fields, identities


def _cell(name: str, value: Any) -> Any:
    """The value as its column reads it."""
    column = SHEET[name]
    text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else _text(value)
    if not text:
        if column.is_required:
            raise BadInput(f"{name} is empty; every customer has one")
        return column.when_empty
    if "\0" in text:
        raise BadInput(f"{name} has a NUL byte; remove it")
    try:
        return column.read(text)
    except ValueError as error:
        raise BadInput(f"{name} {text[:100]!r} {error}") from None


def _text(value: Any) -> str:
    """As a sheet would have it. A Decimal is one number, where a person's 1.234 could be two."""
    if value is None:
        return ""
    if not isinstance(value, Decimal):
        return str(value).strip()
    text = f"{value.normalize():f}"
    return f"{text}0" if len(text.partition(".")[2]) == AMBIGUOUS_DECIMALS else text


def _demand_tax_fits(customer: Customer) -> None:
    if customer.tax_treatment != TaxTreatment.STANDARD and customer.tax_rate:
        raise BadInput(f"tax_rate {customer.tax_rate} must be 0 when tax_treatment is {customer.tax_treatment}")


def _set_identities(customer: Customer, identities: Mapping[str, str]) -> list[str]:
    """Each scheme's only value from now on; what is news comes back."""
    said = []
    for scheme, value in identities.items():
        known = Identity.objects.filter(customer=customer, scheme=scheme)
        if list(known.values_list("value", flat=True)) == ([value] if value else []):
            continue
        known.delete()
        if value:
            Identity.objects.create(customer=customer, scheme=scheme, value=value)
        said.append(scheme)
    return said


def _shown(value: object) -> str:
    return str(value)[:100] if value not in (None, "") else "(nothing)"
