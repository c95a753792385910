"""A collect may die at any moment, and its database server with it: collected again, the books are the same.

The real command, the real network, a real embedded server with its usual, durable settings; SIGKILL.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from simulators.metroport import Simulator
from tests.jobs.books import IDENTITY, LEDGER, USAGE
from tests.stories.test_killed_imports import CHECKOUT, LONGEST_S, copy_home, environment, kill, run
from tollbook.config.embedded import EmbeddedServer

KILLS, KILLS_IN_FULL = 5, 40
PERIOD = ("--from", "2017-06-01", "--to", "2017-06-30")


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder with a prepared home; the simulated Metroport runs meanwhile."""
    folder = Path("/tmp") / f"tollbook-collects-{os.getpid()}"
    folder.mkdir(mode=0o711)
    try:
        with Simulator() as metroport:
            (folder / "home").mkdir()
            script = str(CHECKOUT / "tests/stories/prepare_collecting.py")
            run([script, metroport.url, metroport.login, metroport.password], folder / "home")
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def collecting(home: Path) -> "subprocess.Popen[bytes]":
    words = ["-m", "tollbook", "collect", "mvno", *PERIOD, "--again"]
    return subprocess.Popen([sys.executable, *words], env=environment(home), stdout=subprocess.DEVNULL)


def finish(home: Path) -> float:
    begun = time.monotonic()
    assert collecting(home).wait(LONGEST_S) == 0
    return time.monotonic() - begun


def books(home: Path) -> list[list[tuple[Any, ...]]]:
    server = EmbeddedServer(home)
    socket = server.hold()
    try:
        with psycopg.connect(host=str(socket), user="postgres", dbname="tollbook") as connection:
            return [connection.execute(query.encode()).fetchall() for query in (USAGE, IDENTITY, LEDGER)]
    finally:
        server.release()


@pytest.mark.req("X7")
def test_killed_at_a_random_moment_and_collected_again_the_books_are_the_same(
    ground: Path, pytestconfig: pytest.Config
) -> None:
    undisturbed = ground / "undisturbed"
    copy_home(ground / "home", undisturbed)
    whole_s = finish(undisturbed)
    expected = books(undisturbed)
    assert len(expected[0]) > 5_000

    chance = random.Random(11)
    interrupted = 0
    for trial in range(KILLS_IN_FULL if pytestconfig.getoption("--full") else KILLS):
        home = ground / f"trial-{trial}"
        copy_home(ground / "home", home)
        process = collecting(home)
        moment = chance.uniform(0.3, 1) * whole_s  # before that Python is still starting
        time.sleep(moment)
        interrupted += process.poll() is None
        kill(process, home, with_server=trial % 2 == 1)

        finish(home)

        assert books(home) == expected, f"trial {trial}, killed after {moment:.3f} s"
        shutil.rmtree(home, ignore_errors=True)
    assert interrupted > 0, "no collect was running any more when it was to be killed"
