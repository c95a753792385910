"""Fetching billing records: whole, by days, from where it left off, and when things go wrong."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from simulators.faults import Fault
from simulators.metroport import Simulator, users
from tests.connectors.contract import by_key
from tests.connectors.metroport.sites import (
    JUNE,
    connector_at,
    fetched,
    ids,
    queries,
    records,
    scope,
    warsaw,
)
from tollbook.connectors.base import Failed, Scope
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.metroport.periods import Cursor

ALL_OF_JUNE = 5_213
LAST_ID = 102_513


def going_on(cursor: str, since: str, until: str) -> Scope:
    return scope(since, until, cursor=cursor)


# --- what is asked for


def test_a_month_at_once_by_days_and_customer_by_customer_is_the_same(
    metroport: Simulator, tmp_path: Path
) -> None:
    whole = fetched(metroport, [JUNE], mode="provider", chunk_days="0")
    assert [done.records for done in whole.finished] == [ALL_OF_JUNE]
    by_days = fetched(metroport, [JUNE], mode="provider", chunk_days="1")
    assert sorted(by_days.lines) == sorted(whole.lines)
    everybody = sorted({record.userid for record in metroport.records})
    customers = fetched(metroport, [scope("2017-06-01", "2017-07-01", id) for id in everybody])
    assert by_key(records(metroport, customers.evidence, tmp_path)).equals(
        by_key(records(metroport, whole.evidence, tmp_path))
    )
    assert len(queries(metroport)) == 1 + 30 + 5 * len(everybody)


@pytest.mark.parametrize(("mode", "by_customer"), [("customer", True), ("provider", False)])
def test_the_setting_says_whether_customers_are_asked_for_one_by_one(
    metroport: Simulator, mode: str, *, by_customer: bool
) -> None:
    assert connector_at(metroport, mode=mode).usage_by_customer is by_customer


def test_each_record_stands_in_the_evidence_byte_for_byte(metroport: Simulator) -> None:
    fetching = fetched(metroport, [scope("2017-06-01", "2017-06-02", users.SCHOOL)])
    sent = [one for one in metroport.records if one.userid == users.SCHOOL and one.calldate < "2017-06-02"]
    head = f'{{"asked":"{users.SCHOOL}","type":"%s","record":'
    assert fetching.lines == [(head % one.kind + one.text() + "}\n").encode() for one in sent]
    assert len(sent) > 2


def test_the_last_second_of_a_month_is_in_it_and_the_first_of_the_next_is_not(
    metroport: Simulator, tmp_path: Path
) -> None:
    """A part of a second before midnight is June, midnight is July; neither is lost, or in both."""
    late = metroport.records[-1]
    for id, calldate in ((200_001, "2017-06-30 23:59:59.7"), (200_002, "2017-07-01 00:00:00")):
        metroport.records.append(replace(late, id=id, calldate=calldate))
    june = ids(fetched(metroport, [JUNE]), metroport, tmp_path)
    july = ids(fetched(metroport, [scope("2017-07-01", "2017-08-01")]), metroport, tmp_path)
    assert 200_001 in june
    assert july == [200_002]
    assert set(june).isdisjoint(july)


def test_both_hours_that_october_shows_alike_are_fetched_whichever_side_is_asked_for(tmp_path: Path) -> None:
    """Calls at 02:10, 02:50, again 02:05 and again 02:50 by the clock; cut in the middle of either hour."""
    with Simulator(month="2017-10") as october:
        twice = [one.id for one in october.records if one.dst.startswith("4850190011")]
        assert len(twice) == 4
        for cut in (warsaw("2017-10-29 02:30", fold=0), warsaw("2017-10-29 02:30", fold=1)):
            before = Scope(since=warsaw("2017-10-29 00:00"), until=cut)
            after = Scope(since=cut, until=warsaw("2017-10-30 00:00"))
            both = records(october, fetched(october, [before, after]).evidence, tmp_path)
            night = both.filter(pl.col("record_key").is_in([str(id) for id in twice])).unique("record_key")
            assert len(night) == 4
            # The clock does not say which of the two hours it was: all are read as the first.
            assert {f"{start:%H:%M}" for start in night["start"]} == {"00:10", "00:50", "00:05"}


# --- going on


def test_the_cursor_is_the_highest_id_as_a_number(metroport: Simulator) -> None:
    """In the middle of June ids grow from 99999 to 100000: as text the first would be the higher one."""
    (done,) = fetched(metroport, [JUNE]).finished
    assert Cursor.read(done.cursor) == Cursor(LAST_ID, warsaw("2017-06-01"), warsaw("2017-07-01"))


def test_with_nothing_new_only_the_cursor_comes(metroport: Simulator) -> None:
    (done,) = fetched(metroport, [JUNE]).finished
    again = fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")])
    assert again.lines == []
    assert Cursor.read(again.finished[0].cursor) == Cursor(LAST_ID, warsaw("2017-06-01"), warsaw("2017-07-02"))


def test_late_records_are_found_by_their_higher_ids(metroport: Simulator, tmp_path: Path) -> None:
    (done,) = fetched(metroport, [JUNE]).finished
    late = metroport.late(3)
    again = fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")])
    assert ids(again, metroport, tmp_path) == late
    assert Cursor.read(again.finished[0].cursor).id == late[-1]


def test_late_records_further_back_than_the_overlap_are_not_looked_for(metroport: Simulator) -> None:
    (done,) = fetched(metroport, [JUNE]).finished
    metroport.late(3)  # of the first days of June
    assert fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")], overlap_days="7").lines == []


def test_days_before_the_first_ones_wanted_are_never_asked_for(metroport: Simulator) -> None:
    """Records of days before belong to whoever billed them then, also when they are late."""
    (done,) = fetched(metroport, [scope("2017-06-20", "2017-07-01")]).finished
    metroport.late(3)  # of the first days of June
    assert fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")]).lines == []


def test_after_a_period_collected_by_hand_late_records_of_it_are_found_too(
    metroport: Simulator, tmp_path: Path
) -> None:
    """Such a period leaves no cursor. The days looked at once more are counted to those that were read."""
    late = metroport.late(3)  # of the first days of June
    july = Scope(since=warsaw("2017-07-01"), until=warsaw("2017-07-02"))
    again = fetched(metroport, [replace(july, earliest=warsaw("2017-06-01"))])
    assert set(late) < set(ids(again, metroport, tmp_path))
    assert Cursor.read(again.finished[0].cursor).since == warsaw("2017-06-01")
    begun_later = replace(july, earliest=warsaw("2017-06-25"))
    assert set(late).isdisjoint(ids(fetched(metroport, [begun_later]), metroport, tmp_path))


def test_a_long_call_reported_after_the_next_days_first_does_not_hide_that_one(
    metroport: Simulator, tmp_path: Path
) -> None:
    """The call that lasts over midnight is reported last, so it has the higher id of the two."""
    call = metroport.records[-1]
    next_day = replace(call, id=300_000, calldate="2017-07-01 00:00:20")
    over_midnight = replace(call, id=300_001, calldate="2017-06-30 23:50:00")
    metroport.records.extend([next_day, over_midnight])
    (done,) = fetched(metroport, [JUNE]).finished
    assert Cursor.read(done.cursor).id == 300_001
    again = fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")])
    assert ids(again, metroport, tmp_path) == [300_000]


def test_what_was_never_asked_for_is_fetched_though_the_period_begins_later(
    metroport: Simulator, tmp_path: Path
) -> None:
    half = fetched(metroport, [scope("2017-06-01", "2017-06-10")])
    rest = fetched(metroport, [going_on(half.finished[0].cursor, "2017-06-20", "2017-07-01")])
    assert sorted({*ids(half, metroport, tmp_path), *ids(rest, metroport, tmp_path)}) == [
        one.id for one in metroport.records
    ]


def test_a_record_changed_under_its_id_is_found_by_time(metroport: Simulator, tmp_path: Path) -> None:
    (done,) = fetched(metroport, [JUNE]).finished
    metroport.correct(LAST_ID, "0.5")
    by_id = fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")])
    by_time = fetched(metroport, [going_on(done.cursor, "2017-07-01", "2017-07-02")], incremental="time")
    assert LAST_ID not in ids(by_id, metroport, tmp_path)
    corrected = records(metroport, by_time.evidence, tmp_path).filter(record_key=str(LAST_ID))
    assert corrected["platform_price_nanos"].to_list() == [500_000_000]


# --- the session


def test_one_login_is_enough_and_a_session_near_its_end_is_renewed(metroport: Simulator) -> None:
    fetched(metroport, [JUNE])
    assert logins(metroport) == 1
    fetched(metroport, [scope("2017-06-01", "2017-06-02")], session_seconds="30", renewal_seconds="30")
    assert logins(metroport) == 3  # 30 s less 30 s: a new one for each of the two requests


def test_a_session_lost_in_the_middle_is_opened_again_and_the_request_repeated(
    metroport: Simulator, tmp_path: Path
) -> None:
    metroport.faults.add(Fault("expire_session", match="/Mvno/Billings?", after=2))
    assert sorted(ids(fetched(metroport, [JUNE]), metroport, tmp_path)) == [one.id for one in metroport.records]
    assert logins(metroport) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_part_that_stays_refused_is_for_a_person(metroport: Simulator, status: int) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Mobiles", status=status, times=None))
    with pytest.raises(NeedsAttention) as caught:
        list(connector_at(metroport).accounts())
    assert str(caught.value) == (
        f"mvno: GET /Mvno/Mobiles: answer {status}, also with a new session; "
        "have Metroport allow 'dolny' to use /Mvno/Mobiles"
    )
    assert logins(metroport) == 2
    asked = [entry for entry in metroport.faults.requests()["log"] if entry["path"] == "/Mvno/Mobiles"]
    assert len(asked) == 2


def test_statuses_of_an_ended_session_are_a_setting(metroport: Simulator) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Mobiles", status=410))
    assert len(list(connector_at(metroport, session_statuses="401,410").accounts())) == 158


def test_a_wrong_password_is_said_plainly_and_not_tried_again(metroport: Simulator) -> None:
    with pytest.raises(NeedsAttention) as caught:
        list(connector_at(metroport, password="wrong").customers())
    assert str(caught.value) == (
        "mvno: login 'dolny' was refused (answer 401); check login and password, "
        "and whether Metroport admits this machine's address"
    )
    assert logins(metroport) == 1


def logins(metroport: Simulator) -> int:
    return int(metroport.faults.requests()["counts"]["/admins/Auth/login"])


# --- when things go wrong


def test_one_customers_failure_is_told_and_the_others_come(metroport: Simulator) -> None:
    metroport.faults.add(Fault("status", match=f"userid={users.SCHOOL}", status=500, times=None))
    asked = [scope("2017-06-01", "2017-07-01", id) for id in (users.TOWN_HALL, users.SCHOOL, users.SOLE_TRADER)]
    fetching = fetched(metroport, asked)
    assert [failed.scope.customer_id for failed in fetching.failed] == [str(users.SCHOOL)]
    assert "answer 500" in str(fetching.failed[0].error)
    assert [done.scope.customer_id for done in fetching.finished] == [str(users.TOWN_HALL), str(users.SOLE_TRADER)]


def test_when_all_fails_the_rest_is_not_asked_for(metroport: Simulator) -> None:
    """Thirty customers times a minute of waiting would be half an hour for nothing."""
    metroport.faults.add(Fault("status", after=2, status=500, times=None))  # after the login and the traffic types
    events = list(
        connector_at(metroport).usage([scope("2017-06-01", "2017-06-02", id) for id in range(986, 1016)])
    )
    assert len(events) == 30
    assert all(isinstance(event, Failed) for event in events)
    assert len(queries(metroport)) == 3 * 2  # three customers, two tries each


def test_customers_who_fail_by_themselves_do_not_stop_the_others(metroport: Simulator) -> None:
    for id in (986, 987, 988, 989):
        metroport.faults.add(Fault("status", match=f"userid={id}", status=500, times=None))
    fetching = fetched(metroport, [scope("2017-06-01", "2017-07-01", id) for id in range(986, 996)])
    assert [failed.scope.customer_id for failed in fetching.failed] == ["986", "987", "988", "989"]
    assert len(fetching.finished) == 6


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ('[5213, [{"id": 97301', TryAgainLater, "no whole JSON"),
        ('[5213, [{"id": 97301}]]', NeedsAttention, "5213 were announced and 1 came"),
        ('{"error": "maintenance"}', NeedsAttention, 'neither a list nor [count, list] was answered ({"error"'),
        ('"later"', NeedsAttention, "neither a list"),
    ],
)
def test_an_answer_that_is_not_what_was_asked_for_fails(
    metroport: Simulator, body: str, kind: type[Exception], said: str
) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Billings?", status=200, body=body))
    fetching = fetched(metroport, [JUNE])
    (failed,) = fetching.failed
    assert isinstance(failed.error, kind)
    assert said in str(failed.error)
    assert fetching.finished == []


def test_a_web_page_is_no_data(metroport: Simulator) -> None:
    metroport.faults.add(Fault("wrong_type", match="/Mvno/Billings?"))
    (failed,) = fetched(metroport, [JUNE]).failed
    assert isinstance(failed.error, TryAgainLater)
    assert "a web page came instead of data" in str(failed.error)


@pytest.mark.parametrize("body", ["[]", "[0, []]", '["0", []]', "[0, null]", "null", " "])
def test_nothing_can_be_said_in_many_ways(metroport: Simulator, body: str) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Billings?", status=200, body=body, times=None))
    fetching = fetched(metroport, [JUNE])
    assert (fetching.lines, [done.records for done in fetching.finished]) == ([], [0])


def test_a_plain_list_will_do_and_line_ends_in_it_do_not_break_lines(metroport: Simulator, tmp_path: Path) -> None:
    two = json.dumps([json.loads(one.text()) for one in metroport.records[:2]], indent=1)
    metroport.faults.add(Fault("status", match="/Mvno/Billings?", status=200, body=two))
    fetching = fetched(metroport, [JUNE], chunk_days="0")
    assert ids(fetching, metroport, tmp_path) == [97_301, 97_302]


def test_without_traffic_types_nothing_is_fetched(metroport: Simulator) -> None:
    metroport.faults.add(Fault("status", match="TrafficTypes", status=200, body="[]"))
    with pytest.raises(NeedsAttention, match="no traffic types are listed"):
        fetched(metroport, [JUNE])


# --- trying it out


def test_each_part_that_is_not_allowed_is_named(metroport: Simulator) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Mobiles", status=403, times=None))
    metroport.faults.add(Fault("status", match="/Mvno/Billings?", status=403, times=None))
    checks = {check.name: check for check in connector_at(metroport).test()}
    assert list(checks) == ["reach", "log in", "customers", "accounts", "traffic types", "usage"]
    assert [name for name, check in checks.items() if not check.is_ok] == ["accounts", "usage"]
    assert checks["customers"].says == "35 users"
    assert checks["usage"].says == "GET /Mvno/Billings: answer 403, also with a new session"
    assert checks["usage"].next_step == "have Metroport allow 'dolny' to use /Mvno/Billings"


def test_a_port_where_nobody_is_and_a_wrong_password_are_told_apart(metroport: Simulator) -> None:
    (refused,) = (check for check in connector_at(metroport, password="x").test() if not check.is_ok)
    assert refused.name == "log in"
    (nobody,) = connector_at(metroport, api_url="http://127.0.0.1:9").test()
    assert (nobody.name, nobody.is_ok) == ("reach", False)
    assert "cannot be reached" in nobody.says
