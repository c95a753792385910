"""Billing records as usage records: every field by hand, the right ones and the wrong ones."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.connectors.metroport.sites import WARSAW
from tollbook.connectors.base import Site
from tollbook.connectors.metroport.connector import MetroportConnector
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

TYPES = {1: "call", 2: "sms", 3: "mms", 4: "data", 7: "video"}
CALL = {
    "id": 97301,
    "userid": 986,
    "ano": 500000100,
    "src": "48500000100",
    "dst": "48501900101",
    "calldate": "2017-06-01 12:00:00",
    "billingfield": "duration",
    "duration": 61,
    "datatransfer": 0,
    "msg": 0,
    "traffic_types_id": 1,
    "CategoryName": "Połączenia krajowe",
    "retail_totalnetto": 0.1932,
    "retail_vat": 1.23,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def connector(**settings: str) -> MetroportConnector:
    """It never gets as far as the network."""
    given = {"api_url": "http://127.0.0.1:1", "login": "x", **settings}
    return MetroportConnector(Site(name="mvno", settings=given, secrets={"password": Secret("x")}))


def line(record: object, asked: str = "", type: str | None = None) -> str:
    if type is None and isinstance(record, dict):
        type = TYPES.get(int(record.get("traffic_types_id") or 0))
    text = record if isinstance(record, str) else json.dumps(record)
    return f'{{"asked":{json.dumps(asked)},"type":{json.dumps(type)},"record":{text}}}\n'


def usage(folder: Path, *lines: str, **settings: str) -> pl.DataFrame:
    file = folder / "evidence"
    file.write_text("".join(lines), encoding="utf-8")
    (batch,) = connector(**settings).read_usage(file, name="evidence", batch_rows=1_000)
    return batch.usage


def one(folder: Path, changes: dict[str, Any] | None = None, **settings: str) -> dict[str, Any]:
    """What becomes of the call with some fields changed."""
    return usage(folder, line(CALL | (changes or {})), **settings).row(0, named=True)


def test_a_call_field_by_field(folder: Path) -> None:
    assert one(folder) == {
        "line": 1,
        "record_key": "97301",
        "kind": "voice_out",
        "start": datetime(2017, 6, 1, 10, tzinfo=UTC),
        "answered": True,
        "duration_us": 61_000_000,
        "quantity": None,
        "cli": "48500000100",
        "cld": "48501900101",
        "account_ref": "48500000100",
        "tenant_ref": "986",
        "trunk_ref": None,
        "display_text": None,
        "platform_price_nanos": 193_200_000,
        "platform_currency": "PLN",
        "defect": None,
        "defect_detail": None,
    }


def test_all_numbers_as_text_and_with_a_comma_are_the_same_call(folder: Path) -> None:
    texts = {name: str(value) for name, value in CALL.items()}
    texts |= {"retail_totalnetto": "0,1932", "retail_vat": "1,23", "duration": "61,0", "id": "0097301"}
    assert usage(folder, line(texts)).equals(usage(folder, line(CALL)))


@pytest.mark.parametrize(
    ("changes", "kind", "cli", "cld"),
    [
        ({}, "voice_out", "48500000100", "48501900101"),
        ({"src": "48501900104", "dst": "48500000100"}, "voice_in", "48501900104", "48500000100"),
        ({"dst": "D248501900105"}, "voice_out", "48500000100", "48501900105"),
        ({"src": "D948501900105", "dst": "48500000100"}, "voice_in", "48501900105", "48500000100"),
        ({"src": "D148500000100"}, "voice_out", "48500000100", "48501900101"),
        ({"dst": "112"}, "voice_out", "48500000100", "112"),
        ({"src": "+48500000100", "ano": "48500000100"}, "voice_out", "48500000100", "48501900101"),
        ({"src": "anonymous", "dst": "48500000100"}, "voice_in", "anonymous", "48500000100"),
        ({"traffic_types_id": 7}, "video_out", "48500000100", "48501900101"),
        (
            {"traffic_types_id": 7, "src": "48602900106", "dst": "48500000100"},
            *("video_in", "48602900106", "48500000100"),
        ),
    ],
)
def test_who_called_whom(folder: Path, changes: dict[str, Any], kind: str, cli: str, cld: str) -> None:
    found = one(folder, changes)
    assert (found["kind"], found["cli"], found["cld"]) == (kind, cli, cld)


@pytest.mark.parametrize(
    ("changes", "kind", "quantity"),
    [
        ({"traffic_types_id": 2, "billingfield": "msg", "msg": 3}, "sms_out", 3),
        ({"traffic_types_id": 3, "billingfield": "msg", "msg": "1"}, "mms_out", 1),
        ({"traffic_types_id": 4, "billingfield": "datatransfer", "datatransfer": 2048}, "data", 2_097_152),
        ({"traffic_types_id": 4, "billingfield": "datatransfer", "datatransfer": "0,5"}, "data", 512),
        ({"traffic_types_id": 4, "billingfield": "datatransfer", "datatransfer": 0}, "data", 0),
    ],
)
def test_messages_and_data_have_units_of_their_own(
    folder: Path, changes: dict[str, Any], kind: str, quantity: int
) -> None:
    found = one(folder, changes)
    assert (found["kind"], found["quantity"], found["duration_us"]) == (kind, quantity, None)


def test_the_unit_of_data_is_a_setting(folder: Path) -> None:
    data = {"traffic_types_id": 4, "billingfield": "datatransfer", "datatransfer": 7}
    assert one(folder, data, data_unit_bytes="1000")["quantity"] == 7_000


@pytest.mark.parametrize("src", ["48500000100", "internet", ""])
def test_of_data_the_card_is_the_cli_and_the_access_point_the_cld(folder: Path, src: str) -> None:
    apn = "hala2.magazyn.apn.prywatny.example"  # longer than 20 characters, and no number
    dst = apn if src != "internet" else "48500000100"
    found = one(folder, {"traffic_types_id": 4, "billingfield": "datatransfer", "src": src, "dst": dst})
    assert (found["cli"], found["cld"]) == ("48500000100", "internet" if src == "internet" else apn)


def test_a_record_says_whose_it_is_else_who_was_asked_for(folder: Path) -> None:
    without = {name: value for name, value in CALL.items() if name != "userid"}
    found = usage(folder, line(CALL, asked="5"), line(without, asked="5"), line(without))
    assert found["tenant_ref"].to_list() == ["986", "5", None]


@pytest.mark.parametrize(
    ("written", "nanos"),
    [
        ("0.1", 100_000_000),
        ("0.00001", 10_000),
        ("1.0e-5", 10_000),  # as PHP writes it
        ("0.30000000000000004", 300_000_000),  # as a program writes it that adds in binary fractions
        ("9999999.123456789", 9_999_999_123_456_789),  # a binary float would end in …79
        ("0", 0),
        ('"0,19"', 190_000_000),
        ('" 2,00 "', 2_000_000_000),
        ("null", None),
    ],
)
def test_a_price_is_exact(folder: Path, written: str, nanos: int | None) -> None:
    text = json.dumps(CALL).replace("0.1932", written)
    found = usage(folder, line(text, type="call")).row(0, named=True)
    assert (found["platform_price_nanos"], found["defect"]) == (nanos, None)
    assert found["platform_currency"] == (None if nanos is None else "PLN")


def test_a_negative_price_gives_money_back_and_is_no_second_call(folder: Path) -> None:
    found = one(folder, {"id": 97302, "retail_totalnetto": "-0,38"})
    assert (found["platform_price_nanos"], found["duration_us"], found["defect"]) == (-380_000_000, 0, None)
    message = {"traffic_types_id": 2, "billingfield": "msg", "msg": 1, "retail_totalnetto": -0.08}
    assert (one(folder, message)["quantity"], one(folder, message)["duration_us"]) == (0, None)


def test_a_negative_price_is_only_kept_when_the_setting_says_so(folder: Path) -> None:
    found = one(folder, {"retail_totalnetto": -0.38}, corrections="adjustment")
    assert (found["defect"], found["platform_price_nanos"]) == ("adjustment", -380_000_000)


def test_the_hour_that_comes_twice_is_read_as_the_first_and_the_one_left_out_is_no_time(folder: Path) -> None:
    assert one(folder, {"calldate": "2017-10-29 02:10:00"})["start"] == datetime(2017, 10, 29, 0, 10, tzinfo=UTC)
    assert one(folder, {"calldate": "2017-10-29 03:10:00"})["start"] == datetime(2017, 10, 29, 2, 10, tzinfo=UTC)
    left_out = one(folder, {"calldate": "2017-03-26 02:30:00"})
    assert left_out["defect"] == "bad_time"
    assert left_out["defect_detail"] == "calldate '2017-03-26 02:30:00' is no time that exists in Europe/Warsaw"


def test_a_start_may_have_parts_of_a_second(folder: Path) -> None:
    start = one(folder, {"calldate": "2017-06-30 23:59:59.5"})["start"]
    assert start == datetime(2017, 6, 30, 23, 59, 59, 500_000, WARSAW)


@pytest.mark.parametrize(
    ("changes", "defect", "said"),
    [
        ({"id": None}, "unreadable", "id '' is no number"),
        ({"id": "x7"}, "unreadable", "id 'x7' is no number"),
        ({"retail_totalnetto": "dziesięć"}, "unreadable", "retail_totalnetto 'dziesięć' is no price"),
        ({"retail_totalnetto": 1e15}, "unreadable", "is no price up to 10,000,000"),
        ({"retail_vat": 23}, "unreadable", "retail_vat '23' is no multiplier from 1.00 to 1.50"),
        ({"retail_vat": "0,23"}, "unreadable", "retail_vat '0,23' is no multiplier"),
        ({"retail_vat": 1.51}, "unreadable", "retail_vat '1.51'"),
        ({"dst": "x" * 1_001}, "unreadable", "cld is longer than 1000 bytes"),
        ({"calldate": "wczoraj"}, "bad_time", "calldate 'wczoraj' is no time"),
        ({"calldate": None}, "bad_time", "calldate '' is no time"),
        ({"traffic_types_id": 99}, "unknown_kind", "traffic_types_id '99' is none of call, sms"),
        (
            {"duration": "?"},
            "bad_quantity",
            "billingfield 'duration' of type 'call' has no quantity: duration '?'",
        ),
        ({"duration": -1}, "bad_quantity", "duration '-1'"),
        ({"billingfield": "msg", "msg": 1}, "bad_quantity", "billingfield 'msg' of type 'call'"),
        (
            {"traffic_types_id": 2, "billingfield": "msg", "msg": 1.5},
            *("bad_quantity", "msg '1.5'"),
        ),
    ],
)
def test_what_makes_no_sense_is_set_aside_with_the_value(
    folder: Path, changes: dict[str, Any], defect: str, said: str
) -> None:
    found = one(folder, changes)
    assert found["defect"] == defect
    assert said in found["defect_detail"]
    assert found["record_key"]


@pytest.mark.parametrize("vat", [1, "1.00", "1,5", 1.08, None, ""])
def test_a_multiplier_that_can_be_or_none_at_all_is_fine(folder: Path, vat: object) -> None:
    assert one(folder, {"retail_vat": vat})["defect"] is None


def test_the_form_of_the_multiplier_can_be_let_be(folder: Path) -> None:
    assert one(folder, {"retail_vat": 23}, vat_check="no")["defect"] is None


def test_without_a_counting_field_the_type_says_what_counts(folder: Path) -> None:
    assert one(folder, {"billingfield": ""})["duration_us"] == 61_000_000


@pytest.mark.parametrize("known_as", ["99=call", "9=sms, 99 = call"])
def test_a_type_that_is_not_listed_can_be_told_by_its_id(folder: Path, known_as: str) -> None:
    assert one(folder, {"traffic_types_id": 99}, traffic_types=known_as)["kind"] == "voice_out"


def test_a_type_that_is_listed_under_another_word_can_be_told_by_it(folder: Path) -> None:
    voice = line(CALL, type="Voice")
    assert usage(folder, voice)["defect"].to_list() == ["unknown_kind"]
    assert usage(folder, voice, traffic_types="voice=call")["kind"].to_list() == ["voice_out"]


def test_a_nul_that_no_database_holds_is_replaced(folder: Path) -> None:
    assert one(folder, {"dst": "4850\0"})["cld"] == "4850\ufffd"


def test_a_member_of_the_list_that_is_no_record_is_kept(folder: Path) -> None:
    found = usage(folder, line("7"), line("null"), line(CALL), line('"text"'), line("{}"))
    assert found["defect"].to_list() == ["unreadable", "unreadable", None, "unreadable", "unreadable"]
    assert found["line"].to_list() == [1, 2, 3, 4, 5]
    assert found["record_key"][2] == "97301"
    assert found["record_key"].null_count() == 0


def test_names_in_other_texts_are_no_fields(folder: Path) -> None:
    apn = 'x","retail_totalnetto":9,"duration":'
    assert one(folder, {"dst": apn})["cld"] == apn
    assert one(folder, {"dst": apn})["platform_price_nanos"] == 193_200_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("chunk_days", "-1"),
        ("overlap_days", "x"),
        ("session_statuses", "no"),
        ("country_code", "PL"),
        ("currency", "zloty"),
        ("data_unit_bytes", "0"),
        ("traffic_types", "9=fax"),
        ("vat_check", "perhaps"),
        ("session_seconds", "0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadInput, match=rf"mvno: .*{name}.*"):
        connector(**{name: value})
