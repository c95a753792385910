"""The embedded server in bad times: whatever is killed, the next command works and what was committed is there."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.config.embedded.commands import HOLDER, Command, kill_all, processes_of, wait_until

STARTED = "SELECT pg_postmaster_start_time()::text"


def book_a_call(command: Command) -> None:
    with command.connect() as connection:
        connection.execute("CREATE TABLE call (id int); INSERT INTO call VALUES (7)")


def postmaster_of(home: Path) -> int:
    return int((home / "data/postmaster.pid").read_text().split("\n", 1)[0])


def test_the_next_command_to_end_stops_the_server_of_a_killed_one(folder: Path, uid: int | None) -> None:
    killed = Command(folder / "home", uid=uid)
    started = killed.ask(STARTED)
    killed.kill()

    heir = Command(folder / "home", uid=uid)

    assert heir.ask(STARTED) == started
    heir.end()
    assert processes_of(folder) == []


def test_a_killed_server_is_started_again_at_once(folder: Path, uid: int | None) -> None:
    owner = Command(folder / "home", uid=uid)
    book_a_call(owner)
    busy = owner.connect()
    busy.pgconn.send_query(b"DO $$ BEGIN INSERT INTO call VALUES (8); LOOP END LOOP; END $$")  # never looks up
    wait_until(lambda: owner.ask("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'") == 1)

    os.kill(postmaster_of(folder / "home"), signal.SIGKILL)  # its parent lives, so it stays a zombie

    assert Command(folder / "home", uid=uid).ask("SELECT sum(id) FROM call") == 7


def test_all_processes_killed_at_once(folder: Path, uid: int | None) -> None:
    owner = Command(folder / "home", uid=uid)
    book_a_call(owner)

    kill_all([owner.process.pid, postmaster_of(folder / "home")])

    assert Command(folder / "home", uid=uid).ask("SELECT id FROM call") == 7


def test_pid_files_that_name_a_stranger_stop_no_start(folder: Path) -> None:
    owner = Command(folder / "home")
    book_a_call(owner)
    data, run = folder / "home/data", Path(owner.socket)
    as_the_server = {"user": data.stat().st_uid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **as_the_server) as stranger:  # type: ignore[call-overload]
        files = [data / "postmaster.pid", run / ".s.PGSQL.5432.lock"]
        before = [file.read_text() for file in files]
        kill_all([owner.process.pid, postmaster_of(folder / "home")])
        wait_until(lambda: not processes_of(folder, "postgres"))
        for file, text in zip(files, before, strict=True):
            file.write_text(f"{stranger.pid}\n" + text.partition("\n")[2])

        assert Command(folder / "home").ask("SELECT id FROM call") == 7
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize(
    "moment_ms",
    [0, 50, 100, 250, *(pytest.param(ms, marks=pytest.mark.full) for ms in (10, 20, 75, 125, 150, 175, 200, 300))],
)
@pytest.mark.parametrize("victims", ["command", "command and initdb"])
def test_a_first_start_killed_at_any_moment_leaves_no_half_of_a_database(
    folder: Path, victims: str, moment_ms: int
) -> None:
    first = Command(folder / "home")
    wait_until(lambda: list(folder.glob("home/data*")))
    time.sleep(moment_ms / 1000)
    first.kill()
    if victims == "command and initdb":
        kill_all(processes_of(folder))

    second = Command(folder / "home")

    assert second.ask("SELECT current_database()::text") == "tollbook"
    second.end()
    wait_until(lambda: not processes_of(folder))  # an initdb that outlived its command goes on writing for a while
    third = Command(folder / "home")
    assert third.ask("SELECT 1") == 1
    third.end()
    assert not list(folder.glob("home/data.new.*"))


def test_a_long_recovery_is_waited_for_and_said(folder: Path) -> None:
    owner = Command(folder / "home")
    with owner.connect() as connection:
        connection.execute("CREATE TABLE call (id int, text text)")
        connection.execute("INSERT INTO call SELECT n, repeat('x', 100) FROM generate_series(1, 1500000) AS n")
    kill_all([owner.process.pid, *processes_of(folder, "postgres")])

    after = [Command(folder / "home") for _ in range(2)]

    assert [command.ask("SELECT count(*) FROM call") for command in after] == [1_500_000, 1_500_000]
    said = [command.end() for command in after]
    assert any("waiting for the database" in text for text in said), said
    assert any("waiting for another command that starts or stops the database" in text for text in said), said


def test_a_starter_killed_during_recovery_leaves_it_to_the_next(folder: Path) -> None:
    owner = Command(folder / "home")
    with owner.connect() as connection:
        connection.execute("CREATE TABLE call (id int, text text)")
        connection.execute("INSERT INTO call SELECT n, repeat('x', 100) FROM generate_series(1, 1000000) AS n")
    kill_all([owner.process.pid, *processes_of(folder, "postgres")])
    starter = Command(folder / "home")
    wait_until(lambda: "redo starts" in (folder / "home/data/log").read_text())
    starter.kill()

    assert Command(folder / "home").ask("SELECT count(*) FROM call") == 1_000_000


def test_ctrl_c_ends_the_command_and_not_the_server_that_others_use(folder: Path) -> None:
    words = [sys.executable, str(HOLDER), str(folder / "home"), str(folder / "system")]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(words[0], words, os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    wait_until((folder / "home/data/postmaster.pid").exists)
    other = Command(folder / "home")
    started = other.ask(STARTED)

    os.write(terminal, b"\x03")

    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) != 0
    time.sleep(0.2)
    assert other.ask(STARTED) == started


def test_a_command_connects_again_after_the_server_was_killed(folder: Path) -> None:
    """The same process, which has the killed server for a child, holds it again."""
    from tollbook.config.embedded import EmbeddedServer

    server = EmbeddedServer(folder / "home", durable=False)
    socket = server.hold()
    os.kill(postmaster_of(folder / "home"), signal.SIGKILL)

    with psycopg.connect(host=str(server.hold()), port=5432, user="postgres", dbname="tollbook") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    server.release()
    assert not (socket / ".s.PGSQL.5432").exists()
