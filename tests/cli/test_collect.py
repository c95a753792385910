"""Collecting from the command line: what it says, its exit status, and where to look afterwards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office, open_toy
from tests.jobs.office import NOON
from tests.jobs.toy_office import Toy
from tests.jobs.toy_platform import Call
from tollbook.connections.models import Connection
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.jobs.import_usage import import_usage
from tollbook.usage.models import CollectRun, ImportRun, RunDay

Tollbook = Callable[..., Any]

# A minute to London at 0.012 each; the second is the last second of the 18th in Warsaw, the third is of nobody here.
CALLS = [
    Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00"),
    Call(id=2, customer="c2", start="2017-06-18T21:59:59+00:00"),
    Call(id=3, customer="c3", start="2017-06-18T22:00:00+00:00", cli="48229999999"),
]


@pytest.fixture
def toy(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Toy:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "clerk")
    open_office(tmp_path, settings)
    toy = open_toy(monkeypatch)
    toy.platform.calls = list(CALLS)
    return toy


def imported_by_hand(folder: Path) -> tuple[Connection, ImportRun]:
    """A file with a number written as at home, of a connection that does not know in which country that is."""
    path = folder / "local.csv"
    path.write_text("record_id,start,duration_s,cli,cld\na,2017-06-19T08:00:00Z,60,221000001,+442079460000\n")
    source = Connection.objects.create(name="files", layout="tollbook", number_rules={}, match_by=["number"])
    return source, import_usage(source, path, now=NOON)


def test_a_period_is_days_of_the_connections_zone_the_last_included(toy: Toy, tollbook: Tollbook) -> None:
    shown = tollbook("collect", "toy", "--from", "2017-06-18", "--to", "2017-06-18")

    run = CollectRun.objects.get()
    assert toy.asked()["c1"] == ("2017-06-17 22:00", "2017-06-18 22:00")
    assert shown.status == 0
    assert shown.stdout.splitlines()[1:] == [
        f"  3 requests; {run.bytes_fetched:,} bytes fetched",
        "  2 records in = 2 charged",
        "  charged EUR 0.024",
    ]
    assert shown.stdout.startswith(f"collect {run.pk}: toy, done, by clerk on ")


def test_what_failed_is_named_with_what_to_do(toy: Toy, tollbook: Tollbook) -> None:
    toy.platform.failing["c2"] = NeedsAttention("the API user may not see customer c2; allow it", platform="toy")

    shown = tollbook("collect", "toy", "--from", "2017-06-18")

    assert shown.status == 1
    assert "3 requests, 1 failed" in shown.stdout
    assert "  not collected: c2: the API user may not see customer c2; allow it\n" in shown.stdout
    assert "`tollbook set-aside list` says why records were set aside, and what to do\n" in shown.stdout
    assert shown.stdout.endswith(
        "when that is mended, `tollbook collect toy` asks for it again; nothing is charged twice\n"
    )


def test_a_platform_that_is_away_is_status_2(toy: Toy, tollbook: Tollbook) -> None:
    toy.platform.down = TryAgainLater("no answer in 30 s; run again later", platform="toy")
    shown = tollbook("collect", "toy", "--json")
    assert shown.status == 2
    report = json.loads(shown.stdout)
    assert (report["state"], report["may_pass"], report["scopes_failed"]) == ("failed", True, 3)


def test_a_dry_run_says_that_it_only_would(toy: Toy, tollbook: Tollbook) -> None:
    shown = tollbook("collect", "toy", "--from", "2017-06-18", "--dry-run")
    assert shown.status == 0
    assert shown.stdout.startswith("toy: would be done, by clerk on ")
    assert "  3 records in = 2 charged + 1 set aside\n  charged EUR 0.024\n" in shown.stdout
    assert not CollectRun.objects.exists()


def test_what_was_collected_before_says_so(toy: Toy, tollbook: Tollbook) -> None:
    tollbook("collect", "toy", "--from", "2017-06-18", "--to", "2017-06-19")
    shown = tollbook("collect", "toy", "--from", "2017-06-18", "--to", "2017-06-19")
    assert shown.stdout.endswith("all of it was collected before; --again fetches it again\n")
    again = tollbook("collect", "toy", "--from", "2017-06-18", "--to", "2017-06-19", "--again")
    assert "3 records in = 3 duplicate" in again.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "June"), "--from 'June' is not a day; write it as 2017-06-30"),
        (("--from", "2017-06-02", "--to", "2017-06-01"), "--to 2017-06-01 is before --from 2017-06-02"),
        (("--from", "2117-06-02"), "--from 2117-06-02 has not come yet; give today or an earlier day"),
    ],
)
def test_nonsense_days_are_refused(toy: Toy, tollbook: Tollbook, words: tuple[str, ...], message: str) -> None:
    shown = tollbook("collect", "toy", *words)
    assert (shown.status, message in shown.stderr) == (2, True)
    assert not CollectRun.objects.exists()


def test_the_history_shows_visits_with_their_imports_below_them(toy: Toy, tollbook: Tollbook) -> None:
    tollbook("collect", "toy", "--from", "2017-06-18")

    shown = tollbook("usage", "runs")

    run = ImportRun.objects.get()
    equation = "3 records in = 2 charged + 1 set aside"
    assert shown.stdout.splitlines()[-2:] == [
        f"  run {run.pk}: {run.evidence.name} from toy, done: {equation}",
        "    charged EUR 0.024",
    ]
    assert shown.stdout.startswith(f"collect {run.collect_id}: toy, done")
    imports = json.loads(tollbook("usage", "runs", "--json").stdout)
    assert (imports[0]["collect"], imports[0]["charged_sums"]) == (run.collect_id, {"EUR": "0.024"})
    visits = json.loads(tollbook("usage", "runs", "--collects", "--json").stdout)
    assert (visits[0]["state"], visits[0]["scopes"], visits[0]["asked_by"]) == ("done", 3, "clerk")


def test_the_evidence_comes_out_as_it_was_received(toy: Toy, tollbook: Tollbook, tmp_path: Path) -> None:
    tollbook("collect", "toy", "--from", "2017-06-18")
    run = ImportRun.objects.get()

    shown = tollbook("usage", "raw", run.pk, "--to", "out.jsonl")

    assert (
        shown.stdout == f"out.jsonl: {run.evidence.size_bytes:,} bytes as received, sha256 {run.evidence.sha256}\n"
    )
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 3
    assert "out.jsonl is there already" in tollbook("usage", "raw", run.pk, "--to", "out.jsonl").stderr


@pytest.mark.req("X3")
def test_the_equation_holds_per_file_and_per_day_and_is_checked(
    toy: Toy, tollbook: Tollbook, tmp_path: Path
) -> None:
    tollbook("collect", "toy", "--from", "2017-06-18")
    tollbook("collect", "toy", "--from", "2017-06-18", "--again")

    by_file = json.loads(tollbook("usage", "runs", "--json").stdout)
    assert [(run["records_in"], run["charged"], run["set_aside"], run["duplicate"]) for run in by_file] == [
        (3, 2, 1, 0),
        (3, 0, 0, 3),
    ]
    by_day = json.loads(tollbook("usage", "days", "toy", "--json").stdout)
    # In Warsaw the third call is of the 19th. Each came twice.
    assert [
        (day["day"], day["records_in"], day["charged"], day["set_aside"], day["duplicate"]) for day in by_day
    ] == [
        ("2017-06-18", 4, 2, None, 2),
        ("2017-06-19", 2, None, 1, 1),
    ]
    assert tollbook("usage", "days", "toy", "--from", "2017-06-18").stdout.endswith(
        "every record is accounted for\n"
    )
    assert tollbook("usage", "check").status == 0

    RunDay.objects.filter(day="2017-06-19", duplicate=0).update(records_in=2)
    broken = tollbook("usage", "days", "toy")
    assert (broken.status, broken.stderr) == (
        1,
        "does not add up: 2017-06-19; `tollbook usage check` says which runs\n",
    )
    assert "2017-06-19: 2 records came in and 0 were duplicates, there are 1" in tollbook("usage", "check").stderr


def test_an_import_is_read_again_as_the_connection_is_now(toy: Toy, tollbook: Tollbook, tmp_path: Path) -> None:
    source, run = imported_by_hand(tmp_path)
    source.number_rules = {"country": "PL"}
    source.save()

    shown = tollbook("usage", "reprocess", run.pk, "--yes")

    new = ImportRun.objects.order_by("pk").last()
    assert new is not None
    # Read as a Polish number, it is Ann's.
    assert shown.stdout == (
        f"run {new.pk}: local.csv from files, done: 1 records in = 1 charged\n  charged EUR 0.012\n"
    )
    run.refresh_from_db()
    assert (run.state, run.undone) == ("undone", 1)
    assert "1 records in = 1 duplicate" in tollbook("usage", "reprocess", run.pk, "--yes").stdout


def test_what_can_no_longer_be_read_is_not_undone(toy: Toy, tollbook: Tollbook, tmp_path: Path) -> None:
    source, run = imported_by_hand(tmp_path)
    source.layout = "asterisk"
    source.save()

    assert tollbook("usage", "reprocess", run.pk, "--yes").status == 2

    run.refresh_from_db()
    assert (run.state, run.undone) == ("done", 0)


def test_both_sides_are_compared_and_the_exit_status_says_whether_they_agree(toy: Toy, tollbook: Tollbook) -> None:
    tollbook("collect", "toy", "--from", "2017-06-18")
    period = ("--from", "2017-06-18", "--to", "2017-06-19")
    agreed = tollbook("reconcile", "toy", *period)
    assert (agreed.status, agreed.stdout.splitlines()[-1]) == (0, "all of it is the same on both sides")

    toy.platform.correct(1, seconds=90)

    differs = tollbook("reconcile", "toy", *period)
    assert differs.status == 1
    assert "2017-06-18 00000001: other content: duration_us 90000000 there, 60000000 here\n" in differs.stdout
    # Two minutes here; there the first has become a minute and a half.
    above, below = (line for line in differs.stdout.splitlines() if "150" in line or "≠" in line)
    assert ("2017-06-18" in above, "≠ 120" in below) == (True, True)
    assert "where there are two figures, the platform's stands above ours\n" in differs.stdout
    assert differs.stdout.splitlines()[-1] == (
        "1 records differ; `tollbook collect toy --from 2017-06-18 --to 2017-06-19 --again` brings "
        "what is missing or was corrected"
    )
    assert json.loads(tollbook("reconcile", "toy", *period, "--json").stdout)["different_records"] == 1


def test_margin_is_shown_by_destination(toy: Toy, tollbook: Tollbook) -> None:
    refused = tollbook("margin", "toy")
    assert refused.stderr == (
        "tollbook: toy: its prices are not what you pay; if they are, say so with "
        "`tollbook connection add toy --change --price-is cost`\n"
    )
    assert refused.status == 2
    toy.connection.price_is = "cost"
    toy.connection.save()
    toy.platform.calls = [Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00", price="0.005")]
    tollbook("collect", "toy", "--from", "2017-06-18")

    words = ("--by", "destination", "--from", "2017-06-18", "--to", "2017-06-18")
    assert json.loads(tollbook("margin", "toy", *words, "--json").stdout) == [
        {
            "destination": "United Kingdom",
            "currency": "EUR",
            "charged_records": 1,
            "charged": "0.012",
            "cost": "0.005",
            "margin": "0.007",
        }
    ]
