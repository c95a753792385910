"""The operator's own fields: what they are called. Their values are with customers and accounts."""

from django.db import transaction

from tollbook.customers.models import Account, Customer, CustomField
from tollbook.errors import BadInput

MAX_NAME = 100
MAX_FIELDS = 200  # of customers, and of accounts: each is shown with every one of them


@transaction.atomic
def set_custom_field(*, of: CustomField.Of, name: str, default: str = "") -> CustomField:
    """Keep a field of this name with every customer or every account. Safe to repeat; the default may change.

    Raises:
        BadInput: no name, too long a one, or too many fields.
    """
    if not name.strip() or len(name) > MAX_NAME:
        raise BadInput(f"{name!r} is no name of a field; give 1 to {MAX_NAME} characters")
    others = CustomField.objects.filter(of=of).exclude(name=name)
    if others.count() >= MAX_FIELDS:
        raise BadInput(f"{of} has {MAX_FIELDS} fields, and more cannot be shown; remove one first")
    return CustomField.objects.update_or_create(of=of, name=name, defaults={"default": default})[0]


@transaction.atomic
def remove_custom_field(*, of: CustomField.Of, name: str) -> None:
    """Keep it no longer.

    Raises:
        BadInput: there is none of this name, or somebody has a value in it, which would be lost.
    """
    field = CustomField.objects.filter(of=of, name=name).first()
    if field is None:
        raise BadInput(f"no {of} has a field {name!r}; see `tollbook custom-fields list`")
    rows = Customer.objects if of == CustomField.Of.CUSTOMER else Account.objects
    if used := rows.filter(custom__has_key=str(field.pk)).count():
        raise BadInput(f"{name!r} has a value with {used} {of}s; empty it there first, or leave the field")
    field.delete()
