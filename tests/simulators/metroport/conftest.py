"""A simulated Metroport, and what a person with curl would send to it."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from simulators.metroport import Simulator


@pytest.fixture(scope="module")
def metroport() -> Iterator[Simulator]:
    """For reading only."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def client(metroport: Simulator) -> Iterator[httpx.Client]:
    with logged_in(metroport) as client:
        yield client


@contextmanager
def logged_in(simulator: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=simulator.url, timeout=10) as client:
        log_in(client, simulator)
        yield client


def log_in(client: httpx.Client, simulator: Simulator) -> httpx.Response:
    return client.post("/admins/Auth/login", json={"login": simulator.login, "password": simulator.password})
