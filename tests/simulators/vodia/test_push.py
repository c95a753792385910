"""What the switch sends by itself: two legs a call, in any order, more than once, hours apart."""

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from simulators.vodia import Simulator, push
from simulators.vodia.calls import Call
from simulators.web import Answer, Request, Server

CALLS = Simulator().calls


class Receiver:
    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""

    def handle(self, request: Request) -> Answer:
        self.requests.append(request)
        return Answer(200)

    @property
    def legs(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with Server(receiver.handle) as server:
        receiver.url = server.url
        yield receiver


def first(kind: str, *, is_answered: bool = True) -> Call:
    return next(call for call in CALLS if call.kind == kind and (call.connect is not None) == is_answered)


def both(call: Call) -> tuple[push.Leg, push.Leg]:
    extension, trunk = push.legs(call)
    return extension, trunk


def test_an_outbound_call_has_an_extension_leg_and_a_trunk_leg() -> None:
    call = first("outbound")
    extension, trunk = both(call)
    assert (extension["Direction"], extension["RemoteParty"], extension["TrunkName"]) == ("I", call.extension, "")
    assert extension["Extension"] == call.extension
    assert (trunk["Direction"], trunk["RemoteParty"], trunk["LocalParty"]) == ("O", call.outside, call.extension)
    assert trunk["TrunkID"] == str(call.trunk)
    assert extension["PrimaryCallID"] == trunk["PrimaryCallID"] == extension["CallID"] != trunk["CallID"]


def test_an_inbound_call_begins_at_the_trunk() -> None:
    call = first("inbound")
    extension, trunk = both(call)
    assert (trunk["Direction"], trunk["RemoteParty"], trunk["LocalParty"]) == ("I", call.caller.user, call.did)
    assert (extension["Direction"], extension["RemoteParty"]) == ("O", call.extension)
    assert trunk["CallID"] == trunk["PrimaryCallID"] == extension["PrimaryCallID"] != extension["CallID"]


def test_a_group_on_the_way_has_a_leg_too_and_an_internal_call_has_no_trunk() -> None:
    assert [leg["Type"] for leg in push.legs(first("hunt"))] == ["extcall", "hunt", "extcall"]
    assert [leg["Type"] for leg in push.legs(first("attendant"))] == ["extcall", "attendant", "extcall"]
    assert [leg["TrunkID"] for leg in push.legs(first("internal"))] == ["", ""]


def test_every_call_over_a_trunk_has_exactly_one_trunk_leg_and_no_leg_is_there_twice() -> None:
    legs = [leg for call in CALLS for leg in push.legs(call)]
    assert sum(leg["TrunkID"] != "" for leg in legs) == sum(call.trunk is not None for call in CALLS)
    assert max(Counter(leg["CallID"] for leg in legs).values()) == 1


def test_an_unanswered_call_has_no_time_of_connection() -> None:
    for leg in push.legs(first("outbound", is_answered=False)):
        assert (leg["TimeConnected"], leg["Duration"], leg["DurationHHMMSS"]) == ("", "0.000", "00:00:00")


def test_durations_have_fractions() -> None:
    call = next(call for call in CALLS if call.duration_ms == 2_506)
    assert {(leg["Duration"], leg["DurationHHMMSS"]) for leg in push.legs(call)} == {("2.506", "00:00:02")}


@pytest.mark.parametrize(
    ("dates", "utc", "toronto"),
    [
        ("iso", "2017-06-01T02:03:04.056Z", "2017-05-31T22:03:04.056-04:00"),
        ("dashes", "2017-06-01 02:03:04", "2017-05-31 22:03:04"),
        ("slashes", "2017/06/01 02:03:04", "2017/05/31 22:03:04"),
        ("unix", "1496282584.056", "1496282584.056"),
    ],
)
def test_times_are_written_in_one_of_four_ways(dates: push.Dates, utc: str, toronto: str) -> None:
    assert push.date_text(1_496_282_584_056, dates) == utc
    assert push.date_text(1_496_282_584_056, dates, "America/Toronto") == toronto


def test_the_switchs_own_price_is_on_some_trunk_legs_only() -> None:
    costs = [leg["Cost"] for call in CALLS for leg in push.legs(call) if leg["TrunkID"]]
    assert 50 < sum(cost != "" for cost in costs) < len(costs) / 2
    assert not any(leg["Cost"] for call in CALLS for leg in push.legs(call) if not leg["TrunkID"])


@pytest.mark.parametrize(
    ("order", "trunks"), [("extension first", ["", "t", "", "t"]), ("trunk first", ["t", "", "t", ""])]
)
def test_legs_come_in_either_order_and_again(receiver: Receiver, order: push.Order, trunks: list[str]) -> None:
    assert push.send(receiver.url, [first("outbound")], order=order, repeats=2) == [200] * 4
    assert ["t" if leg["TrunkID"] else "" for leg in receiver.legs] == trunks
    assert {request.headers["Content-Type"] for request in receiver.requests} == {"application/json"}


def test_a_random_order_is_the_same_for_a_seed(receiver: Receiver) -> None:
    for seed in (1, 1, 2):
        push.send(receiver.url, CALLS[:20], order="random", seed=seed)
    bodies = [request.body for request in receiver.requests]
    third = len(bodies) // 3
    assert bodies[:third] == bodies[third : 2 * third] != bodies[2 * third :]
    assert sorted(bodies[:third]) == sorted(bodies[2 * third :])
    calls_in_order = [leg["PrimaryCallID"] for leg in receiver.legs[:third]]
    changes = sum(one != other for one, other in pairwise(calls_in_order))
    assert changes > 25, "legs of one call seldom stand together"


def test_legs_may_come_hours_apart(receiver: Receiver) -> None:
    one, other = push.messages(first("outbound"))
    for body in (one, other):
        with push.Sender(receiver.url) as sender:
            assert sender.post(body) == 200
    assert [leg["TrunkID"] != "" for leg in receiver.legs] == [False, True]


def test_basic_or_a_secret_in_the_path(receiver: Receiver) -> None:
    push.send(receiver.url.replace("://", "://switch:p%40ss@"), [first("inbound")])
    push.send(f"{receiver.url}/in/s3cret?x=1", [first("inbound")])
    basic, _, secret, _ = receiver.requests
    assert basic.headers["Authorization"] == "Basic c3dpdGNoOnBAc3M="
    assert basic.path == "/"
    assert (secret.path, secret.query, secret.headers["Authorization"]) == ("/in/s3cret", {"x": ["1"]}, None)


def test_a_webcdr_is_one_message_with_all_legs(receiver: Receiver) -> None:
    call = first("hunt")
    push.send(receiver.url, [call], scheme="webcdr")
    (told,) = receiver.legs
    assert (told["callid"], told["domain"], told["start"]) == (call.call_id, call.tenant, call.record()["start"])
    assert [leg["remote"] for leg in told["trunks"]] == [call.caller.user]
    assert [leg["id"] for leg in told["extensions"]] == [call.extension, "600"]


def test_xml_has_the_same_fields(receiver: Receiver) -> None:
    quoted = next(call for call in CALLS if call.kind == "inbound" and "Kate" in call.caller.name)
    push.send(receiver.url, [quoted], scheme="xml")
    assert receiver.requests[0].headers["Content-Type"] == "text/xml; charset=utf-8"
    for request, leg in zip(receiver.requests, push.legs(quoted), strict=True):
        told = {element.tag: element.text or "" for element in ET.fromstring(request.body)}
        assert told == {name: value for name, value in leg.items() if name != "action"}
