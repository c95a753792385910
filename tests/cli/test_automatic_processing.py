"""Files of a switch, from the preset to the invoiceable charge and back: nobody does anything but set it up."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.conf import LazySettings
from django.db import connection as database
from procrastinate import JobContext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from tests.jobs.books import books
from tests.jobs.conftest import open_office
from tollbook.connections.models import Connection
from tollbook.up import tasks

Tollbook = Callable[..., Any]

# As Asterisk writes them: Ann calls London for 61 s, somebody unknown for 30 s.
MASTER = "".join(
    f'"","{cli}","00442079460000","office","<{cli}>","SIP/1","SIP/out-1","Dial","SIP/out",'
    f'"2017-06-19 {start}","2017-06-19 {answer}","2017-06-19 {end}",{billsec + 5},{billsec},"ANSWERED","3"\n'
    for cli, start, answer, end, billsec in (
        ("221000001", "10:00:00", "10:00:05", "10:01:06", 61),
        ("229999999", "11:00:00", "11:00:05", "11:00:35", 30),
    )
)


def time_passes(connection: Connection, minutes: int) -> list[str]:
    """What the scheduler asks for by then, done as the worker does it."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    before = ProcrastinateJob.objects.count()
    tasks.ask_for_due(timestamp=int(moment.timestamp()))
    asked = list(ProcrastinateJob.objects.order_by("id").values_list("task_name", flat=True))[before:]
    if asked:
        job = Job(id=1, queue="", lock=None, queueing_lock=None, task_name="collect")
        tasks.collect(cast(JobContext, SimpleNamespace(job=job)), connection_id=connection.pk)
        with database.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'succeeded'"
            )  # else it waits, and none is added
    return asked


@pytest.mark.req("S6")
def test_a_preset_a_folder_and_an_interval_are_all_and_each_run_can_be_seen_read_again_and_taken_back(
    db: None,
    tollbook: Tollbook,
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def said(*words: object) -> str:
        capsys.readouterr()  # the worker's log
        run = tollbook(*words)
        assert run.status == 0, run.stderr
        return str(run.stdout)

    monkeypatch.chdir(tmp_path)
    open_office(tmp_path, settings)
    nothing = books()
    folder = tmp_path / "cdr-csv"
    folder.mkdir()
    where = ("--set", "source=local", "--set", f"folder={folder}", "--timezone", "Europe/Warsaw", "--every", "30m")

    said("connection", "add", "pbx", "--preset", "asterisk", *where)
    pbx = Connection.objects.get(name="pbx")
    (folder / "Master.csv").write_text(MASTER)

    assert time_passes(pbx, 29) == []
    assert time_passes(pbx, 31) == ["collect"]

    def runs() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(said("usage", "runs", "-c", "pbx", "--json"))
        return found

    # Nobody said in which country: both numbers are read as they stand, and belong to nobody.
    [first] = runs()
    assert (first["file"], first["state"], first["records_in"], first["set_aside"]) == ("Master.csv", "done", 2, 2)
    [visit] = json.loads(said("usage", "runs", "-c", "pbx", "--collects", "--json"))
    assert (visit["state"], visit["asked_by"], visit["outcomes"]) == ("done", "schedule", {"set_aside": 2})

    said("usage", "raw", first["run"], "--to", "as-it-came.csv")
    assert (tmp_path / "as-it-came.csv").read_text() == MASTER

    # Two minutes begun at 0.012.
    said("connection", "add", "pbx", "--change", "--country", "PL")
    said("usage", "reprocess", first["run"], "--yes")
    undone, second = runs()
    assert (undone["state"], undone["undone"]) == ("undone", 2)
    assert (second["charged"], second["set_aside"], second["charged_sums"]) == (1, 1, {"EUR": "0.024"})
    charged = books()
    assert charged != nothing

    # The file has not changed: the next visits add nothing.
    assert time_passes(pbx, 62) == ["collect"]
    assert (len(runs()), books()) == (2, charged)

    # To delete a run is to undo it: the books are as they were, and it stays so until somebody asks for it again.
    said("usage", "undo", second["run"], "--yes")
    assert books()["ledger"] == nothing["ledger"]
    assert books()["usage"] == nothing["usage"]
    assert time_passes(pbx, 93) == ["collect"]
    assert books()["ledger"] == nothing["ledger"]
    said("collect", "pbx", "--again")
    assert books() == charged
    said("usage", "check")
