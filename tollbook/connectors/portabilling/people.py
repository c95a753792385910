"""Customers and accounts: PortaBilling's words to ours."""

import re
from collections.abc import Sequence

from tollbook.connectors.base import PlatformAccount, PlatformCustomer, State
from tollbook.connectors.portabilling.schemas import (
    AccountInfo,
    AccountList,
    CustomerInfo,
    CustomerList,
    NumberList,
    id_text,
)

BLOCKED = "Y"
# bill_status of customers: O open, S suspended, C closed, E exported, D deactivated; of accounts: O, I inactive, C.
_STATES = {"O": State.ACTIVE, "S": State.SUSPENDED, "C": State.CLOSED, "D": State.INACTIVE, "I": State.INACTIVE}
_SUSPENDED = frozenset({"suspended", "customer_suspended"})
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_TEN_DIGITS = re.compile(r"(?:PL)?[0-9]{10}")
_ELEVEN_DIGITS = re.compile(r"[0-9]{11}")
_VAT_ID = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,13}")


def length(page: object) -> int:
    """How many records a page has."""
    match page:
        case CustomerList(records) | AccountList(records) | NumberList(records):
            return len(records)
    return 0


def is_of_types(customer: CustomerInfo, types: Sequence[int]) -> bool:
    """Whether it is a customer of a type that is wanted; one that does not say its type is."""
    return customer.i_customer_type is None or id_text(customer.i_customer_type) in {str(type_) for type_ in types}


def to_customer(customer: CustomerInfo) -> PlatformCustomer:
    """`tax_id` is one field for whatever a country has: its form says which number it may be."""
    person = " ".join(part for part in (customer.firstname, customer.lastname) if part)
    return PlatformCustomer(
        foreign_id=id_text(customer.i_customer),
        code=customer.name or "",
        name=customer.companyname or person or customer.name or "",
        state=customer_state(customer),
        state_word=customer.status or _word(customer.bill_status, customer.blocked),
        identities=identities(id_text(customer.tax_id), customer.country or ""),
        email=customer.email or "",
        street=" ".join(part for part in (customer.baddr1, customer.address_line_2) if part),
        postcode=id_text(customer.zip),
        city=customer.city or "",
        country=customer.country or "",
        currency=customer.iso_4217 or "",
        timezone=customer.time_zone_name or "",
    )


def identities(tax_id: str, country: str) -> tuple[tuple[str, str], ...]:
    """The schemes that a tax id may be of, each with the value as written."""
    plain = re.sub(r"[\s./-]", "", tax_id).upper()
    if not plain:
        return ()
    is_polish = country in {"PL", ""}
    if is_polish and _TEN_DIGITS.fullmatch(plain):
        return (("nip", tax_id),)
    if is_polish and _ELEVEN_DIGITS.fullmatch(plain):
        return (("pesel", tax_id),)
    if _VAT_ID.fullmatch(plain):
        return (("vat_id", tax_id),)
    return ()


def to_account(account: AccountInfo, aliases: Sequence[str]) -> PlatformAccount:
    """With every number that leads to it: its own id where that is one, its DID, its aliases."""
    id = id_text(account.id)
    own_aliases = [id_text(alias.id) for alias in account.alias_list or ()]
    said = [number_in(text) for text in (id, id_text(account.did_number), *aliases, *own_aliases)]
    person = " ".join(part for part in (account.firstname, account.lastname) if part)
    return PlatformAccount(
        foreign_id=id_text(account.i_account),
        customer_id=id_text(account.i_customer),
        code=id,
        name=account.extension_name or person,
        state=account_state(account),
        state_word=account.status or _word(account.bill_status, account.blocked),
        numbers=tuple(dict.fromkeys(number for number in said if number)),
        product=account.product_name or "",
    )


def number_in(id: str) -> str:
    """The number that an account's id is, without its realm (48500000000@msisdn); "" where it is none."""
    text = id.partition("@")[0]
    return text if _NUMBER.fullmatch(text) else ""


def customer_state(customer: CustomerInfo) -> State:
    return _state(customer.bill_status, customer.blocked, customer.status)


def account_state(account: AccountInfo) -> State:
    return _state(account.bill_status, account.blocked, account.status)


def _state(bill_status: str | None, blocked: str | None, status: str | None) -> State:
    """Closed wins over blocked, blocked over suspended, as the platform shows them."""
    state = _STATES.get(bill_status or "", State.UNKNOWN)
    if state is not State.CLOSED and blocked == BLOCKED:
        return State.BLOCKED
    if state is State.ACTIVE and status in _SUSPENDED:
        return State.SUSPENDED
    return state


def _word(bill_status: str | None, blocked: str | None) -> str:
    return "blocked" if blocked == BLOCKED else bill_status or ""
