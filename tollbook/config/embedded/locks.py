"""File locks. The kernel gives them back when their process dies, however it dies; no list of pids does that."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tollbook.config.embedded.errors import DatabaseUnavailable
from tollbook.config.embedded.patience import Patience


@contextlib.contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold a lock that one process at a time can have; wait for it."""
    lock = _open(path)
    try:
        patience = Patience(f"waiting for another command that starts or stops the database ({path})")
        while not _try_exclusive(lock):
            patience.wait()
        yield
    finally:
        os.close(lock)


def share(path: Path) -> int:
    """Take a lock that many can have, and return its descriptor for `give_back`."""
    lock = _open(path)
    fcntl.flock(lock, fcntl.LOCK_SH)
    return lock


def give_back(lock: int) -> None:
    """Let go of a shared lock, also where a process forked off a moment ago still has a copy of the descriptor."""
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)


def is_shared(path: Path) -> bool:
    """Say whether any process has the lock."""
    lock = _open(path)
    try:
        return not _try_exclusive(lock)
    finally:
        os.close(lock)


def _try_exclusive(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise DatabaseUnavailable(
            f"{path} belongs to another user: run tollbook as that user, or set TOLLBOOK_HOME to your own folder"
        ) from None
