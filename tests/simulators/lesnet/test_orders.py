"""Orders over HTTP with a read-back, and what the operator knows of the peers."""

import csv
from collections.abc import Iterator

import httpx
import pytest

from simulators.lesnet import Simulator, operator
from simulators.lesnet.peers import UNKNOWN_TO_OPERATOR

PEER = "D4E3CD2BFC791"


@pytest.fixture
def lesnet() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def client(lesnet: Simulator) -> Iterator[httpx.Client]:
    name, value = lesnet.header
    with httpx.Client(base_url=f"{lesnet.url}/api/peers/{PEER}", headers={name: value}) as client:
        yield client


def status(client: httpx.Client) -> str:
    return str(client.get("").json()["status"])


def test_a_peer_is_suspended_and_resumed(client: httpx.Client) -> None:
    assert status(client) == "active"
    assert client.post("/suspend").json() == {"result": "ok"}
    assert status(client) == "suspended"
    client.post("/resume")
    assert status(client) == "active"


def test_an_order_may_be_answered_and_not_carried_out(lesnet: Simulator, client: httpx.Client) -> None:
    lesnet.ignores_orders()
    assert client.post("/suspend").json() == {"result": "ok"}
    assert status(client) == "active"


def test_somebody_changes_it_by_hand(lesnet: Simulator, client: httpx.Client) -> None:
    lesnet.set_peer(PEER, is_suspended=True)
    assert status(client) == "suspended"


def test_what_is_refused(lesnet: Simulator, client: httpx.Client) -> None:
    assert httpx.get(f"{lesnet.url}/api/peers/{PEER}").status_code == 403
    assert client.post("/explode").status_code == 404
    assert client.get(f"{lesnet.url}/api/peers/0000000000000").status_code == 404


def test_services_name_peer_did_and_link() -> None:
    first, second, *_ = operator.services()
    assert first == {
        "customer": "redriver",
        "account": "redriver-trunk",
        "domain": "D4E3CD2BFC791 | 12045550121",
        "username": "12045550121",
        "peer_id": "D4E3CD2BFC791",
        "dids": "12045550121",
        "cdr_link": "https://portal.les.net/cdr/11330_0000.txt",
    }
    assert (second["domain"], second["dids"]) == ("A09F61B7722E4|12045550122", "12045550122, 12045550123")


def test_the_links_of_services_lead_to_files(lesnet: Simulator) -> None:
    for service in operator.services(lesnet.url):
        assert httpx.get(service["cdr_link"]).text.splitlines()[0].endswith(service["peer_id"])


def test_one_peer_is_nobodys(lesnet: Simulator) -> None:
    known = {service["peer_id"] for service in operator.services()}
    assert {peer.id for peer in lesnet.peers} - known == {UNKNOWN_TO_OPERATOR}
    customers = [row["code"] for row in csv.DictReader(operator.customers_csv().splitlines())]
    assert customers == [service["customer"] for service in operator.services()]
