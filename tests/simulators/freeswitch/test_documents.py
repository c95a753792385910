"""What a CDR says of a call, in XML and in JSON."""

import json
import uuid
import xml.etree.ElementTree as ET
from collections import Counter
from urllib.parse import unquote

from simulators.freeswitch import Call, make_month
from simulators.freeswitch.documents import json_document, xml_document

MONTH = make_month()
# Began on 1 June 2017 at 12:00:00.900 UTC, answered 2.2 s later, lasted 2.506 s
CALL = Call(
    uuid="0c9e34b7-5b0e-4f1a-9d43-7a9b6e5d1f02",
    way="outbound",
    domain="lantern.example.net",
    accountcode="1001",
    caller_id_name='Marsh & "Tilly" <x>',
    caller_id_number="12505550131",
    destination_number="011442079460200",
    start=1_496_318_400_900,
    answer=1_496_318_403_100,
    end=1_496_318_405_606,
    gateway="carrier-one",
)
MISSED = Call(
    uuid="5d0f4f0e-9c3b-4a56-8d3e-2b1a0c9f8e7d",
    way="inbound",
    domain="cobble.example.net",
    accountcode="",
    caller_id_name="",
    caller_id_number="442079460201",
    destination_number="441514960134",
    start=1_496_318_400_000,
    answer=None,
    end=1_496_318_412_000,
    hangup_cause="NO_ANSWER",
    sets_direction=False,
    is_transferred=True,
)


def variables(call: Call, leg: str = "a", zone: str = "UTC") -> dict[str, str]:
    root = ET.fromstring(xml_document(call.leg if leg == "a" else call.other_leg, zone))
    return {element.tag: element.text or "" for element in root.find("variables") or []}


def test_an_xml_document_has_five_parts() -> None:
    root = ET.fromstring(xml_document(CALL.leg))
    assert (root.tag, set(root.attrib)) == ("cdr", {"core-uuid", "switchname"})
    assert [child.tag for child in root] == ["channel_data", "variables", "app_log", "callflow"]
    assert root.findtext("callflow/caller_profile/caller_id_name") == 'Marsh & "Tilly" <x>'
    bridge = root.findall("app_log/application")[1].attrib
    assert (bridge["app_name"], bridge["app_data"]) == ("bridge", "sofia/gateway/carrier-one/011442079460200")


def test_values_of_variables_are_percent_encoded() -> None:
    found = variables(CALL)
    assert found["caller_id_name"] == "Marsh%20%26%20%22Tilly%22%20%3Cx%3E"
    assert found["start_stamp"] == "2017-06-01%2012%3A00%3A00"
    assert found["channel_name"] == "sofia/internal/12505550131%40lantern.example.net"


def test_lengths_in_seconds_are_between_whole_seconds() -> None:
    """From :03.100 to :05.606 is 2; from :00.900 to :05.606 is 5."""
    found = variables(CALL)
    assert (found["billsec"], found["billmsec"], found["duration"]) == ("2", "2506", "5")
    assert (found["start_epoch"], found["answer_epoch"], found["end_epoch"]) == (
        "1496318400",
        "1496318403",
        "1496318405",
    )
    assert found["start_uepoch"] == "1496318400900000"


def test_stamps_are_of_the_machines_clock() -> None:
    assert unquote(variables(CALL, zone="America/Vancouver")["start_stamp"]) == "2017-06-01 05:00:00"


def test_a_customers_outbound_call_is_inbound_to_the_switch() -> None:
    found = variables(CALL)
    assert (found["direction"], found["call_direction"]) == ("inbound", "outbound")
    assert "call_direction" not in variables(MISSED)


def test_the_b_leg_points_to_the_a_leg() -> None:
    a, b = variables(CALL), variables(CALL, "b")
    assert (b["direction"], b["originating_leg_uuid"], b["call_uuid"]) == ("outbound", CALL.uuid, CALL.uuid)
    assert (b["sip_gateway_name"], b["uuid"]) == ("carrier-one", a["bleg_uuid"])
    assert b["billmsec"] == a["billmsec"]
    assert "sip_gateway_name" not in a


def test_a_call_that_nobody_answered() -> None:
    found = variables(MISSED)
    assert (found["answer_epoch"], found["billsec"], found["duration"]) == ("0", "0", "12")
    assert "answer_stamp" not in found
    assert (found["hangup_cause"], found["hangup_cause_q850"]) == ("NO_ANSWER", "19")
    times = ET.fromstring(xml_document(MISSED.leg)).find("callflow/times")
    assert times is not None
    assert times.findtext("answered_time") == "0"
    assert times.findtext("hangup_time") == "1496318412000000"


def test_a_transferred_call_has_two_callflows_the_last_one_first() -> None:
    flows = ET.fromstring(xml_document(MISSED.leg)).findall("callflow")
    assert [flow.attrib["profile_index"] for flow in flows] == ["2", "1"]
    assert [flow.findtext("caller_profile/destination_number") for flow in flows] == ["441514960134", "100"]


def test_json_has_the_same_in_its_own_shape() -> None:
    told = json.loads(json_document(CALL.leg))
    keys = ["core-uuid", "switchname", "channel_data", "callStats", "variables", "app_log", "callflow"]
    assert list(told) == keys
    assert told["variables"] == variables(CALL)
    assert told["app_log"]["applications"][1]["app_name"] == "bridge"
    assert told["callflow"][0]["times"]["answered_time"] == "1496318403100000"
    assert told["callflow"][0]["caller_profile"]["caller_id_name"] == 'Marsh & "Tilly" <x>'
    plain = json.loads(json_document(CALL.leg, encode_values=False))
    assert plain["variables"]["caller_id_name"] == 'Marsh & "Tilly" <x>'


def test_a_seed_gives_one_month() -> None:
    assert make_month(4) == make_month(4) != make_month(5)
    assert len(MONTH) == 400
    assert len({call.uuid for call in MONTH}) == 400
    assert all(uuid.UUID(call.uuid).version == 4 for call in MONTH)
    assert make_month(count=0) == []


def test_the_month_has_its_awkward_calls() -> None:
    assert sum(call.billmsec == 2_506 for call in MONTH) == 1
    ways = Counter((call.way, call.answer is None) for call in MONTH)
    assert len(ways) == 6
    for is_awkward in (
        lambda call: call.accountcode == "",
        lambda call: call.is_transferred,
        lambda call: '"' in call.caller_id_name,
        lambda call: "Ł" in call.caller_id_name,
        lambda call: call.destination_number.startswith("011"),
        lambda call: not call.sets_direction,
    ):
        assert sum(map(is_awkward, MONTH)) >= 3
    for call in MONTH:
        assert ET.fromstring(xml_document(call.leg)).tag == "cdr"


def test_numbers_are_nobodys() -> None:
    for call in MONTH:
        for number in (call.caller_id_number, call.destination_number):
            plain = number.removeprefix("+").removeprefix("011").removeprefix("00")
            is_nobodys = plain[4:9] == "55501" or plain.startswith(("442079460", "441514960"))
            assert is_nobodys or call.way == "local", number


def test_each_country_dials_abroad_in_its_own_way() -> None:
    dialled = {(call.domain, call.destination_number[:3]) for call in MONTH if call.way == "outbound"}
    assert ("cobble.example.net", "004") in dialled
    assert ("lantern.example.net", "011") in dialled
    assert not dialled & {("cobble.example.net", "011"), ("lantern.example.net", "004")}
