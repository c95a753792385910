"""What Metroport answers, in its own words. Numbers come bare or as text, unknown fields are ignored."""

import msgspec

Text = str | int | float | bool | None


class User(msgspec.Struct):
    """A customer of the provider. Identifiers are as people wrote them."""

    id: Text = None
    userid: Text = None  # the same, in some answers
    usercode: Text = None
    UserCodeName: Text = None  # code and name, perhaps with blanks around
    name: Text = None
    lastname: Text = None  # of a company: its whole name
    nip: Text = None
    pesel: Text = None
    idcardno: Text = None
    email: Text = None
    zip1: Text = None
    city1: Text = None
    streetname1: Text = None
    streetno1: Text = None
    local1: Text = None


class Mobile(msgspec.Struct):
    """A SIM card."""

    id: Text = None
    userid: Text = None
    ano: Text = None  # national number, without the country code
    status: Text = None  # new, active, blocked, deleted
    status_confirmed: Text = None  # 1: it has taken effect in the network


class TrafficType(msgspec.Struct):
    id: Text = None
    type: Text = None  # call, sms, mms, data, video


class Billing(msgspec.Struct):
    """What is looked at of a billing record while it is fetched; the rest is read from the evidence."""

    id: Text = None
    calldate: Text = None
    traffic_types_id: Text = None


def text(value: Text) -> str:
    """As text without blanks around it; nothing is empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def is_yes(value: Text) -> bool:
    return text(value).lower() in {"1", "true"}
