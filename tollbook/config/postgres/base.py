"""Django's PostgreSQL engine, except that the embedded server starts when the first connection is asked for.

A command that never asks for one, as `tollbook rate`, never starts a database.
"""

import atexit
import functools
import os
import sys
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.features import DatabaseFeatures as PostgresFeatures
from psycopg import OperationalError

from tollbook.config.embedded import DatabaseUnavailable, EmbeddedServer
from tollbook.errors import BadInput

OLDEST_SERVER = 16


class DatabaseFeatures(PostgresFeatures):
    """Tollbook needs what PostgreSQL 16 brought."""

    minimum_database_version = (OLDEST_SERVER,)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server when the settings name its home, else to the server they name."""

    features_class = DatabaseFeatures

    def get_connection_params(self) -> dict[str, Any]:
        """Return how to connect; whoever asks is about to, so the embedded server runs from here on."""
        params: dict[str, Any] = super().get_connection_params()
        if home := self.settings_dict.get("EMBEDDED_HOME"):
            params |= {"host": str(_server(home, os.getpid()).hold()), "port": 5432}
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect.

        Raises:
            DatabaseUnavailable: the server is not there or lets nobody in; what it said, which names no password.
        """
        try:
            return super().get_new_connection(conn_params)
        except OperationalError as refused:
            if self.settings_dict.get("EMBEDDED_HOME"):
                raise
            said = " ".join(str(refused).split())
            raise DatabaseUnavailable(
                f"DATABASE_URL: {said}. See that the server runs and that user, password and database are right; or"
                " remove DATABASE_URL to use the embedded server"
            ) from None

    def let_go(self) -> None:
        """Stop using the embedded server, for a process that is about to end without tidying up."""
        if home := self.settings_dict.get("EMBEDDED_HOME"):
            _server(home, os.getpid()).release(for_good=True)

    def check_database_version_supported(self) -> None:
        """Refuse an old server.

        Raises:
            BadInput: naming its version.
        """
        major, minor = divmod(self.pg_version, 10_000)
        if major < OLDEST_SERVER:
            raise BadInput(
                f"DATABASE_URL: the server is PostgreSQL {major}.{minor}, and Tollbook needs {OLDEST_SERVER} or"
                " later; upgrade it, name another, or remove DATABASE_URL to use the embedded server"
            )


@functools.cache
def _server(home: Path, _pid: int) -> EmbeddedServer:
    """Return this process's hold on the server of a home; a forked process needs one of its own."""
    server = EmbeddedServer(home)
    atexit.register(_release, server)
    os.register_at_fork(after_in_child=server.forget)
    return server


def _release(server: EmbeddedServer) -> None:
    try:
        server.release()
    except DatabaseUnavailable as still_running:
        print(f"tollbook: {still_running}", file=sys.stderr)
