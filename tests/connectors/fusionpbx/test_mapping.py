"""A row of calls becomes a usage record: figures worked out by hand from the row that stands above them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.fusionpbx.rows import GATEWAY, INCOMING, LOCAL, OUTGOING, REST_NOTE, TENANT, UUID, one, usage

Row = dict[str, Any]
TO_THE_GATEWAY = f"sofia/gateway/{GATEWAY}/14165550111"


def test_an_outgoing_call_is_the_extensions_to_the_number_dialled(tmp_path: Path) -> None:
    found = one(tmp_path, OUTGOING)

    assert (found["record_key"], found["kind"]) == (UUID, "voice_out")
    assert found["start"] == datetime(2017, 6, 1, 5, 8, 18, tzinfo=UTC)
    assert (found["answered"], found["duration_us"]) == (True, 66_798_000)
    assert (found["cli"], found["cld"]) == ("15195550100", "16045550199")
    assert (found["account_ref"], found["tenant_ref"]) == ("2115@maple.example.ca", "maple.example.ca")
    assert (found["trunk_ref"], found["display_text"], found["defect"]) == (GATEWAY, None, None)


def test_an_incoming_call_is_rated_on_the_number_that_was_called(tmp_path: Path) -> None:
    found = one(tmp_path, INCOMING)

    assert (found["kind"], found["cli"], found["cld"]) == ("voice_in", "14165550111", "5195550100")
    assert (found["account_ref"], found["trunk_ref"]) == ("2112@maple.example.ca", None)


def test_an_incoming_call_without_the_number_called_has_where_it_went(tmp_path: Path) -> None:
    assert one(tmp_path, INCOMING | {"caller_destination": ""})["cld"] == "2112"


def test_a_nul_that_no_database_holds_is_replaced(tmp_path: Path) -> None:
    found = one(tmp_path, OUTGOING | {"caller_id_name": "a\0b", "destination_number": "1604\0"})
    assert found["cld"] == "1604\ufffd"


def test_a_call_between_extensions_is_local(tmp_path: Path) -> None:
    found = one(tmp_path, LOCAL)

    assert (found["kind"], found["cli"], found["cld"]) == ("voice_local", "2115", "2112")
    assert (found["account_ref"], found["trunk_ref"]) == ("2115@maple.example.ca", None)


@pytest.mark.parametrize(
    ("seconds", "milliseconds", "settings", "talked_us"),
    [
        ("66", "66798", {}, 66_798_000),
        ("66", "66798", {"duration_from": "billsec"}, 66_000_000),
        ("66", None, {}, 66_000_000),
        ("66", "0", {}, 66_000_000),
        (None, "2506", {}, 2_506_000),
        ("66.000000", "66798.000000", {}, 66_798_000),
        ("0", "450", {}, 0),
        ("0", "450", {"short_calls": "billed"}, 450_000),
    ],
)
def test_the_talked_time_has_fractions_of_a_second_where_the_row_has(
    tmp_path: Path, seconds: str | None, milliseconds: str | None, settings: dict[str, str], talked_us: int
) -> None:
    row = OUTGOING | {"billsec": seconds, "billmsec": milliseconds}

    assert one(tmp_path, row, **settings)["duration_us"] == talked_us


def test_a_call_that_nobody_took_is_not_answered(tmp_path: Path) -> None:
    row = OUTGOING | {"billsec": "0", "billmsec": "0", "answer_epoch": "0", "hangup_cause": "NO_ANSWER"}

    found = one(tmp_path, row)
    assert (found["answered"], found["duration_us"], found["defect"]) == (False, 0, None)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (OUTGOING | {"leg": "b"}, "far leg (b)"),
        (INCOMING | {"hangup_cause": "LOSE_RACE", "billsec": "0"}, "LOSE_RACE"),
        (INCOMING | {"parent_is_there": "true"}, "leg of a ring group"),
    ],
    ids=["b leg", "lost race", "ring group double"],
)
def test_a_leg_is_no_call_of_its_own(tmp_path: Path, row: Row, why: str) -> None:
    found = one(tmp_path, row)

    assert found["defect"] == "leg"
    assert why in found["defect_detail"]
    assert one(tmp_path, row, not_calls="-")["defect"] is None


def test_a_row_without_a_leg_is_a_call(tmp_path: Path) -> None:
    assert one(tmp_path, OUTGOING | {"leg": None})["defect"] is None


@pytest.mark.parametrize(
    ("row", "account"),
    [
        ({"extension": "2115"}, "2115@maple.example.ca"),
        ({"code_extension": "2116", "caller_extension": "2117"}, "2116@maple.example.ca"),
        ({"caller_extension": "2117", "forwarder_extension": "2118"}, "2117@maple.example.ca"),
        ({"forwarder_extension": "2118"}, "2118@maple.example.ca"),
        ({}, None),
    ],
    ids=["its uuid", "account code", "caller", "who forwarded", "nobody"],
)
def test_the_account_is_the_first_extension_that_anything_names(
    tmp_path: Path, row: Row, account: str | None
) -> None:
    assert one(tmp_path, OUTGOING | {"extension": None} | row)["account_ref"] == account


def test_of_an_incoming_call_the_caller_and_a_forwarding_name_nobody(tmp_path: Path) -> None:
    row = INCOMING | {"extension": None, "caller_extension": "2117", "forwarder_extension": "2118"}

    assert one(tmp_path, row)["account_ref"] is None


def test_a_forwarded_call_of_nobody_known_waits_or_is_the_tenants(tmp_path: Path) -> None:
    row = OUTGOING | {"extension": None, "caller_id_number": "14165550111"}

    assert one(tmp_path, row)["account_ref"] is None
    named = one(tmp_path, row, forwarded_account="main@{tenant}")
    assert named["account_ref"] == f"main@{TENANT}"
    assert one(tmp_path, row, forwarded_account="forwarding")["account_ref"] == "forwarding"
    assert one(tmp_path, INCOMING | {"extension": None}, forwarded_account="main@{tenant}")["account_ref"] is None


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize(
    ("row", "kind", "cld"),
    [
        (OUTGOING, "voice_out", "16045550199"),
        (INCOMING | {"is_did": "true"}, "voice_in", "5195550100"),
        (INCOMING | {"is_did": "true", "last_arg": TO_THE_GATEWAY}, "voice_out", "2112"),
        (LOCAL | {"is_did": "false"}, "voice_local", "2112"),
        (LOCAL | {"destination_number": "*97", "last_arg": "default maple.example.ca *"}, "voice_local", "*97"),
    ],
    ids=["gateway", "did", "gateway before did", "neither", "feature code"],
)
def test_an_empty_direction_is_derived(tmp_path: Path, row: Row, empty: str | None, kind: str, cld: str) -> None:
    found = one(tmp_path, row | {"direction": empty})

    assert (found["kind"], found["cld"], found["defect"]) == (kind, cld, None)


@pytest.mark.parametrize(
    ("said", "kind"), [("outbound", "voice_out"), ("inbound", "voice_in"), ("local", "voice_local")]
)
def test_an_empty_direction_may_be_taken_for_one(tmp_path: Path, said: str, kind: str) -> None:
    assert one(tmp_path, OUTGOING | {"direction": ""}, empty_direction=said)["kind"] == kind


def test_an_empty_direction_may_wait_for_a_person(tmp_path: Path) -> None:
    found = one(tmp_path, OUTGOING | {"direction": ""}, empty_direction="refuse")

    assert found["defect"] == "unknown_kind"
    assert "empty_direction" in found["defect_detail"]


@pytest.mark.parametrize(
    ("name", "number", "shown"),
    [
        ("WIRELESS CALLER", "14165550111", None),
        ("WIRELESS CALLER", "+1 (416) 555-0111", None),
        ("Anna", "anonymous", "Anna"),
        ("", "anonymous", "anonymous"),
        ("Anna", "", "Anna"),
        ('Tremblay, "Bob" & Fils', None, 'Tremblay, "Bob" & Fils'),
    ],
)
def test_a_name_is_shown_only_where_there_is_no_number(
    tmp_path: Path, name: str, number: str | None, shown: str | None
) -> None:
    row = INCOMING | {"caller_id_name": name, "caller_id_number": number}

    assert one(tmp_path, row)["display_text"] == shown


@pytest.mark.parametrize(
    ("last_arg", "trunk"),
    [
        (f"sofia/gateway/{GATEWAY.upper()}/16045550199", GATEWAY),
        (f"{{sip_invite_domain={TENANT}}}sofia/gateway/{GATEWAY}/16045550199", GATEWAY),
        (f"sofia/gateway/{GATEWAY}/16045550199|sofia/gateway/another/16045550199", GATEWAY),
        ("sofia/external/16045550199@192.0.2.1", None),
        (None, None),
    ],
)
def test_the_gateway_is_in_the_bridge_string(tmp_path: Path, last_arg: str | None, trunk: str | None) -> None:
    assert one(tmp_path, OUTGOING | {"last_arg": last_arg})["trunk_ref"] == trunk


@pytest.mark.parametrize(
    ("row", "defect", "shown"),
    [
        ({"key": None}, "unreadable", "no xml_cdr_uuid"),
        ({"key": None, "xml_cdr_uuid": ""}, "unreadable", "no xml_cdr_uuid"),
        ({"destination_number": "9" * 1_001}, "unreadable", "cld is longer than 1000 bytes"),
        ({"start_epoch": "0"}, "bad_time", "start_epoch 0"),
        ({"start_epoch": None}, "bad_time", "start_epoch (nothing)"),
        ({"start_epoch": "soon"}, "bad_time", "start_epoch soon"),
        ({"direction": "sideways"}, "unknown_kind", "direction sideways is none of outbound, inbound, local"),
        ({"billsec": "-5", "billmsec": None}, "bad_quantity", "billsec -5"),
        ({"billsec": "a while"}, "bad_quantity", "billsec a while"),
        ({"billsec": "31708800", "billmsec": None}, "bad_quantity", "billsec 31708800"),  # 367 days
    ],
)
def test_what_makes_no_sense_is_set_aside_with_the_value(
    tmp_path: Path, row: Row, defect: str, shown: str
) -> None:
    found = one(tmp_path, OUTGOING | row)

    assert found["defect"] == defect
    assert shown in found["defect_detail"]


def test_a_row_without_epoch_starts_at_its_stamp(tmp_path: Path) -> None:
    found = one(tmp_path, OUTGOING | {"start_epoch": None, "start_stamp": "2017-06-01 05:08:18.25+00"})

    assert found["start"] == datetime(2017, 6, 1, 5, 8, 18, 250_000, tzinfo=UTC)


def test_a_row_without_uuid_is_the_same_one_when_it_comes_again(tmp_path: Path) -> None:
    keys = usage(tmp_path, OUTGOING | {"key": None}, OUTGOING | {"key": None}, LOCAL | {"key": None})["record_key"]

    assert keys[0] == keys[1] != keys[2]


# --- by REST, whose calls have neither billed time nor account code, and a note before them


def rest(folder: Path, **fields: Any) -> Row:
    call = {
        "xml_cdr_uuid": UUID,
        "domain_uuid": "d-1",
        "extension_uuid": "e-2115",
        "direction": "outbound",
        "caller_id_number": "15195550100",
        "destination_number": "16045550199",
        "start_epoch": 1496293698,
        "answer_epoch": 1496293710,
        "end_epoch": 1496293776,
        "duration": 66,
    }
    (record,) = usage(folder, REST_NOTE, call | fields).to_dicts()
    return record


def test_by_rest_the_talked_time_is_from_answer_to_end(tmp_path: Path) -> None:
    found = rest(tmp_path)

    assert (found["record_key"], found["kind"], found["duration_us"]) == (UUID, "voice_out", 66_000_000)
    assert (found["account_ref"], found["tenant_ref"]) == ("2115@maple.example.ca", TENANT)


def test_by_rest_a_call_that_nobody_took_has_no_answer(tmp_path: Path) -> None:
    for nothing in (0, None):
        found = rest(tmp_path, answer_epoch=nothing)
        assert (found["answered"], found["duration_us"]) == (False, 0)
    assert rest(tmp_path, end_epoch=None)["defect"] == "bad_quantity"


def test_by_rest_the_note_knows_extensions_and_numbers(tmp_path: Path) -> None:
    by_caller = rest(tmp_path, extension_uuid=None, caller_id_number="2112")
    assert by_caller["account_ref"] == "2112@maple.example.ca"
    to_a_did = rest(tmp_path, direction="", caller_destination="5195550100", destination_number="2112")
    assert (to_a_did["kind"], to_a_did["cld"]) == ("voice_in", "5195550100")
    elsewhere = rest(tmp_path, direction="", destination_number="2112", extension_uuid=None)
    assert elsewhere["kind"] == "voice_local"
