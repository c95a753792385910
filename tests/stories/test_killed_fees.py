"""Charging may die at any moment, and its database server with it: run again, the ledger is the undisturbed one."""

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

from tests.stories.prepare_fees import CUSTOMERS
from tests.stories.test_killed_imports import CHECKOUT, LONGEST_S, copy_home, environment, kill, run
from tollbook.config.embedded import EmbeddedServer

BATCH = 75  # of 900 subscriptions: twelve transactions
KILLS, KILLS_IN_FULL = 3, 50

# All that is true, without the numbers that rows happen to have got.
SNAPSHOT = {
    "charges": """
        SELECT s.id, c.what, c.since, c.until, c.reason, c.amount, c.fee, t.month, t.customer_id, t.tax_rate,
               array_agg(p.amount_nanos ORDER BY p.leg)
          FROM billing_feecharge c JOIN billing_subscription s ON s.id = c.subscription_id
          JOIN ledger_transaction t ON t.id = c.transaction_id JOIN ledger_posting p ON p.transaction_id = t.id
         GROUP BY s.id, c.id, t.id ORDER BY 1, 2, 3, 4, 5""",
    "subscriptions": """
        SELECT id, starts_on, ends_on, charged_until, due_on, waived_until FROM billing_subscription ORDER BY id""",
    "transactions": "SELECT count(*), count(DISTINCT customer_id) FROM ledger_transaction",
}


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a prepared home, its server stopped."""
    folder = Path("/tmp") / f"tollbook-fees-{tmp_path_factory.getbasetemp().name}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o711)
    try:
        (folder / "home").mkdir()
        run([str(CHECKOUT / "tests/stories/prepare_fees.py")], folder / "home")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def charging(home: Path) -> "subprocess.Popen[bytes]":
    words = ["-m", "tollbook", "charge-fees", "--upto", "2026-01-01", "--batch", str(BATCH)]
    return subprocess.Popen([sys.executable, *words], env=environment(home), stdout=subprocess.DEVNULL)


def finish(home: Path) -> float:
    """Charge to the end; how long it took."""
    begun = time.monotonic()
    assert charging(home).wait(LONGEST_S) == 0
    return time.monotonic() - begun


def books(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    server = EmbeddedServer(home)
    socket = server.hold()
    try:
        with psycopg.connect(host=str(socket), user="postgres", dbname="tollbook") as connection:
            return {name: connection.execute(query.encode()).fetchall() for name, query in SNAPSHOT.items()}
    finally:
        server.release()


def test_killed_at_a_random_moment_and_run_again_the_fees_are_the_same(
    ground: Path, pytestconfig: pytest.Config
) -> None:
    undisturbed = ground / "undisturbed"
    copy_home(ground / "home", undisturbed)
    whole_s = finish(undisturbed)
    expected = books(undisturbed)
    assert len(expected["subscriptions"]) == 6 * CUSTOMERS
    assert len(expected["charges"]) > 10 * len(expected["subscriptions"])

    chance = random.Random(11)
    interrupted = 0
    for trial in range(KILLS_IN_FULL if pytestconfig.getoption("--full") else KILLS):
        home = ground / f"trial-{trial}"
        copy_home(ground / "home", home)
        process = charging(home)
        moment = chance.uniform(0.3, 1) * whole_s  # before that Python is still starting
        time.sleep(moment)
        interrupted += process.poll() is None
        kill(process, home, with_server=trial % 2 == 1)

        finish(home)

        assert books(home) == expected, f"trial {trial}, killed after {moment:.3f} s"
        shutil.rmtree(home, ignore_errors=True)
    assert interrupted > 0, "nothing was being charged any more when it was to be killed"
