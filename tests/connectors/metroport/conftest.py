from collections.abc import Iterator

import pytest

from simulators.metroport import Simulator


@pytest.fixture
def metroport() -> Iterator[Simulator]:
    """June 2017, and everything may be changed in it."""
    with Simulator() as simulator:
        yield simulator
