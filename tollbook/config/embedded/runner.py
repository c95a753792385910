"""The system user as whom PostgreSQL runs: whoever calls, or, since it refuses root, a user of its own."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tollbook.config.embedded.errors import DatabaseUnavailable

SYSTEM_USER = "tollbook-db"
ROOT = 0

# Nothing of the caller's surroundings: PGPORT alone would make the server listen somewhere else.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Runner:
    """Starts PostgreSQL's programs as one system user."""

    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """Whether the server's user is not the caller: the caller is root then."""
        return self.uid != os.geteuid()

    def popen_args(self) -> dict[str, Any]:
        """Return how `subprocess` starts a program as this user; files it makes are closed to all others.

        The program gets a session of its own, so that Ctrl-C in the terminal stops the command and not the server.
        """
        args: dict[str, Any] = {
            "cwd": "/",
            "umask": 0o077,
            "env": ENVIRONMENT,
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
        }
        if self.is_another:
            args |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return args

    def give(self, path: Path) -> None:
        """Make a file or folder this user's own."""
        if self.is_another:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Say whether the user gets into a folder, by trying it: modes alone do not tell."""
        trial = subprocess.run(
            ["/bin/sh", "-c", 'cd "$0"', str(folder)], check=False, capture_output=True, **self.popen_args()
        )
        return trial.returncode == 0


def runner_for(data: Path) -> Runner:
    """Return the user for a data folder: its owner when it exists and we are root, else see above."""
    if os.geteuid() != ROOT:
        return Runner(os.geteuid(), os.getegid())
    if data.exists():
        owner = data.stat()
        return Runner(owner.st_uid, owner.st_gid)
    return _system_user()


def _system_user() -> Runner:
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _add_system_user()
        user = pwd.getpwnam(SYSTEM_USER)
    return Runner(user.pw_uid, user.pw_gid)


def _add_system_user() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    way_out = (
        f"PostgreSQL does not run as root: make a system user {SYSTEM_USER}, or run tollbook as an ordinary user,"
        " or name a server of your own in DATABASE_URL"
    )
    if useradd is None:
        raise DatabaseUnavailable(f"there is no useradd to make the user {SYSTEM_USER} with. {way_out}")
    command = [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    already_there = 9  # another first start was quicker
    if made.returncode not in (0, already_there):
        raise DatabaseUnavailable(f"{' '.join(command)}: {made.stderr.strip()}. {way_out}")
