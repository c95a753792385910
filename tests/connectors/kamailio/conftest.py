"""Kamailio's connector beside a simulated database of its own, on the tests' server."""

import os
from collections.abc import Iterator

import pytest
import pytest_django
from django.db import connection
from psycopg.conninfo import make_conninfo

from simulators.kamailio import Simulator


@pytest.fixture(scope="session")
def server_dsn(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> str:
    with django_db_blocker.unblock():
        where = connection.get_connection_params()
    return make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")


@pytest.fixture(scope="session")
def shared_kamailio(server_dsn: str) -> Iterator[Simulator]:
    with Simulator(server_dsn, name=f"kamailio_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as simulator:
        yield simulator


@pytest.fixture
def kamailio(shared_kamailio: Simulator) -> Iterator[Simulator]:
    """With no fault and no flag left by other tests; who writes calls, writes them on days of their own."""
    shared_kamailio.faults.reset()
    yield shared_kamailio
    shared_kamailio.faults.reset()
    shared_kamailio.rows("DELETE FROM tollbook_flags")
