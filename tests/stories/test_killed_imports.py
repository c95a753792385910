"""An import may die at any moment, and its database server with it: imported again, the ledger is the same.

The real command on a real embedded server with its usual, durable settings; SIGKILL, so that nothing is tidied up.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.config.embedded.commands import processes_of
from tollbook.config.embedded import EmbeddedServer

CHECKOUT = Path(__file__).parents[2]
RECORDS = 12_000
BATCH_ROWS = 500  # 24 batches, so that a random moment is likely inside one
KILLS, KILLS_IN_FULL = 6, 50
LONGEST_S = 120

# Everything that is true of the books, without the numbers that rows happen to have got. An import killed when it was
# just done is done: importing again is then a run of its own, of nothing but duplicates.
SNAPSHOT = {
    "usage": """
        SELECT record_key, line, kind, start, duration_us, cli, cld, account_id, customer_id, outcome, reason,
               tariff_version_id, rate_line, billed, exact_sixtieths, price_nanos, currency
          FROM usage_usagerecord ORDER BY record_key""",
    "identity": "SELECT connection_id, key FROM usage_usageidentity ORDER BY key",
    "ledger": """
        SELECT t.kind, t.customer_id, t.account_id, t.month, t.usage_kind, t.tax_rate, p.leg, a.kind, a.detail,
               p.customer_id, p.amount_nanos, p.currency,
               (SELECT array_agg(u.record_key ORDER BY u.record_key) FROM usage_usagerecord u
                 WHERE u.transaction_id = t.id) AS records
          FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
          JOIN ledger_ledgeraccount a ON a.id = p.ledger_account_id
         ORDER BY 2, 3, 13, 1, 4, 11, 7""",
    "pools": """
        SELECT p.subscription_id, p.allowance_id, since, until, p.amount, carried_in, taken, carried_out
          FROM billing_allowancepool p ORDER BY 1, 2, 3""",
    "taken": """
        SELECT u.record_key, p.subscription_id, p.allowance_id, p.since, t.amount, t.pays_fee
          FROM billing_allowancetaken t JOIN billing_allowancepool p ON p.id = t.pool_id
          JOIN usage_usagerecord u ON u.id = t.usage_id ORDER BY 1, 2, 3, 4""",
    "counts": """
        SELECT scheme_id, customer_id, account_id, since, units, value_sixtieths, difference_nanos
          FROM billing_tiercount ORDER BY 1, 2, 3, 4""",
    "run": """
        SELECT state, rows_done, records_in, charged, free, set_aside, duplicate, not_usage, superseded, undone
          FROM usage_importrun WHERE duplicate <> records_in ORDER BY id""",
}


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A folder with a prepared home, its server stopped, and a file of calls."""
    folder = Path("/tmp") / f"tollbook-kills-{os.getpid()}"
    folder.mkdir(mode=0o711)
    try:
        (folder / "home").mkdir()
        run([str(CHECKOUT / "tests/stories/prepare_operator.py"), str(folder)], folder / "home")
        write_calls(folder / "calls.csv")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_calls(path: Path) -> None:
    """Calls of all accounts to all prefixes, some unanswered, some to nowhere, some of nobody."""
    chance = random.Random(2017)
    with path.open("w", encoding="utf-8") as file:
        file.write("record_id,start,duration_s,cli,cld,answered\n")
        for number in range(RECORDS):
            start = f"2026-0{chance.randint(1, 3)}-{chance.randint(1, 28):02d}T{chance.randint(0, 23):02d}:00:00Z"
            cld = chance.choice(["44", "447", "48", "999"]) + f"{chance.randint(0, 10**8):09d}"
            cli = 48220000000 + chance.randint(0, 1_050)
            file.write(
                f"{number:08d},{start},{chance.randint(0, 900)},{cli},{cld},{chance.choice(['yes', 'no'])}\n"
            )


def environment(home: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return clean | {"TOLLBOOK_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}


def run(arguments: list[str], home: Path) -> None:
    subprocess.run([sys.executable, *arguments], env=environment(home), check=True, timeout=LONGEST_S)


def copy_home(home: Path, to: Path) -> None:
    """A stopped home with all its owners: as root the server's files belong to a user of their own."""
    subprocess.run(["cp", "-a", str(home), str(to)], check=True, timeout=LONGEST_S)


def importing(home: Path, ground: Path) -> "subprocess.Popen[bytes]":
    words = [
        "-m",
        "tollbook",
        "usage",
        "import",
        str(ground / "calls.csv"),
        "-c",
        "switch",
        "--batch-rows",
        str(BATCH_ROWS),
    ]
    return subprocess.Popen([sys.executable, *words], env=environment(home), stdout=subprocess.DEVNULL)


def finish(home: Path, ground: Path) -> float:
    """Import to the end; how long it took."""
    begun = time.monotonic()
    assert importing(home, ground).wait(LONGEST_S) == 0
    return time.monotonic() - begun


def books(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    server = EmbeddedServer(home)
    socket = server.hold()
    try:
        with psycopg.connect(host=str(socket), user="postgres", dbname="tollbook") as connection:
            return {name: connection.execute(query.encode()).fetchall() for name, query in SNAPSHOT.items()}
    finally:
        server.release()


def kill(process: "subprocess.Popen[bytes]", home: Path, *, with_server: bool) -> None:
    victims = [process.pid, *(processes_of(home / "data") if with_server else [])]
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(LONGEST_S)


@pytest.mark.req("X7")
def test_killed_at_a_random_moment_and_imported_again_the_books_are_the_same(
    ground: Path, pytestconfig: pytest.Config
) -> None:
    undisturbed = ground / "undisturbed"
    copy_home(ground / "home", undisturbed)
    whole_s = finish(undisturbed, ground)
    expected = books(undisturbed)
    assert len(expected["usage"]) == RECORDS
    assert all(expected[name] for name in ("pools", "taken", "counts"))

    chance = random.Random(7)
    interrupted = 0
    for trial in range(KILLS_IN_FULL if pytestconfig.getoption("--full") else KILLS):
        home = ground / f"trial-{trial}"
        copy_home(ground / "home", home)
        process = importing(home, ground)
        moment = chance.uniform(0.35, 1) * whole_s  # before that Python is still starting
        time.sleep(moment)
        interrupted += process.poll() is None
        kill(process, home, with_server=trial % 2 == 1)

        finish(home, ground)

        assert books(home) == expected, f"trial {trial}, killed after {moment:.3f} s"
        shutil.rmtree(home, ignore_errors=True)
    assert interrupted > 0, "no import was running any more when it was to be killed"
