"""A month of calls: each awkward kind three times, seen in the database as a reader sees it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from simulators.fusionpbx import Simulator, awkward
from simulators.fusionpbx.month import make_month

CALLS = "SELECT * FROM v_xml_cdr"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def calls(fusionpbx: Simulator) -> dict[UUID, Row]:
    return {row["xml_cdr_uuid"]: row for row in fusionpbx.store.rows(CALLS)}


@pytest.fixture
def kind(fusionpbx: Simulator, calls: dict[UUID, Row]) -> Any:
    return lambda name: [calls[uuid] for uuid in fusionpbx.awkward[name]]


def test_a_month_has_about_three_thousand_calls(calls: dict[UUID, Row]) -> None:
    assert 2_900 < len(calls) < 3_100
    directions = Counter(row["direction"] for row in calls.values())
    assert all(directions[name] > 300 for name in ("outbound", "inbound", "local"))


def test_a_seed_gives_the_same_month_again() -> None:
    again = make_month(seed=1, month="2017-06")
    assert again == make_month(seed=1, month="2017-06")
    assert again.rows != make_month(seed=2, month="2017-06").rows


def test_every_kind_is_named_and_comes_three_times(fusionpbx: Simulator) -> None:
    named = {
        name.strip() for line in (awkward.__doc__ or "").splitlines() for name in line.partition(":")[0].split(",")
    }
    for name, uuids in fusionpbx.awkward.items():
        assert len(uuids) >= 3, name
        assert name in named | {"a_leg", "ring_group_parent"}, name


def test_the_month_is_torontos(calls: dict[UUID, Row]) -> None:
    starts = [row["start_stamp"] for row in calls.values()]
    assert min(starts) >= datetime(2017, 6, 1, 4, tzinfo=UTC)
    assert max(starts) < datetime(2017, 7, 1, 4, tzinfo=UTC)


def test_december_ends_in_the_next_year() -> None:
    starts = [row["start_stamp"] for row in make_month(seed=1, month="2017-12").rows]
    assert min(starts) >= datetime(2017, 12, 1, 5, tzinfo=UTC)
    assert max(starts) < datetime(2018, 1, 1, 5, tzinfo=UTC)


def test_duration_is_what_is_billed_and_epochs_tell_the_ringing(calls: dict[UUID, Row]) -> None:
    for row in calls.values():
        assert row["duration"] == row["billsec"]
        assert row["start_epoch"] == row["start_stamp"].timestamp()
        if row["answer_stamp"]:
            assert row["end_epoch"] - row["answer_epoch"] == row["billsec"]
    assert any(row["end_epoch"] - row["start_epoch"] > row["billsec"] for row in calls.values())


def test_a_far_leg_has_its_own_leg_beside_it(kind: Any, calls: dict[UUID, Row]) -> None:
    for row in kind("b_leg"):
        near = calls[UUID(row["bridge_uuid"])]
        assert (row["leg"], near["leg"]) == ("b", "a")
        assert (row["billsec"], row["destination_number"]) == (near["billsec"], near["destination_number"])
    assert [row["leg"] for row in kind("no_leg")] == [None] * 3


def test_ring_groups_tell_a_call_twice_or_only_by_a_branch(kind: Any, calls: dict[UUID, Row]) -> None:
    assert all(row["originating_leg_uuid"] in calls for row in kind("ring_group_double"))
    assert all(row["originating_leg_uuid"] not in calls for row in kind("ring_group_orphan"))
    assert {(row["hangup_cause"], row["billsec"], row["leg"]) for row in kind("lose_race")} == {
        ("LOSE_RACE", 0, "a")
    }


def test_calls_of_no_extension_have_three_account_codes(kind: Any) -> None:
    for name in ("nobody_domain_code", "nobody_extension_code", "nobody_no_code"):
        assert {row["extension_uuid"] for row in kind(name)} == {None}
    assert all(row["accountcode"] == row["domain_name"] for row in kind("nobody_domain_code"))
    assert [row["accountcode"] for row in kind("nobody_extension_code")] == ["2112", "102", "202"]
    assert {row["accountcode"] for row in kind("nobody_no_code")} == {""}


def test_without_a_direction_only_gateway_and_number_tell(kind: Any) -> None:
    assert [row["direction"] for row in kind("no_direction_out")] == ["", None, None]
    assert all(row["last_arg"].startswith("sofia/gateway/") for row in kind("no_direction_out"))
    assert [row["direction"] for row in kind("no_direction_in")] == ["", None, None]
    assert all(row["caller_destination"].lstrip("+") for row in kind("no_direction_in"))


def test_a_forwarded_call_has_an_outbound_leg_of_nobody(fusionpbx: Simulator, kind: Any) -> None:
    for came_in, went_out in zip(kind("forwarded_in"), kind("forwarded_out"), strict=True):
        tenant = fusionpbx.switchboard.by_name[went_out["domain_name"]]
        forwarding = {each.forwarded_to for each in tenant.extensions if each.uuid == came_in["extension_uuid"]}
        assert forwarding == {went_out["destination_number"]}
        assert (went_out["direction"], went_out["extension_uuid"], went_out["leg"]) == ("outbound", None, "a")
        assert went_out["last_arg"] == f"sofia/gateway/{tenant.gateway.uuid}/1{went_out['destination_number']}"
        assert went_out["caller_id_number"] == came_in["caller_id_number"]
        assert went_out["bridge_uuid"] == str(came_in["xml_cdr_uuid"])


@pytest.mark.parametrize(
    ("name", "causes", "status"),
    [
        ("unanswered", {"NO_ANSWER"}, "no_answer"),
        ("busy", {"USER_BUSY"}, "busy"),
        ("failed", {"NORMAL_TEMPORARY_FAILURE", "CALL_REJECTED", "UNALLOCATED_NUMBER"}, "failed"),
        ("zero_seconds", {"NORMAL_CLEARING"}, "answered"),
    ],
)
def test_calls_that_cost_nothing(kind: Any, name: str, causes: set[str], status: str) -> None:
    assert {row["hangup_cause"] for row in kind(name)} == causes
    assert {(row["billsec"], row["status"]) for row in kind(name)} == {(0, status)}
    assert all(bool(row["answer_stamp"]) is (name == "zero_seconds") for row in kind(name))


def test_calls_over_midnight_at_the_months_end(kind: Any) -> None:
    for name, midnight in (
        ("over_local_month_end", datetime(2017, 7, 1, 4, tzinfo=UTC)),
        ("over_utc_month_end", datetime(2017, 7, 1, tzinfo=UTC)),
    ):
        assert all(row["start_stamp"] < midnight < row["end_stamp"] for row in kind(name))


def test_late_inserts_come_hours_after_the_end(kind: Any) -> None:
    waited = [row["insert_date"] - row["end_stamp"] for row in kind("late_insert")]
    assert waited == [timedelta(hours=hours) for hours in (5, 25, 45)]


def test_twins_differ_in_nothing_but_the_uuid(kind: Any) -> None:
    rows = kind("twin")
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first["xml_cdr_uuid"] != second["xml_cdr_uuid"]
        assert first | {"xml_cdr_uuid": None} == second | {"xml_cdr_uuid": None}


def test_names_have_quotation_marks_and_commas(kind: Any) -> None:
    assert any('"' in row["caller_id_name"] and "," in row["caller_id_name"] for row in kind("quoted_name"))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("emergency", r"911"),
        ("toll_free", r"18\d\d5550\d{3}"),
        ("feature_code", r"\*97"),
        ("voicemail", r"\*99\d{3,4}"),
        ("ten_digits", r"\d{3}5550\d{3}"),
        ("eleven_digits", r"1\d{3}5550\d{3}"),
        ("exit_code", r"011(44|33|49|61)\d+"),
        ("plus", r"\+(44|33|49|61)\d+"),
    ],
)
def test_numbers_are_as_dialled(fusionpbx: Simulator, name: str, form: str) -> None:
    query = "SELECT destination_number FROM v_xml_cdr WHERE xml_cdr_uuid = ANY(%s) AND destination_number ~ %s"
    assert len(fusionpbx.store.rows(query, fusionpbx.awkward[name], f"^{form}$")) == 3


def test_numbers_called_are_of_ranges_kept_for_fiction(calls: dict[UUID, Row]) -> None:
    for row in calls.values():
        number = row["destination_number"].lstrip("+").removeprefix("011")
        is_short = len(number) <= 4 or number.startswith("*")
        assert (
            is_short
            or number[-7:].startswith("5550")
            or number.startswith(("4420794600", "3319900", "4930231250", "6125550"))
        ), number


def test_who_may_call_did_and_who_may_not_did_not(calls: dict[UUID, Row]) -> None:
    tenants = {row["domain_name"] for row in calls.values()}
    assert "quiet.example.ca" not in tenants
    assert {"tamarack.example.ca", "stranger.example.ca"} <= tenants
    assert max(
        row["start_stamp"] for row in calls.values() if row["domain_name"] == "tamarack.example.ca"
    ) < datetime(2017, 6, 17, tzinfo=UTC)


def test_billable_is_what_the_rules_leave(fusionpbx: Simulator, calls: dict[UUID, Row]) -> None:
    left = set(fusionpbx.billable())
    for name in ("b_leg", "lose_race", "ring_group_double", "unanswered", "busy", "failed", "zero_seconds"):
        assert left.isdisjoint(fusionpbx.awkward[name]), name
    for name in (
        "no_leg",
        "ring_group_orphan",
        "ring_group_parent",
        "forwarded_out",
        "late_insert",
        "twin",
        "nobody_no_code",
    ):
        assert left.issuperset(fusionpbx.awkward[name]), name
    assert fusionpbx.count_billable() == len(left) < len(calls)
