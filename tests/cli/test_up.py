"""`tollbook up` for real: processes that start, do what is due, are killed, and end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from django.conf import LazySettings
from django.db import connection as database
from procrastinate.contrib.django.models import ProcrastinateJob

from simulators.web import Answer, Request, Server
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection, set_schedule
from tollbook.up.tasks import ask_for, collect
from tollbook.usage.models import CollectRun, CollectState

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 40
LONG_AGO = datetime(2017, 6, 1, tzinfo=UTC)
CALLS = """\
record_id,start,duration_s,cli,cld
m1,2017-06-19T08:00:00Z,60,48221000001,442079460000
m2,2017-06-19T09:00:00Z,30,48221000001,442079460000
"""

T = TypeVar("T")


def wait_for(what: Callable[[], T | None]) -> T:
    until = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.05)
    return found


class Up:
    """A running `tollbook up`."""

    def __init__(self, folder: Path, environment: dict[str, str], *options: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._log = folder / "up.log"
        words = [
            sys.executable,
            "-m",
            "tollbook",
            "up",
            "--port",
            str(self.port),
            "--log-json",
            "--stop-within",
            "10",
            *options,
        ]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                words, env=os.environ | environment, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stderr=log
            )

    def lines(self) -> list[dict[str, Any]]:
        """What it said, but for what is said before there is a log: its address, waiting for the database."""
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.endswith("}")]

    def said(self, event: str, **more: object) -> list[dict[str, Any]]:
        return [line for line in self.lines() if {"event": event, **more}.items() <= line.items()]

    def health(self) -> tuple[int, dict[str, Any]]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False, timeout=5)
        except httpx.TransportError:
            return 0, {}
        return answer.status_code, answer.json()

    def is_well(self) -> bool:
        assert self.process.poll() is None, self._log.read_text()
        return self.health()[0] == 200

    def family(self) -> list[int]:
        """The processes it started, and theirs."""
        pids = [line["pid"] for line in self.said("started")]
        return [pid for pid in pids if is_alive(pid)] + [
            child for pid in pids for child in children_of(pid) if is_alive(child)
        ]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def one(environment: dict[str, str], *options: str) -> Up:
        started.append(Up(tmp_path, environment, *options))
        return started[-1]

    yield one
    for up in started:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


@pytest.fixture
def home(fresh_database: dict[str, str], tmp_path: Path, settings: LazySettings) -> dict[str, str]:
    """An operator with an empty database; the environment in which the commands work on it."""
    settings.TOLLBOOK_HOME = tmp_path / "home"
    return fresh_database | {"TOLLBOOK_HOME": str(tmp_path / "home")}


@pytest.fixture
def drop(home: dict[str, str], tmp_path: Path) -> Connection:
    """A folder into which a switch has put a file."""
    folder = tmp_path / "outgoing"
    folder.mkdir()
    (folder / "monday.csv").write_text(CALLS)
    os.utime(folder / "monday.csv", (0, 0))
    return set_connection(name="drop", settings={"source": "local", "folder": str(folder)})


def test_it_collects_what_is_due_and_stops_in_order(
    start: Callable[..., Up], home: dict[str, str], drop: Connection
) -> None:
    set_schedule(drop, now=LONG_AGO, is_on=True)
    up = start(home)

    run = wait_for(lambda: CollectRun.objects.exclude(state=CollectState.RUNNING).first())
    assert (run.state, run.asked_by, run.outcomes) == (
        "done",
        "schedule",
        {"set_aside": 2},
    )  # nobody's numbers yet
    wait_for(up.is_well)
    status, facts = up.health()
    assert (status, facts["database"], facts["jobs_failed"]) == (200, "ok", 0)
    assert facts["heartbeat_age_s"] < 60
    family = up.family()
    # Web with the process that answers, worker, scheduler, what takes pushed records, and what sends events.
    assert len(family) == 6

    assert up.end() == 0
    assert [pid for pid in family if is_alive(pid)] == []
    assert up.lines()[-1]["event"] == "stopped"
    assert not up.said("ended by force")
    assert CollectRun.objects.count() == 1  # once, however often it was missed
    drop.refresh_from_db()
    assert drop.scheduled_at is not None
    assert drop.scheduled_at > LONG_AGO


def test_a_job_whose_worker_died_is_done_after_all(
    start: Callable[..., Up], home: dict[str, str], drop: Connection
) -> None:
    ask_for([collect], drop)
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", cursor.fetchone())
    ask_for([collect], drop)  # waits for the one that seems to be at work

    up = start(home)

    wait_for(lambda: CollectRun.objects.filter(state=CollectState.DONE).exists())
    wait_for(lambda: not ProcrastinateJob.objects.filter(task_name="collect").exists())
    assert up.end() == 0


def test_a_job_that_runs_may_finish_when_it_is_told_to_stop(
    start: Callable[..., Up], home: dict[str, str]
) -> None:
    asked = threading.Event()

    def slowly(_request: Request) -> Answer:
        asked.set()
        time.sleep(2)
        return Answer.text(CALLS, content_type="text/csv")

    with Server(slowly) as server:
        away = set_connection(name="away", settings={"source": "http", "url": f"{server.url}/calls.csv"})
        ask_for([collect], away)
        up = start(home)
        assert asked.wait(PATIENCE_S)

        assert up.end() == 0

    assert CollectRun.objects.get().state == CollectState.DONE
    assert not ProcrastinateJob.objects.filter(task_name="collect").exists()
    assert not up.said("ended by force")


def test_a_child_that_dies_is_started_again(start: Callable[..., Up], home: dict[str, str]) -> None:
    up = start(home)
    wait_for(up.is_well)
    for child in ("worker", "web"):
        before = up.said("started", child=child)
        os.kill(before[-1]["pid"], signal.SIGKILL)
        wait_for(lambda child=child, before=before: len(up.said("started", child=child)) > len(before))  # type: ignore[misc]

    wait_for(up.is_well)  # on the same port: the process that answered has ended too
    assert [line["status"] for line in up.said("died")] == [-signal.SIGKILL, -signal.SIGKILL]
    assert up.end(signal.SIGINT) == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may pass through: as root, the database server is somebody else."""
    made = Path(tempfile.mkdtemp(prefix="tb-up-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_killed_itself_it_leaves_nothing_behind(start: Callable[..., Up], open_folder: Path) -> None:
    """With a server of its own, which ends with the last that uses it."""
    up = start({"TOLLBOOK_HOME": str(open_folder / "home")})
    wait_for(up.is_well)
    family = up.family()
    assert len(family) == 6

    up.end(signal.SIGKILL)

    wait_for(lambda: not [pid for pid in family if is_alive(pid)])
    wait_for(lambda: not (open_folder / "home/data/postmaster.pid").exists())


def test_a_port_that_is_taken_is_said_at_once(tollbook: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = tollbook("up", "--port", port)

    assert refused.status == 2
    assert refused.stderr == f"tollbook: 127.0.0.1:{port}: Address already in use; give another --port or --host\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--tls", "no.crt", "no.key"), "--tls: no.crt is not a file; give certificate and key as two PEM files"),
        (("--tls", "a", "b", "--tls-trial"), "--tls and --tls-trial exclude each other; leave one out"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_said_at_once(
    options: tuple[str, ...], says: str, tollbook: Callable[..., Any]
) -> None:
    refused = tollbook("up", *options)

    assert (refused.status, refused.stderr) == (2, f"tollbook: {says}\n")
