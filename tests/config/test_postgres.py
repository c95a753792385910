"""The database as Django sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, connections

from tollbook.config.embedded import DatabaseUnavailable, EmbeddedServer
from tollbook.errors import BadInput

DJANGO = """
import django
from django.db import connection
django.setup()
if {connects}:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database() || ' ' || current_setting('application_name')")
        print(cursor.fetchone()[0])
"""


def run_django(*, connects: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, which may start and stop a server."""
    told = {name: value for name, value in os.environ.items() if name not in ("TOLLBOOK_HOME", "DATABASE_URL")}
    words = [sys.executable, "-c", DJANGO.format(connects=connects)]
    paths = {"PYTHONPATH": str(Path.cwd())}
    return subprocess.run(words, env=told | paths | environment, capture_output=True, text=True, check=False)


@pytest.mark.django_db
def test_tests_have_a_server_of_their_own() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('data_directory')")
        fsync, folder = cursor.fetchone()

    assert fsync == "off"
    assert folder == os.environ["TOLLBOOK_HOME"] + "/data"


def test_the_server_starts_with_the_first_connection_and_stops_with_the_process(folder: Path) -> None:
    connected = run_django(TOLLBOOK_HOME=str(folder / "home"))

    assert connected.stdout == "tollbook tollbook\n"
    assert (folder / "home/data/PG_VERSION").exists()
    assert not (folder / "home/data/postmaster.pid").exists()


FORKED = """
import os, time
import django
from django.db import connection
django.setup()
connection.ensure_connection()
if os.fork() == 0:
    os.closerange(0, 3)
    time.sleep(5)
    os._exit(0)
"""


def test_a_forked_process_does_not_hold_what_its_parent_holds(folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"TOLLBOOK_HOME": str(folder / "home"), "PYTHONPATH": str(Path.cwd())}

    subprocess.run([sys.executable, "-c", FORKED], env=environment, check=True, timeout=60)

    assert not (folder / "home/data/postmaster.pid").exists()


def test_a_process_that_ends_at_once_lets_go_and_uses_it_no_more(folder: Path) -> None:
    server = EmbeddedServer(folder / "home", durable=False)
    server.hold()
    server.release(for_good=True)

    assert not (folder / "home/data/postmaster.pid").exists()
    with pytest.raises(DatabaseUnavailable, match="uses the database no more"):
        server.hold()


def test_who_asks_for_no_connection_gets_no_server(folder: Path) -> None:
    assert run_django(connects=False, TOLLBOOK_HOME=str(folder / "home")).returncode == 0

    assert not (folder / "home").exists()


def test_database_url_is_used_instead(folder: Path) -> None:
    server = EmbeddedServer(folder / "somebody's", durable=False)
    host = str(server.hold()).replace("/", "%2F").replace("'", "%27")

    connected = run_django(
        TOLLBOOK_HOME=str(folder / "home"), DATABASE_URL=f"postgresql://postgres@{host}/template1"
    )

    server.release()
    assert connected.stdout == "template1 tollbook\n"
    assert not (folder / "home").exists()


@pytest.mark.django_db
def test_a_server_older_than_postgresql_16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.db.backends.base.base.RAN_DB_VERSION_CHECK", set())
    fresh = connections.create_connection("default")
    fresh.__dict__["pg_version"] = 150_004  # as PostgreSQL 15.4 says

    with pytest.raises(
        BadInput, match=r"the server is PostgreSQL 15\.4, and Tollbook needs 16 or later; upgrade it"
    ):
        fresh.connect()
    fresh.close()
