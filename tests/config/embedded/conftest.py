"""Who runs the server in these tests, and where."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.config.embedded.commands import kill_all, processes_of

NOBODY = 65534
IS_ROOT = os.geteuid() == 0

# Only root can see how root is served.
collect_ignore = [] if IS_ROOT else ["test_as_root.py"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may pass through; nothing lives in it afterwards."""
    made = Path(tempfile.mkdtemp(prefix="tb-"))
    made.chmod(0o711)
    yield made
    while left := processes_of(made):
        kill_all(left)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(params=["root", "nobody"] if IS_ROOT else ["ordinary"])
def uid(request: pytest.FixtureRequest, folder: Path) -> int | None:
    """Whom the command runs as: root and an ordinary user when we can, else the one we are."""
    if request.param != "nobody":
        return None
    os.chown(folder, NOBODY, NOBODY)
    return NOBODY
