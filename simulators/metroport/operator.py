"""The provider's own books: its customers as it knows them, and the price list it uploads.

Most customers are Metroport's users under a number of the provider's own. The others are where two books differ in
life: an identifier mistyped at one side, one known to one side only, one customer twice, a customer without a SIM card.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from simulators.metroport.identifiers import identity_card, nip, pesel
from simulators.metroport.records import COUNTED, VAT, Field
from simulators.metroport.services import SERVICES
from simulators.metroport.users import (
    COMPANY,
    IDENTITY_CARD_ONLY,
    KEYS_DISAGREE,
    NO_IDENTIFIER,
    OWN_OFFICE,
    SCHOOL,
    TOWN_HALL,
    TWINS_AT_OPERATOR,
    UNKNOWN_TO_OPERATOR,
    ZERO_NIP,
    User,
    users,
)

FIRST_CODE, CODE_STEP = 1_204, 13
WITHOUT_CARD = 800  # serial of a customer that Metroport has never heard of
SAME_EVERYWHERE = {
    "country": "PL",
    "currency": "PLN",
    "language": "pl",
    "timezone": "Europe/Warsaw",
    "tax_rate": "23",
    "tax_treatment": "standard",
    "tax_note": "",
    "payment_days": "14",
}
COLUMNS = ("code", "name", "street", "postcode", "city", "country", "tax_id", "email", "currency", "language")
MORE_COLUMNS = ("timezone", "tax_rate", "tax_treatment", "tax_note", "payment_days", "nip", "pesel")
UNITS: dict[Field, str] = {"duration": "minuta", "datatransfer": "MB", "msg": "szt."}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer in the provider's books; its user at Metroport gives the address."""

    name: str
    user: User
    nip: str = ""
    pesel: str = ""
    id_card: str = ""
    email: str = ""


def customers_csv(*, id_cards: bool = False) -> str:
    """The provider's customers, one line each; with a column `id_card` when it is asked for."""
    columns = [*COLUMNS, *MORE_COLUMNS, *(["id_card"] if id_cards else [])]
    rows = [_row(f"AB-{FIRST_CODE + CODE_STEP * place}", customer) for place, customer in enumerate(_customers())]
    return _written(columns, rows, ",")


def prices_csv() -> str:
    """Retail prices net, for Metroport to rate by. Its real columns are not public; nobody here reads the file."""
    once = {(service.category, service.price): service for service in SERVICES}
    rows = [
        {
            "kategoria": service.category,
            "jednostka": UNITS[COUNTED[service.kind]],
            "cena netto": f"{service.price:f}".replace(".", ","),
            "vat": VAT.replace(".", ","),
        }
        for service in once.values()
    ]
    return _written(["kategoria", "jednostka", "cena netto", "vat"], rows, ";")


def _customers() -> Iterator[Customer]:
    everybody = users()
    for user in everybody:
        yield from KNOWN_OTHERWISE.get(user.id, _by_its_key)(user)
    yield Customer("Mleczarnia Bez Telefonu sp. z o.o.", everybody[0], nip=nip(WITHOUT_CARD))


def _by_its_key(user: User) -> list[Customer]:
    """A company by its NIP, a person by the PESEL; rightly also where Metroport has a wrong one."""
    if user.customertype == COMPANY:
        name = user.lastname.replace("sp. z o.o.", "Sp. z o.o.")
        return [Customer(name, user, nip=nip(user.id), email=_mail(user))]
    return [Customer(f"{user.lastname} {user.name}", user, pesel=pesel(user.id), email=_mail(user))]


def _not_at_all(_: User) -> list[Customer]:
    return []


def _by_name_and_mail(user: User) -> list[Customer]:
    return [Customer(user.full_name, user, email=user.email)]


def _by_identity_card(user: User) -> list[Customer]:
    return [Customer(user.full_name, user, id_card=identity_card(user.id), email=_mail(user))]


def _by_the_shared_nip(user: User) -> list[Customer]:
    return [Customer(user.lastname, user, nip=nip(TOWN_HALL), email=_mail(user))]


def _as_shop_and_as_person(user: User) -> list[Customer]:
    shop = Customer(f"Pasmanteria Guzik {user.full_name}", user, nip=nip(user.id), email=_mail(user))
    return [shop, Customer(user.full_name, user, pesel=pesel(user.id))]


def _as_office_and_as_branch(user: User) -> list[Customer]:
    office = Customer(user.lastname, user, nip=nip(user.id), email=_mail(user))
    return [office, Customer(f"{user.lastname} - filia", user, nip=nip(user.id))]


def _mail(user: User) -> str:
    """Another address than Metroport has."""
    return f"kontakt-{user.id}@poczta.example"


KNOWN_OTHERWISE: Mapping[int, Callable[[User], list[Customer]]] = {
    IDENTITY_CARD_ONLY: _by_identity_card,
    NO_IDENTIFIER: _by_name_and_mail,
    TOWN_HALL: _by_the_shared_nip,
    SCHOOL: _by_the_shared_nip,
    UNKNOWN_TO_OPERATOR: _not_at_all,
    KEYS_DISAGREE: _as_shop_and_as_person,
    ZERO_NIP: _by_name_and_mail,
    TWINS_AT_OPERATOR: _as_office_and_as_branch,
    OWN_OFFICE: _not_at_all,
}


def _row(code: str, customer: Customer) -> dict[str, str]:
    user = customer.user
    flat = f"/{user.local1}" if user.local1 else ""
    return SAME_EVERYWHERE | {
        "code": code,
        "name": customer.name,
        "street": f"ul. {user.streetname1} {user.streetno1}{flat}",
        "postcode": user.zip1,
        "city": user.city1,
        "tax_id": customer.nip,
        "email": customer.email,
        "nip": customer.nip,
        "pesel": customer.pesel,
        "id_card": customer.id_card,
    }


def _written(columns: list[str], rows: Iterable[dict[str, str]], separator: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=separator, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
