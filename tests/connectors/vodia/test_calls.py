"""A call of the list has neither direction nor duration: both ends, the trunks and the tenant's accounts tell them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.vodia import Simulator
from tests.connectors.contract import read
from tests.connectors.vodia.evidence import BEGUN, TENANT, listed, record_of, records_of
from tests.connectors.vodia.sites import LIGHTS, QUAY, offline, records

INES, BRAM, WREN = (f"<sip:{number}@{TENANT}>" for number in ("200", "201", "202"))
STRANGER = f'"O\'Neill, Kate" <sip:+19025550119@{TENANT}>'


def to(user: str, name: str = "") -> str:
    return f'"{name}" <sip:{user}@{TENANT}>' if name else f"<sip:{user}@{TENANT}>"


# from | to | trunks | extensions | kind | account | cli | cld | text in place of a number
SIDES = {
    "an extension calls out": (
        INES,
        to("+12125550117"),
        [1],
        ["200"],
        "voice_out",
        "200",
        "200",
        "+12125550117",
        None,
    ),
    "as dialled in the country": (
        INES,
        to("2125550117"),
        [1],
        ["200"],
        "voice_out",
        "200",
        "200",
        "2125550117",
        None,
    ),
    "an emergency number": (INES, to("911"), [1], ["200"], "voice_out", "200", "200", "911", None),
    "a DID as the caller's number": (
        *(to("+14165550101"), to("+12125550117"), [2], ["201"], "voice_out", "201", "+14165550101"),
        *("+12125550117", None),
    ),
    "another's number shown": (
        *(to("+18005550199"), to("+12125550117"), [1], ["202"], "voice_in", None, "+18005550199"),
        *("+12125550117", None),
    ),
    "from a DID of ours to another, by way of the trunk": (
        *(
            to("+14165550101"),
            to("+14165550100"),
            [1],
            [],
            "voice_in",
            "200",
            "+14165550101",
            "+14165550100",
            None,
        ),
    ),
    "a number outside without a trunk": (
        *(INES, to("+12125550117"), [], ["200"], "voice_out", "200", "200", "+12125550117", None),
    ),
    "to a DID": (
        STRANGER,
        to("+14165550100"),
        [1],
        ["200"],
        "voice_in",
        "200",
        "+19025550119",
        "+14165550100",
        None,
    ),
    "to a DID as written in the country": (
        *(STRANGER, to("4165550100"), [1], ["200"], "voice_in", "200", "+19025550119", "4165550100", None),
    ),
    "to a DID that another extension answers": (
        *(STRANGER, to("+14165550198"), [1], ["600", "201"], "voice_in", "600", "+19025550119"),
        *("+14165550198", None),
    ),
    "to a DID nobody knows": (
        *(STRANGER, to("+14165550177"), [1], ["200"], "voice_in", None, "+19025550119", "+14165550177", None),
    ),
    "to a group by its number": (
        *(STRANGER, to("600", "Front Desk"), [1], ["600", "202"], "voice_in", "600", "+19025550119"),
        *("+14165550198", None),
    ),
    "to an extension with two DIDs": (
        *(STRANGER, to("201"), [1], ["201"], "voice_in", "201", "+19025550119", "201", None),
    ),
    "to a first name": (
        *(STRANGER, to("Ines", "Ines"), [1], [], "voice_in", "200", "+19025550119", "+14165550100", "Ines"),
    ),
    "to a name nobody has": (
        *(STRANGER, to("Sales", "Sales team"), [1], [], "voice_in", None, "+19025550119", None, "Sales team"),
    ),
    "to a name, and one extension took it": (
        *(STRANGER, to("Sales", "Sales team"), [1], ["200"], "voice_in", "200", "+19025550119"),
        *("+14165550100", "Sales team"),
    ),
    "from nobody": (
        *(to("anonymous", "Anonymous"), to("+14165550100"), [1], ["200"], "voice_in", "200", None),
        *("+14165550100", None),
    ),
    "inside": (INES, BRAM, [], ["200", "201"], "voice_local", "200", "200", "201", None),
    "to a star code": (INES, to("*97"), [], ["200"], "voice_local", "200", "200", "*97", None),
    "from an extension to a sibling's DID, by way of the trunk": (
        *(INES, to("+14165550101"), [1], ["200"], "voice_out", "200", "200", "+14165550101", None),
    ),
}


@pytest.mark.parametrize("case", SIDES)
def test_which_way_a_call_went_and_whose_it_is(case: str, tmp_path: Path) -> None:
    caller, called, trunks, extensions, kind, account, cli, cld, text = SIDES[case]
    record = record_of(tmp_path, _from=caller, to=called, trunks=trunks, extensions=extensions)
    assert record["kind"] == kind
    assert record["account_ref"] == (f"{account}@{TENANT}" if account else None)
    assert (record["cli"], record["cld"], record["display_text"]) == (cli, cld, text)
    assert record["tenant_ref"] == TENANT
    assert record["trunk_ref"] == (f"{trunks[0]}@{TENANT}" if trunks else None)
    assert record["defect"] is None


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path: Path) -> None:
    sly = '"<sip:911@x>, \\"The Shop\\"" <sips:%2B19025550119;tag=1@acme.example.ca>'
    record = record_of(tmp_path, _from=sly, to="tel:+14165550100", trunks=["1"])
    assert (record["cli"], record["cld"], record["kind"]) == ("+19025550119", "+14165550100", "voice_in")


def test_a_name_of_two_people_is_nobodys(tmp_path: Path) -> None:
    both = listed({"from": STRANGER, "to": to("Ines"), "extensions": []}).replace(b'"Bram"', b'"Ines"', 1)
    record = records_of(both, tmp_path).row(0, named=True)
    assert (record["account_ref"], record["cld"], record["display_text"]) == (None, None, "Ines")


def test_of_several_dids_the_first_is_taken_if_the_setting_says_so(tmp_path: Path) -> None:
    first = record_of(tmp_path, {"did_of_account": "first"}, _from=STRANGER, to=to("201"))
    assert first["cld"] == "+14165550101"


def test_a_call_whose_did_cannot_be_told_is_rated_as_the_number_of_the_setting(tmp_path: Path) -> None:
    known = {"unknown_did": "14165550000"}
    assert record_of(tmp_path, known, _from=STRANGER, to=to("Sales"), extensions=[])["cld"] == "14165550000"
    assert record_of(tmp_path, known, _from=STRANGER, to=to("201"))["cld"] == "14165550000"
    assert record_of(tmp_path, known, _from=STRANGER, to=to("600"))["cld"] == "+14165550198"


def test_a_call_that_went_out_again_by_another_trunk_waits(tmp_path: Path) -> None:
    """Where it went is not in the record: billed as incoming alone, the outgoing part would be given away unseen."""
    record = record_of(tmp_path, _from=STRANGER, to=to("+14165550100"), trunks=[1, 2])
    assert record["defect"] == "unknown_kind"
    assert "trunks 1, 2" in str(record["defect_detail"])
    assert (
        record_of(tmp_path, {"forwarded": "in"}, _from=STRANGER, to=to("+14165550100"), trunks=[1, 2])["defect"]
        is None
    )
    twice = record_of(tmp_path, trunks=[1, 2])  # outgoing: the second trunk when the first did not take it
    assert (twice["defect"], twice["trunk_ref"]) == (None, f"1@{TENANT}")


# connect, end | answered | microseconds
TALKED = {
    "fractions": (f"{BEGUN + 4}.100", f"{BEGUN + 6}.606", True, 2_506_000),
    "numbers instead of texts": (BEGUN + 4.1, BEGUN + 6.606, True, 2_506_000),
    "no connect": ("", f"{BEGUN + 30}.000", False, 0),
    "connect is null": (None, f"{BEGUN + 30}.000", False, 0),
    "connect is zero": ("0.000", f"{BEGUN + 30}.000", False, 0),
    "at once": (f"{BEGUN}.000", f"{BEGUN}.000", True, 0),
    "a whole day": (f"{BEGUN}", f"{BEGUN + 86_400}", True, 86_400_000_000),
}


@pytest.mark.parametrize("case", TALKED)
def test_talked_time_is_end_minus_connect_with_its_fraction(case: str, tmp_path: Path) -> None:
    connect, end, answered, duration_us = TALKED[case]
    record = record_of(tmp_path, connect=connect, end=end)
    assert (record["answered"], record["duration_us"], record["defect"]) == (answered, duration_us, None)


def test_a_call_begins_when_its_record_says(tmp_path: Path) -> None:
    assert record_of(tmp_path, start=f"{BEGUN}.250")["start"] == datetime(
        2017, 6, 1, 10, 0, 0, 250_000, tzinfo=UTC
    )


# What is wrong | reason, words of the detail
WRONG: dict[str, tuple[dict[str, object], str, str]] = {
    "no id": ({"id": None}, "unreadable", "id '' is empty"),
    "no start": ({"start": ""}, "bad_time", "start ''"),
    "a date": ({"start": "2017-06-01"}, "bad_time", "2017-06-01"),
    "ended before it began": ({"end": str(BEGUN)}, "bad_quantity", "give no duration"),
    "no end": ({"end": ""}, "bad_quantity", "end ''"),
    "words": ({"connect": "soon"}, "bad_quantity", "soon"),
    "a number longer than an index can hold": ({"to": f"<sip:{'1' * 1_001}@x>"}, "unreadable", "longer than 1000"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_makes_no_sense_waits_with_its_value(case: str, tmp_path: Path) -> None:
    fields, reason, words = WRONG[case]
    record = record_of(tmp_path, None, **fields)
    assert record["defect"] == reason
    assert words in str(record["defect_detail"])
    assert record["record_key"]


def test_without_a_note_of_its_tenant_nobody_knows_which_way_a_call_went(tmp_path: Path) -> None:
    record = records_of(listed({}, note=False), tmp_path).row(0, named=True)
    assert (record["defect"], record["kind"]) == ("unknown_kind", None)


def test_a_record_is_told_by_its_id_or_its_call_id_in_its_tenant(tmp_path: Path) -> None:
    """Ids may be counted anew, so that the call's start belongs to one; however it is written, to the second."""
    known = f"48001@{TENANT} 2017-06-01T10:00:00Z"
    assert record_of(tmp_path)["record_key"] == known
    assert record_of(tmp_path, start=BEGUN)["record_key"] == known
    assert record_of(tmp_path, start=BEGUN + 60)["record_key"] == f"48001@{TENANT} 2017-06-01T10:01:00Z"
    assert record_of(tmp_path, start="soon")["record_key"] == f"48001@{TENANT}"
    assert record_of(tmp_path, {"record_key": "call_id"})["record_key"] == f"a1b2@acme.example.ca@{TENANT}"


def test_a_note_holds_for_what_comes_after_it_in_whatever_batches(tmp_path: Path) -> None:
    other = listed({"id": 2}).replace(TENANT.encode(), b"beta.example.ca")
    for batch_rows in (1, 2, 1_000):
        whole = read(offline(), listed({"id": 1}, {"id": 3}) + other, tmp_path, batch_rows=batch_rows)
        keys = [key.partition(" ")[0] for key in whole["record_key"]]
        assert keys == [f"1@{TENANT}", f"3@{TENANT}", "2@beta.example.ca"]
        assert whole["line"].to_list() == [2, 3, 5]


@pytest.mark.parametrize("tenant", [LIGHTS, QUAY])
def test_the_simulated_month_is_read_as_it_was_made(vodia: Simulator, tenant: str, tmp_path: Path) -> None:
    """The simulator knows what each call was; the connector has only the list."""
    told = {
        row["record_key"].partition(" ")[0]: row for row in records(vodia, tenant, tmp_path).iter_rows(named=True)
    }
    calls = [call for call in vodia.calls if call.tenant == tenant]
    assert len(told) == len(calls) == 250
    directions = {"outbound": "voice_out", "internal": "voice_local"}
    for call in calls:
        record = told[f"{call.id}@{tenant}"]
        assert record["kind"] == directions.get(call.kind, "voice_in")
        assert record["answered"] == (call.connect is not None)
        assert record["duration_us"] == call.duration_ms * 1_000
        if record["kind"] != "voice_in":
            assert record["account_ref"] == f"{call.extension}@{tenant}"
        elif record["cld"] is not None:
            assert record["cld"].endswith(call.did.removeprefix("+"))
        else:
            assert record["display_text"] == call.called.name


def test_times_as_text_and_as_numbers_give_the_same_records(vodia: Simulator, tmp_path: Path) -> None:
    texts = records(vodia, LIGHTS, tmp_path)
    vodia.set_times("float")
    assert records(vodia, LIGHTS, tmp_path).equals(texts)
