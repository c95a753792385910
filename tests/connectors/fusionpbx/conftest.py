"""A simulated FusionPBX on the tests' own PostgreSQL server."""

import os
from collections.abc import Iterator

import pytest
import pytest_django
from django.db import connection
from psycopg.conninfo import make_conninfo

from simulators.fusionpbx import GENERATIONS, Simulator

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def server_dsn(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> str:
    with django_db_blocker.unblock():
        where = connection.get_connection_params()
    return make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")


@pytest.fixture(scope="package")
def fusionpbx(server_dsn: str) -> Iterator[Simulator]:
    """June 2017 at an installation of 5.5, for reading only; `own` is for a test that changes something."""
    with Simulator(server_dsn, generation="5.5", name=f"fusionpbx_connector_{WORKER}") as simulator:
        yield simulator


@pytest.fixture
def own(server_dsn: str) -> Iterator[Simulator]:
    """One that the test may change as it likes."""
    with Simulator(server_dsn, generation="5.5", name=f"fusionpbx_orders_{WORKER}") as simulator:
        yield simulator


@pytest.fixture(params=list(GENERATIONS))
def of_generation(server_dsn: str, request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """One of each generation, which may be changed."""
    name = f"fusionpbx_{request.param.replace('.', '_')}_{WORKER}"
    with Simulator(server_dsn, generation=request.param, name=name) as simulator:
        yield simulator
