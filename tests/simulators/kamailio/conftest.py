"""A simulated Kamailio on the tests' own PostgreSQL server."""

import os
from collections.abc import Iterator

import pytest
import pytest_django
from django.db import connection
from psycopg.conninfo import make_conninfo

from simulators.kamailio import Simulator


@pytest.fixture(scope="package")
def kamailio(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[Simulator]:
    with django_db_blocker.unblock():
        where = connection.get_connection_params()
    dsn = make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")
    with Simulator(dsn, name=f"kamailio_sim_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as simulator:
        yield simulator
