"""What is fetched when: calls that end late, rows that come late, a server that goes away."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulators.kamailio import Call, Simulator
from tests.connectors.bench import fetch, read
from tests.connectors.kamailio.sites import at, connector_at, scope
from tollbook.connectors.base import Failed, Finished, Piece
from tollbook.connectors.errors import TryAgainLater

clock = datetime.fromisoformat  # what the server's showed, which says no zone
USUAL = Call(
    callid="usual",
    from_tag="f",
    to_tag="t",
    caller="48221000200",
    callee="442079460123",
    source="198.51.100.7",
    begun=clock("2018-01-10T12:00"),
    talked_ms=61_000,
)


@pytest.fixture
def calls(kamailio: Simulator) -> Any:
    """`calls(…)` writes calls down; they are gone after the test."""

    def write(*calls: Call) -> None:
        kamailio.write(calls)

    yield write
    for table, column in (("acc", "time"), ("missed_calls", "time"), ("acc_cdrs", "start_time")):
        kamailio.rows(f"DELETE FROM {table} WHERE {column} >= '2017-08-01'")


def found(
    kamailio: Simulator, folder: Path, since: str, until: str, *, timezone: str = "", **settings: str
) -> pl.DataFrame:
    connector = connector_at(kamailio, timezone=timezone, **settings)
    evidence = fetch(connector, [scope(since, until)]).evidence
    return read(connector, evidence, folder).sort("start", "record_key")


def callids(records: pl.DataFrame) -> list[str]:
    return [key.split()[0].split("@")[0] for key in records["record_key"]]


def test_a_call_is_found_when_it_has_ended(kamailio: Simulator, tmp_path: Path, calls: Any) -> None:
    over_midnight = replace(USUAL, begun=clock("2018-01-10T23:30"), talked_ms=3_600_000)
    calls(over_midnight)
    for table in ("acc_cdrs", "acc"):
        assert found(kamailio, tmp_path, "2018-01-10", "2018-01-11", table=table).is_empty()
        [call] = found(kamailio, tmp_path, "2018-01-11", "2018-01-12", table=table).to_dicts()
        assert (call["start"], call["duration_us"]) == (at("2018-01-10T23:30"), 3_600_000_000), table


def test_the_two_tables_tell_of_the_same_calls(kamailio: Simulator, tmp_path: Path) -> None:
    """But for the three that acc is not certain of; a refused call has another key, and acc has whole seconds."""
    told = ["start", "kind", "answered", "cli", "cld", "account_ref", "trunk_ref"]
    either = [found(kamailio, tmp_path, "2017-06-01", "2017-07-01", table=table) for table in ("acc_cdrs", "acc")]
    by_cdr, by_acc = (one.filter(~pl.col("record_key").str.contains("no-")).sort(told) for one in either)
    assert by_cdr.select(told).equals(by_acc.select(told))
    difference_us = (by_cdr["duration_us"] - by_acc["duration_us"]).abs().max()
    assert 0 < int(str(difference_us)) < 1_000_000


def test_awkward_calls_are_put_together_from_their_requests(kamailio: Simulator, tmp_path: Path) -> None:
    calls = found(kamailio, tmp_path, "2017-06-03", "2017-06-05", table="acc")
    strange = calls.filter(~pl.col("record_key").str.starts_with("call-"))
    told = dict(zip(callids(strange), strange.select("answered", "duration_us", "defect").rows(), strict=True))
    minute = (True, 61_000_000, None)
    assert strange.height == len(kamailio.awkward) - 1  # the last second of the month is not in these days
    assert told == {
        "fraction": (True, 2_000_000, None),  # whole seconds are all that acc has
        "on-hold": minute,
        "hold-refused": minute,
        "callee-hangs-up": minute,
        "challenged": minute,
        "BYE-first": minute,
        "forked": (True, 30_000_000, None),  # and its twin, of a minute, below
        "busy": (False, 0, None),
        "emergency": minute,
        "comes-in": minute,
        "inside": minute,
        "no-BYE": (True, None, "bad_quantity"),
        "no-INVITE": (True, None, "bad_quantity"),
    }
    forked = strange.filter(pl.col("record_key").str.contains("forked"))
    assert sorted(forked["duration_us"]) == [30_000_000, 61_000_000]


def test_why_a_call_is_set_aside_is_said(kamailio: Simulator, tmp_path: Path) -> None:
    calls = found(kamailio, tmp_path, "2017-06-03", "2017-06-05", table="acc")
    said = calls.filter(pl.col("defect").is_not_null()).sort("record_key")["defect_detail"].to_list()
    assert said == [
        "no BYE was logged in 24 hours after the INVITE of call 'no-BYE@198.51.100.7'; if the call's length is known "
        "otherwise, charge it by hand",
        "a BYE without an INVITE, of call 'no-INVITE@198.51.100.7'; was table acc emptied meanwhile?",
    ]


def test_a_call_that_nobody_has_hung_up_waits(kamailio: Simulator, tmp_path: Path, calls: Any) -> None:
    """It is neither lost nor billed: not there while it may last, set aside after a day, right when it ends at last."""
    talking = replace(USUAL, is_bye_lost=True)
    calls(talking)
    assert found(kamailio, tmp_path, "2018-01-10", "2018-01-11T11:59", table="acc").is_empty()
    [waiting] = found(kamailio, tmp_path, "2018-01-10", "2018-01-11T12:01", table="acc").to_dicts()
    assert (waiting["defect"], waiting["duration_us"]) == ("bad_quantity", None)

    bye = replace(talking, is_bye_lost=False, is_invite_lost=True, talked_ms=30 * 3_600_000)
    calls(bye)
    [ended] = found(kamailio, tmp_path, "2018-01-11T12:01", "2018-01-12", table="acc").to_dicts()
    assert (ended["defect"], ended["duration_us"]) == (None, 30 * 3_600_000_000)
    assert ended["record_key"] == waiting["record_key"]  # so that it replaces the other


def test_a_bye_that_comes_before_its_invite_is_written_waits_for_it(
    kamailio: Simulator, tmp_path: Path, calls: Any
) -> None:
    calls(replace(USUAL, is_invite_lost=True))
    assert found(kamailio, tmp_path, "2018-01-10", "2018-01-10T12:10", table="acc").is_empty()
    [alone] = found(kamailio, tmp_path, "2018-01-10", "2018-01-10T12:12", table="acc").to_dicts()
    assert alone["defect"] == "bad_quantity"
    calls(replace(USUAL, is_bye_lost=True))
    [whole] = found(kamailio, tmp_path, "2018-01-10", "2018-01-10T12:12", table="acc").to_dicts()
    assert (whole["duration_us"], whole["record_key"]) == (61_000_000, alone["record_key"])


def test_a_clock_that_was_set_back_is_no_free_call(kamailio: Simulator, tmp_path: Path, calls: Any) -> None:
    calls(replace(USUAL, talked_ms=-5_000))
    [call] = found(kamailio, tmp_path, "2018-01-10", "2018-01-11", table="acc").to_dicts()
    assert call["defect"] == "bad_quantity"
    assert call["defect_detail"] == "the BYE of call 'usual' is before its INVITE; was the clock set back?"


def test_a_duration_of_a_million_seconds_is_read(kamailio: Simulator, tmp_path: Path, calls: Any) -> None:
    calls(replace(USUAL, talked_ms=1_500_000_000))  # a real writes 1.5e+06
    [call] = found(kamailio, tmp_path, "2018-01-10", "2018-02-10").to_dicts()
    assert call["duration_us"] == 1_500_000_000_000


def test_rows_that_come_late_are_found_in_the_overlap(kamailio: Simulator, calls: Any) -> None:
    """Two hours back from where the last visit ended, but never before collecting began."""
    calls(replace(USUAL, begun=clock("2018-01-10T10:30"), talked_ms=1_000))

    def count(cursor: str, earliest: str) -> int:
        asked = scope(cursor, "2018-01-11", cursor=f"{cursor}+00:00", earliest=at(earliest))
        return len(fetch(connector_at(kamailio), [asked]).lines)

    assert count("2018-01-10T12:00", "2018-01-01") == 1
    assert count("2018-01-10T12:40", "2018-01-01") == 0
    assert count("2018-01-10T12:00", "2018-01-10T11:00") == 0
    assert len(fetch(connector_at(kamailio), [scope("2018-01-10T12:00", "2018-01-11")]).lines) == 0


@pytest.mark.parametrize("table", ["acc_cdrs", "acc"])
def test_a_clock_that_is_hours_behind_hides_no_calls(kamailio: Simulator, calls: Any, table: str) -> None:
    """It shows Toronto's time, and nobody said so: what ends at 16:00 UTC stands there as 12:00."""
    calls(USUAL)
    connector = connector_at(kamailio, table=table)
    first = fetch(connector, [scope("2018-01-10", "2018-01-10T16:05")])
    calls(replace(USUAL, callid="next", begun=clock("2018-01-10T12:08"), talked_ms=1_000))
    since, cursor = "2018-01-10T16:05", first.finished[0].cursor
    asked = scope(since, "2018-01-10T16:10", cursor=cursor, earliest=at("2018-01-10"))

    assert any(b'"next"' in line for line in fetch(connector, [asked]).lines)


def test_both_hours_that_october_shows_alike_are_fetched(kamailio: Simulator, calls: Any) -> None:
    """The clock says 02:50, ten minutes later 02:00, and 02:50 again."""
    calls(
        replace(USUAL, callid="first", begun=clock("2017-10-29T02:55"), talked_ms=0),
        replace(USUAL, callid="second", begun=clock("2017-10-29T02:05"), talked_ms=0),
    )
    for since, until in (("2017-10-29T00:50", "2017-10-29T03:00"), ("2017-10-28", "2017-10-29T01:10")):
        asked = scope(since, until)
        assert len(fetch(connector_at(kamailio, timezone="Europe/Warsaw"), [asked]).lines) == 2


def test_the_evidence_is_the_rows_with_all_their_columns(kamailio: Simulator) -> None:
    asked = [scope("2017-06-03", "2017-06-04")]
    fraction = next(line for line in fetch(connector_at(kamailio), asked).lines if b'"fraction@' in line)
    row = json.loads(fraction)["cdr"]
    assert row["duration"] == "2.506"
    assert row.keys() >= {"id", "start_time", "end_time", "callid", "src_ip", "from_tag"}
    by_acc = fetch(connector_at(kamailio, table="acc"), asked).lines
    fraction = next(line for line in by_acc if b'"fraction@' in line)
    assert json.loads(fraction)["bye"]["method"] == "BYE"


def test_a_database_that_goes_away_in_the_middle_loses_nothing(kamailio: Simulator, tmp_path: Path) -> None:
    whole = read(connector_at(kamailio), fetch(connector_at(kamailio), [scope("2017-06-01", "2017-07-01")]).evidence,
                 tmp_path)  # fmt: skip
    connector = connector_at(kamailio, chunk_days="1")
    events = connector.usage([scope("2017-06-01", "2017-07-01")])
    first = next(events)
    assert isinstance(first, Piece)
    kamailio.close_door()
    try:
        *_, failed = events
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, TryAgainLater)
        with pytest.raises(TryAgainLater, match="cannot be reached"):
            list(connector.usage([scope("2017-06-01", "2017-07-01")]))
    finally:
        kamailio.open_door()
    rest = list(connector.usage([scope("2017-06-01", "2017-07-01")]))
    connector.close()
    assert isinstance(rest[-1], Finished)
    evidence = first.body + b"".join(event.body for event in rest if isinstance(event, Piece))
    assert set(read(connector, evidence, tmp_path)["record_key"]) == set(whole["record_key"])


def test_a_long_past_is_asked_for_in_parts(kamailio: Simulator) -> None:
    fetch(connector_at(kamailio, chunk_days="10"), [scope("2017-06-01", "2017-07-01")])
    queries = [entry for entry in kamailio.faults.requests()["log"] if "COPY" in entry["body"]]
    assert len(queries) == 3
