"""PortaBilling's records, as far as they are read here, in its own words.

Numbers may come as text; members that are not here are ignored.
"""

from typing import Annotated

import msgspec


def id_text(value: int | str | None) -> str:
    """A foreign id as text, whether it came as a number or as one in quotes."""
    return "" if value is None else str(value).strip()


Text = str | None
Id = int | str | None


class CustomerInfo(msgspec.Struct, kw_only=True, frozen=True):
    """A customer."""

    i_customer: Id = None
    name: Text = None
    i_customer_type: Id = None
    companyname: Text = None
    firstname: Text = None
    lastname: Text = None
    baddr1: Text = None
    address_line_2: Text = None
    city: Text = None
    zip: int | str | None = None
    country: Text = None
    email: Text = None
    tax_id: int | str | None = None
    iso_4217: Text = None
    bill_status: Text = None
    blocked: Text = None
    status: Text = None
    time_zone_name: Text = None


class Alias(msgspec.Struct, frozen=True):
    """Another id of an account."""

    id: int | str | None = None


class AccountInfo(msgspec.Struct, kw_only=True, frozen=True):
    """An account, or an alias of one."""

    i_account: Id = None
    id: int | str | None = None
    i_customer: Id = None
    i_master_account: Id = None
    billing_model: Id = None
    product_name: Text = None
    bill_status: Text = None
    blocked: Text = None
    status: Text = None
    did_number: int | str | None = None
    extension_name: Text = None
    firstname: Text = None
    lastname: Text = None
    alias_list: list[Alias] | None = None  # where a release gives it with the account


class NumberInfo(msgspec.Struct, kw_only=True, frozen=True):
    """A DID."""

    number: int | str | None = None
    i_customer: Id = None
    i_account: Id = None


class CustomerList(msgspec.Struct, frozen=True):
    customer_list: list[CustomerInfo] = []


class CustomerAnswer(msgspec.Struct, frozen=True):
    customer_info: CustomerInfo | None = None


class AccountList(msgspec.Struct, frozen=True):
    account_list: list[AccountInfo] = []


class AccountAnswer(msgspec.Struct, frozen=True):
    account_info: AccountInfo | None = None


class NumberList(msgspec.Struct, frozen=True):
    number_list: list[NumberInfo] = []


class XdrPage(msgspec.Struct, frozen=True):
    """A page of xDRs, each as the bytes it came in."""

    xdr_list: list[msgspec.Raw]
    total: Annotated[int, msgspec.Meta(ge=0)] | None = None
