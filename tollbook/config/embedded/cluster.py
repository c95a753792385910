"""A new data folder and the server's settings."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from tollbook.config.embedded.binaries import MAJOR_VERSION
from tollbook.config.embedded.errors import DatabaseUnavailable
from tollbook.config.embedded.folders import PORT, Folders
from tollbook.config.embedded.runner import Runner

DATABASE = "tollbook"
OWNER = "postgres"
CONF = "tollbook.conf"
MOST_SHARED_MB = 512
LARGEST_LOG_BYTES = 10_000_000

# Sorting and letters do not depend on the machine. Whoever reaches the socket is trusted: its folder is closed.
INITDB = ["-U", "postgres", "-A", "trust", "-E", "UTF8"]
INITDB += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]

# For bulk loads. More max_wal_size would mean minutes of recovery after a crash; synchronous_commit stays on,
# because what was reported as booked must be booked.
SETTINGS = {
    "port": str(PORT),
    "listen_addresses": "",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "synchronous_commit": "on",
    "jit": "off",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def clear_unfinished(data: Path) -> None:
    """Remove what killed first starts left beside the data folder."""
    for leftover in data.parent.glob(f"{data.name}.new.*"):
        shutil.rmtree(leftover, ignore_errors=True)  # its initdb may still be writing; the next start tries again


def make_cluster(data: Path, programs: Path, runner: Runner, *, durable: bool) -> None:
    """Make the data folder with an empty database in it.

    It is made beside its place and renamed when complete, so a start killed at any moment leaves no half of one.
    """
    beside = data.with_name(f"{data.name}.new.{uuid.uuid4().hex}")
    beside.mkdir(mode=0o700)
    runner.give(beside)
    sync = [] if durable else ["--no-sync"]
    _run([programs / "initdb", *INITDB, *sync, "-D", beside], runner)
    with (beside / "postgresql.conf").open("a") as conf:
        conf.write(f"\ninclude_if_exists = '{CONF}'\n")
    fsync = "on" if durable else "off"
    single: list[str | Path] = [
        programs / "postgres",
        "--single",
        "-D",
        beside,
        "-c",
        f"fsync={fsync}",
        "postgres",
    ]
    _run(single, runner, statement=f"CREATE DATABASE {DATABASE}\n")
    beside.rename(data)


def prepare_start(folders: Folders, runner: Runner, *, durable: bool) -> None:
    """Write the settings for the next start, and put a grown log aside.

    Raises:
        DatabaseUnavailable: the data are of another PostgreSQL.
    """
    found = (folders.data / "PG_VERSION").read_text().strip()
    if found != MAJOR_VERSION:
        raise DatabaseUnavailable(
            f"{folders.data} was made by PostgreSQL {found}, and this Tollbook brings {MAJOR_VERSION}: dump it"
            " with the Tollbook that made it, move the folder away, and restore the dump"
        )
    log = log_of(folders.data)
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".old"))
    conf = folders.data / CONF
    conf.write_text(_conf(folders.run, durable=durable))
    conf.chmod(0o600)
    runner.give(conf)


def log_of(data: Path) -> Path:
    """Return the server's log."""
    return data / "log"


def _conf(run: Path, *, durable: bool) -> str:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    settings = SETTINGS | {
        "shared_buffers": f"{min(MOST_SHARED_MB, memory_mb // 4)}MB",
        "fsync": "on" if durable else "off",
        "unix_socket_directories": '"' + str(run).replace('"', '""') + '"',
    }
    lines = (f"{name} = '{_quoted(value)}'" for name, value in settings.items())
    return "# Written by Tollbook at every start. Your own settings: ALTER SYSTEM.\n" + "\n".join(lines) + "\n"


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")


def _run(command: Sequence[str | Path], runner: Runner, *, statement: str = "") -> None:
    """Run one of PostgreSQL's programs to its end."""
    args = runner.popen_args()
    del args["stdin"]
    done = subprocess.run(
        command, check=False, input=statement, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **args
    )
    if done.returncode != 0:
        program = Path(command[0]).name
        raise DatabaseUnavailable(
            f"the database could not be made, {program} ended with {done.returncode}: {done.stdout.strip()}"
        )
