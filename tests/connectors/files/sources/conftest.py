"""A place of each kind, with a folder that is there and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.files.sources.places import PLACES, Place


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "out").mkdir()
    with PLACES[request.param](tmp_path) as place:
        yield place


@pytest.fixture(params=[name for name in PLACES if name != "local"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place at another machine."""
    (tmp_path / "out").mkdir()
    with PLACES[request.param](tmp_path) as place:
        yield place


@pytest.fixture(params=["local", "openssh"])
def exact(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place that shows links as what they are, and names as they are stored. The simulated servers do not."""
    (tmp_path / "out").mkdir()
    with PLACES[request.param](tmp_path) as place:
        yield place
