"""Rows of acc_cdrs, and of acc in pairs, as calls."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.connectors.bench import read
from tests.connectors.kamailio.reading import connector, read_cdrs


def test_a_row_is_a_call_with_its_fraction_of_a_second(tmp_path: Path) -> None:
    [call] = read_cdrs(tmp_path, {}).to_dicts()
    assert call == {
        "line": 1,
        "record_key": "one@phones f1 t1",
        "kind": "voice_out",
        "start": datetime(2017, 6, 19, 8, 0, tzinfo=UTC),
        "answered": True,
        "duration_us": 2_506_000,
        "quantity": None,
        "cli": "48221000200",
        "cld": "442079460123",
        "account_ref": "48221000200",
        "tenant_ref": None,
        "trunk_ref": "198.51.100.7",
        "display_text": None,
        "platform_price_nanos": None,
        "platform_currency": None,
        "defect": None,
        "defect_detail": None,
    }


@pytest.mark.parametrize(
    ("written", "us", "is_answered"),
    [
        ("0", 0, False),  # a call that was refused has a row too, and nothing else tells it
        ("0.001", 1_000, True),
        ("59.999", 59_999_000, True),
        ("2.5060004", 2_506_001, True),  # a part of a microsecond counts as one
        ("86400", 86_400_000_000, True),
        ("43200.2", 43_200_200_000, True),
    ],
)
def test_a_duration_is_what_was_measured(tmp_path: Path, written: str, us: int, is_answered: bool) -> None:
    [call] = read_cdrs(tmp_path, {"duration": written}).to_dicts()
    assert (call["duration_us"], call["answered"], call["defect"]) == (us, is_answered, None)


@pytest.mark.parametrize("written", ["-1", "", "NaN", "Infinity", None, "40000000"])
def test_a_duration_that_is_none_is_set_aside_with_what_was_written(tmp_path: Path, written: str | None) -> None:
    [call] = read_cdrs(tmp_path, {"duration": written}).to_dicts()
    said = f"duration '{written or ''}' is no number of seconds from 0 to 366 days"
    assert (call["defect"], call["defect_detail"], call["duration_us"]) == ("bad_quantity", said, None)


def test_times_are_those_of_the_servers_zone(tmp_path: Path) -> None:
    hours = [f"2017-{day}T02:30:00.000000" for day in ("06-19", "10-29", "03-26")]
    calls = read_cdrs(tmp_path, *({"start_time": hour} for hour in hours), timezone="Europe/Warsaw").to_dicts()
    assert calls[0]["start"] == datetime(2017, 6, 19, 0, 30, tzinfo=UTC)
    assert calls[1]["start"] == datetime(2017, 10, 29, 0, 30, tzinfo=UTC)  # the first of the two
    assert (calls[2]["start"], calls[2]["defect"]) == (None, "bad_time")
    assert calls[2]["defect_detail"] == "start_time is no time that exists in Europe/Warsaw"


def test_a_call_is_known_by_its_dialog_whoever_sent_the_request(tmp_path: Path) -> None:
    there = {"from_tag": "a", "to_tag": "b"}
    back = {"from_tag": "b", "to_tag": "a"}
    fork = {"from_tag": "a", "to_tag": "c"}
    keys = read_cdrs(tmp_path, there, back, fork)["record_key"].to_list()
    assert keys == ["one@phones a b", "one@phones a b", "one@phones a c"]


def test_without_tags_it_is_known_by_when_it_began(tmp_path: Path) -> None:
    keys = read_cdrs(tmp_path, {"to_tag": ""}, {"from_tag": None, "start_time": "2017-06-20T08:00:00"})[
        "record_key"
    ]
    assert keys.to_list() == ["one@phones 2017-06-19T08:00:00.000000Z", "one@phones 2017-06-20T08:00:00.000000Z"]


def test_a_rows_id_is_no_key_without_its_time_for_a_new_table_counts_anew(tmp_path: Path) -> None:
    rows = ({"callid": None}, {"callid": None, "start_time": "2018-06-19T08:00:00"})
    keys = read_cdrs(tmp_path, *rows, key="id")["record_key"].to_list()
    assert keys == ["id 1 2017-06-19T08:00:00.000000Z", "id 1 2018-06-19T08:00:00.000000Z"]


def test_a_row_without_what_it_is_known_by_is_no_call(tmp_path: Path) -> None:
    [call] = read_cdrs(tmp_path, {"callid": None}).to_dicts()
    assert (call["defect"], call["cli"]) == ("unreadable", None)
    assert call["defect_detail"] == "a row without the Call-ID or the id that it is known by"


def test_a_number_that_no_index_could_hold_is_set_aside(tmp_path: Path) -> None:
    [call] = read_cdrs(tmp_path, {"callee": "4" * 1_001}).to_dicts()
    assert (call["defect"], call["cld"]) == ("unreadable", None)
    assert call["defect_detail"] == "cld is longer than 1000 bytes"


@pytest.mark.parametrize(
    ("begun", "ended", "seconds"),
    [
        ("00:30", "00:40", 600),
        ("02:50", "02:10", 1_200),  # over the moment at which 03:00 became 02:00
        ("02:10", "02:20", None),  # ten minutes, or seventy
        ("01:50", "02:10", None),
        ("02:10", "03:05", None),
        ("03:05", "03:15", 600),
    ],
)
def test_a_call_in_the_hour_that_october_repeats_is_not_charged_by_a_guess(
    tmp_path: Path, begun: str, ended: str, seconds: int | None
) -> None:
    sides = {
        "callid": "one@phones",
        "from_tag": "f1",
        "to_tag": "t1",
        "src_user": "48221000200",
        "dst_user": "112",
    }
    invite, bye = ({**sides, "time": f"2017-10-29T{clock}:00.000000"} for clock in (begun, ended))
    line = json.dumps({"what": "call", "invite": {**invite, "sip_code": "200"}, "bye": bye}).encode() + b"\n"

    [call] = read(connector(timezone="Europe/Warsaw", table="acc"), line, tmp_path).to_dicts()

    if seconds is None:
        assert (call["defect"], call["duration_us"]) == ("bad_quantity", None)
        assert "'one@phones' lasted an hour more or less: the clock of Europe/Warsaw" in call["defect_detail"]
    else:
        assert (call["defect"], call["duration_us"]) == (None, seconds * 1_000_000)
