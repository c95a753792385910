"""Users and SIM cards of Metroport in our words."""

import msgspec
import pytest

from simulators.metroport import Simulator, users
from tests.connectors.metroport.sites import connector_at, queries
from tollbook.connectors.base import PlatformAccount, PlatformCustomer, State
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.metroport import mapping
from tollbook.connectors.metroport.schemas import Mobile, User


def customer(json: str) -> PlatformCustomer:
    return mapping.customer(msgspec.json.decode(json, type=User), currency="PLN", platform="mvno")


def card(json: str) -> PlatformAccount:
    return mapping.account(msgspec.json.decode(json, type=Mobile), country_code="48", platform="mvno")


def test_a_company_with_all_that_is_known_of_it() -> None:
    assert customer(
        """{"id": 17, "userid": 17, "usercode": "M17", "UserCodeName": "  M17 Piekarnia  ", "name": "",
        "lastname": "Piekarnia", "nip": "526-025-02-74", "pesel": null, "idcardno": "", "email": "p@example.com",
        "zip1": "00-999", "city1": "Dolna", "streetname1": "Lipowa", "streetno1": 5, "local1": "3", "new": [1]}"""
    ) == PlatformCustomer(
        foreign_id="17",
        code="M17",
        name="Piekarnia",
        state=State.ACTIVE,
        identities=(("nip", "526-025-02-74"),),
        email="p@example.com",
        street="Lipowa 5/3",
        postcode="00-999",
        city="Dolna",
        currency="PLN",
    )


def test_identifiers_are_left_as_they_were_written() -> None:
    found = customer('{"id": "18", "nip": "PL 5260250274 ", "pesel": 44051401359, "idcardno": "zzx 300990"}')
    assert found.identities == (("nip", "PL 5260250274 "), ("pesel", "44051401359"), ("id_card", "zzx 300990"))


def test_the_id_may_be_under_either_key_and_the_name_in_the_code_name_only() -> None:
    found = customer('{"userid": 19, "usercode": "M19", "UserCodeName": " M19 Jan Nowak "}')
    assert (found.foreign_id, found.name) == ("19", "Jan Nowak")


def test_a_user_without_an_id_is_for_a_person_to_look_at() -> None:
    with pytest.raises(NeedsAttention, match="mvno: user M20 has no id"):
        customer('{"usercode": "M20"}')


@pytest.mark.parametrize(
    ("status", "confirmed", "state", "is_settled"),
    [
        ("new", "1", State.ACTIVE, True),
        ("active", "1", State.ACTIVE, True),
        ("blocked", "1", State.BLOCKED, True),
        ("blocked", "0", State.BLOCKED, False),
        ("deleted", '"1"', State.CLOSED, True),
        ("deleted", '"0"', State.CLOSED, False),
        ("ported_out", "1", State.UNKNOWN, True),
    ],
)
def test_a_card_stands_as_its_status_says(status: str, confirmed: str, state: State, *, is_settled: bool) -> None:
    found = card(
        f'{{"id": "7", "userid": 17, "ano": 500000100, "status": "{status}", "status_confirmed": {confirmed}}}'
    )
    assert found == PlatformAccount(
        foreign_id="7",
        customer_id="17",
        code="48500000100",
        state=state,
        state_word=status,
        is_settled=is_settled,
        numbers=("48500000100",),
    )


def test_a_number_that_has_its_country_code_already_keeps_it() -> None:
    assert card('{"id": 7, "ano": "48500000100"}').numbers == ("48500000100",)


def test_end_customers_only_are_asked_for_unless_the_setting_says_all(metroport: Simulator) -> None:
    assert len(list(connector_at(metroport).customers())) == 35
    assert len(list(connector_at(metroport, usertype="-").customers())) == 36
    assert queries(metroport, "/Users/users") == ["usertype=2", ""]


def test_cards_of_some_customers(metroport: Simulator) -> None:
    cards = list(connector_at(metroport).accounts([str(users.SCHOOL)]))
    assert {found.customer_id for found in cards} == {str(users.SCHOOL)}
    assert len(cards) == sum(mobile.userid == users.SCHOOL for mobile in metroport.mobiles)
    assert {found.state_word for found in connector_at(metroport).accounts()} == {
        *("new", "active", "blocked", "deleted"),
        "ported_out",
    }
