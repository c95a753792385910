"""A diary of collecting files from a folder: each once, again when it changes, and a bad one stops nobody."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.jobs.books import books
from tests.jobs.office import NOON, Office
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.base import RemoteFile
from tollbook.connectors.errors import TryAgainLater
from tollbook.connectors.files.connector import FilesConnector
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectedFile, CollectRun, Evidence, ImportRun

HEAD = "record_id,start,duration_s,cli,cld\n"
MONDAY = HEAD + "m1,2017-06-19T08:00:00Z,60,48221000001,442079460000\n"
TUESDAY = HEAD + "t1,2017-06-20T08:00:00Z,60,48221000003,442079460000\n"
WEDNESDAY = HEAD + "w1,2017-06-21T08:00:00Z,120,48221000003,442079460000\n"


@dataclass
class Folder:
    path: Path
    connection: Connection

    def put(self, name: str, text: str, at: str = "2017-06-22T00:00:00+00:00") -> None:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        moment = datetime.fromisoformat(at).timestamp()
        os.utime(file, (moment, moment))

    def collect(self, **wish: object) -> CollectRun:
        return collect_usage(self.connection, now=NOON, asked_by="a test", **wish)  # type: ignore[arg-type]


@pytest.fixture
def folder(office: Office) -> Folder:
    path = office.folder / "outgoing"
    path.mkdir()
    settings = {"source": "local", "folder": str(path), "growing": "growing*"}
    return Folder(path, set_connection(name="drop", kind="files", settings=settings))


def said(run: CollectRun) -> tuple[str, int, int, dict[str, int]]:
    return run.state, run.scopes, run.scopes_skipped, run.outcomes


def test_a_file_is_collected_once_and_again_when_it_changes(folder: Folder) -> None:
    folder.put("monday.csv", MONDAY)
    folder.put("tuesday.csv", TUESDAY)
    assert said(folder.collect()) == ("done", 2, 0, {"charged": 2})
    assert said(folder.collect()) == ("done", 0, 2, {})

    folder.put("tuesday.csv", TUESDAY + "t2,2017-06-20T09:00:00Z,60,48221000003,442079460000\n")
    assert said(folder.collect()) == ("done", 1, 1, {"charged": 1, "duplicate": 1})
    # Each file is a run and an evidence of its own.
    assert [run.evidence.name for run in ImportRun.objects.order_by("pk")] == [
        "monday.csv",
        "tuesday.csv",
        "tuesday.csv",
    ]


def test_a_bad_file_does_not_stop_the_others_and_is_not_forgotten(folder: Folder) -> None:
    folder.put("a-bad.csv", "this,is,something,else\n1,2,3,4\n")
    folder.put("monday.csv", MONDAY)

    run = folder.collect()

    assert said(run) == ("partial", 2, 0, {"charged": 1})
    assert [problem["scope"] for problem in run.problems] == ["a-bad.csv"]
    assert not run.may_pass
    # Nobody shall think that all is in; but it is not read again before it changes.
    again = folder.collect()
    assert (again.state, again.problems, again.runs.count()) == ("partial", run.problems, 0)

    folder.put("a-bad.csv", TUESDAY)
    assert said(folder.collect()) == ("done", 1, 1, {"charged": 1})


def test_again_reads_everything_once_more_and_adds_nothing(folder: Folder) -> None:
    folder.put("monday.csv", MONDAY)
    folder.collect()
    before = books()
    assert said(folder.collect(again=True)) == ("done", 1, 0, {"duplicate": 1})
    assert books() == before


def test_a_period_is_when_files_were_changed(folder: Folder) -> None:
    folder.put("monday.csv", MONDAY, "2017-06-19T23:00:00+00:00")
    folder.put("tuesday.csv", TUESDAY, "2017-06-20T23:00:00+00:00")
    run = folder.collect(since=datetime.fromisoformat("2017-06-20T00:00:00+00:00"))
    assert said(run) == ("done", 1, 0, {"charged": 1})


def test_a_file_that_grows_gives_its_whole_lines(folder: Folder) -> None:
    folder.put("growing.csv", MONDAY + "t1,2017-06-20T08:00:0", "2017-06-20T08:00:00+00:00")
    assert said(folder.collect()) == ("done", 1, 0, {"charged": 1})
    folder.put("growing.csv", MONDAY + TUESDAY.removeprefix(HEAD), "2017-06-20T08:01:00+00:00")
    assert said(folder.collect()) == ("done", 1, 0, {"charged": 1, "duplicate": 1})


def test_an_empty_file_is_nothing_to_do(folder: Folder) -> None:
    folder.put("empty.csv", "")
    assert said(folder.collect()) == ("done", 1, 0, {})
    assert said(folder.collect()) == ("done", 0, 1, {})


def test_a_file_that_comes_by_halves_is_never_evidence(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(connector: FilesConnector, file: RemoteFile) -> Iterator[bytes]:
        yield MONDAY.encode()[:50]

    folder.put("monday.csv", MONDAY)
    with monkeypatch.context() as patched:
        patched.setattr(FilesConnector, "fetch", half)
        run = folder.collect()

    assert (run.state, run.may_pass) == ("failed", True)
    assert "monday.csv was listed with 87 bytes and 50 came" in run.problems[0]["error"]
    assert (Evidence.objects.count(), CollectedFile.objects.count()) == (0, 0)
    assert said(folder.collect()) == ("done", 1, 0, {"charged": 1})


def test_a_source_that_goes_away_is_not_asked_for_every_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def gone(connector: FilesConnector, file: RemoteFile) -> Iterator[bytes]:
        asked.append(file.name)
        raise TryAgainLater("connection lost", platform="drop")

    for day in range(10):
        folder.put(f"{day}.csv", MONDAY)
    monkeypatch.setattr(FilesConnector, "fetch", gone)

    run = folder.collect()

    assert (run.state, run.scopes, run.scopes_failed, run.may_pass) == ("failed", 10, 10, True)
    assert len(asked) == 3


def test_a_source_that_says_neither_size_nor_time_is_compared(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FilesConnector, "files", lambda *_: iter([RemoteFile(name="export.csv")]))
    folder.put("export.csv", MONDAY)
    assert said(folder.collect()) == ("done", 1, 0, {"charged": 1})
    assert said(folder.collect()) == ("done", 1, 0, {})
    folder.put("export.csv", TUESDAY)
    assert said(folder.collect()) == ("done", 1, 0, {"charged": 1})


def test_a_folder_that_is_not_there_fails_and_says_where(folder: Folder) -> None:
    folder.path.rmdir()
    run = folder.collect()
    assert run.state == "failed"
    assert str(folder.path) in run.problems[0]["error"]


def test_a_dry_run_reads_the_files_and_writes_nothing(folder: Folder) -> None:
    folder.put("monday.csv", MONDAY)
    folder.put("wednesday.csv", WEDNESDAY)
    run = folder.collect(dry_run=True)
    # A minute and two at 0.012.
    assert (*said(run), run.sums) == ("done", 2, 0, {"charged": 2}, {"EUR": 36_000_000})
    assert (CollectRun.objects.count(), Evidence.objects.count(), CollectedFile.objects.count()) == (0, 0, 0)
