"""Users and SIM cards: who is awkward and how, what the filters find, what a write refuses."""

from collections import Counter
from typing import Any

import httpx
import pytest
from stdnum.pl import nip, pesel

from simulators.metroport import Simulator, users
from tests.simulators.metroport.conftest import logged_in

ANYBODY = {"lastname": "Sklep Nowy", "customertype": "1", "nip": "999-777-00-03"}


def listed(client: httpx.Client, **query: object) -> dict[int, dict[str, Any]]:
    answer = client.get("/Users/users", params={name: str(value) for name, value in query.items()})
    if answer.status_code == 204:
        assert answer.content == b""
        return {}
    count, found = answer.json()
    assert count == len(found)
    assert all(user["id"] == user["userid"] for user in found)
    return {user["id"]: user for user in found}


def test_the_provider_sees_its_customers_and_without_the_filter_its_own_office(client: httpx.Client) -> None:
    assert len(listed(client, usertype=2)) == 35
    assert len(listed(client)) == 36
    assert listed(client, usertype=1).keys() == {users.OWN_OFFICE}
    assert listed(client, usertype=7) == {}


def test_every_awkward_user_is_there(client: httpx.Client) -> None:
    found = listed(client, usertype=2)
    assert found[users.DASHED_NIP]["nip"] == "999-009-86-16"
    assert [len(part) for part in found[users.OTHER_DASHES]["nip"].split("-")] == [3, 2, 2, 3]
    assert found[users.NIP_WITH_COUNTRY]["nip"].startswith("PL ")
    assert pesel.is_valid(found[users.PESEL_WITH_BLANKS]["pesel"].strip())
    assert _identifiers(found[users.IDENTITY_CARD_ONLY]) == {"idcardno": "zzx 500990"}
    assert _identifiers(found[users.NO_IDENTIFIER]) == {}
    assert nip.compact(found[users.TOWN_HALL]["nip"]) == nip.compact(found[users.SCHOOL]["nip"])
    assert _identifiers(found[users.KEYS_DISAGREE]).keys() == {"nip", "pesel"}
    assert _identifiers(found[users.SOLE_TRADER]).keys() == {"nip", "pesel"}
    assert found[users.ZERO_NIP]["nip"] == "0000000000"
    assert not nip.is_valid(found[users.WRONG_NIP]["nip"])
    assert not pesel.is_valid(found[users.WRONG_PESEL]["pesel"])
    assert {user["UserCodeName"][:2] for user in found.values()} == {"M7", "  "}
    assert {user["nip"] for user in found.values()} >= {None, ""}


def test_all_other_identifiers_pass_their_checksums(client: httpx.Client) -> None:
    wrong = {users.WRONG_NIP, users.WRONG_PESEL}
    for id, user in listed(client).items():
        if id not in wrong:
            assert nip.is_valid(user["nip"].replace("PL", "")) if user["nip"] else True
            assert pesel.is_valid(user["pesel"].strip()) if user["pesel"] else True


@pytest.mark.parametrize("written", ["999-009-86-16", "9990098616", "PL 999 009 86 16"])
def test_a_nip_is_found_however_it_is_written(client: httpx.Client, written: str) -> None:
    assert listed(client, nip=written).keys() == {users.DASHED_NIP}


def test_a_shared_nip_finds_both_and_a_pesel_its_person(client: httpx.Client) -> None:
    everybody = listed(client)
    assert listed(client, nip=everybody[users.SCHOOL]["nip"]).keys() == {users.TOWN_HALL, users.SCHOOL}
    assert listed(client, pesel=everybody[users.SOLE_TRADER]["pesel"]).keys() == {users.SOLE_TRADER}
    assert listed(client, pesel="12345678901") == {}


def test_one_user_by_id(client: httpx.Client) -> None:
    assert client.get(f"/Users/users/{users.TOWN_HALL}").json()["lastname"] == "Urząd Gminy Dolna Wieś"


def test_a_user_is_created_once_and_changed() -> None:
    with Simulator() as metroport, logged_in(metroport) as client:
        id = client.post("/Users/users", json=ANYBODY).json()
        assert id == 1022
        assert client.post("/Users/users", json=ANYBODY | {"nip": "9997770003"}).status_code == 409
        assert client.put(f"/Users/users/{id}", data={"city1": "Żabno", "zip1": "99-991"}).status_code == 200
        user = client.get(f"/Users/users/{id}").json()
        assert (user["city1"], user["zip1"], user["lastname"]) == ("Żabno", "99-991", "Sklep Nowy")
        assert client.put(f"/Users/users/{id}", data={"nip": "9990098616"}).status_code == 409
        assert client.put("/Users/users/5", data={"city1": "Żabno"}).status_code == 404
        assert listed(client, nip="9990098616").keys() == {users.DASHED_NIP}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"nip": ""}, "Field nip is required"),
        ({"customertype": "2"}, "Field pesel is required"),
        ({"customertype": "3"}, "Field customertype must be 1 or 2"),
        ({"lastname": " "}, "Field lastname is required"),
    ],
)
def test_what_a_user_needs(client: httpx.Client, fields: dict[str, str], said: str) -> None:
    answer = client.post("/Users/users", json=ANYBODY | fields)
    assert (answer.status_code, answer.text) == (400, said)
    assert len(listed(client)) == 36


def test_sim_cards_are_a_plain_list_in_every_state(client: httpx.Client) -> None:
    cards = client.get("/Mvno/Mobiles").json()
    assert len(cards) == 158
    states = Counter((card["status"], int(card["status_confirmed"])) for card in cards)
    known = {(status, confirmed) for status in ("new", "active", "blocked", "deleted") for confirmed in (0, 1)}
    assert states.keys() == known | {("ported_out", 1)}
    assert len({str(card["ano"]) for card in cards}) == 158
    assert all(str(card["ano"]).startswith("500000") for card in cards)
    for field in ("id", "userid", "ano", "status_confirmed"):
        assert {type(card[field]) for card in cards} == {int, str}


def test_sim_cards_of_one_user(client: httpx.Client) -> None:
    cards = client.get("/Mvno/Mobiles", params={"userid": str(users.TOWN_HALL)}).json()
    assert cards
    assert {int(card["userid"]) for card in cards} == {users.TOWN_HALL}
    assert client.get("/Mvno/Mobiles", params={"userid": "5"}).status_code == 204


def test_a_sim_card_moves_and_is_blocked_by_a_switch() -> None:
    with Simulator() as metroport, logged_in(metroport) as client:
        metroport.change_mobile(7003, userid=users.SCHOOL)
        changed = {"id": 7003, "status": "blocked", "status_confirmed": 0}
        assert client.post("/_control/mobile", json=changed).status_code == 200
        card = next(card for card in client.get("/Mvno/Mobiles").json() if card["id"] == 7003)
        assert (card["userid"], card["status"], card["status_confirmed"]) == (users.SCHOOL, "blocked", 0)


def _identifiers(user: dict[str, Any]) -> dict[str, str]:
    return {name: user[name] for name in ("nip", "pesel", "idcardno") if user[name]}
