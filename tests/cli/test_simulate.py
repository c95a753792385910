"""`tollbook simulate` tells how to try it, and what it tells works."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tollbook.cli.demo_push import push_address
from tollbook.connectors.registry import CONNECTORS
from tollbook.usage.models import UsageRecord

Tollbook = Callable[..., Any]

PATIENCE_S = 30


@contextmanager
def simulated(*arguments: str, home: Path) -> Iterator[list[str]]:
    """The simulator in a process of its own, with what it has printed. It ends with Ctrl-C."""
    command = [sys.executable, "-m", "tollbook", "simulate", *arguments, "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"TOLLBOOK_HOME": str(home)}
    )
    watch = threading.Timer(PATIENCE_S, process.kill)
    watch.start()
    try:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                break
        yield lines
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert process.stdout.read() == "stopped\n"
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


# What a platform's connection is called; customers and calls that a newcomer sees charged, at least.
PLATFORMS = {
    "portabilling": ("softswitch", 20, 1_000),
    "metroport": ("mvno", 20, 1_000),
    "fusionpbx": ("pbx", 6, 1_000),
    "vodia": ("vodia", 4, 300),
    "lesnet": ("carrier", 3, 800),
    "kamailio": ("proxy", 2, 200),
}
BY_PUSH = {"freeswitch"}  # it sends by itself, and has a test of its own


@pytest.mark.req("X8")
def test_every_platform_has_a_simulator() -> None:
    assert PLATFORMS.keys() | BY_PUSH == CONNECTORS.keys() - {"files"}


@pytest.mark.req("X8")
@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        *(pytest.param([kind], name, id=kind) for kind, (name, _, _) in PLATFORMS.items()),
        pytest.param(["portabilling", "--http"], "softswitch", id="portabilling without TLS"),
        pytest.param(["sftp"], "drop", id="sftp"),
        pytest.param(["ftp"], "drop", id="ftps"),
        pytest.param(["ftp", "--plain"], "drop", id="ftp"),
    ],
)
def test_the_commands_it_prints_work_as_they_stand(
    tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], name: str
) -> None:
    with simulated(*arguments, home=tmp_path) as lines:
        assert all("127.0.0.1" in line for line in lines if "://" in line)
        commands = [shlex.split(line) for line in lines if line.startswith("  ") and " tollbook " in f" {line}"]
        for words in commands:
            while words[0] != "tollbook":
                monkeypatch.setenv(*words.pop(0).split("="))
            tried = tollbook(*words[1:])
            assert tried.status == 0, tried.stdout + tried.stderr
        assert [words[1] for words in commands[-2:]][-1] == "collect"
        assert tollbook("connection", "test", name).status == 0
        assert ("certificate to trust" in "".join(lines)) == any("verify=" in " ".join(one) for one in commands)
        if arguments[0] in PLATFORMS:
            # A newcomer sees customers pay for a month, not a heap of what waits.
            _, customers, calls = PLATFORMS[arguments[0]]
            assert UsageRecord.objects.filter(outcome="charged").count() > calls
            assert len(set(UsageRecord.objects.filter(outcome="charged").values_list("customer_id"))) > customers


@pytest.mark.req("X8")
def test_a_switch_that_sends_by_itself_finds_who_listens(
    tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch, fresh_database: dict[str, str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_database["DATABASE_URL"])  # of the process that listens
    said = tollbook("simulate", "freeswitch")
    assert said.status == 0, said.stderr
    commands = [shlex.split(line, comments=True) for line in said.stdout.splitlines() if line.startswith("  ")]
    assert ["tollbook", "up"] in commands
    *before, send = [words for words in commands if words != ["tollbook", "up"]]
    for words in before:
        while words[0] != "tollbook":
            monkeypatch.setenv(*words.pop(0).split("="))
        tried = tollbook(*words[1:])
        assert tried.status == 0, tried.stdout + tried.stderr
    with ExitStack() as running:
        address = push_address(running, "switch", send[4].rpartition("/")[2])
        assert send[4].removeprefix("http://127.0.0.1:8000") == address()[len("http://127.0.0.1:00000") :]
        sent = tollbook("simulate", "freeswitch", "--to", address())
    assert sent.stdout == "a month of calls was sent to 127.0.0.1\n"
    assert tollbook("collect", "switch").status == 0
    assert UsageRecord.objects.filter(outcome="charged").count() > 150


def test_nobody_listens_where_a_switch_sends(tollbook: Tollbook) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    run = tollbook("simulate", "freeswitch", "--to", f"http://127.0.0.1:{port}/push/switch/secret")

    said = f"a call was not taken at 127.0.0.1:{port} (no answer); see that `up` runs there"
    assert (run.status, run.stderr) == (2, f"tollbook: {said}\n")


def test_a_taken_port_is_named(tollbook: Tollbook) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        run = tollbook("simulate", "sftp", "--port", port)

    assert run.status == 2
    assert f"port {port} cannot be used (Address already in use); give another with --port" in run.stderr


def test_a_folder_that_is_not_there_is_named(tollbook: Tollbook, tmp_path: Path) -> None:
    run = tollbook("simulate", "ftp", "--folder", tmp_path / "missing")

    assert (run.status, run.stderr) == (2, f"tollbook: there is no folder {tmp_path}/missing\n")
