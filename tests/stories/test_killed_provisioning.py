"""An account is made once at its switch, wherever the command is killed with `kill -9`, and tried again it is done.

The real command beside simulated switches. It is killed where it waits: for an answer of Vodia's; for a lock in
FusionPBX's database, or for the running switch behind it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_django
from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL

from simulators import vodia
from simulators.faults import Fault
from simulators.fusionpbx import Simulator as FusionPbx
from tests.stories.test_killed_imports import CHECKOUT, LONGEST_S, copy_home, environment, kill, run
from tollbook.config.embedded import EmbeddedServer

MAPLE, LIGHTS = "maple.example.ca", "harbourlights.example.ca"
EXTENSION = "2190"
LATE_S = 1.5  # so long Vodia keeps the command waiting at the place where it is killed
ORDERS = "SELECT verb, state, foreign_id FROM provisioning_provisioningorder WHERE state <> 'superseded'"
LINKS = "SELECT foreign_id FROM customers_accountlink"
WAITING = """
    SELECT count(*) AS sessions FROM pg_stat_activity
    WHERE datname = %s AND application_name = 'tollbook' AND wait_event_type = 'Lock'
"""
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path("/tmp") / f"tollbook-provisioning-{os.getpid()}"
    made.mkdir(mode=0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def prepare(home: Path, kind: str, tenant: str, *words: str) -> None:
    home.mkdir()
    run([str(CHECKOUT / "tests/stories/prepare_provisioning.py"), kind, tenant, EXTENSION, *words], home)


def tollbook(home: Path, *words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tollbook", *words], env=environment(home), stdout=subprocess.DEVNULL
    )


def kept(home: Path, query: str) -> list[tuple[Any, ...]]:
    server = EmbeddedServer(home)
    socket = server.hold()
    try:
        with psycopg.connect(host=str(socket), user="postgres", dbname="tollbook") as database:
            return database.execute(query.encode()).fetchall()
    finally:
        server.release()


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < end, "the command never came so far"
        time.sleep(0.01)
    time.sleep(0.2)  # what comes before the silence has been done


def kill_then_try(
    home: Path, obstacle: AbstractContextManager[object], hangs: Callable[[], bool], *, with_server: bool
) -> None:
    """Ask, be killed at the obstacle, and try again without it."""
    with obstacle:
        process = tollbook(home, "provisioning", "ask", "desk")
        until(hangs)
        assert process.poll() is None
        kill(process, home, with_server=with_server)
    time.sleep(LATE_S)  # whatever the switch was told, it has done by now
    assert [state for _, state, _ in kept(home, ORDERS)] in (["waiting"], ["told"])
    assert tollbook(home, "provisioning", "try", "1").wait(LONGEST_S) == 0


# --- Vodia

VODIA = {
    "when the PBX has the word and has not acted": Fault("slow", match="addacc", seconds=LATE_S),
    "when the PBX has made it and has not said so": Fault("timeout_after", match="addacc", seconds=LATE_S),
    "between the account and its settings": Fault(
        "slow", match=f"user_settings/{EXTENSION}", after=1, seconds=LATE_S
    ),
    "when the settings are made and it is not said": Fault(
        "timeout_after", match=f"user_settings/{EXTENSION}", after=2, seconds=LATE_S
    ),
    "before it is read back": Fault("slow", match=f"user_settings/{EXTENSION}", after=3, seconds=LATE_S),
}


@pytest.fixture(scope="module")
def vodia_home(folder: Path) -> Iterator[tuple[Path, vodia.Simulator]]:
    with vodia.Simulator() as pbx:
        words = (f"url={pbx.url}", f"login={pbx.login}", "attempts=1", "timeout_s=20", f"password:={pbx.password}")
        prepare(folder / "vodia", "vodia", LIGHTS, *words)
        yield folder / "vodia", pbx


@pytest.mark.parametrize("moment", VODIA)
def test_an_extension_at_vodia_is_made_once(vodia_home: tuple[Path, vodia.Simulator], moment: str) -> None:
    prepared, pbx = vodia_home
    tenant, place, fault = pbx.switch.tenant(LIGHTS), list(VODIA).index(moment), VODIA[moment]
    tenant.accounts = [one for one in tenant.accounts if one.number != EXTENSION]
    home = prepared.parent / f"vodia-{place}"
    copy_home(prepared, home)
    pbx.faults.reset()
    pbx.faults.set([fault])

    def hangs() -> bool:
        return sum(fault.match in str(one["path"]) for one in pbx.faults.requests()["log"]) > fault.after

    kill_then_try(home, nullcontext(), hangs, with_server=place % 2 == 1)

    (account,) = [one for one in tenant.accounts if one.number == EXTENSION]
    assert account.settings["display_name"] == "Reception"
    assert kept(home, ORDERS) == [("create", "done", f"{EXTENSION}@{LIGHTS}")]
    assert kept(home, LINKS) == [(f"{EXTENSION}@{LIGHTS}",)]
    shutil.rmtree(home, ignore_errors=True)


# --- FusionPBX


@dataclass(frozen=True)
class Pbx:
    home: Path
    simulator: FusionPbx
    dsn: str  # of the administrator of its database

    @contextmanager
    def locked(self, how: str) -> Iterator[None]:
        """Somebody holds the extensions."""
        with psycopg.connect(self.dsn) as holder:
            holder.execute(SQL("LOCK TABLE v_extensions IN {} MODE").format(SQL(how)))
            yield

    def waits(self) -> bool:
        return bool(self.simulator.store.rows(WAITING, self.simulator.database)[0]["sessions"])

    def has_told_the_switch(self) -> bool:
        return any(EXTENSION in command for command in self.simulator.event_socket.commands)

    def extensions(self) -> list[tuple[str, str]]:
        rows = self.simulator.store.rows("SELECT * FROM v_extensions WHERE extension = %s", EXTENSION)
        return [(row["effective_caller_id_name"], row["password"]) for row in rows]


@pytest.fixture(scope="module")
def fusionpbx(
    folder: Path, django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[Pbx]:
    with django_db_blocker.unblock():
        where = connection.get_connection_params()
    server = make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")
    with FusionPbx(server, name=f"fusionpbx_killed_{WORKER}") as pbx:
        words = [f"host={pbx.host}", f"port={pbx.port}", f"database={pbx.database}", f"db_user={pbx.user}"]
        words += [f"control_user={pbx.control_user}", f"esl_host={pbx.event_socket.host}"]
        words += [f"esl_port={pbx.event_socket.port}", f"esl_password:={pbx.event_socket.password}"]
        words += [f"db_password:={pbx.password}", f"control_password:={pbx.control_password}"]
        prepare(folder / "fusionpbx", "fusionpbx", MAPLE, *words)
        yield Pbx(folder / "fusionpbx", pbx, make_conninfo(server, dbname=pbx.database))


FUSIONPBX: dict[str, tuple[Callable[[Pbx], AbstractContextManager[object]], Callable[[Pbx], bool]]] = {
    "before it has looked": (lambda pbx: pbx.locked("ACCESS EXCLUSIVE"), Pbx.waits),
    "when the row is about to be written": (lambda pbx: pbx.locked("SHARE ROW EXCLUSIVE"), Pbx.waits),
    "when the row is written and the switch has not acted": (
        lambda pbx: pbx.simulator.switch.lock,
        Pbx.has_told_the_switch,
    ),
}


@pytest.mark.parametrize("moment", FUSIONPBX)
def test_an_extension_at_fusionpbx_is_made_once(fusionpbx: Pbx, moment: str) -> None:
    place, (obstacle, hangs) = list(FUSIONPBX).index(moment), FUSIONPBX[moment]
    with psycopg.connect(fusionpbx.dsn) as administrator:
        administrator.execute("DELETE FROM v_extensions WHERE extension = %s", [EXTENSION])
    fusionpbx.simulator.event_socket.commands.clear()
    home = fusionpbx.home.parent / f"fusionpbx-{place}"
    copy_home(fusionpbx.home, home)

    kill_then_try(home, obstacle(fusionpbx), lambda: hangs(fusionpbx), with_server=place % 2 == 1)

    assert fusionpbx.extensions() == [("Reception", "S3rviceSecret")]
    assert kept(home, ORDERS) == [("create", "done", f"{EXTENSION}@{MAPLE}")]
    assert kept(home, LINKS) == [(f"{EXTENSION}@{MAPLE}",)]
    shutil.rmtree(home, ignore_errors=True)
