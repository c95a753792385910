"""Metroport's customers and SIM cards in our words."""

from collections.abc import Iterator

from tollbook.connectors.base import PlatformAccount, PlatformCustomer, State
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.metroport.schemas import Mobile, User, is_yes, text

NATIONAL_DIGITS = 9  # of a Polish number without its country code
# `new` is a card that may be used already: only its first use is still to come.
STATES = {"new": State.ACTIVE, "active": State.ACTIVE, "blocked": State.BLOCKED, "deleted": State.CLOSED}


def customer(user: User, *, currency: str, platform: str) -> PlatformCustomer:
    """A user of Metroport. It says nothing of a user's state: who is listed is a customer.

    Raises:
        NeedsAttention: it has no id, so nothing could be told about it later.
    """
    id, code = text(user.id) or text(user.userid), text(user.usercode)
    if not id:
        raise NeedsAttention(f"user {code or '?'} has no id; the API may have changed", platform=platform)
    house = "/".join(filter(None, (text(user.streetno1), text(user.local1))))
    return PlatformCustomer(
        foreign_id=id,
        code=code,
        name=_joined(user.name, user.lastname) or text(user.UserCodeName).removeprefix(code).strip(),
        state=State.ACTIVE,
        identities=tuple(_identities(user)),
        email=text(user.email),
        street=_joined(user.streetname1, house),
        postcode=text(user.zip1),
        city=text(user.city1),
        currency=currency,
    )


def _identities(user: User) -> Iterator[tuple[str, str]]:
    for scheme, value in (("nip", user.nip), ("pesel", user.pesel), ("id_card", user.idcardno)):
        if text(value):
            yield scheme, str(value)  # as written: whoever compares them knows how


def account(mobile: Mobile, *, country_code: str, platform: str) -> PlatformAccount:
    """A SIM card.

    Raises:
        NeedsAttention: it has no id.
    """
    id, word = text(mobile.id), text(mobile.status)
    number = full_number(text(mobile.ano), country_code)
    if not id:
        raise NeedsAttention(f"SIM card {number or '?'} has no id; the API may have changed", platform=platform)
    return PlatformAccount(
        foreign_id=id,
        customer_id=text(mobile.userid),
        code=number or id,
        state=STATES.get(word.lower(), State.UNKNOWN),
        state_word=word,
        is_settled=is_yes(mobile.status_confirmed),
        numbers=(number,) if number else (),
    )


def full_number(national: str, country_code: str) -> str:
    """A subscriber's number with its country code. One that is not as long as a national number is left alone."""
    return country_code + national if len(national) == NATIONAL_DIGITS else national


def _joined(*parts: str | int | float | bool | None) -> str:
    return " ".join(filter(None, map(text, parts)))
