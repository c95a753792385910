"""The operator's own fields: their values with customers and with accounts."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, missing
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, STAFF, Info, Request, method
from tollbook.customers.models import CustomField

MOST_VALUES = 200
LONGEST_VALUE = 4_000


class ValueGiven(Info, kw_only=True):
    """A value, for the field of that id or name."""

    i_custom_field: Id | None = None
    name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    db_value: Annotated[str, msgspec.Meta(max_length=LONGEST_VALUE)]


Values = Annotated[list[ValueGiven], msgspec.Meta(max_length=MOST_VALUES)]


class ValueShown(msgspec.Struct):
    """A field, and what stands in it."""

    i_custom_field: int
    name: str
    db_value: str
    text_value: str


class ValuesShown(msgspec.Struct):
    """Every field with its value; where none was said, its default."""

    custom_fields_values: list[ValueShown]


class OfCustomer(Request):
    """Whose fields."""

    i_customer: Id | None = None


class UpdateOfCustomer(OfCustomer, kw_only=True):
    """Values to put in place; fields that are not sent stay."""

    custom_fields_values: Values


class OfAccount(Request):
    """Whose fields."""

    i_account: Id | None = None


class UpdateOfAccount(OfAccount, kw_only=True):
    """Values to put in place; fields that are not sent stay."""

    custom_fields_values: Values


@method("Customer/get_custom_fields_values", realms=OWNERS)
def get_customer_values(caller: Caller, asked: OfCustomer) -> ValuesShown:
    """Show the operator's own fields of a customer."""
    return _shown(CustomField.Of.CUSTOMER, caller.customer(asked.i_customer).custom)


@method("Customer/update_custom_fields_values", realms=(STAFF,), writes=True)
def update_customer_values(caller: Caller, asked: UpdateOfCustomer) -> ValuesShown:
    """Fill the operator's own fields of a customer."""
    customer = caller.customer(asked.i_customer, lock=True)
    with caller.changing(f"customer {customer.pk}", lambda: {"custom": customer.custom}):
        given = _by_id(caller, CustomField.Of.CUSTOMER, asked.custom_fields_values)
        customer.custom = {**customer.custom, **given}
        customer.save(update_fields=["custom"])
    return _shown(CustomField.Of.CUSTOMER, customer.custom)


@method("Account/get_custom_fields_values", realms=EVERYBODY)
def get_account_values(caller: Caller, asked: OfAccount) -> ValuesShown:
    """Show the operator's own fields of an account."""
    return _shown(CustomField.Of.ACCOUNT, caller.account(asked.i_account).custom)


@method("Account/update_custom_fields_values", realms=(STAFF,), writes=True)
def update_account_values(caller: Caller, asked: UpdateOfAccount) -> ValuesShown:
    """Fill the operator's own fields of an account."""
    account = caller.account(asked.i_account, lock=True)
    with caller.changing(f"account {account.pk}", lambda: {"custom": account.custom}):
        given = _by_id(caller, CustomField.Of.ACCOUNT, asked.custom_fields_values)
        account.custom = {**account.custom, **given}
        account.save(update_fields=["custom"])
    return _shown(CustomField.Of.ACCOUNT, account.custom)


def _shown(of: CustomField.Of, stored: Mapping[str, Any]) -> ValuesShown:
    fields = CustomField.objects.filter(of=of).order_by("pk")
    values = ((field, str(stored.get(str(field.pk), field.default))) for field in fields)
    return ValuesShown([ValueShown(field.pk, field.name, value, value) for field, value in values])


def _by_id(caller: Caller, of: CustomField.Of, values: Sequence[ValueGiven]) -> dict[str, str]:
    """What was sent, by the id of its field."""
    fields = list(CustomField.objects.filter(of=of))
    by_name, by_id = {one.name: one for one in fields}, {one.pk: one for one in fields}
    given: dict[str, str] = {}
    for value in values:
        if value.i_custom_field is None and not value.name:
            raise missing(caller.method, "i_custom_field", "custom_fields_values")
        field = by_id.get(value.i_custom_field) if value.i_custom_field else by_name.get(value.name or "")
        if field is None:
            named = value.i_custom_field or value.name
            known = ", ".join(sorted(by_name)) or "none yet"
            raise invalid(
                caller.method, "custom_fields_values", f"there is no field {named!r}; there are: {known}"
            )
        given[str(field.pk)] = value.db_value
    return given
