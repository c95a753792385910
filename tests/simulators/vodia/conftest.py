"""A simulated Vodia, and what a person with curl would send to it."""

from collections.abc import Iterator

import httpx
import pytest

from simulators.vodia import Simulator

MAPLE = "maplelane.example.ca"
QUAY = "quaystreet.example.uk"


@pytest.fixture(scope="module")
def vodia() -> Iterator[Simulator]:
    """For reading only."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def fresh() -> Iterator[Simulator]:
    """To change something in."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def client(vodia: Simulator) -> Iterator[httpx.Client]:
    with system_admin(vodia) as client:
        yield client


@pytest.fixture
def admin(fresh: Simulator) -> Iterator[httpx.Client]:
    with system_admin(fresh) as client:
        yield client


def system_admin(simulator: Simulator) -> httpx.Client:
    return httpx.Client(base_url=simulator.url, auth=(simulator.login, simulator.password), timeout=10)
