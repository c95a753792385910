from collections.abc import Iterator

import pytest

from simulators.vodia import Simulator


@pytest.fixture
def vodia() -> Iterator[Simulator]:
    """June 2017, and everything may be changed in it."""
    with Simulator() as simulator:
        yield simulator
