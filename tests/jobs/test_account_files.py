"""A diary of a carrier whose files of calls grow daily, one for each account: every line is charged once, whatever
happens to a file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from simulators.faults import Fault
from simulators.lesnet import Simulator
from simulators.lesnet.days import Row
from tests.jobs.books import books
from tests.jobs.carrier import (
    CENTS_PER_MINUTE,
    DIDS,
    PRAIRIE_DOG,
    RED_RIVER,
    Carrier,
    carrier,
)
from tests.jobs.simulated import undone
from tests.jobs.toy_office import at
from tollbook.alarms.queries import alarms
from tollbook.connections.operations import set_connection
from tollbook.errors import BadInput
from tollbook.jobs.check_sources import check_source
from tollbook.jobs.collect_usage import collect_usage
from tollbook.jobs.import_usage import import_usage
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.usage.models import CollectedFile, CollectRun, Evidence, ImportRun, UsageRecord

CENT_NANOS = 10_000_000


@pytest.fixture
def lesnet(db: None, tmp_path: Path, settings: LazySettings) -> Iterator[Carrier]:
    settings.TOLLBOOK_HOME = tmp_path
    with carrier(tmp_path) as opened:
        opened.confirm()
        yield opened


def noon(day: int) -> str:
    return f"2017-06-{day:02}T12:00"


def outcome(run: CollectRun) -> tuple[str, dict[str, int]]:
    return run.state, run.outcomes


def problem(run: CollectRun) -> str:
    (one,) = run.problems
    return f"{one['scope']}: {one['error']}"


def charged_cents(rows: Iterable[Row]) -> int:
    """Of what went out and was answered: minutes begun, by the first digit of the number called."""
    out = [row for row in rows if row.destination not in DIDS and row.seconds]
    return sum(-(-row.seconds // 60) * CENTS_PER_MINUTE[row.destination[0]] for row in out)


def all_calls() -> Counter[tuple[str, str, int]]:
    """Start, number called and seconds of every record there is."""
    return Counter(
        (f"{one.start:%Y-%m-%d %H:%M:%S}", one.cld or "", (one.duration_us or 0) // 1_000_000)
        for one in UsageRecord.objects.all()
    )


def all_rows(carrier: Carrier) -> Counter[tuple[str, str, int]]:
    rows = [*carrier.simulator.rows(RED_RIVER), *carrier.simulator.rows(PRAIRIE_DOG)]
    return Counter((f"{row.start:%Y-%m-%d %H:%M:%S}", row.destination, row.seconds) for row in rows)


def first_call(run: ImportRun) -> datetime:
    start = UsageRecord.objects.filter(run_id=run.pk).earliest("start").start
    assert start is not None
    return start


def charged_nanos() -> int:
    prices = UsageRecord.objects.filter(outcome="charged").values_list("price_nanos", flat=True)
    return sum(price for price in prices if price is not None)


@pytest.mark.req("W8")
def test_a_file_read_daily_for_ten_days_charges_every_line_once_and_both_of_two_that_are_the_same(
    lesnet: Carrier,
) -> None:
    """Ten lines a day; on the fourth, two are the same to the letter."""
    lesnet.simulator.next_day(9)
    read_once = undone(lambda: lesnet.collect(noon(11)))
    lesnet.simulator.next_day(-9)

    for day in range(1, 11):
        run = lesnet.collect(noon(day + 1))
        counts = Counter(run.outcomes)
        assert run.state == "done"
        # Two files, each with ten lines more than yesterday.
        assert (counts["duplicate"], counts.total()) == (2 * 10 * (day - 1), 2 * 10 * day)
        if day < 10:
            lesnet.simulator.next_day()

    assert all_calls() == all_rows(lesnet)
    assert sorted(all_calls().values())[-3:] == [1, 2, 2]  # one pair in each file
    rows = [*lesnet.simulator.rows(RED_RIVER), *lesnet.simulator.rows(PRAIRIE_DOG)]
    assert charged_nanos() == charged_cents(rows) * CENT_NANOS
    assert books() == read_once


@pytest.mark.req("W8")
def test_a_file_that_stands_still_for_two_days_is_an_alarm_until_it_is_refreshed(lesnet: Carrier) -> None:
    lesnet.collect(noon(2))  # refreshed on the second at 6:00
    lesnet.simulator.refreshes(False)
    lesnet.simulator.next_day(3)
    run = lesnet.collect(noon(4))
    assert (run.state, run.scopes, run.scopes_skipped) == ("done", 0, 2)  # not even fetched

    check_source(lesnet.connection, now=at("2017-06-04T06:00"))
    assert list(alarms()) == []
    check_source(lesnet.connection, now=at("2017-06-04T06:01"))
    (alarm,) = alarms()
    assert (alarm.kind, alarm.text) == (
        "stale_source",
        "carrier: none of 2 files has been refreshed for longer than 2 days. See that the platform refreshes its "
        "files, then collect: tollbook collect carrier",
    )

    lesnet.simulator.refreshes()
    assert lesnet.collect(noon(5)).outcomes["duplicate"] == 20
    check_source(lesnet.connection, now=at(noon(5)))
    assert list(alarms()) == []
    assert all_calls() == all_rows(lesnet)


def test_a_file_cut_short_changes_nothing_is_reported_and_is_whole_the_next_day(lesnet: Carrier) -> None:
    lesnet.simulator.next_day(2)
    lesnet.collect(noon(4))
    before, evidence = books(), Evidence.objects.count()

    lesnet.simulator.set_cut(500)  # in the middle of a line
    run = lesnet.collect("2017-06-04T13:00")

    assert (run.state, run.may_pass) == ("failed", True)
    assert "has only the first 500 of them now" in run.problems[0]["error"]
    assert (books(), Evidence.objects.count()) == (before, evidence)

    lesnet.simulator.set_cut(None)
    lesnet.simulator.next_day()
    assert lesnet.collect(noon(5)).state == "done"
    assert all_calls() == all_rows(lesnet)


def test_a_last_line_cut_in_the_middle_waits_for_its_end(lesnet: Carrier) -> None:
    lesnet.collect(noon(2))
    lesnet.simulator.next_day()
    lesnet.simulator.set_cut(1_000)  # somewhere in the second day
    run = lesnet.collect(noon(3))
    assert run.state == "done"
    assert all(one.left_for_next_pass for one in run.runs.all())
    assert UsageRecord.objects.filter(outcome="set_aside").count() == 0

    lesnet.simulator.set_cut(None)
    lesnet.collect("2017-06-03T13:00")
    assert all_calls() == all_rows(lesnet)


def test_the_page_of_a_login_is_no_file_and_leaves_nothing_behind(lesnet: Carrier) -> None:
    lesnet.collect(noon(2))
    before, evidence = books(), Evidence.objects.count()
    lesnet.simulator.next_day()
    lesnet.simulator.faults.add(Fault("wrong_type", times=None, match="/11330_"))

    run = lesnet.collect(noon(3))

    assert (run.state, run.may_pass) == ("partial", False)  # the other file came
    assert problem(run).startswith(f"{lesnet.link()}: carrier: {lesnet.link()} answers with a web page")
    assert Evidence.objects.count() == evidence + 1
    assert books()["identity"][:20] == before["identity"][:20]

    lesnet.simulator.faults.reset()
    lesnet.collect("2017-06-03T13:00")
    assert all_calls() == all_rows(lesnet)


def test_a_message_in_place_of_calls_is_no_evidence(lesnet: Carrier) -> None:
    busy = Fault("status", times=None, match="/11330_", status=200, body="Report is being built, try later")
    lesnet.simulator.faults.add(busy)

    run = lesnet.collect(noon(2))

    assert (run.state, Evidence.objects.count()) == ("partial", 1)
    assert "begins 'Report is being built, try later'" in problem(run)


def test_a_link_that_leads_nowhere_does_not_stop_the_others(lesnet: Carrier) -> None:
    lesnet.simulator.faults.add(Fault("status", times=None, match="/11330_", status=404))
    run = lesnet.collect(noon(2))
    assert (run.state, run.scopes, run.scopes_failed) == ("partial", 2, 1)
    assert "answer 404" in problem(run)
    assert Counter(run.outcomes).total() == 10


def test_a_file_that_begins_anew_with_the_month_adds_to_what_there_was(
    db: None, tmp_path: Path, settings: LazySettings
) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    with carrier(tmp_path) as lesnet:
        lesnet.confirm()
        lesnet.simulator.next_day(29)
        june = Counter(lesnet.collect("2017-07-01T12:00").outcomes)
        calls = all_rows(lesnet)
        port = int(lesnet.simulator.url.rpartition(":")[2])
    with Simulator(month="2017-07", port=port) as simulator:
        after = Carrier(lesnet.connection, simulator)
        july = Counter(after.collect("2017-07-02T12:00").outcomes)
        assert (june.total(), july.total(), july["duplicate"]) == (600, 20, 0)
        assert all_calls() == calls + all_rows(after)


def test_a_rate_that_changes_in_the_file_makes_no_second_call(lesnet: Carrier, tmp_path: Path) -> None:
    line = "2017-06-01 10:00:00,12045550121,442079460201,61,{rate},{cost},D4E3CD2BFC791\r\n"
    (tmp_path / "before.txt").write_text(line.format(rate="0.0120", cost="0.0132"))
    (tmp_path / "after.txt").write_text(line.format(rate="0.0130", cost="0.0143"))

    assert import_usage(lesnet.connection, tmp_path / "before.txt", now=at(noon(2))).charged == 1
    assert import_usage(lesnet.connection, tmp_path / "after.txt", now=at(noon(3))).duplicate == 1


def test_a_file_without_peers_is_its_links_and_equal_lines_of_two_files_are_two_calls(
    lesnet: Carrier, tmp_path: Path
) -> None:
    """Both accounts are called by one stranger in the same second; no line says whose it is."""
    columns = "start,source,destination,seconds\n"
    line = "2017-06-01 10:00:00,12045550199,18005550100,30\n"
    layout = tmp_path / "no-peer.toml"
    layout.write_text(
        'start = {column="start", formats=["%Y-%m-%d %H:%M:%S"]}\nduration = {column="seconds", unit="s"}\n'
        'cli = "source"\ncld = "destination"\n[file]\ndelimiter = ","\n'
    )
    lesnet.connection = set_connection(name="carrier", layout=str(layout), may_change=True)
    for link, more in (
        (lesnet.link(), ""),
        (lesnet.link(PRAIRIE_DOG), "2017-06-01 11:00:00,12045550199,18005550100,30\n"),
    ):
        body = columns + line + more
        lesnet.simulator.faults.add(Fault("status", times=None, match=link[-14:], status=200, body=body))
    lesnet.confirm()

    run = lesnet.collect(noon(2))

    assert outcome(run) == ("done", {"charged": 3})
    by_account = Counter(UsageRecord.objects.values_list("account_ref", flat=True))
    assert by_account == {lesnet.link(): 1, lesnet.link(PRAIRIE_DOG): 2}
    # By hand nobody would know whose it is.
    (tmp_path / "11330_0000.txt").write_text(columns + line)
    with pytest.raises(BadInput, match="nothing says whose calls these are"):
        import_usage(lesnet.connection, tmp_path / "11330_0000.txt", now=at(noon(3)))


def test_nothing_is_charged_before_somebody_has_looked(db: None, tmp_path: Path, settings: LazySettings) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    with carrier(tmp_path) as lesnet:
        trial = collect_usage(lesnet.connection, now=at(noon(2)), asked_by="a test", dry_run=True)
        assert (trial.state, Counter(trial.outcomes).total()) == ("done", 20)  # a trial may be made

        run = lesnet.collect(noon(2))
        assert (run.state, run.may_pass) == ("failed", False)
        assert "`tollbook connection confirm carrier`" in problem(run)
        assert (UsageRecord.objects.count(), Evidence.objects.count()) == (0, 0)
        with pytest.raises(BadInput, match="tollbook connection confirm"):
            import_usage(lesnet.connection, tmp_path / "north.csv", now=at(noon(2)))

        lesnet.confirm()
        assert lesnet.collect(noon(2)).state == "done"
        # Another zone reads the same lines otherwise.
        lesnet.connection = set_connection(name="carrier", timezone="America/Winnipeg", may_change=True)
        assert lesnet.collect(noon(3)).state == "failed"
        with pytest.raises(BadInput, match="tollbook connection confirm"):
            reprocess_usage(ImportRun.objects.latest("pk"), now=at(noon(3)))
        assert not UsageRecord.objects.filter(outcome="undone").exists()

        lesnet.confirm()
        before = ImportRun.objects.latest("pk")
        after = reprocess_usage(before, now=at(noon(3)))
        assert first_call(after) - first_call(before) == timedelta(hours=5)


def test_a_link_that_has_ended_is_read_a_week_longer(lesnet: Carrier) -> None:
    account = lesnet.connection.account_marks.get(value=lesnet.link()).account
    account.marks.update(active_until=at("2017-06-01T15:00"))
    lesnet.collect(noon(2))
    asked = {file.name for file in CollectedFile.objects.all()}
    assert asked == {lesnet.link(), lesnet.link(PRAIRIE_DOG)}
    # What came after its end is not the account's.
    late = UsageRecord.objects.filter(start__gte=at("2017-06-01T15:00"), account_ref=lesnet.link())
    assert set(late.values_list("account_id", flat=True)) <= {None}

    CollectedFile.objects.all().delete()
    lesnet.collect(noon(9))
    assert {file.name for file in CollectedFile.objects.all()} == {lesnet.link(PRAIRIE_DOG)}
