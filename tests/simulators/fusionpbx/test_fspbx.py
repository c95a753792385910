"""FS PBX's REST API: lists with cursors, changes, and its error objects."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from simulators.faults import Fault
from simulators.fusionpbx import Simulator
from tests.simulators.fusionpbx.conftest import client

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def api(fusionpbx: Simulator) -> Iterator[httpx.Client]:
    with client(fusionpbx) as asked:
        yield asked


@pytest.fixture
def own_api(own_fusionpbx: Simulator) -> Iterator[httpx.Client]:
    with client(own_fusionpbx) as asked:
        yield asked


def maple(simulator: Simulator) -> str:
    return f"/domains/{simulator.switchboard.by_name['maple.example.ca'].uuid}"


def desk(simulator: Simulator) -> str:
    return f"{maple(simulator)}/extensions/{simulator.switchboard.by_name['maple.example.ca'].extensions[0].uuid}"


def error(answer: httpx.Response) -> tuple[int, str, str, str | None]:
    told = answer.json()["error"]
    assert told["message"]
    return answer.status_code, told["type"], told["code"], told["param"]


def pages(api: httpx.Client, path: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    after: dict[str, str] = {}
    while True:
        page = api.get(path, params={"limit": str(limit)} | after).json()
        yield page["data"]
        if not page["has_more"]:
            return
        after = {"starting_after": page["data"][-1]["xml_cdr_uuid"]}


def test_domains_are_a_list(fusionpbx: Simulator, api: httpx.Client) -> None:
    told = api.get("/domains").json()
    assert (told["object"], told["url"], told["has_more"]) == ("list", "/api/v1/domains", False)
    assert len(told["data"]) == 9
    disabled = api.get("/domains", params={"domain_enabled": "false"}).json()["data"]
    assert [domain["domain_name"] for domain in disabled] == ["tamarack.example.ca"]
    assert api.get(maple(fusionpbx)).json()["domain_name"] == "maple.example.ca"


def test_cdrs_come_page_by_page(fusionpbx: Simulator, api: httpx.Client) -> None:
    sizes = []
    seen: list[str] = []
    for page in pages(api, f"{maple(fusionpbx)}/cdrs", limit=100):
        sizes.append(len(page))
        seen += [item["xml_cdr_uuid"] for item in page]
    rows = fusionpbx.store.rows(
        "SELECT xml_cdr_uuid::text AS uuid FROM v_xml_cdr "
        "WHERE domain_name = 'maple.example.ca' AND leg IS DISTINCT FROM 'b'"
    )
    assert len(seen) == len(set(seen))
    assert set(seen) == {row["uuid"] for row in rows}
    assert set(sizes[:-1]) == {100}


def test_a_page_that_ends_exactly_has_no_more(fusionpbx: Simulator, api: httpx.Client) -> None:
    path = f"{maple(fusionpbx)}/extensions"
    assert [api.get(path, params={"limit": str(limit)}).json()["has_more"] for limit in (8, 9)] == [True, False]


def test_a_cdr_has_no_billsec_and_no_account_code(fusionpbx: Simulator, api: httpx.Client) -> None:
    item = api.get(f"{maple(fusionpbx)}/cdrs", params={"limit": "1", "status": "answered"}).json()["data"][0]
    assert item["object"] == "cdr"
    assert not {"billsec", "accountcode", "leg"} & item.keys()
    assert item["end_epoch"] - item["answer_epoch"] == item["duration"]
    assert item["call_disposition"] == "answered"


def test_cdrs_are_chosen_by_time_direction_and_status(fusionpbx: Simulator, api: httpx.Client) -> None:
    """June 10th 2017 in UTC is from 1497052800 to 1497139199."""
    path = f"{maple(fusionpbx)}/cdrs"
    chosen = {"date_from": "1497052800", "date_to": "1497139199", "direction": "outbound", "status": "no answer"}
    some = api.get(path, params={**chosen, "status": "answered"}).json()["data"]
    assert some
    assert all(1497052800 <= item["start_epoch"] <= 1497139199 for item in some)
    assert {(item["direction"], item["status"]) for item in some} == {("outbound", "answered")}
    unanswered = api.get(path, params={"status": "no answer"}).json()["data"]
    assert {item["status"] for item in unanswered} == {"no answer"}
    edge = some[0]["start_epoch"]
    assert api.get(path, params={"date_from": str(edge), "date_to": str(edge)}).json()["data"][0] == some[0]


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"limit": "501"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"date_from": "2017-06-01"}, "date_from"),
        ({"status": "no_answer"}, "status"),
        ({"direction": "sideways"}, "direction"),
        ({"extension_uuid": "2112"}, "extension_uuid"),
        ({"starting_after": NOBODY}, "starting_after"),
    ],
)
def test_what_is_asked_wrongly_is_a_400(
    fusionpbx: Simulator, api: httpx.Client, params: dict[str, str], param: str
) -> None:
    answer = api.get(f"{maple(fusionpbx)}/cdrs", params=params)
    assert error(answer) == (400, "invalid_request_error", "invalid_request", param)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}])
def test_without_the_token_there_is_a_401(fusionpbx: Simulator, header: dict[str, str]) -> None:
    answer = httpx.get(f"{fusionpbx.url}/api/v1/domains", headers=header)
    assert error(answer) == (401, "authentication_error", "unauthenticated", None)


def test_without_the_permission_there_is_a_403(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    own_fusionpbx.rest.forbidden = {"cdrs"}
    answer = own_api.get(f"{maple(own_fusionpbx)}/cdrs")
    assert error(answer) == (403, "permission_error", "forbidden", None)
    assert own_api.get(f"{maple(own_fusionpbx)}/extensions").status_code == 200


@pytest.mark.parametrize(
    "path", [f"/domains/{NOBODY}", f"/domains/{NOBODY}/cdrs", "/domains/x", "/gateways", "/domains/x/y/z/q"]
)
def test_what_is_not_there_is_a_404(api: httpx.Client, path: str) -> None:
    assert error(api.get(path)) == (404, "invalid_request_error", "resource_missing", None)


def test_an_extension_of_another_tenant_is_not_there(fusionpbx: Simulator, api: httpx.Client) -> None:
    other = fusionpbx.switchboard.by_name["seaway.example.ca"].extensions[0].uuid
    assert api.get(f"{maple(fusionpbx)}/extensions/{other}").status_code == 404


def test_an_extension_is_disabled_in_the_database(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    path = desk(own_fusionpbx)
    before = own_api.get(path).json()
    assert (before["extension"], before["enabled"], before["suspended"]) == ("2112", True, False)
    after = own_api.patch(path, json={"enabled": False}).json()
    assert after == before | {"enabled": False}
    rows = own_fusionpbx.store.rows("SELECT enabled FROM v_extensions WHERE extension = '2112'")
    assert rows == [{"enabled": False}]


def test_suspended_is_apart_from_enabled(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    path = desk(own_fusionpbx)
    own_api.patch(path, json={"suspended": True})
    told = own_api.get(path).json()
    assert (told["enabled"], told["suspended"]) == (True, True)
    assert own_api.patch(path, json={"suspended": False}).json()["suspended"] is False


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ('{"enabled": "off"}', "enabled"),
        ('{"toll_allow": 5}', "toll_allow"),
        ('{"colour": 1}', "colour"),
        ("[]", None),
        ("{", None),
    ],
)
def test_a_wrong_change_changes_nothing(
    own_fusionpbx: Simulator, own_api: httpx.Client, body: str, param: str | None
) -> None:
    before = own_api.get(desk(own_fusionpbx)).json()
    answer = own_api.patch(desk(own_fusionpbx), content=body)
    assert error(answer) == (400, "invalid_request_error", "invalid_request", param)
    assert own_api.get(desk(own_fusionpbx)).json() == before


def test_a_change_of_nothing_changes_nothing(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    for path in (desk(own_fusionpbx), maple(own_fusionpbx)):
        assert own_api.patch(path, json={}).json() == own_api.get(path).json()


def test_a_domain_is_disabled(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    assert own_api.patch(maple(own_fusionpbx), json={"domain_enabled": False}).json()["domain_enabled"] is False
    assert not own_fusionpbx.switch.register("2112", "maple.example.ca")


def test_phone_numbers_are_the_destinations(fusionpbx: Simulator, api: httpx.Client) -> None:
    told = api.get(f"{maple(fusionpbx)}/phone-numbers").json()["data"]
    written = {(item["destination_prefix"], item["destination_number"]) for item in told}
    assert written == {(None, "15195550100"), ("1", "5195550101"), (None, "+15195550102")}


def test_a_call_in_progress_is_ended(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    call = own_fusionpbx.ring(NOBODY, "maple.example.ca", "2112", "4165550199")
    path = f"{maple(own_fusionpbx)}/active-calls"
    seaway = f"/domains/{own_fusionpbx.switchboard.by_name['seaway.example.ca'].uuid}/active-calls"
    assert [item["call_uuid"] for item in own_api.get(path).json()["data"]] == [call]
    assert own_api.get(seaway).json()["data"] == []
    assert own_api.delete(f"{seaway}/{call}").status_code == 404
    assert own_api.delete(f"{path}/{call}").json()["deleted"] is True
    assert own_api.get(path).json()["data"] == []
    assert own_api.delete(f"{path}/{call}").status_code == 404


def test_a_registration_is_dropped(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    path = f"{maple(own_fusionpbx)}/registrations"
    first = own_api.get(path).json()["data"][0]
    assert first["user"] == "2112@maple.example.ca"
    assert own_api.delete(f"{path}/{first['call_id']}").status_code == 200
    assert "2112" not in {item["extension"] for item in own_api.get(path).json()["data"]}


def test_throttling_is_a_429_with_seconds_to_wait(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    own_fusionpbx.faults.add(
        Fault("status", match="/cdrs", status=429, seconds=3, body='{"message": "Too Many Attempts."}')
    )
    path = f"{maple(own_fusionpbx)}/cdrs"
    first, second = own_api.get(path), own_api.get(path)
    assert (first.status_code, first.headers["Retry-After"]) == (429, "3")
    assert second.status_code == 200


def test_a_token_may_be_revoked(own_fusionpbx: Simulator, own_api: httpx.Client) -> None:
    own_fusionpbx.faults.add(Fault("expire_session", match="/domains"))
    assert [own_api.get("/domains").status_code for _ in range(2)] == [401, 401]
    with client(own_fusionpbx) as again:
        assert again.get("/domains").status_code == 200
