"""A simulated FusionPBX on the tests' own PostgreSQL server."""

import os
from collections.abc import Iterator

import httpx
import pytest
import pytest_django
from django.db import connection
from psycopg.conninfo import make_conninfo

from simulators.fusionpbx import Simulator

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def server_dsn(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> str:
    with django_db_blocker.unblock():
        where = connection.get_connection_params()
    return make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")


@pytest.fixture(scope="package")
def fusionpbx(server_dsn: str) -> Iterator[Simulator]:
    """Of the newest generation, for reading only."""
    with Simulator(server_dsn, generation="2026", name=f"fusionpbx_read_{WORKER}") as simulator:
        yield simulator


@pytest.fixture
def own_fusionpbx(server_dsn: str) -> Iterator[Simulator]:
    """For a test that changes something."""
    with Simulator(server_dsn, name=f"fusionpbx_own_{WORKER}") as simulator:
        yield simulator


def client(simulator: Simulator) -> httpx.Client:
    """What a person with curl and the token would ask through."""
    headers = {"Authorization": f"Bearer {simulator.token}"}
    return httpx.Client(base_url=f"{simulator.url}/api/v1", headers=headers, timeout=10)
