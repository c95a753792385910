"""What can go wrong when asked for, each seen from the client's side."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from simulators.faults import Fault
from simulators.metroport import Simulator, users
from tests.simulators.metroport.conftest import log_in

JUNE = {"datestart": "2017-06-01 00:00:00", "dateend": "2017-06-30 23:59:59"}


@pytest.fixture
def metroport() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def billings(client: httpx.Client, **more: object) -> httpx.Response:
    return client.get("/Mvno/Billings", params=JUNE | {name: str(value) for name, value in more.items()})


def records(client: httpx.Client, **more: object) -> dict[int, dict[str, Any]]:
    return {int(record["id"]): record for record in billings(client, **more).json()[1]}


def test_one_user_fails_and_the_others_do_not(metroport: Simulator, client: httpx.Client) -> None:
    metroport.faults.add(Fault("status", match=f"userid={users.SCHOOL}", status=500, times=None))
    assert billings(client, userid=users.SCHOOL).status_code == 500
    assert billings(client, userid=users.TOWN_HALL).status_code == 200
    metroport.faults.reset()
    assert billings(client, userid=users.SCHOOL).status_code == 200


def test_an_answer_that_does_not_come(metroport: Simulator, client: httpx.Client) -> None:
    metroport.faults.add(Fault("timeout_before", match="/Mvno/Billings", seconds=0.5))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/Mvno/Billings", timeout=0.1)
    assert billings(client).status_code == 200


def test_an_answer_that_is_cut(metroport: Simulator, client: httpx.Client) -> None:
    metroport.faults.add(Fault("truncate", match="/Mvno/Billings"))
    with pytest.raises(httpx.RemoteProtocolError):
        billings(client)
    assert billings(client).status_code == 200


def test_an_answer_whose_json_stops_while_its_length_is_right(metroport: Simulator, client: httpx.Client) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Billings", status=200, body='[5213, [{"id": 97301'))
    with pytest.raises(json.JSONDecodeError):
        billings(client).json()
    assert billings(client).json()[0] == 5_213


def test_a_page_instead_of_data(metroport: Simulator, client: httpx.Client) -> None:
    metroport.faults.add(Fault("wrong_type", match="/Mvno/Mobiles"))
    answer = client.get("/Mvno/Mobiles")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_a_session_is_lost_in_the_middle(metroport: Simulator, client: httpx.Client) -> None:
    metroport.faults.add(Fault("expire_session", match="/Mvno/Billings", after=1))
    assert [billings(client).status_code for _ in range(3)] == [200, 401, 401]
    log_in(client, metroport)
    assert billings(client).status_code == 200


def test_late_records_have_older_dates_and_higher_ids(metroport: Simulator, client: httpx.Client) -> None:
    before = records(client)
    ids = metroport.late(count=3)
    assert ids == [102_514, 102_515, 102_516]
    after = records(client, id_after=102_513)
    assert sorted(after) == ids
    assert all(record["calldate"] < "2017-06-03" for record in after.values())
    assert len(records(client)) == len(before) + 3
    assert metroport.late(count=1) == [102_517]
    assert len({record["dst"] for record in records(client, id_after=102_513).values()}) == 4


def test_a_correction_keeps_the_id(metroport: Simulator, client: httpx.Client) -> None:
    before = records(client)
    metroport.correct(97_301, "0.25")
    after = records(client)
    assert [id for id in before if before[id] != after[id]] == [97_301]
    assert Decimal(str(after[97_301]["retail_totalnetto"])) == Decimal("0.25")


@pytest.mark.parametrize(("vat", "with_comma"), [("23", "23"), ("0.23", "0,23")])
def test_vat_in_a_form_that_is_feared(
    metroport: Simulator, client: httpx.Client, vat: str, with_comma: str
) -> None:
    metroport.write_vat(vat)
    assert {str(record["retail_vat"]) for record in records(client).values()} == {vat, with_comma}


def test_a_story_orders_the_same_over_the_network(metroport: Simulator, client: httpx.Client) -> None:
    assert client.post("/_control/late", json={"count": 2}).json() == [102_514, 102_515]
    assert client.post("/_control/correct", json={"id": 97_301, "price": "9.5"}).status_code == 200
    assert client.post("/_control/vat", json={"vat": "23"}).status_code == 200
    assert records(client)[97_301] | {"retail_totalnetto": 9.5, "retail_vat": 23} == records(client)[97_301]
    faults = [{"kind": "status", "match": "/Mvno/Mobiles", "status": 503}]
    assert client.post("/_control/faults", content=json.dumps(faults)).status_code == 200
    assert [client.get("/Mvno/Mobiles").status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("switch", "body"),
    [("mobile", '{"id": 5}'), ("correct", '{"id": 97301}'), ("late", "{"), ("vat", '{"vat": 1, "x": 2}')],
)
def test_a_switch_that_cannot_be_thrown_says_so(client: httpx.Client, switch: str, body: str) -> None:
    answer = client.post(f"/_control/{switch}", content=body)
    assert answer.status_code == 400
    assert f"/_control/{switch} was not done" in answer.json()["error"]
