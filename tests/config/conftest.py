"""A place for servers."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.embedded.commands import kill_all, processes_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may pass through; nothing lives in it afterwards."""
    made = Path(tempfile.mkdtemp(prefix="tb-"))
    made.chmod(0o711)
    yield made
    kill_all(processes_of(made, "holder.py"))
    while left := processes_of(made):
        kill_all(left, signal.SIGQUIT)  # PostgreSQL gives its shared memory back, which it cannot when killed
    shutil.rmtree(made, ignore_errors=True)
