"""Fetching calls from the database: the same rows give the same records whatever release its tables are of."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import msgspec
import polars as pl
import pytest
from psycopg.sql import SQL, Identifier

from simulators.fusionpbx import GENERATIONS, Simulator
from tests.connectors.contract import by_key, fetch
from tests.connectors.files.reading import read_all
from tests.connectors.fusionpbx.conftest import WORKER
from tests.connectors.fusionpbx.sites import MONTH, connector_at, fetched, month, records, scope, tell
from tollbook.connectors.base import Finished, State, Target
from tollbook.connectors.errors import NeedsAttention, TryAgainLater

FIRST = ("maple.example.ca", "seaway.example.ca", "birch.example.ca")  # where the awkward calls are


@pytest.fixture(scope="module")
def june(fusionpbx: Simulator, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    return month(fusionpbx, tmp_path_factory.mktemp("june"))


def of(kind: str, simulator: Simulator, found: pl.DataFrame) -> list[dict[str, Any]]:
    """The records of these awkward calls, in the order of their tenants."""
    keys = [str(uuid) for uuid in simulator.awkward[kind]]
    by_uuid = {record["record_key"]: record for record in found.to_dicts()}
    assert len(keys) >= 3
    return [by_uuid[key] for key in keys]


# --- generations


def test_the_same_rows_give_the_same_records_in_every_generation(
    of_generation: Simulator, fusionpbx: Simulator, tmp_path: Path
) -> None:
    found = by_key(month(of_generation, tmp_path))

    assert found.height == 2_999
    assert found.equals(by_key(month(fusionpbx, tmp_path)))


def test_the_evidence_says_which_columns_there_were(of_generation: Simulator) -> None:
    note = msgspec.json.decode(fetched(of_generation).lines[0])

    missing = {"5.2": ["call_disposition", "insert_date"], "2026": []}
    assert note["note"] == "columns"
    assert note["missing"] == missing.get(of_generation.generation, ["call_disposition"])


def test_a_very_old_table_names_its_key_otherwise(own: Simulator, server_dsn: str, tmp_path: Path) -> None:
    before = by_key(month(own, tmp_path))
    tell(server_dsn, own, SQL("ALTER TABLE v_xml_cdr RENAME COLUMN xml_cdr_uuid TO uuid"))

    assert by_key(month(own, tmp_path)).equals(before)


def test_there_are_four_generations() -> None:
    assert list(GENERATIONS) == ["5.2", "5.3", "5.5", "2026"]


# --- which rows are calls


def test_every_row_is_a_record_and_what_is_billable_is_a_call(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    calls = june.filter(pl.col("defect").is_null(), pl.col("duration_us") > 0)

    assert june.height == fusionpbx.count_calls()
    assert set(calls["record_key"]) == {str(uuid) for uuid in fusionpbx.billable()}
    assert june.filter(pl.col("defect").is_not_null())["defect"].unique().to_list() == ["leg"]


@pytest.mark.parametrize("kind", ["b_leg", "lose_race", "ring_group_double"])
def test_legs_are_kept_and_are_no_calls(kind: str, fusionpbx: Simulator, june: pl.DataFrame) -> None:
    assert [record["defect"] for record in of(kind, fusionpbx, june)] == ["leg"] * 3


def test_a_leg_whose_first_leg_has_no_row_is_the_call(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    for record in of("ring_group_orphan", fusionpbx, june):
        assert (record["defect"], record["kind"], record["duration_us"] // 1_000_000) == (None, "voice_in", 45)


def test_a_row_that_names_itself_as_its_first_leg_is_the_call(
    own: Simulator, server_dsn: str, tmp_path: Path
) -> None:
    (orphan, *_) = own.awkward["ring_group_orphan"]
    name = SQL("UPDATE v_xml_cdr SET originating_leg_uuid = xml_cdr_uuid WHERE xml_cdr_uuid = {}")
    tell(server_dsn, own, name.format(str(orphan)))

    assert month(own, tmp_path).filter(record_key=str(orphan))["defect"].to_list() == [None]


def test_a_first_leg_may_be_in_another_evidence(own: Simulator, server_dsn: str, tmp_path: Path) -> None:
    """What counts is the table: the first leg of this one was written two days before."""
    (double, *_), (parent, *_) = own.awkward["ring_group_double"], own.awkward["ring_group_parent"]
    move = SQL("UPDATE v_xml_cdr SET insert_date = insert_date - interval '2 days' WHERE xml_cdr_uuid = {}")
    tell(server_dsn, own, move.format(str(parent)))
    row = own.store.rows("SELECT insert_date FROM v_xml_cdr WHERE xml_cdr_uuid = %s", double)[0]["insert_date"]
    asked = scope("2017-06-01", "2017-07-01")
    only_it = type(asked)(since=row, until=row + timedelta(seconds=1))
    found = records(own, fetch(connector_at(own), [only_it]).evidence, tmp_path)

    keys = found["record_key"].to_list()
    assert str(double) in keys
    assert str(parent) not in keys
    assert found.filter(record_key=str(double))["defect"].to_list() == ["leg"]


# --- whose they are, and where they went


@pytest.mark.parametrize(
    ("kind", "accounts"),
    [
        # Nothing names the extension: only the number that was shown does, and that is not of the extension alone.
        ("nobody_domain_code", [None, None, None]),
        ("nobody_extension_code", ["2112@maple.example.ca", "102@seaway.example.ca", "202@birch.example.ca"]),
        ("nobody_no_code", [None, None, None]),
    ],
)
def test_a_call_without_extension_is_its_account_codes(
    kind: str, accounts: list[str | None], fusionpbx: Simulator, june: pl.DataFrame
) -> None:
    found = of(kind, fusionpbx, june)

    assert [record["account_ref"] for record in found] == accounts
    assert [record["tenant_ref"] for record in found] == list(FIRST)


def test_a_forwarded_call_is_the_extensions_that_forwarded(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    # The second extension of each tenant forwards its calls.
    accounts = ["2113@maple.example.ca", "102@seaway.example.ca", "201@birch.example.ca"]
    came_in, went_out = of("forwarded_in", fusionpbx, june), of("forwarded_out", fusionpbx, june)

    assert [record["account_ref"] for record in went_out] == accounts
    assert [(record["kind"], record["duration_us"] // 1_000_000) for record in went_out] == [
        ("voice_out", 119)
    ] * 3
    assert [(record["kind"], record["duration_us"] // 1_000_000) for record in came_in] == [("voice_in", 120)] * 3
    assert all(record["trunk_ref"] for record in went_out)


def test_an_empty_direction_is_known_by_gateway_and_number(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    assert [record["kind"] for record in of("no_direction_out", fusionpbx, june)] == ["voice_out"] * 3
    assert [record["kind"] for record in of("no_direction_in", fusionpbx, june)] == ["voice_in"] * 3


@pytest.mark.parametrize(
    ("kind", "answered", "most_us"),
    [("unanswered", False, 0), ("busy", False, 0), ("failed", False, 0), ("zero_seconds", True, 0)],
)
def test_what_nobody_talked_on_is_no_time(
    kind: str, answered: bool, most_us: int, fusionpbx: Simulator, june: pl.DataFrame
) -> None:
    for record in of(kind, fusionpbx, june):
        assert (record["answered"], record["duration_us"], record["defect"]) == (answered, most_us, None)


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [("emergency", "911"), ("exit_code", "011"), ("plus", "+"), ("eleven_digits", "1"), ("toll_free", "18")],
)
def test_numbers_are_as_they_were_dialled(
    kind: str, beginning: str, fusionpbx: Simulator, june: pl.DataFrame
) -> None:
    for record in of(kind, fusionpbx, june):
        assert record["kind"] == "voice_out"
        assert record["cld"].startswith(beginning)


def test_codes_that_are_dialled_stay_inside(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    assert {record["cld"] for record in of("feature_code", fusionpbx, june)} == {"*97"}
    assert {record["kind"] for record in of("feature_code", fusionpbx, june)} == {"voice_local"}
    assert {record["kind"] for record in of("voicemail", fusionpbx, june)} == {"voice_local"}


def test_quotes_and_commas_in_names_harm_nothing(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    for record in of("quoted_name", fusionpbx, june):
        assert (record["kind"], record["duration_us"] // 1_000_000, record["defect"]) == ("voice_in", 66, None)


def test_two_calls_alike_in_everything_but_the_uuid_are_two(fusionpbx: Simulator, june: pl.DataFrame) -> None:
    twins = of("twin", fusionpbx, june)

    assert len({record["record_key"] for record in twins}) == 6
    assert {record["duration_us"] for record in twins} == {67_200_000}


# --- where to go on


def test_rows_that_are_written_late_come_with_the_next_visit(own: Simulator, tmp_path: Path) -> None:
    first = fetched(own, MONTH)
    late = {str(uuid) for uuid in own.late(5)}
    again = scope("2017-06-01", "2017-08-01", cursor=first.finished[0].cursor, earliest="2017-06-01")
    rest = records(own, fetched(own, again).evidence, tmp_path)

    assert late <= set(rest["record_key"])
    known = set(records(own, first.evidence, tmp_path)["record_key"])
    assert set(rest["record_key"]) - known == late  # the others are those of the overlap


def test_rows_that_do_not_say_when_they_were_written_are_looked_for_a_day(server_dsn: str, tmp_path: Path) -> None:
    """Tables of 5.2 know only the call's end; its import may have stood still since."""
    with Simulator(server_dsn, generation="5.2", name=f"fusionpbx_undated_{WORKER}") as old:
        asked = scope("2017-06-11", "2017-06-12", cursor="2017-06-11T04:00:00+00:00", earliest="2017-06-01")

        def is_found(hours: int, **settings: str) -> bool:
            """Whether a call that ended so long before the cursor comes."""
            uuid = str(old.billable()[0])
            ended = datetime(2017, 6, 11, 4 - 1, 59, tzinfo=UTC) - timedelta(hours=hours - 1)
            move = SQL("UPDATE v_xml_cdr SET end_stamp = {} WHERE xml_cdr_uuid = {}")
            tell(server_dsn, old, move.format(ended.isoformat(), uuid))
            evidence = fetched(old, asked, **settings).evidence
            return uuid in records(old, evidence, tmp_path)["record_key"].to_list()

        assert is_found(23)
        assert not is_found(25)
        assert is_found(25, undated_overlap_h="48")


@pytest.mark.parametrize(
    "moments",
    [
        "insert_date = 'infinity', end_stamp = NULL",
        "insert_date = NULL, end_stamp = '-infinity', end_epoch = 'NaN'",
        "insert_date = NULL, end_stamp = NULL, end_epoch = 1e30",
        "insert_date = NULL, end_stamp = NULL, end_epoch = NULL, start_stamp = NULL, start_epoch = NULL",
    ],
)
def test_a_row_of_no_moment_is_neither_hidden_nor_in_the_way(
    own: Simulator, server_dsn: str, tmp_path: Path, moments: LiteralString
) -> None:
    uuid = str(own.billable()[0])
    tell(server_dsn, own, SQL("UPDATE v_xml_cdr SET " + moments + " WHERE xml_cdr_uuid = {}").format(uuid))
    found = month(own, tmp_path)

    assert found.height == own.count_calls()
    assert uuid in found["record_key"].to_list()


def test_the_overlap_reaches_back_from_the_cursor_and_not_before_the_beginning(fusionpbx: Simulator) -> None:
    def first_moment(cursor: str, earliest: str, overlap_h: str) -> str:
        asked = scope("2017-06-01", "2017-07-01", cursor=cursor, earliest=earliest)
        return str(msgspec.json.decode(fetched(fusionpbx, asked, overlap_h=overlap_h).lines[1])["moment"])

    cursor = "2017-06-15T16:00:00+00:00"
    assert "2017-06-15T14:00" <= first_moment(cursor, "2017-06-01", "2") < "2017-06-15T16:00"
    assert first_moment(cursor, "2017-06-01", "0") >= "2017-06-15T16:00"
    assert first_moment(cursor, "2017-06-15T11:30", "24") >= "2017-06-15T15:30"  # Toronto is four hours behind


def test_a_visit_that_finds_nothing_goes_on_where_it_was(fusionpbx: Simulator) -> None:
    quiet = scope("2017-08-01", "2017-08-02", cursor="2017-08-01T06:00:00+00:00", earliest="2017-06-01")

    (done,) = fetched(fusionpbx, quiet).finished
    assert (done.records, done.cursor) == (0, quiet.cursor)


# --- when it goes away


def test_a_database_that_goes_away_in_the_middle_fails_the_visit_and_a_repeat_is_whole(
    own: Simulator, tmp_path: Path
) -> None:
    whole = by_key(month(own, tmp_path))
    connector = connector_at(own)
    events = connector.usage([MONTH])
    next(events)  # the note of columns: a session is open
    own.store.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", own.user)
    (failed,) = [event for event in events if not hasattr(event, "body")]
    connector.close()

    assert not isinstance(failed, Finished)
    assert isinstance(failed.error, TryAgainLater)
    assert by_key(month(own, tmp_path)).equals(whole)


def test_who_stops_after_a_piece_can_go_on_asking(fusionpbx: Simulator) -> None:
    connector = connector_at(fusionpbx)
    events = connector.usage([MONTH])
    next(events)
    assert b"maple.example.ca" in getattr(next(events), "body", b"")
    assert isinstance(events, Generator)
    events.close()

    assert len(list(connector.customers())) == 9
    connector.close()


def test_a_server_that_is_not_there_is_for_later(fusionpbx: Simulator) -> None:
    connector = connector_at(fusionpbx, host="127.0.0.1", port="1")

    with pytest.raises(TryAgainLater, match=r"127\.0\.0\.1:1 cannot be reached"):
        list(connector.usage([MONTH]))


def test_a_database_of_something_else_is_for_a_person(fusionpbx: Simulator) -> None:
    connector = connector_at(fusionpbx, database="postgres")

    with pytest.raises(NeedsAttention, match="shows no table v_xml_cdr"):
        list(connector.usage([MONTH]))
    connector.close()
    with pytest.raises(NeedsAttention, match="has no database elsewhere"):
        list(connector_at(fusionpbx, database="elsewhere").usage([MONTH]))


def test_a_table_that_may_not_be_read_is_named(own: Simulator, server_dsn: str) -> None:
    tell(server_dsn, own, SQL("REVOKE SELECT ON v_destinations FROM {}").format(Identifier(own.user)))
    connector = connector_at(own)

    failed = [check for check in connector.test() if not check.is_ok]
    assert [check.name for check in failed] == ["v_destinations"]
    assert "grant" in failed[0].next_step
    with pytest.raises(NeedsAttention, match="GRANT SELECT ON v_destinations"):
        list(connector.usage([MONTH]))
    connector.close()


# --- the page's CSV export, which the connector of files reads


def test_the_csv_export_has_the_same_calls(fusionpbx: Simulator, june: pl.DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "xml_cdr.csv"
    file.write_bytes(fusionpbx.csv_export(limit=10_000))
    exported = read_all(file, "fusionpbx-export").usage.with_columns(
        pl.col("record_key").str.split(":").list.last()
    )

    # Far legs are not exported. What the export does not say waits: six calls have no direction.
    assert exported.height == june.height - 3
    assert exported.filter(pl.col("defect").is_not_null())["kind"].to_list() == ["no direction"] * 6
    both = exported.filter(pl.col("defect").is_null(), pl.col("duration_us") > 0).join(
        june.filter(pl.col("defect").is_null(), pl.col("duration_us") > 0), on="record_key", suffix="_of_database"
    )
    assert both.height == fusionpbx.count_billable() - 6
    for name in ("kind", "start", "duration_us", "cli", "cld", "tenant_ref"):
        assert both[name].to_list() == both[f"{name}_of_database"].to_list()


def test_capitals_in_a_domains_name_mean_nothing(own: Simulator, server_dsn: str, tmp_path: Path) -> None:
    before = by_key(month(own, tmp_path))
    capitals = "initcap(domain_name)"
    for table in ("v_domains", "v_xml_cdr"):
        tell(server_dsn, own, SQL(f"UPDATE {table} SET domain_name = {capitals}"))

    connector = connector_at(own)
    assert by_key(month(own, tmp_path)).equals(before)
    assert "maple.example.ca" in {one.foreign_id for one in connector.customers()}
    assert "2112@maple.example.ca" in {one.foreign_id for one in connector.accounts(["maple.example.ca"])}
    assert len([*connector.numbers(["maple.example.ca"])]) == 3
    assert connector.standing(Target.CUSTOMER, "maple.example.ca").state is State.ACTIVE
    assert connector.standing(Target.ACCOUNT, "2112@maple.example.ca").state is State.ACTIVE
    connector.close()
