"""Names and addresses, which customers and accounts have alike."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.method import Info

Short = Annotated[str, msgspec.Meta(max_length=40)]
Name = Annotated[str, msgspec.Meta(max_length=100)]
Line = Annotated[str, msgspec.Meta(max_length=200)]


class ContactGiven(Info, kw_only=True):
    """What is sent of them; longer than the platform itself keeps is taken where we have the room."""

    companyname: Line | UnsetType = UNSET
    salutation: Short | UnsetType = UNSET
    firstname: Name | UnsetType = UNSET
    midinit: Short | UnsetType = UNSET
    lastname: Name | UnsetType = UNSET
    baddr1: Line | UnsetType = UNSET
    address_line_2: Line | UnsetType = UNSET
    city: Name | UnsetType = UNSET
    state: Short | UnsetType = UNSET
    zip: Annotated[str, msgspec.Meta(max_length=20)] | UnsetType = UNSET
    country: Annotated[str, msgspec.Meta(max_length=2)] | UnsetType = UNSET
    phone1: Short | UnsetType = UNSET
    phone2: Short | UnsetType = UNSET
    faxnum: Short | UnsetType = UNSET
    email: Annotated[str, msgspec.Meta(max_length=254)] | UnsetType = UNSET
    bcc: Annotated[str, msgspec.Meta(max_length=254)] | UnsetType = UNSET
    cont1: Annotated[str, msgspec.Meta(max_length=120)] | UnsetType = UNSET
    cont2: Annotated[str, msgspec.Meta(max_length=120)] | UnsetType = UNSET
    note: Annotated[str, msgspec.Meta(max_length=4_000)] | UnsetType = UNSET


class ContactShown(msgspec.Struct, kw_only=True):
    """What is shown of them: what was never said is an empty text."""

    companyname: str = ""
    salutation: str = ""
    firstname: str = ""
    midinit: str = ""
    lastname: str = ""
    baddr1: str = ""
    address_line_2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    phone1: str = ""
    phone2: str = ""
    faxnum: str = ""
    email: str = ""
    bcc: str = ""
    cont1: str = ""
    cont2: str = ""
    note: str = ""


def given(info: msgspec.Struct) -> dict[str, Any]:
    """The fields of a structure that were sent."""
    fields = ((name, getattr(info, name)) for name in info.__struct_fields__)
    return {name: value for name, value in fields if value is not UNSET}


def person(info: dict[str, Any]) -> str:
    """First and last name in one text."""
    return " ".join(part for part in (info.get("firstname", ""), info.get("lastname", "")) if part)


SECRET = frozenset({"password", "h323_password"})


def noted(info: dict[str, Any]) -> dict[str, Any]:
    """What was sent, for the audit: plain values, without secrets."""
    shown = {name: value for name, value in info.items() if name not in SECRET}
    plain: dict[str, Any] = msgspec.to_builtins(shown, enc_hook=str)
    return plain
