"""What may be said of an account besides its product, by whom, and what may stand in it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import models

from tollbook.catalog.models import Role
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.customer_sheet import email, timezone
from tollbook.customers.errors import NotTheirs
from tollbook.customers.models import Account
from tollbook.errors import BadInput

# What an account may say of itself: nothing that costs, and nothing about who may do what.
HARMLESS = frozenset({"name", "email", "timezone", "follow_me"})
# What only staff say: how long service lasts, and since when usage is theirs.
STAFFS = frozenset({"expires_on", "active_from", "role"})
MAX_FORWARDS = 50
MAX_KEYS = 2_000  # of features, custom fields and details
SECRET = "service_password"


def read_account_facts(actor: Actor, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as fields of Account; a `service_password` stays one.

    Raises:
        NotTheirs: one that the actor may not say.
        BadInput: there is no such fact, or its value is none.
    """
    for name in facts:
        if name not in READERS:
            raise BadInput(f"an account has no {name!r}; there are {', '.join(sorted(READERS))}")
        if name in STAFFS and not actor.is_staff:
            raise NotTheirs(f"{name.replace('_', ' ')} is for staff to change; ask your operator")
        if actor.realm is Realm.ACCOUNT and name not in HARMLESS:
            raise NotTheirs(f"{name.replace('_', ' ')} is for whoever manages all accounts to change; ask them")
    return {name: _read(name, value, READERS[name]) for name, value in facts.items()}


def read_texts(model: type[models.Model], facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, with texts that fit into the fields of `model`.

    Raises:
        BadInput: one is too long, or has what PostgreSQL cannot keep.
    """
    return {name: _read(name, value, partial(fitting, model, name)) for name, value in facts.items()}


def fitting(model: type[models.Model], name: str, value: Any) -> Any:
    """The value; a text without blanks around it.

    Raises:
        ValueError: it does not fit into the field.
    """
    field = model._meta.get_field(name)
    if not isinstance(field, models.CharField):
        return value
    if not isinstance(value, str):
        raise ValueError("is not a text")
    if "\0" in value:
        raise ValueError("has a NUL byte; remove it")
    text = value.strip()
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueError(f"has {len(text)} characters; the limit is {field.max_length}")
    return text


def _read(name: str, value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except ValueError as error:
        shown = value if isinstance(value, (str, int)) and name != SECRET else ""
        raise BadInput(f"{name} {shown!r} {error}".replace(" ''", "")) from None


def _text(name: str) -> Callable[[Any], str]:
    return lambda value: str(fitting(Account, name, value))


def _email(value: Any) -> str:
    text = str(fitting(Account, "email", value))
    for one in text.split(",") if text else []:
        email(one.strip())
    return text


def _timezone(value: Any) -> str:
    text = str(fitting(Account, "timezone", value))
    return timezone(text) if text else ""


def _role(value: Any) -> str:
    if value not in Role.values:
        raise ValueError(f"is not a role; there are {', '.join(Role.values)}")
    return str(value)


def _day(value: Any) -> date | None:
    if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
        raise ValueError("is not a date")
    return value


def _moment(value: Any) -> datetime | None:
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise ValueError("is not a moment with a zone")
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or len(value) > MAX_KEYS:
        raise ValueError(f"is not a mapping of at most {MAX_KEYS} names to values")
    return dict(value)


def _forwards(value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)) or len(value) > MAX_FORWARDS:
        raise ValueError(f"is not a list of at most {MAX_FORWARDS} numbers")
    return list(value)


def _password(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a text")
    return value


READERS: Mapping[str, Callable[[Any], Any]] = {
    "name": _text("name"),
    "email": _email,
    "timezone": _timezone,
    "role": _role,
    "expires_on": _day,
    "active_from": _moment,
    "features": _mapping,
    "follow_me": _forwards,
    "custom": _mapping,
    "details": _mapping,
    SECRET: _password,
}
