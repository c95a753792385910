"""What FreeSWITCH sends, in every encoding, as calls."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import polars as pl
import pytest

from simulators.freeswitch import make_month
from simulators.freeswitch.send import json_message, xml_message
from tests.connectors.bench import packed, read
from tests.connectors.freeswitch.sites import NOW, connector_at, messages, pushed
from tollbook.connectors.freeswitch.connector import FreeSwitchConnector
from tollbook.connectors.freeswitch.document import MAX_VALUES, NoDocument, read_document
from tollbook.connectors.pushed import Pushed
from tollbook.errors import BadInput

MONTH = make_month()
# 2017-06-19 10:00:00.250 UTC; answered after 4.25 s, talked for 2.506 s.
CALL = {
    "uuid": "6f9c1c9e-0001",
    "direction": "inbound",
    "accountcode": "1001",
    "domain_name": "lantern.example.net",
    "caller_id_number": "12505550131",
    "destination_number": "442079460000",
    "start_uepoch": "1497866400250000",
    "answer_uepoch": "1497866404500000",
    "end_uepoch": "1497866407006000",
    "billsec": "3",
    "billmsec": "2506",
    "hangup_cause": "NORMAL_CLEARING",
}


def xml(variables: Mapping[str, str], flows: str = "") -> bytes:
    inner = "".join(f"<{name}>{quote(value)}</{name}>" for name, value in variables.items())
    return f"<?xml version='1.0'?><cdr><variables>{inner}</variables>{flows}</cdr>".encode()


def flow(**profile: str) -> str:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in profile.items())
    return f"<callflow><caller_profile>{inner}</caller_profile></callflow>"


def records(
    bodies: list[bytes], folder: Path, connector: FreeSwitchConnector | None = None
) -> list[dict[str, Any]]:
    connector = connector or connector_at()
    lines = packed(connector, [Pushed(received_at=NOW, body=body) for body in bodies])
    return read(connector, b"".join(lines), folder).to_dicts()


def one(
    folder: Path, flows: str = "", connector: FreeSwitchConnector | None = None, **other: str
) -> dict[str, Any]:
    [record] = records([xml({**CALL, **other}, flows)], folder, connector)
    return record


def test_a_call_is_read_to_the_millisecond(tmp_path: Path) -> None:
    """Its seconds were counted from clock to clock: 04 to 07 are three, though 2.506 were talked."""
    assert one(tmp_path) == {
        "line": 1,
        "record_key": "6f9c1c9e-0001",
        "kind": "voice_out",
        "start": datetime(2017, 6, 19, 10, 0, 0, 250_000, tzinfo=UTC),
        "answered": True,
        "duration_us": 2_506_000,
        "quantity": None,
        "cli": "12505550131",
        "cld": "442079460000",
        "account_ref": "1001",
        "tenant_ref": "lantern.example.net",
        "trunk_ref": None,
        "display_text": None,
        "platform_price_nanos": None,
        "platform_currency": None,
        "defect": None,
        "defect_detail": None,
    }


def test_every_encoding_says_the_same(tmp_path: Path) -> None:
    legs = [call.leg for call in MONTH]
    ways = {
        **{
            f"xml {one}": [xml_message(leg, encode=one) for leg in legs]
            for one in ("true", "base64", "false", "textxml")
        },
        **{f"json {one}": [json_message(leg, encode=one) for leg in legs] for one in ("true", "base64", "false")},
    }
    read_ = {
        way: read(connector_at(), b"".join(packed(connector_at(), map(pushed, sent))), tmp_path)
        for way, sent in ways.items()
    }
    plain = [json_message(leg, encode_values=False) for leg in legs]
    read_["json plain"] = read(
        connector_at(json_values="plain"), b"".join(packed(connector_at(), map(pushed, plain))), tmp_path
    )

    first = read_["xml true"]
    assert [way for way, found in read_.items() if not found.equals(first)] == []
    assert first["defect"].null_count() == len(MONTH) == 400
    wanted = [
        (
            call.uuid,
            {"outbound": "voice_out", "inbound": "voice_in", "local": "voice_local"}[call.way],
            call.caller_id_number,
            call.destination_number,
            call.accountcode or None,
            1000 * call.billmsec,
            call.gateway or None,
        )
        for call in MONTH
    ]
    columns = ("record_key", "kind", "cli", "cld", "account_ref", "duration_us", "trunk_ref")
    assert first.select(columns).rows() == wanted


def test_whatever_the_content_type_says(tmp_path: Path) -> None:
    """A module that is told not to wait for a 100 forgets its own."""
    document = xml(CALL)
    bodies = [
        document,
        b"\n " + document,
        b"\xef\xbb\xbf" + document,
        b"cdr=" + document,
        b"cdr=" + quote(document).encode(),
        b"cdr=" + quote_plus(document).encode(),
        b"cdr=" + quote(document).encode() + b"&uuid=1",
        b"cdr=" + base64.b64encode(document),
        b"cdr=" + quote(base64.b64encode(document)).encode(),
        json.dumps({"variables": CALL}).encode(),
    ]
    assert {record["record_key"] for record in records(bodies, tmp_path)} == {"6f9c1c9e-0001"}


def test_letters_of_other_alphabets_and_signs_come_through(tmp_path: Path) -> None:
    name = 'Łucja & "Søren" <+1 50%>'
    assert one(tmp_path, caller_id_number="anonymous", caller_id_name=name)["display_text"] == name
    assert one(tmp_path, caller_id_name=name)["display_text"] is None  # where a number is, a name tells nothing
    assert one(tmp_path, destination_number="+442079460000")["cld"] == "+442079460000"


@pytest.mark.parametrize(
    ("variables", "leg"),
    [
        ({}, None),
        ({"call_uuid": CALL["uuid"]}, None),
        ({"call_uuid": "another"}, "it is the 'b' leg, begun by 'another'"),
        ({"originating_leg_uuid": "another"}, "it is the 'b' leg, begun by 'another'"),
        ({"hangup_cause": "LOSE_RACE"}, "another phone answered (LOSE_RACE)"),
    ],
)
def test_a_leg_that_is_no_call_of_its_own(variables: dict[str, Any], leg: str | None, tmp_path: Path) -> None:
    record = one(tmp_path, **variables)
    assert (record["defect"], record["defect_detail"]) == ("leg" if leg else None, leg)


def test_a_leg_that_another_channel_began(tmp_path: Path) -> None:
    profile = "<originator><originator_caller_profile/></originator>"
    assert one(tmp_path, f"<callflow><caller_profile>{profile}</caller_profile></callflow>")["defect"] == "leg"
    body = json.dumps({"variables": CALL, "callflow": [{"caller_profile": {"originator": {"a": [{}]}}}]}).encode()
    assert records([body], tmp_path)[0]["defect"] == "leg"


def test_which_legs_are_calls_is_a_setting(tmp_path: Path) -> None:
    legs = messages(leg for call in MONTH[:10] for leg in (call.leg, call.other_leg))
    lines = b"".join(packed(connector_at(), legs))
    assert read(connector_at(), lines, tmp_path)["defect"].to_list() == [None, "leg"] * 10
    assert read(connector_at(legs="b"), lines, tmp_path)["defect"].to_list() == ["leg", None] * 10
    both = read(connector_at(legs="both"), lines, tmp_path)
    assert both["defect"].null_count() == 20
    assert both["record_key"].n_unique() == 20


def test_an_a_leg_marked_in_the_address_is_one(tmp_path: Path) -> None:
    message = Pushed(received_at=NOW, query={"uuid": "a_6f9c"}, body=xml({**CALL, "call_uuid": "another"}))
    records_ = read(connector_at(), b"".join(packed(connector_at(), [message])), tmp_path)
    assert records_["defect"].to_list() == [None]


GATEWAY: dict[str, Any] = {
    "last_app": "bridge",
    "last_arg": "{a=b}[c=d]sofia/gateway/external::carrier-one/442079460000",
}
INSIDE: dict[str, Any] = {"last_app": "bridge", "last_arg": "[leg_timeout=20]user/1002@lantern.example.net"}


@pytest.mark.parametrize(
    ("variables", "settings", "kind"),
    [
        ({}, {}, "voice_out"),  # an inbound a leg is the customer's outgoing call
        (GATEWAY, {}, "voice_out"),
        (INSIDE, {}, "voice_local"),
        ({"user_context": "public"}, {}, "voice_in"),
        ({"user_context": "public", **INSIDE}, {}, "voice_in"),
        ({"sip_gateway_name": "carrier-one", **INSIDE}, {}, "voice_in"),
        ({"sip_gateway_name": "carrier-one", **GATEWAY}, {}, "voice_out"),  # the dial plan exports it to the a leg
        ({"sip_gateway_name": "carrier-one"}, {}, "voice_out"),
        (
            {"direction": "outbound", "user_context": "public"},
            {},
            "voice_out",
        ),  # made by the switch: click to call
        ({"user_context": "from-carriers"}, {"incoming_contexts": "public,from-carriers"}, "voice_in"),
        ({"user_context": "public"}, {"incoming_contexts": "from-carriers"}, "voice_out"),
        ({"last_app": "bridge", "last_arg": "loopback/1002"}, {"local_bridges": "loopback/"}, "voice_local"),
        ({"last_app": "voicemail", "last_arg": "user/1002"}, {}, "voice_out"),
        ({"call_direction": "inbound"}, {}, "voice_in"),
        ({"call_direction": "Local", **GATEWAY}, {"direction": "in"}, "voice_local"),
        ({"call_direction": "sideways"}, {}, "voice_out"),
        (INSIDE, {"direction": "in"}, "voice_in"),
    ],
)
def test_direction(variables: dict[str, Any], settings: dict[str, Any], kind: str, tmp_path: Path) -> None:
    assert one(tmp_path, connector=connector_at(**settings), **variables)["kind"] == kind


def test_a_call_that_is_forwarded_out_again_is_two(tmp_path: Path) -> None:
    """It came in at 10:00:00.25, was answered by a menu, and was put through from 10:00:05 to 10:00:07.006."""
    came = {
        **CALL,
        "user_context": "public",
        "caller_id_number": "441514960000",
        "sip_gateway_name": "carrier-two",
    }
    came |= {"destination_number": "12505550131", "bridge_uepoch": "1497866405000000", **GATEWAY}

    into, out = records([xml(came)], tmp_path)

    assert (into["record_key"], into["kind"], into["cld"], into["trunk_ref"], into["duration_us"]) == (
        "6f9c1c9e-0001",
        "voice_in",
        "12505550131",
        "carrier-two",
        2_506_000,
    )
    assert (out["record_key"], out["kind"], out["cld"], out["trunk_ref"], out["duration_us"]) == (
        "6f9c1c9e-0001/forwarded",
        "voice_out",
        "442079460000",
        "carrier-one",
        2_006_000,
    )
    assert (out["account_ref"], out["cli"], out["line"], out["answered"]) == ("1001", "441514960000", 1, True)
    assert out["start"] == datetime(2017, 6, 19, 10, 0, 5, tzinfo=UTC)

    # Where nobody says when it was put through, it is as long as the whole.
    assert [one["duration_us"] for one in records([xml({**came, "bridge_uepoch": ""})], tmp_path)] == [
        2_506_000
    ] * 2
    # A menu talked to the caller; the number that it was to be put through to did not answer.
    into, out = records([xml({**came, "bridge_uepoch": "0"})], tmp_path)
    assert (into["answered"], into["duration_us"]) == (True, 2_506_000)
    assert (out["answered"], out["duration_us"]) == (False, 0)
    for settings in ({"forwarded": "no"}, {"legs": "both"}):
        assert len(records([xml(came)], tmp_path, connector_at(**settings))) == 1  # type: ignore[arg-type]
    assert len(records([xml({**came, **INSIDE})], tmp_path)) == 1
    assert len(records([xml({**came, "originating_leg_uuid": "another"})], tmp_path)) == 1


def test_of_a_gateway_in_an_argument_the_name_is_the_trunk(tmp_path: Path) -> None:
    assert one(tmp_path, **GATEWAY)["trunk_ref"] == "carrier-one"
    assert one(tmp_path, sip_gateway_name="carrier-two", **GATEWAY)["trunk_ref"] == "carrier-two"


def test_numbers_stand_in_the_callflow_where_no_variable_has_them(tmp_path: Path) -> None:
    """The newest callflow comes first. What was called from outside is in the oldest."""
    variables = {
        name: value for name, value in CALL.items() if name not in {"caller_id_number", "destination_number"}
    }
    flows = flow(destination_number="1002", caller_id_number="441514960000") + flow(
        destination_number="12505550131", context="public"
    )
    [record] = records([xml(variables, flows)], tmp_path)
    assert (record["kind"], record["cli"], record["cld"]) == ("voice_in", "441514960000", "12505550131")
    assert one(tmp_path, flows, caller_destination="12505550199")["cld"] == "12505550199"


@pytest.mark.parametrize(
    ("setting", "variables", "account"),
    [
        ("", {}, "1001"),
        ("", {"accountcode": "", "user_name": "1002"}, "1002@lantern.example.net"),
        ("", {"accountcode": "", "sip_auth_username": "1003"}, "1003"),
        ("", {"accountcode": ""}, None),
        ("{user_name}@{domain_name}", {"user_name": "1002"}, "1002@lantern.example.net"),
        ("{user_name}@{domain_name}|{accountcode}", {}, "1001"),
        ("-", {}, None),
    ],
)
def test_the_account_is_named_by_variables(
    setting: str, variables: dict[str, Any], account: str | None, tmp_path: Path
) -> None:
    assert one(tmp_path, connector=connector_at(account=setting), **variables)["account_ref"] == account


@pytest.mark.parametrize("setting", ["accountcode", "{account code}", "{}", "{a}{", "a}{b}"])
def test_an_account_that_names_no_variable(setting: str) -> None:
    with pytest.raises(BadInput, match=r"setting account: .* names no channel variable"):
        connector_at(account=setting)


WINTER, SUMMER = "2017-01-15 12:00:00", "2017-07-15 12:00:00"


@pytest.mark.parametrize(
    ("variables", "start"),
    [
        ({}, "2017-06-19 10:00:00.250"),
        ({"start_uepoch": "", "start_epoch": "1497866400"}, "2017-06-19 10:00:00"),
        ({"start_uepoch": "0", "start_epoch": "0", "start_stamp": WINTER}, "2017-01-15 11:00:00"),
        ({"start_uepoch": "", "start_stamp": SUMMER}, "2017-07-15 10:00:00"),
        ({"start_uepoch": ""}, None),
        ({"start_uepoch": "soon"}, None),
        ({"start_uepoch": "9" * 18}, None),
        ({"start_uepoch": "9" * 40}, None),
    ],
)
def test_when_it_began(variables: dict[str, Any], start: str | None, tmp_path: Path) -> None:
    record = one(tmp_path, connector=connector_at(timezone="Europe/Warsaw"), **variables)
    assert record["start"] == (datetime.fromisoformat(start).replace(tzinfo=UTC) if start else None)
    assert record["defect"] == (None if start else "bad_time")


@pytest.mark.parametrize(
    ("variables", "answered", "duration_us"),
    [
        ({}, True, 2_506_000),
        ({"billmsec": ""}, True, 3_000_000),
        ({"billmsec": "", "billsec": ""}, True, 2_506_000),  # by the moments
        ({"answer_uepoch": "0", "billmsec": "0", "billsec": "0"}, False, 0),
        ({"answer_uepoch": "0", "billmsec": "9", "billsec": "9"}, False, 0),
        ({"answer_uepoch": ""}, True, 2_506_000),
        ({"answer_uepoch": "", "billmsec": "0", "billsec": "0"}, False, 0),
        ({"billmsec": "-1"}, True, None),
        ({"billmsec": "2.5", "billsec": ""}, True, None),
        ({"billmsec": "9" * 18, "billsec": ""}, True, None),
    ],
)
def test_how_long_it_was(
    variables: dict[str, Any], answered: bool, duration_us: int | None, tmp_path: Path
) -> None:
    record = one(tmp_path, **variables)
    if "billmsec" in variables and variables["billmsec"] == "-1":
        duration_us = 3_000_000  # the seconds make sense
    assert (record["answered"], record["duration_us"]) == (answered, duration_us)
    assert record["defect"] == (None if duration_us is not None else "bad_quantity")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "neither XML nor JSON"),
        (b"hello", "neither XML nor JSON"),
        (b"cdr=%%%", "neither plain, percent-encoded nor base64"),
        (b"<cdr>", "no XML: no element found"),
        (b'<?xml version="1.0" encoding="nonsense"?><cdr/>', "no XML: unknown encoding: nonsense"),
        (b"{]", "no JSON"),
        (b"{}", "it has no uuid"),
        (b"<cdr/>", "it has no uuid"),
        (b'<!DOCTYPE a [<!ENTITY b "bb">]><cdr>&b;</cdr>', "declares a document type"),
        (b"<a>" * 50 + b"</a>" * 50, "elements stand in each other"),
        (b"<a>" + b"<b/>" * (MAX_VALUES + 1) + b"</a>", "more than 50000 values"),
        (b"{" + b'"a":[' * 100_000, "no JSON"),
    ],
    ids=range(12),
)
def test_what_is_no_cdr_is_kept_apart_and_says_why(body: bytes, says: str, tmp_path: Path) -> None:
    bad, good = records([body, xml(CALL)], tmp_path)
    assert bad["defect"] == "unreadable"
    assert says in bad["defect_detail"]
    assert bad["record_key"].startswith("unreadable: ")
    assert good["defect"] is None


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("6f9c1c9e-0001")
    for doctype in (
        f'<!DOCTYPE a [<!ENTITY f SYSTEM "{secret.as_uri()}">]>',
        '<!DOCTYPE a [<!ENTITY f "&g;&g;"><!ENTITY g "&h;&h;"><!ENTITY h "hhhh">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">',
    ):
        with pytest.raises(NoDocument, match="document type"):
            read_document(f"{doctype}<cdr><variables><uuid>&f;</uuid></variables></cdr>".encode())


def test_what_is_too_long_is_set_aside(tmp_path: Path) -> None:
    record = one(tmp_path, accountcode="1" * 1_001)
    assert (record["defect"], record["account_ref"]) == ("unreadable", None)
    assert record["defect_detail"] == "account_ref is longer than 1000 bytes"


def test_the_same_leg_by_both_modules_is_one(tmp_path: Path) -> None:
    sent = [pushed(make(MONTH[0].leg)) for make in (xml_message, json_message)]
    both = read(connector_at(), b"".join(packed(connector_at(), sent)), tmp_path)
    assert both.drop("line").unique().height == 1
    assert isinstance(both, pl.DataFrame)
