"""Our own server of the API, once for all tests of a module."""

from collections.abc import Iterator

import pytest
import pytest_django

from tests.api.portabilling.conformance.wire import Wire
from tests.api.portabilling.served import Served, serve
from tests.conftest import database_of_its_own


@pytest.fixture(scope="module")
def served(database_template: str, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[Served]:
    with (
        django_db_blocker.unblock(),
        database_of_its_own(database_template) as environment,
        serve(environment) as up,
    ):
        yield up


@pytest.fixture
def admin(served: Served) -> Wire:
    return served.wire("admin")


@pytest.fixture
def customer(served: Served) -> Wire:
    return served.wire("customer")


@pytest.fixture
def account(served: Served) -> Wire:
    return served.wire("account")
