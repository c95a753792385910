"""Where one embedded server keeps its data and its socket."""

import contextlib
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from tollbook.config.embedded.errors import DatabaseUnavailable
from tollbook.config.embedded.runner import ROOT, Runner

SYSTEM_FOLDER = Path("/var/lib/tollbook")
# Not the caller's TMPDIR: two commands with different ones would look for the same server in two places.
SHORT_FOLDER = Path("/tmp")
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 103  # bytes; the kernel's limit less the closing NUL, on the strictest system


@dataclass(frozen=True, slots=True)
class Folders:
    """The data folder, and the folder of the server's socket."""

    data: Path
    run: Path


def folders_for(home: Path, runner: Runner, system_folder: Path) -> Folders:
    """Return where the server of this home is, or will be.

    That is the home itself, unless the server's user cannot enter it (a checkout in root's closed home): then
    it is in the system folder, and `data` in the home becomes a link to it, which is followed ever after.

    Raises:
        DatabaseUnavailable: the link leads nowhere. A new database in its place would hide the loss.
    """
    known = home / "data"
    if known.is_symlink() and not known.exists():
        raise DatabaseUnavailable(
            f"{known} is a link to {known.readlink()}, and that folder is gone: bring it back from your backup, or"
            " remove the link to begin with an empty database"
        )
    elsewhere = system_folder / _short_hash(home) / "data"
    data = known.resolve() if known.exists() or runner.can_enter(home) else elsewhere
    return Folders(data=data, run=_run_folder(data.parent, runner))


def make_home(home: Path) -> None:
    """Make the home: closed, except that root's lets the server's own user pass through.

    Raises:
        DatabaseUnavailable: it cannot be made, or something else has its name.
    """
    if home.is_dir():
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == ROOT else 0o700)
    except OSError as error:
        raise DatabaseUnavailable(
            f"{home}, where the data are to be kept, cannot be made ({error.strerror}): set TOLLBOOK_HOME to a folder"
            " of your own"
        ) from None


def make_place(home: Path, folders: Folders) -> None:
    """Make the folders above the data, so that the server's user can pass through them."""
    if folders.data.parent == home:
        return
    place = folders.data.parent
    for folder in (place.parent, place):
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)


def link_from(home: Path, folders: Folders) -> None:
    """Leave in the home a link to data that are elsewhere."""
    known = home / "data"
    if not known.exists():
        known.symlink_to(folders.data)


def prepare_run_folder(folders: Folders, runner: Runner) -> None:
    """Make the socket's folder. That only its owner may enter it is what keeps others out of the database.

    Raises:
        DatabaseUnavailable: somebody else made it.
    """
    try:
        folders.run.mkdir(mode=0o700)
    except FileExistsError:
        found = folders.run.lstat()
        is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if found.st_uid not in (runner.uid, os.geteuid()) or not is_private:
            raise DatabaseUnavailable(
                f"{folders.run} must be a folder that belongs to the user with the id {runner.uid} and is closed"
                " to others; look who made it, remove it and run the command again"
            ) from None
    runner.give(folders.run)


def remove_run_folder(folders: Folders) -> None:
    """Leave nothing in the temporary folder once the server has stopped."""
    if folders.run.parent == SHORT_FOLDER:
        with contextlib.suppress(OSError):  # a log or a core that somebody may want to see
            folders.run.rmdir()


def _run_folder(place: Path, runner: Runner) -> Path:
    beside = place / "run"
    # PostgreSQL's clients take a comma for the end of one host and the start of the next.
    if len(os.fsencode(beside / SOCKET)) <= LONGEST_SOCKET_PATH and "," not in str(beside):
        return beside
    return SHORT_FOLDER / f"tb-{runner.uid}-{_short_hash(place)}"


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
