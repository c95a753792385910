"""`tollbook simulate` tells how to try it, and what it tells works."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

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


PLATFORMS = {"portabilling": "softswitch", "metroport": "mvno"}  # and what its connection is called


@pytest.mark.req("X8")
def test_every_platform_has_a_simulator() -> None:
    assert PLATFORMS.keys() == CONNECTORS.keys() - {"files"}


@pytest.mark.req("X8")
@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        *(pytest.param([kind], name, id=kind) for kind, name in PLATFORMS.items()),
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
            if words[0] != "tollbook":
                monkeypatch.setenv(*words.pop(0).split("="))
            tried = tollbook(*words[1:])
            assert tried.status == 0, tried.stdout + tried.stderr
        assert [words[1] for words in commands[-2:]] in (["sync", "collect"], ["connection", "collect"])
        assert tollbook("connection", "test", name).status == 0
        assert ("certificate to trust" in "".join(lines)) == any("verify=" in " ".join(one) for one in commands)
        if name in PLATFORMS.values():
            # A newcomer sees customers pay for a month, not a heap of what waits.
            assert UsageRecord.objects.filter(outcome="charged").count() > 1_000
            assert len(set(UsageRecord.objects.filter(outcome="charged").values_list("customer_id"))) > 20


def test_a_taken_port_is_named(tollbook: Tollbook) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        run = tollbook("simulate", "sftp", "--port", port)

    assert run.status == 2
    assert f"port {port} cannot be used (Address already in use); give another with --port" in run.stderr


def test_a_folder_that_is_not_there_is_named(tollbook: Tollbook, tmp_path: Path) -> None:
    run = tollbook("simulate", "ftp", "--folder", tmp_path / "missing")

    assert (run.status, run.stderr) == (2, f"tollbook: there is no folder {tmp_path}/missing\n")
