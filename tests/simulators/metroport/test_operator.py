"""The provider's own customers: who can be paired with Metroport's users by a key, and who cannot and why."""

import csv
from collections import defaultdict

from stdnum.pl import nip, pesel

from simulators.metroport import operator, users

CUSTOMERS = list(csv.DictReader(operator.customers_csv(id_cards=True).splitlines()))


def customers_with(column: str, value: str) -> list[str]:
    return [customer["name"] for customer in CUSTOMERS if customer[column] == value]


def owners() -> dict[int, set[str]]:
    """Per user of Metroport: the codes of the customers that any of its keys points to."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for user in users.users():
        keys = {
            "nip": user.nip.replace("-", "").replace("PL", "").strip(),
            "pesel": user.pesel.strip(),
            "id_card": user.idcardno.replace(" ", "").upper(),
        }
        for column, key in keys.items():
            found[user.id] |= {one["code"] for one in CUSTOMERS if key and one[column] == key}
    return found


def test_all_keys_of_the_provider_are_right() -> None:
    assert all(nip.is_valid(one["nip"]) for one in CUSTOMERS if one["nip"])
    assert all(pesel.is_valid(one["pesel"]) for one in CUSTOMERS if one["pesel"])
    assert len({one["code"] for one in CUSTOMERS}) == len(CUSTOMERS) == 37


def test_who_is_paired_by_a_key_and_who_is_not() -> None:
    found = owners()
    alone = {id for id, codes in found.items() if len(codes) == 1}
    nobody = {id for id, codes in found.items() if not codes}
    assert alone == {
        users.DASHED_NIP,
        users.OTHER_DASHES,
        users.NIP_WITH_COUNTRY,
        users.PESEL_WITH_BLANKS,
        users.IDENTITY_CARD_ONLY,
        users.SOLE_TRADER,
        *range(users.FIRST_ORDINARY, users.OWN_OFFICE),
    }
    assert nobody == {
        users.NO_IDENTIFIER,
        users.UNKNOWN_TO_OPERATOR,
        users.WRONG_NIP,
        users.ZERO_NIP,
        users.WRONG_PESEL,
        users.OWN_OFFICE,
    }
    assert found.keys() - alone - nobody == {
        users.TOWN_HALL,
        users.SCHOOL,
        users.KEYS_DISAGREE,
        users.TWINS_AT_OPERATOR,
    }


def test_keys_that_lead_to_two_customers() -> None:
    disagreeing = next(user for user in users.users() if user.id == users.KEYS_DISAGREE)
    assert customers_with("nip", disagreeing.nip) == ["Pasmanteria Guzik Zdzisława Morwa"]
    assert customers_with("pesel", disagreeing.pesel) == ["Zdzisława Morwa"]
    twin = next(user for user in users.users() if user.id == users.TWINS_AT_OPERATOR)
    assert customers_with("nip", twin.nip) == [
        "Biuro Rachunkowe Równy Bilans",
        "Biuro Rachunkowe Równy Bilans - filia",
    ]


def test_a_hint_is_left_where_no_key_is() -> None:
    for user in users.users():
        if user.id in {users.NO_IDENTIFIER, users.ZERO_NIP}:
            assert customers_with("email", user.email) == [user.full_name]


def test_the_column_of_identity_cards_is_there_on_request_only() -> None:
    header, *rows = operator.customers_csv().splitlines()
    assert header.endswith(",payment_days,nip,pesel")
    assert len(rows) == 37


def test_the_price_list_has_each_category_once_with_a_comma() -> None:
    header, *rows = operator.prices_csv().splitlines()
    assert header == "kategoria;jednostka;cena netto;vat"
    assert "Połączenia krajowe komórkowe;minuta;0,19;1,23" in rows
    assert len({row.split(";")[0] for row in rows}) == len(rows) == 17
