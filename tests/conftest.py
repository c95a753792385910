"""What all tests share: a database of their own, and how much they try.

The database is on an embedded server in a temporary folder; processes that share the work each get a database on
it. It starts with the first test that asks for `db`, so tests of pure code never wait for it.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import django
import hypothesis
import pytest
import pytest_django
from django.core.management import call_command
from django.db import connection

from tollbook.config.embedded import EmbeddedServer

# Before Django reads its settings, and before any test imports a model.
if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker inherits the folder
    home = tempfile.mkdtemp(prefix="tollbook-tests-")
    Path(home).chmod(0o711)  # as root the server runs as a user of its own, who must pass
    os.environ["TOLLBOOK_HOME"] = home
    atexit.register(shutil.rmtree, home, ignore_errors=True)  # first to register, last to run: after the stop
os.environ.pop("DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "tollbook.config.settings"
django.setup()

hypothesis.settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True)
hypothesis.settings.register_profile("full", deadline=None, max_examples=2_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="also run the long campaigns, and every law on more examples"
    )


def pytest_configure(config: pytest.Config) -> None:
    hypothesis.settings.load_profile("full" if config.getoption("--full") else "ci")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    campaigns = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=campaigns)
    items[:] = [item for item in items if item not in campaigns]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """Start the server before Django does, so that no test waits for the disk."""
    server = EmbeddedServer(Path(os.environ["TOLLBOOK_HOME"]), durable=False)
    server.hold()
    yield
    server.release()


@pytest.fixture(scope="session")
def database_template(django_db_modify_db_settings: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> str:
    """The name of a database with all tables and no rows, to be copied."""
    name = f"template_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with django_db_blocker.unblock():
        _on_server(f"CREATE DATABASE {name}")
        with _working_on(name):
            call_command("migrate", interactive=False, verbosity=0)
    return name


@pytest.fixture
def fresh_database(
    database_template: str, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[dict[str, str]]:
    """A database with all tables and no rows, instead of `db`, for tests that really commit.

    `transactional_db` cannot clean up here, because what is posted refuses to be emptied. Gives the environment
    with which another process works on the same database.
    """
    with django_db_blocker.unblock(), database_of_its_own(database_template) as environment:
        yield environment


@contextmanager
def database_of_its_own(template: str) -> Iterator[dict[str, str]]:
    """Such a database, for a test or for all of a module."""
    name = f"fresh_of_{template}"
    _on_server(f"CREATE DATABASE {name} TEMPLATE {template}")
    with _working_on(name):
        where = connection.get_connection_params()
        host = urlencode({"host": where["host"], "port": where["port"]})
        yield {"DATABASE_URL": f"postgresql://{where['user']}@/{name}?{host}"}
    _on_server(f"DROP DATABASE {name} WITH (FORCE)")  # some process of the test may still be connected


def _on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _working_on(name: str) -> Iterator[None]:
    """Django's connection leads to another database. It is closed at both ends: nobody may use what is copied."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
