"""Fetching a list that is pushed down while it is read, counts pages its own way, or does not turn them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from simulators.faults import Fault
from simulators.vodia import Simulator
from tests.connectors.contract import Fetched, by_key, fetch, read
from tests.connectors.vodia.sites import (
    LIGHTS,
    MAPLE,
    PINE,
    QUAY,
    SINCE,
    UNTIL,
    connector_at,
    offline,
    options,
    records,
    scope,
)
from tollbook.connectors.base import Scope
from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.vodia.usage import MAX_ROUNDS, window_of
from tollbook.errors import BadInput


def keys(fetched: Fetched, folder: Path) -> list[str]:
    return sorted(key.partition(" ")[0] for key in read(offline(), fetched.evidence, folder)["record_key"])


def ids(vodia: Simulator, tenant: str) -> list[str]:
    return sorted(f"{call.id}@{tenant}" for call in vodia.calls if call.tenant == tenant)


def pages(vodia: Simulator) -> list[str]:
    log = vodia.faults.requests()["log"]
    return [str(entry["query"]).split("&")[0] for entry in log if str(entry["path"]).endswith("/cdrs")]


@pytest.mark.parametrize("count", [1, 3, 40, 95])
@pytest.mark.parametrize("after", [1, 3])
def test_calls_that_arrive_while_pages_are_turned_are_neither_lost_nor_doubled(
    vodia: Simulator, count: int, after: int, tmp_path: Path
) -> None:
    undisturbed = ids(vodia, LIGHTS)
    vodia.arrives(count, after_pages=after)
    vodia.arrives(count, after_pages=after + 2)
    fetched = fetch(connector_at(vodia, page_size="40"), [scope(LIGHTS)])
    assert keys(fetched, tmp_path) == ids(vodia, LIGHTS)
    assert len(ids(vodia, LIGHTS)) == len(undisturbed) + 2 * count


def test_the_disturbed_month_is_the_undisturbed_one(tmp_path: Path) -> None:
    """One PBX is left alone; at the other all calls of the last days arrive while it is read."""
    with Simulator() as quiet, Simulator() as busy:
        for after in (1, 2, 4, 5):
            busy.arrives(30, after_pages=after)
        disturbed = records(busy, PINE, tmp_path, page_size="50")
        quiet.switch.add_calls(quiet.switch.tenant(PINE), 30)
        for _ in range(3):
            quiet.switch.add_calls(quiet.switch.tenant(PINE), 30)
        undisturbed = records(quiet, PINE, tmp_path)
    content = pl.exclude("line")
    assert by_key(disturbed).select(content).equals(by_key(undisturbed).select(content))


def test_a_pbx_that_is_never_still_is_read_to_an_end(vodia: Simulator) -> None:
    for after in range(1, 60):
        vodia.arrives(1, after_pages=after)
    fetched = fetch(connector_at(vodia), [scope(LIGHTS)])
    assert fetched.failed == []
    assert len(pages(vodia)) < 5 * MAX_ROUNDS


@pytest.mark.parametrize("first_page", [0, 1])
def test_pages_may_be_counted_from_0_or_from_1(vodia: Simulator, first_page: int, tmp_path: Path) -> None:
    """Beginning at 1 where the first page is 0 would leave the newest calls out for ever."""
    vodia.set_paging(first_page=first_page)
    fetched = fetch(connector_at(vodia, page_size="100"), [scope(LIGHTS)])
    assert keys(fetched, tmp_path) == ids(vodia, LIGHTS)


def test_a_pbx_that_gives_smaller_pages_than_it_is_asked_for_is_read_whole(
    vodia: Simulator, tmp_path: Path
) -> None:
    vodia.set_paging(max_size=33)
    assert keys(fetch(connector_at(vodia), [scope(LIGHTS)]), tmp_path) == ids(vodia, LIGHTS)


def test_only_the_top_of_the_list_is_read_for_a_day(vodia: Simulator) -> None:
    """250 calls in 30 days are 7 pages of 40: the last day is on the first."""
    day = scope(LIGHTS, UNTIL - timedelta(days=1), UNTIL)
    fetch(connector_at(vodia, page_size="40", first_page="1"), [day])
    assert pages(vodia) == ["page=1", "page=2", "page=1"]  # down to a page before the day, then the top again


def test_calls_are_chosen_by_their_end_so_that_a_long_one_is_not_lost(vodia: Simulator, tmp_path: Path) -> None:
    """It began at 23:58:58.500 of 15 June and ended at 00:01:04.750 of the next day: it is the next day's."""
    midnight = datetime(2017, 6, 16, tzinfo=UTC)
    (long,) = [
        call
        for call in vodia.calls
        if call.tenant == QUAY
        and call.start < midnight.timestamp() * 1000 < call.end
        and call.kind == "outbound"
        and call.connect is not None
        and call.end - call.connect == 120_000
    ]
    before = keys(fetch(connector_at(vodia), [scope(QUAY, SINCE, midnight)]), tmp_path)
    after = keys(fetch(connector_at(vodia), [scope(QUAY, midnight, UNTIL)]), tmp_path)
    assert f"{long.id}@{QUAY}" in after
    assert f"{long.id}@{QUAY}" not in before
    assert sorted([*before, *after]) == ids(vodia, QUAY)


# cursor | earliest | overlap | rest_since | what is asked for begins
WINDOWS = {
    "by hand": ("", None, "24", "", "2017-06-01T00:00Z"),
    "going on": ("2017-06-20T00:00Z", None, "24", "", "2017-06-20T00:00Z"),
    "going on with the overlap": ("2017-06-20T00:00Z", "2017-05-01T00:00Z", "24", "", "2017-06-19T00:00Z"),
    "not before collecting began": ("2017-06-20T00:00Z", "2017-06-19T18:00Z", "24", "", "2017-06-19T18:00Z"),
    "pushed until then": (
        *("2017-06-01T00:00Z", "2017-05-01T00:00Z", "24", "2017-06-10T12:00:00Z", "2017-06-10T12:00Z"),
    ),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_how_far_back_is_read(case: str) -> None:
    cursor, earliest, overlap, rest_since, begins = WINDOWS[case]
    asked = Scope(
        customer_id=LIGHTS,
        since=SINCE,
        until=UNTIL,
        cursor=cursor,
        earliest=datetime.fromisoformat(earliest) if earliest else None,
    )
    since, until = window_of(asked, options(overlap_hours=overlap, rest_since=rest_since))
    assert (since, until) == (datetime.fromisoformat(begins), UNTIL)


def test_a_strange_cursor_is_refused() -> None:
    with pytest.raises(BadInput, match="48001"):
        window_of(scope(LIGHTS, cursor="48001"), options())


def test_days_are_sent_only_when_asked_for_and_generously(vodia: Simulator, tmp_path: Path) -> None:
    day = scope(LIGHTS, datetime(2017, 6, 10, tzinfo=UTC), datetime(2017, 6, 11, tzinfo=UTC))
    plain = keys(fetch(connector_at(vodia), [day]), tmp_path)
    assert "start" not in str(vodia.faults.requests()["log"][-1]["query"])
    with_days = keys(fetch(connector_at(vodia, cdr_dates="yyyymmdd"), [day]), tmp_path)
    assert "start=20170608&end=20170612" in str(vodia.faults.requests()["log"][-1]["query"])
    assert with_days == plain != []


def test_a_list_that_begins_with_the_oldest_is_not_taken_for_an_empty_one(
    vodia: Simulator, tmp_path: Path
) -> None:
    """Reading would stop at its first page, which is before the period, and nobody would notice."""
    vodia.switch.calls.reverse()
    day = scope(LIGHTS, UNTIL - timedelta(days=3), UNTIL)
    (failed,) = fetch(connector_at(vodia, page_size="40"), [day]).failed
    assert isinstance(failed.error, NeedsAttention)
    assert "set order to any" in str(failed.error)
    fetched = fetch(connector_at(vodia, page_size="40", order="any"), [day])
    since_ms = day.since.timestamp() * 1000
    expected = [call for call in vodia.calls if call.tenant == LIGHTS and call.end >= since_ms]
    assert keys(fetched, tmp_path) == sorted(f"{call.id}@{LIGHTS}" for call in expected)


def test_a_pbx_that_does_not_turn_pages_is_noticed(vodia: Simulator) -> None:
    first = "[" + ",".join(f'{{"id":{id},"end":"1498800000.5"}}' for id in range(40)) + "]"
    vodia.faults.add(Fault("status", match="/cdrs?", status=200, times=None, body=first))
    (failed,) = fetch(connector_at(vodia, page_size="40"), [scope(LIGHTS)]).failed
    assert "are the same" in str(failed.error)


def test_calls_older_than_the_pbx_keeps_are_gone_and_the_rest_comes(vodia: Simulator, tmp_path: Path) -> None:
    vodia.set_keep_days(7)
    oldest = vodia.switch.now - 7 * 86_400_000
    expected = [call for call in vodia.calls if call.tenant == MAPLE and call.end >= oldest]
    fetched = fetch(connector_at(vodia), [scope(MAPLE)])
    assert fetched.finished[0].records == len(expected)


def test_what_is_optional_may_be_refused(vodia: Simulator, tmp_path: Path) -> None:
    """Releases answer 403 or 404 to what they document; extensions show their DIDs in the list of accounts, too."""
    whole = records(vodia, LIGHTS, tmp_path)
    for match, status in (("/did", 403), ("/domain_trunks", 404), ("/users", 404)):
        vodia.faults.set([Fault("status", match=f"{LIGHTS}{match}", status=status, times=None)])
        poorer = records(vodia, LIGHTS, tmp_path)
        assert poorer["record_key"].to_list() == whole["record_key"].to_list()
        if match != "/users":  # without it groups are not known
            assert poorer.equals(whole)


def test_a_tenant_without_calls_leaves_no_note(vodia: Simulator) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    fetched = fetch(connector_at(vodia), [scope(LIGHTS, long_ago, long_ago + timedelta(days=1))])
    assert fetched.lines == []
    assert fetched.finished[0].records == 0


def test_the_evidence_is_the_records_as_they_came_below_a_note(vodia: Simulator) -> None:
    lines = fetch(connector_at(vodia), [scope(LIGHTS)]).lines
    assert lines[0].startswith(b'{"note":"tenant","tenant":{"name":"harbourlights.example.ca","country_code":"1"')
    assert b'"dids":["+14165550101","+14165550150"]' in lines[0]
    assert all(line.startswith(b'{"id": ') or line.startswith(b'{"id":') for line in lines[1:])
    assert len(lines) == 251


def test_when_the_pbx_is_gone_not_every_tenant_is_waited_for(vodia: Simulator) -> None:
    scopes = [scope(tenant.name) for tenant in vodia.tenants]
    vodia.faults.add(Fault("status", match="/rest/system/session", after=1, times=None, status=503))
    vodia.faults.add(Fault("status", match="/rest/domain", times=None, status=503))
    fetched = fetch(connector_at(vodia), scopes)
    assert len(fetched.failed) == 6
    asked = {str(entry["path"]) for entry in vodia.faults.requests()["log"]}
    assert not any(vodia.tenants[3].name in path for path in asked)
