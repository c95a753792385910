"""Pushed legs: one of them is the call, whichever comes first, however often, and in whatever form."""

import json
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path

import polars as pl
import pytest

from simulators.vodia import Simulator, push
from tests.connectors.vodia.evidence import TENANT, records_of
from tests.connectors.vodia.sites import LIGHTS, offline
from tollbook.connectors.errors import NotOffered
from tollbook.connectors.pushed import Pushed, pack
from tollbook.connectors.vodia.legs import MAX_XML_FIELDS
from tollbook.errors import BadInput

AT = datetime(2017, 6, 1, 12, tzinfo=UTC)
LEG = {
    "action": "call-data-record",
    "System": "pbx.example.ca",
    "PrimaryCallID": "call-1",
    "From": '"Ines Okafor" <sip:200@acme.example.ca>',
    "To": "<sip:+12125550117@acme.example.ca>",
    "TrunkName": "",
    "TrunkID": "",
    "Cost": "",
    "Domain": TENANT,
    "TimeStart": "2017-06-01T10:00:00.000Z",
    "TimeConnected": "2017-06-01T10:00:04.100Z",
    "TimeEnd": "2017-06-01T10:00:06.606Z",
    "Duration": "2.506",
    "Type": "extcall",
}
PHONE = LEG | {
    "CallID": "phone-1",
    "Direction": "I",
    "Extension": "200",
    "RemoteParty": "200",
    "LocalParty": "+12125550117",
}
TRUNK = LEG | {
    **{"CallID": "trunk-1", "Direction": "O", "TrunkID": "1", "TrunkName": "main", "RemoteParty": "+12125550117"},
    **{"LocalParty": "200", "Extension": ""},
}
INCOMING = LEG | {
    **{"CallID": "call-1", "Direction": "I", "TrunkID": "1", "RemoteParty": "+19025550119", "Extension": ""},
    **{"LocalParty": "+14165550100", "From": "<sip:+19025550119@x>", "To": "<sip:+14165550100@x>"},
}
RUNG = LEG | {
    "CallID": "ext-1",
    "Direction": "O",
    "Extension": "201",
    "RemoteParty": "201",
    "LocalParty": "+19025550119",
}


def message(body: object, content_type: str = "application/json") -> Pushed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Pushed(received_at=AT, content_type=content_type, body=raw)


def read(folder: Path, *bodies: object, **settings: str) -> dict[str, dict[str, object]]:
    """Messages of one call on one line: its records by key, without the system before it."""
    found = records_of(pack([message(body) for body in bodies]), folder, **settings)
    return {row["record_key"].removeprefix("pbx.example.ca/"): row for row in found.iter_rows(named=True)}


def test_the_trunks_leg_is_the_call_and_the_others_are_legs(tmp_path: Path) -> None:
    records = read(tmp_path, PHONE, TRUNK)
    assert {key: record["defect"] for key, record in records.items()} == {"phone-1": "leg", "trunk-1": None}
    call = records["trunk-1"]
    assert (call["kind"], call["cli"], call["cld"]) == ("voice_out", "200", "+12125550117")
    assert (call["account_ref"], call["tenant_ref"], call["trunk_ref"]) == (f"200@{TENANT}", TENANT, f"1@{TENANT}")
    assert (call["answered"], call["duration_us"]) == (True, 2_506_000)
    assert call["start"] == datetime(2017, 6, 1, 10, tzinfo=UTC)
    assert "the call is pbx.example.ca/trunk-1" in str(records["phone-1"]["defect_detail"])


def test_legs_in_any_order_and_twice_are_the_same_records(tmp_path: Path) -> None:
    expected = read(tmp_path, PHONE, TRUNK)
    for bodies in permutations([PHONE, TRUNK, TRUNK, PHONE]):
        assert read(tmp_path, *bodies) == expected


def test_a_leg_that_comes_later_keeps_the_keys_and_tells_the_account(tmp_path: Path) -> None:
    """The trunk shows the company's number: whose call it is, only the telephone's leg says, perhaps hours later."""
    trunk = TRUNK | {"LocalParty": "+14165550100"}
    first, then = read(tmp_path, trunk), read(tmp_path, trunk, PHONE)
    assert first["trunk-1"]["account_ref"] is None
    assert then["trunk-1"]["account_ref"] == f"200@{TENANT}"
    assert then["trunk-1"]["cli"] == first["trunk-1"]["cli"] == "+14165550100"
    alone = read(tmp_path, PHONE)
    assert alone["phone-1"]["defect"] == then["phone-1"]["defect"] == "leg"
    assert "neither a trunk's leg nor another extension's" in str(alone["phone-1"]["defect_detail"])


def test_an_incoming_call_belongs_to_who_has_the_did_not_to_who_answers(tmp_path: Path) -> None:
    call = read(tmp_path, INCOMING, RUNG)["call-1"]
    assert (call["kind"], call["cli"], call["cld"]) == ("voice_in", "+19025550119", "+14165550100")
    assert call["account_ref"] is None  # found by the DID


def test_an_incoming_call_with_a_name_belongs_to_the_extension_that_rang(tmp_path: Path) -> None:
    named = INCOMING | {"LocalParty": "Reception"}
    call = read(tmp_path, named, RUNG, unknown_did="14165550000")["call-1"]
    assert (call["account_ref"], call["cld"], call["display_text"]) == (
        f"201@{TENANT}",
        "14165550000",
        "Reception",
    )
    several = read(tmp_path, named, RUNG, RUNG | {"CallID": "ext-2", "Extension": "202"})["call-1"]
    assert (several["account_ref"], several["cld"]) == (None, None)


def test_an_incoming_call_to_a_group_is_the_groups(tmp_path: Path) -> None:
    hunt = RUNG | {"CallID": "hunt-1", "Direction": "I", "Extension": "600", "Type": "hunt"}
    records = read(tmp_path, INCOMING | {"LocalParty": "600"}, hunt, RUNG)
    assert records["call-1"]["account_ref"] == f"600@{TENANT}"
    assert records["hunt-1"]["defect"] == records["ext-1"]["defect"] == "leg"


def test_a_forwarded_call_has_two_trunk_legs_and_is_billed_both_ways(tmp_path: Path) -> None:
    out = TRUNK | {"LocalParty": "201"}
    records = read(tmp_path, INCOMING, RUNG, out)
    assert (records["call-1"]["kind"], records["trunk-1"]["kind"]) == ("voice_in", "voice_out")
    assert records["trunk-1"]["account_ref"] == f"201@{TENANT}"


def test_a_call_inside_is_the_callers_once_both_ends_are_known(tmp_path: Path) -> None:
    calling = PHONE | {"LocalParty": "201"}
    called = RUNG | {"LocalParty": "200"}
    records = read(tmp_path, called, calling)
    assert (records["phone-1"]["kind"], records["phone-1"]["cli"], records["phone-1"]["cld"]) == (
        *("voice_local", "200", "201"),
    )
    assert records["phone-1"]["account_ref"] == f"200@{TENANT}"
    assert records["ext-1"]["defect"] == "leg"


def test_of_several_legs_that_called_inside_one_is_the_call_in_any_order(tmp_path: Path) -> None:
    """Two forks of one telephone, and neither of them began the call."""
    forks = [PHONE | {"CallID": id, "LocalParty": "201"} for id in ("fork-a", "fork-b")]
    expected = read(tmp_path, *forks, RUNG)
    assert [key for key, record in expected.items() if record["kind"] == "voice_local"] == ["fork-a"]
    for bodies in permutations([*forks, RUNG]):
        assert read(tmp_path, *bodies) == expected


def test_an_unanswered_call_lasts_nothing(tmp_path: Path) -> None:
    call = read(tmp_path, TRUNK | {"TimeConnected": "", "Duration": "17"})["trunk-1"]
    assert (call["answered"], call["duration_us"], call["defect"]) == (False, 0, None)


# TimeStart | TimeConnected | TimeEnd | settings: all of them begin at 10:00:00 UTC and last 2.506 s
DATES: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "iso": ("2017-06-01T10:00:00.000Z", "2017-06-01T10:00:04.100Z", "2017-06-01T10:00:06.606Z", {}),
    "an offset": ("2017-06-01T06:00:00-04:00", "2017-06-01T06:00:04.1-04:00", "2017-06-01T06:00:06.606-04:00", {}),
    "dashes": ("2017-06-01 10:00:00", "2017-06-01 10:00:04", "2017-06-01 10:00:06", {}),
    "slashes": ("2017/06/01 10:00:00", "2017/06/01 10:00:04", "2017/06/01 10:00:07", {}),
    "unix": ("1496311200.000", "1496311204.100", "1496311206.606", {}),
    "unix in milliseconds": ("1496311200000", "1496311204100", "1496311206606", {}),
    "a zone of the setting": (
        *(
            "2017/06/01 06:00:00",
            "2017/06/01 06:00:04",
            "2017/06/01 06:00:06",
            {"leg_timezone": "America/Toronto"},
        ),
    ),
}


@pytest.mark.parametrize("style", DATES)
def test_dates_in_any_text_are_the_same_moment(style: str, tmp_path: Path) -> None:
    start, connected, end, settings = DATES[style]
    times = {"TimeStart": start, "TimeConnected": connected, "TimeEnd": end}
    call = read(tmp_path, TRUNK | times, **settings)["trunk-1"]
    assert call["start"] == datetime(2017, 6, 1, 10, tzinfo=UTC)
    assert call["duration_us"] == 2_506_000


# Duration | duration_from | microseconds; connected for 3 s by whole seconds, 10:00:04 to 10:00:07
DURATIONS = {
    "as good as the times": ("2.506", "times", 2_506_000),
    "a minute off": ("63", "times", 3_000_000),
    "not said": ("", "times", 3_000_000),
    "the field is taken": ("63.5", "field", 63_500_000),
    "the field as a clock": ("0:01:03", "field", 63_000_000),
}


@pytest.mark.parametrize("case", DURATIONS)
def test_the_duration_is_end_minus_connect_unless_the_field_is_finer(case: str, tmp_path: Path) -> None:
    said, setting, duration_us = DURATIONS[case]
    times = {"TimeConnected": "2017-06-01 10:00:04", "TimeEnd": "2017-06-01 10:00:07", "Duration": said}
    call = read(tmp_path, TRUNK | times, duration_from=setting)["trunk-1"]
    assert (call["duration_us"], call["defect"]) == (duration_us, None)


WRONG: dict[str, tuple[dict[str, str], str, str]] = {
    "a date alone": ({"TimeStart": "2017/06/01"}, "bad_time", "TimeStart '2017/06/01'"),
    "the hour that spring leaves out": ({"TimeStart": "2017-03-12 02:30:00"}, "bad_time", "02:30"),
    "a third direction": ({"Direction": "X"}, "unknown_kind", "Direction 'X'"),
    "an end before the connect": ({"TimeEnd": "2017-06-01T10:00:01Z"}, "bad_quantity", "give no duration"),
    "a start before there was a calendar": ({"TimeStart": "0001-01-01T00:00:00+05:00"}, "bad_time", "0001-01-01"),
    "an end after the last day": ({"TimeEnd": "9999-12-31T23:59:59-05:00"}, "bad_quantity", "give no duration"),
    "a tenant longer than an index can hold": ({"Domain": "a" * 1_001}, "unreadable", "is longer than 1000"),
    "a party longer than an index can hold": ({"RemoteParty": "1" * 1_001}, "unreadable", "cld is longer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_leg_that_makes_no_sense_waits_with_its_value(case: str, tmp_path: Path) -> None:
    fields, reason, words = WRONG[case]
    record = read(tmp_path, TRUNK | fields, leg_timezone="America/Toronto")["trunk-1"]
    assert record["defect"] == reason
    assert words in str(record["defect_detail"])


def test_a_duration_of_a_million_digits_is_none(tmp_path: Path) -> None:
    endless = TRUNK | {"Duration": "9" * 1_000_001}
    assert read(tmp_path, endless)["trunk-1"]["duration_us"] == 2_506_000  # by the times
    assert read(tmp_path, endless, duration_from="field")["trunk-1"]["defect"] == "bad_quantity"


def test_what_no_database_holds_is_replaced_or_shortened(tmp_path: Path) -> None:
    (record,) = read(tmp_path, TRUNK | {"CallID": "a\0b", "RemoteParty": "1\0", "Domain": "t\0"}).values()
    assert (record["record_key"], record["cld"]) == ("pbx.example.ca/a\ufffdb", "1\ufffd")
    assert (record["tenant_ref"], record["account_ref"]) == ("t\ufffd", "200@t\ufffd")
    keys = {key for end in "xy" for key in read(tmp_path, TRUNK | {"CallID": "a" * 3_000 + end})}
    assert [len(key) for key in keys] == [32, 32]  # two calls still


def test_the_cost_is_a_price_only_if_the_setting_says_so(tmp_path: Path) -> None:
    priced = TRUNK | {"Cost": "0.0125"}
    assert read(tmp_path, priced)["trunk-1"]["platform_price_nanos"] is None
    kept = {"cost_is_price": "yes", "currency": "CAD"}
    call = read(tmp_path, priced, **kept)["trunk-1"]
    assert (call["platform_price_nanos"], call["platform_currency"]) == (12_500_000, "CAD")
    assert read(tmp_path, TRUNK | {"Cost": "free"}, **kept)["trunk-1"]["defect"] == "unreadable"
    with pytest.raises(BadInput, match="currency"):
        offline(cost_is_price="yes")


def xml(leg: dict[str, str], root: str = "CallDataRecord", before: str = "") -> bytes:
    fields = "".join(
        f"<v:{name}>{value}</v:{name}>" for name, value in leg.items() if not value.startswith(('"', "<"))
    )
    return f'<?xml version="1.0"?>{before}<e:{root} xmlns:e="e" xmlns:v="v">{fields}</e:{root}>'.encode()


def test_xml_says_the_same_as_json(tmp_path: Path) -> None:
    plain = {name: value for name, value in TRUNK.items() if name not in {"From", "To"}}
    assert read(tmp_path, xml(plain)) == read(tmp_path, plain)


HOSTILE = {
    "a bomb of entities": xml(TRUNK, before='<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'),
    "a file of ours": xml(TRUNK, before='<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    "deeper than anything": b"<a>" * (MAX_XML_FIELDS + 5) + b"</a>" * (MAX_XML_FIELDS + 5),
    "letters that nobody knows": xml(TRUNK).replace(b'"1.0"', b'"1.0" encoding="nonsense"'),
    "half of it": xml(TRUNK)[:-30],
    "a page": b"<html><body>log in</body></html>",
    "no leg": b'{"action":"call-data-record","System":"x"}',
    "an endless action": b'{"action":"' + b"x" * 100_000 + b'"}',
    "another action": b'{"action":"register","CallID":"x"}',
    "a list": b"[1, 2]",
    "no text": b"\xff\xfe\x00",
    "nothing": b"",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_leg_waits_and_leaves_the_call_alone(case: str, tmp_path: Path) -> None:
    records = read(tmp_path, HOSTILE[case], TRUNK)
    assert records.pop("trunk-1")["defect"] is None
    ((key, record),) = records.items()
    assert record["defect"] == "unreadable"
    assert key.startswith("unreadable:")
    assert offline().call_of(message(HOSTILE[case])) == ""


def test_fields_with_other_names_can_be_told(tmp_path: Path) -> None:
    renamed = {("Id" if name == "CallID" else name): value for name, value in TRUNK.items()}
    assert read(tmp_path, renamed, leg_fields="CallID=Id").keys() == {"trunk-1"}
    with pytest.raises(BadInput, match="Nothing"):
        offline(leg_fields="Nothing=Id")


def test_messages_of_one_call_are_bound_together() -> None:
    refs = {offline().call_of(message(leg)) for leg in (PHONE, TRUNK)}
    assert refs == {"pbx.example.ca/call-1"}
    assert offline().call_of(message(TRUNK | {"System": "other"})) == "other/call-1"


def test_pushed_calls_are_not_asked_for_too() -> None:
    with pytest.raises(NotOffered, match="pushed"):
        next(iter(offline(usage_from="push").usage([])))


WEBCDR_LEG = {
    **{"id": "1", "name": "main", "callid": "t-1", "direction": "O", "remote": "+12125550117", "local": "200"},
    **{"start": "1496311200.000", "connect": "1496311204.100", "end": "1496311206.606"},
}
WEBCDR = {
    **{"version": "70.3", "system": "pbx.example.ca", "domain": TENANT, "callid": "call-1"},
    **{"from": PHONE["From"], "to": PHONE["To"], "start": "1496311200.000", "connect": "1496311204.100"},
    "end": "1496311206.606",
    "trunks": [WEBCDR_LEG],
    "extensions": [WEBCDR_LEG | {"id": "200", "callid": "e-1", "direction": "I"}],
}


def test_a_webcdr_is_all_legs_at_once(tmp_path: Path) -> None:
    records = read(tmp_path, WEBCDR)
    assert {key: record["defect"] for key, record in records.items()} == {"e-1": "leg", "t-1": None}
    call = records["t-1"]
    assert (call["cld"], call["account_ref"], call["duration_us"]) == ("+12125550117", f"200@{TENANT}", 2_506_000)


def test_a_webcdrs_legs_may_stand_elsewhere_under_other_names(tmp_path: Path) -> None:
    leg = {"way": "O", "far": "+12125550117", "near": "200", "key": "t-1", "line": "1"}
    names = "CallID=key,Direction=way,RemoteParty=far,LocalParty=near,TrunkID=line"
    body = {name: value for name, value in WEBCDR.items() if name not in {"trunks", "extensions"}}
    call = read(tmp_path, body | {"trunk_legs": [leg]}, webcdr_trunks="trunk_legs", webcdr_fields=names)["t-1"]
    assert (call["kind"], call["cld"], call["trunk_ref"]) == ("voice_out", "+12125550117", f"1@{TENANT}")
    assert call["duration_us"] == 2_506_000  # of the whole call: the leg has no times of its own


def test_two_legs_of_a_webcdr_under_one_id_are_two(tmp_path: Path) -> None:
    records = read(tmp_path, WEBCDR | {"trunks": [WEBCDR_LEG, WEBCDR_LEG | {"remote": "+442079460300"}]})
    assert {records["t-1"]["cld"], records["t-1#2"]["cld"]} == {"+12125550117", "+442079460300"}


@pytest.mark.parametrize("scheme", ["json", "xml", "webcdr"])
@pytest.mark.parametrize("dates", ["iso", "dashes", "slashes", "unix"])
def test_the_simulated_month_is_the_same_in_every_form(
    vodia: Simulator, scheme: push.Scheme, dates: push.Dates, tmp_path: Path
) -> None:
    calls = [call for call in vodia.calls if call.tenant == LIGHTS]
    line = [pack([message(body) for body in push.messages(call, dates, scheme)]) for call in calls]
    records = records_of(b"".join(line), tmp_path)
    told = records.filter(pl.col("defect").is_null())
    assert len(told) == len(calls)  # one of the legs of each call is the call
    assert records.filter(pl.col("defect").is_not_null())["defect"].unique().to_list() == ["leg"]
    kinds = {"outbound": "voice_out", "internal": "voice_local"}
    expected = sorted((kinds.get(one.kind, "voice_in"), one.duration_ms * 1_000) for one in calls)
    assert sorted(told.select("kind", "duration_us").rows()) == expected
