"""An order survives `kill -9` wherever it is, and is done once; and two commands at once end in one state.

The real command beside a simulated platform, which shows how far it is: it is killed while it waits for an answer.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import psycopg
import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from tests.stories.test_killed_imports import CHECKOUT, LONGEST_S, copy_home, environment, kill, run
from tollbook.config.embedded import EmbeddedServer

KOWAL = "46170"
LATE_S = 1.5  # so long the platform keeps the command waiting at the place where it is killed
CURRENT = "SELECT wanted, state FROM credit_suspensionorder WHERE state <> 'superseded'"


@dataclass
class Ground:
    """A prepared home, copied for each trial, and the platform that all of them talk to."""

    folder: Path
    platform: Simulator

    def home(self, name: str) -> Path:
        """A fresh copy; the platform has forgotten what it was told."""
        copy_home(self.folder / "home", self.folder / name)
        self.platform.books.customers[int(KOWAL)]["blocked"] = "N"
        self.platform.faults.reset()
        return self.folder / name

    @property
    def blocked(self) -> str:
        return str(self.platform.books.customers[int(KOWAL)]["blocked"])

    def asked(self, method: str) -> list[str]:
        """The bodies of what it was asked, oldest first."""
        log = self.platform.faults.requests()["log"]
        return [one["body"] for one in log if str(one["path"]).endswith(method)]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    folder = Path("/tmp") / f"tollbook-orders-{os.getpid()}"
    folder.mkdir(mode=0o711)
    try:
        with Simulator() as platform:
            (folder / "home").mkdir()
            script = str(CHECKOUT / "tests/stories/prepare_orders.py")
            run([script, platform.url(), platform.login, platform.token, KOWAL], folder / "home")
            yield Ground(folder, platform)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tollbook(home: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tollbook", *words], env=environment(home), stdout=subprocess.DEVNULL
    )


def current(home: Path) -> list[tuple[Any, ...]]:
    server = EmbeddedServer(home)
    socket = server.hold()
    try:
        with psycopg.connect(host=str(socket), user="postgres", dbname="tollbook") as connection:
            return connection.execute(CURRENT).fetchall()
    finally:
        server.release()


# Where it is killed: at which request, and whether the platform does what it is told before or after its silence.
MOMENTS = {
    "before it has looked": Fault("slow", match="get_customer_info", seconds=LATE_S),
    "when it is about to tell": Fault("slow", match="get_customer_info", after=1, seconds=LATE_S),
    "when the platform has the word and has not acted": Fault("slow", match="update_customer", seconds=LATE_S),
    "when the platform has acted and has not said so": Fault(
        "timeout_after", match="update_customer", seconds=LATE_S
    ),
    "before it is read back": Fault("slow", match="get_customer_info", after=2, seconds=LATE_S),
}


@pytest.mark.req("X7", "W6")
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_order_survives_being_killed_and_is_done_once(ground: Ground, moment: str) -> None:
    place = list(MOMENTS).index(moment)
    home = ground.home(f"trial-{place}")
    fault = MOMENTS[moment]
    ground.platform.faults.set([fault])
    process = tollbook(home, "suspend", "kowal")
    wait_until_it_hangs(ground, fault)
    assert process.poll() is None
    kill(process, home, with_server=place % 2 == 1)
    time.sleep(LATE_S)  # whatever the platform was told, it has done by now

    assert tollbook(home, "orders", "check").wait(LONGEST_S) == 0

    assert current(home) == [("suspended", "done")]
    assert ground.blocked == "Y"
    assert len(ground.asked("update_customer")) == 1
    shutil.rmtree(home, ignore_errors=True)


def wait_until_it_hangs(ground: Ground, fault: Fault) -> None:
    until = time.monotonic() + LONGEST_S
    while len(ground.asked(fault.match)) <= fault.after:
        assert time.monotonic() < until, "the command never came so far"
        time.sleep(0.01)
    time.sleep(0.2)  # what comes before the silence has been done


def test_two_suspend_at_once_and_the_platform_is_told_once(ground: Ground) -> None:
    home = ground.home("two")
    ground.platform.faults.set([Fault("slow", match="get_customer_info", seconds=0.5)])
    both = [tollbook(home, "suspend", "kowal") for _ in range(2)]
    assert [process.wait(LONGEST_S) for process in both] == [0, 0]
    assert current(home) == [("suspended", "done")]
    assert len(ground.asked("update_customer")) == 1


def test_a_suspend_and_a_resume_at_once_leave_what_is_wanted_last(ground: Ground) -> None:
    home = ground.home("both")
    ground.platform.faults.set([Fault("slow", match="update_customer", seconds=1)])
    stop = tollbook(home, "suspend", "kowal")
    wait_until_it_hangs(ground, Fault("slow", match="update_customer"))
    go = tollbook(home, "resume", "kowal")
    assert go.wait(LONGEST_S) == 0
    stop.wait(LONGEST_S)
    assert tollbook(home, "orders", "check").wait(LONGEST_S) == 0
    assert current(home) == [("active", "done")]
    assert ground.blocked == "N"
    told = [unquote_plus(body) for body in ground.asked("update_customer")]
    assert ['"blocked": "Y"' in told[0], '"blocked": "N"' in told[1], len(told)] == [True, True, 2]
