"""What a test or a story changes while the simulator runs, in Python and over the network."""

from datetime import UTC, datetime

import httpx
import pytest

from simulators.fusionpbx import Simulator


def control(simulator: Simulator, name: str, **arguments: object) -> httpx.Response:
    return httpx.post(f"{simulator.url}/_control/{name}", json=arguments)


def test_late_calls_are_old_and_newly_inserted(own_fusionpbx: Simulator) -> None:
    newest = own_fusionpbx.store.rows("SELECT max(insert_date) AS at FROM v_xml_cdr")[0]["at"]
    billable = own_fusionpbx.count_billable()
    uuids = own_fusionpbx.late(3)
    rows = own_fusionpbx.store.rows("SELECT * FROM v_xml_cdr WHERE insert_date > %s", newest)
    assert {row["xml_cdr_uuid"] for row in rows} == set(uuids)
    assert all(row["end_stamp"] < datetime(2017, 6, 3, tzinfo=UTC) for row in rows)
    assert own_fusionpbx.count_billable() == billable + 3
    assert set(own_fusionpbx.late(1)).isdisjoint(uuids)


def test_a_story_throws_the_switches_over_the_network(own_fusionpbx: Simulator) -> None:
    maple = own_fusionpbx.switchboard.by_name["maple.example.ca"]
    assert len(control(own_fusionpbx, "late", count=2).json()["result"]) == 2
    control(own_fusionpbx, "set_gateway", uuid=str(maple.gateway.uuid), enabled=False)
    control(own_fusionpbx, "set_extension", uuid=str(maple.extensions[0].uuid), toll_allow="local")
    control(own_fusionpbx, "ring", uuid="call-1", domain=maple.name, extension="2112", number="4165550199")
    rows = own_fusionpbx.store.rows(
        "SELECT gateway.enabled, toll_allow FROM v_gateways AS gateway "
        "JOIN v_extensions USING (domain_uuid) WHERE extension = '2112'"
    )
    assert rows == [{"enabled": False, "toll_allow": "local"}]
    assert list(own_fusionpbx.switch.channels) == ["call-1"]
    control(own_fusionpbx, "event_socket", refuses=True, caches=True)
    assert (own_fusionpbx.event_socket.refuses, own_fusionpbx.switch.caches) == (True, True)
    control(own_fusionpbx, "drop", match="killgw", when="after")
    assert own_fusionpbx.event_socket.drops[0].when == "after"
    assert control(own_fusionpbx, "commands").json() == {"result": []}
    books = control(own_fusionpbx, "operator_rows").json()["result"]
    assert books == {"customers_csv": own_fusionpbx.customers_csv(), "services": own_fusionpbx.services()}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_gateway", {"uuid": "00000000-0000-4000-8000-000000000000", "enabled": True}),
        ("set_gateway", {"uuid": "x", "enabled": True}),
        ("set_extension", {"uuid": "00000000-0000-4000-8000-000000000000", "colour": "red"}),
        ("set_extension", {"uuid": "00000000-0000-4000-8000-000000000000"}),
        ("drop", {"match": "killgw", "when": "sometimes"}),
        ("late", {"many": 3}),
    ],
)
def test_a_switch_that_cannot_be_thrown_says_so(
    fusionpbx: Simulator, name: str, arguments: dict[str, object]
) -> None:
    answer = control(fusionpbx, name, **arguments)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{name} was not changed: ")
