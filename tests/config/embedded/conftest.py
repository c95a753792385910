"""Who runs the server in these tests."""

import os
from pathlib import Path

import pytest

NOBODY = 65534
IS_ROOT = os.geteuid() == 0

# Only root can see how root is served.
collect_ignore = [] if IS_ROOT else ["test_as_root.py"]


@pytest.fixture(params=["root", "nobody"] if IS_ROOT else ["ordinary"])
def uid(request: pytest.FixtureRequest, folder: Path) -> int | None:
    """Whom the command runs as: root and an ordinary user when we can, else the one we are."""
    if request.param != "nobody":
        return None
    os.chown(folder, NOBODY, NOBODY)
    return NOBODY
