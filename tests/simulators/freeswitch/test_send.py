"""How a CDR is sent: encodings, 100-continue, retries, files in the end."""

import base64
import json
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qs, unquote

import pytest

from simulators.freeswitch import make_month, send_json, send_xml, stream
from simulators.freeswitch.send import JsonEncode, XmlEncode
from simulators.web import Server, self_signed
from tests.simulators.freeswitch.receiver import Receiver, bare, receiving

CALL = next(call for call in make_month() if "Ł" in call.caller_id_name and call.accountcode)
TYPES = {
    "true": "application/x-www-form-urlencoded",
    "base64": "application/x-www-form-base64-encoded",
    "false": "application/x-www-form-plaintext",
    "textxml": "text/xml",
}


def decoded(body: bytes, encode: str) -> str:
    """As a careful receiver would."""
    if encode == "true":
        return parse_qs(body.decode())["cdr"][0]
    if encode == "base64":
        return base64.b64decode(body.removeprefix(b"cdr="), validate=True).decode()
    return body.removeprefix(b"cdr=").decode()


@pytest.mark.parametrize("encode", get_args(XmlEncode))
def test_xml_in_four_encodings(encode: XmlEncode) -> None:
    with receiving() as receiver:
        delivery = send_xml(receiver.url, CALL, encode=encode)
    (request,) = receiver.requests
    assert delivery.is_taken
    assert (request.headers["Content-Type"], request.headers["User-Agent"]) == (
        TYPES[encode],
        "freeswitch-xml/1.0",
    )
    assert request.body.startswith(b"<?xml" if encode == "textxml" else b"cdr=")
    told = ET.fromstring(decoded(request.body, encode))
    assert unquote(told.findtext("variables/caller_id_name") or "") == CALL.caller_id_name
    assert request.query == {"uuid": [CALL.uuid]}


@pytest.mark.parametrize(
    ("encode", "kind"), [("false", "application/json"), ("true", TYPES["true"]), ("base64", TYPES["base64"])]
)
def test_json_in_three_encodings(encode: JsonEncode, kind: str) -> None:
    with receiving() as receiver:
        assert send_json(receiver.url, CALL, encode=encode).is_taken
    (request,) = receiver.requests
    assert (request.headers["Content-Type"], request.headers["User-Agent"]) == (kind, "freeswitch-json/1.0")
    assert request.body.startswith(b"{" if encode == "false" else b"cdr=")
    told = json.loads(decoded(request.body, encode))
    assert unquote(told["variables"]["caller_id_name"]) == CALL.caller_id_name
    assert request.query == {"uuid": [CALL.uuid]}


def test_the_prefix_of_a_legs_is_in_the_address_of_xml_only(tmp_path: Path) -> None:
    with receiving() as receiver:
        send_xml(receiver.url, CALL, prefix_a_leg=True)
        send_xml(receiver.url, CALL, leg="b", prefix_a_leg=True)
        send_json(f"{receiver.url}?key=s3cret", CALL, prefix_a_leg=True)
    assert [request.query for request in receiver.requests] == [
        {"uuid": [f"a_{CALL.uuid}"]},
        {"uuid": [CALL.other_leg.uuid]},
        {"key": ["s3cret"], "uuid": [CALL.uuid]},
    ]


def test_the_same_call_twice_has_the_same_id_and_body() -> None:
    with receiving() as receiver:
        for _ in range(2):
            send_xml(receiver.url, CALL)
    first, second = receiver.requests
    assert (first.query, first.body) == (second.query, second.body)


def test_cred_is_basic() -> None:
    with receiving() as receiver:
        send_xml(receiver.url, CALL, cred="switch:p@ss")
        send_json(receiver.url, CALL)
    basic, none = receiver.requests
    assert basic.headers["Authorization"] == "Basic c3dpdGNoOnBAc3M="
    assert none.headers["Authorization"] is None


def test_the_body_comes_after_the_100() -> None:
    with bare(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, came):
        (posted,) = send_xml(url, CALL).posted
    assert (posted.status, posted.was_asked_to_continue, posted.has_sent_body) == (200, True, True)
    assert b"\r\nExpect: 100-continue\r\n" in came


def test_a_refusal_in_place_of_the_100_saves_the_body() -> None:
    with bare(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n") as (url, came):
        (posted,) = send_xml(url, CALL).posted
    assert (posted.status, posted.was_asked_to_continue, posted.has_sent_body) == (401, False, False)
    assert came.endswith(b"\r\n\r\n")


def test_without_a_100_the_body_comes_after_a_second() -> None:
    began = time.monotonic()
    with bare(b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (url, _):
        (posted,) = send_xml(url, CALL).posted
    assert (posted.status, posted.was_asked_to_continue) == (200, False)
    assert 1.0 <= time.monotonic() - began < 3.0


def test_a_module_told_not_to_expect_forgets_its_content_type() -> None:
    with receiving() as receiver:
        send_json(receiver.url, CALL, disable_100_continue=True)
        send_json(receiver.url, CALL, expect=False)
    forgetful, small = receiver.requests
    assert (forgetful.headers["Expect"], forgetful.headers["Content-Type"]) == (None, TYPES["true"])
    assert (small.headers["Expect"], small.headers["Content-Type"]) == (None, "application/json")
    assert forgetful.body == small.body


def test_it_tries_again_after_anything_but_a_2xx() -> None:
    with receiving(500, 302) as receiver:
        began = time.monotonic()
        delivery = send_xml(receiver.url, CALL, retries=2, delay_s=0.05)
    assert [posted.status for posted in delivery.posted] == [500, 302, 200]
    assert len({request.body for request in receiver.requests}) == 1
    assert time.monotonic() - began >= 0.1
    with receiving(202, 500) as receiver:
        assert [posted.status for posted in send_json(receiver.url, CALL, retries=2).posted] == [202]


def test_what_nobody_took_is_a_file(tmp_path: Path) -> None:
    with receiving(*[503] * 4) as receiver:
        xml = send_xml(receiver.url, CALL, retries=1, delay_s=0.01, prefix_a_leg=True, err_log_dir=tmp_path)
        plain = send_json(receiver.url, CALL, retries=1, delay_s=0.01, err_log_dir=tmp_path)
    assert xml.file == tmp_path / f"a_{CALL.uuid}.cdr.xml"
    assert plain.file == tmp_path / f"{CALL.uuid}.cdr.json"
    assert not xml.is_taken
    encoded = xml.file.read_text()
    assert ET.fromstring(unquote(encoded)).tag == "cdr", "the file is encoded as the body was"
    assert json.loads(plain.file.read_text())["variables"]["uuid"] == CALL.uuid


def test_a_receiver_that_is_away_is_no_answer(tmp_path: Path) -> None:
    with receiving() as receiver:
        url = receiver.url
    delivery = send_xml(url, CALL, err_log_dir=tmp_path)
    assert [posted.status for posted in delivery.posted] == [None]
    assert delivery.file is not None


def test_certificates_are_not_looked_at(tmp_path: Path) -> None:
    receiver = Receiver()
    with Server(receiver.handle, tls=self_signed(tmp_path)) as server:
        assert send_xml(server.url, CALL).is_taken
        assert send_json(server.url, CALL, expect=False).is_taken
        assert stream(server.url, 20, 0.2).taken == 4
    assert receiver.requests[0].headers["Expect"] == "100-continue"


def test_a_stream_keeps_its_pace() -> None:
    with receiving() as receiver:
        streamed = stream(receiver.url, 50, 1.0, connections=3, cred="a:b")
    assert (streamed.sent, streamed.taken, len(streamed.answer_seconds)) == (50, 50, 50)
    assert 0.9 <= streamed.seconds < 2.5
    assert len(set(streamed.uuids)) == 50
    assert sorted(request.query["uuid"][0] for request in receiver.requests) == sorted(streamed.uuids)
    assert {request.headers["Authorization"] for request in receiver.requests} == {"Basic YTpi"}


def test_a_stream_sends_more_calls_than_there_are_and_each_twice() -> None:
    with receiving() as receiver:
        streamed = stream(receiver.url, 1_000, 0.25, connections=2, form="json", repeats=2)
    ids = [request.query["uuid"][0] for request in receiver.requests]
    assert (streamed.sent, streamed.taken) == (500, 250)
    assert len(ids) == 2 * len(set(ids)) == 500


def test_a_stream_counts_what_was_not_taken() -> None:
    with receiving(500, 500) as receiver:
        streamed = stream(receiver.url, 40, 0.25, connections=1)
    assert (streamed.sent, streamed.taken) == (10, 8)
