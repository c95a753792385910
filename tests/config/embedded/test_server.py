"""The embedded server in quiet times: who starts it, who stops it, where it may live."""

from pathlib import Path

import pytest

from tests.config.embedded.commands import Command, processes_of

STARTED = "SELECT pg_postmaster_start_time()::text"


def test_the_first_command_finds_an_empty_database_and_the_last_one_stops_the_server(
    folder: Path, uid: int | None
) -> None:
    command = Command(folder / "home", uid=uid)

    assert command.ask("SELECT current_database()::text") == "tollbook"
    command.end()

    assert processes_of(folder) == []


def test_no_port_is_open_and_the_socket_is_its_owners_alone(folder: Path, uid: int | None) -> None:
    command = Command(folder / "home", uid=uid)

    assert command.ask("SELECT current_setting('listen_addresses')") == ""
    assert Path(command.socket).stat().st_mode & 0o777 == 0o700


def test_what_is_committed_is_there_the_next_time(folder: Path, uid: int | None) -> None:
    first = Command(folder / "home", uid=uid)
    with first.connect() as connection:
        connection.execute("CREATE TABLE call (id int); INSERT INTO call VALUES (7)")
    first.end()

    assert Command(folder / "home", uid=uid).ask("SELECT id FROM call") == 7


def test_five_commands_at_once_share_one_server(folder: Path, uid: int | None) -> None:
    commands = [Command(folder / "home", uid=uid) for _ in range(5)]

    assert len({command.ask(STARTED) for command in commands}) == 1
    for command in commands[:4]:
        command.end()
    assert commands[4].ask("SELECT 1") == 1
    commands[4].end()
    assert processes_of(folder) == []


@pytest.mark.parametrize(
    "name",
    [
        "with blank",
        "it's",
        'say "toll"',
        "$HOME `id` \\n",
        "one,two",
        "zażółć",
        "long-" * 25 + "home",
    ],
)
def test_a_home_may_have_any_name(folder: Path, name: str) -> None:
    command = Command(folder / name)

    assert command.ask("SELECT current_setting('data_directory')") == str(folder / name / "data")
    command.end()
    assert processes_of(folder) == []
    assert not (Path(command.socket) / ".s.PGSQL.5432").exists()


def test_a_home_with_a_long_name_leaves_nothing_in_the_temporary_folder(folder: Path, uid: int | None) -> None:
    command = Command(folder / ("long-" * 25), uid=uid)

    assert Path(command.socket).parent == Path("/tmp")
    command.end()
    assert not Path(command.socket).exists()


def test_two_homes_have_two_servers(folder: Path, uid: int | None) -> None:
    here, there = Command(folder / "here", uid=uid), Command(folder / "there", uid=uid)

    assert here.ask("SELECT system_identifier FROM pg_control_system()") != there.ask(
        "SELECT system_identifier FROM pg_control_system()"
    )


def test_settings_suit_bulk_loads_and_booked_is_booked(folder: Path) -> None:
    command = Command(folder / "home")

    assert command.ask("SELECT current_setting('synchronous_commit')") == "on"
    assert command.ask("SELECT current_setting('max_wal_size')") == "4GB"
    assert command.ask("SELECT current_setting('TimeZone')") == "UTC"
    assert command.ask("SELECT datcollate || datlocale FROM pg_database WHERE datname = 'tollbook'") == "CC.UTF-8"


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    Command(folder / "home").end()
    with (folder / "home/data/postgresql.conf").open("a") as conf:
        conf.write("max_connections = many\n")

    said = Command(folder / "home").failure()

    assert 'invalid value for parameter "max_connections": "many"' in said
    assert str(folder / "home/data/log") in said


def test_data_of_another_postgresql_are_left_alone(folder: Path) -> None:
    Command(folder / "home").end()
    (folder / "home/data/PG_VERSION").write_text("17\n")

    said = Command(folder / "home").failure()

    assert "was made by PostgreSQL 17, and this Tollbook brings 18: dump it" in said


def test_a_socket_folder_open_to_others_is_not_used(folder: Path) -> None:
    Command(folder / "home").end()
    (folder / "home/run").chmod(0o755)

    assert "must be a folder that belongs to" in Command(folder / "home").failure()


def test_a_link_to_lost_data_is_not_taken_for_a_new_database(folder: Path) -> None:
    (folder / "home").mkdir()
    (folder / "home/data").symlink_to(folder / "gone")

    assert "is gone: bring it back from your backup" in Command(folder / "home").failure()


def test_a_database_can_be_moved_by_a_link(folder: Path) -> None:
    Command(folder / "home").end()
    (folder / "home/data").rename(folder / "elsewhere")
    (folder / "home/data").symlink_to(folder / "elsewhere")

    command = Command(folder / "home")

    assert command.ask("SELECT current_setting('data_directory')") == str(folder / "elsewhere")


def test_a_large_log_is_put_aside(folder: Path) -> None:
    Command(folder / "home").end()
    with (folder / "home/data/log").open("ab") as log:
        log.truncate(10_000_001)

    Command(folder / "home").end()

    assert (folder / "home/data/log").stat().st_size < 10_000
    assert (folder / "home/data/log.old").stat().st_size == 10_000_001
