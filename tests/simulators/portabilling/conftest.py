"""A platform to look at, which all tests share, and one to change, which each test has for itself."""

from collections.abc import Iterator

import pytest

from simulators.portabilling import Simulator
from tests.simulators.portabilling.api import Client, Clock


@pytest.fixture(scope="session")
def seen() -> Iterator[Simulator]:
    """For reading only."""
    with Simulator(clock=Clock()) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(clock: Clock) -> Iterator[Simulator]:
    with Simulator(clock=clock) as running:
        yield running


@pytest.fixture
def reader(seen: Simulator) -> Client:
    return Client(seen)


@pytest.fixture
def staff(platform: Simulator) -> Client:
    return Client(platform)
