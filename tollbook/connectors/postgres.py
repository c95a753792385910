"""A platform's own PostgreSQL: settings, errors in plain words, and rows as lines of JSON.

Only what the caller's statements say is done there; reading happens in a read-only transaction.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Composed

from tollbook.connectors import settings as read
from tollbook.connectors.base import Setting, Site
from tollbook.connectors.errors import ConnectorError, NeedsAttention, TryAgainLater
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

Statement = LiteralString | SQL | Composed

CONNECT_TIMEOUT_S = 10
STATEMENT_TIMEOUT_S = 600
_WRONG_LOGIN = ("28000", "28P01")  # SQLSTATE: invalid authorization, invalid password
_NO_DATABASE = "3D000"
_NO_RIGHT = "42501"
_NOT_THERE = ("42P01", "42703")  # undefined table, undefined column
# A refused login comes without an SQLSTATE; its words are the server's, in its own language at worst.
_LOGIN_REFUSED = re.compile(r'authentication|pg_hba\.conf|FATAL:  role "')
_DATABASE_REFUSED = re.compile(r'FATAL:  database "')

DATABASE_SETTINGS: tuple[Setting, ...] = (
    Setting(name="host", help="where its PostgreSQL is", is_required=True),
    Setting(name="port", help="of its PostgreSQL", default="5432"),
    Setting(
        name="sslmode",
        help="TLS to the database, as PostgreSQL names it",
        default="prefer",
        choices=("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    ),
    Setting(name="sslrootcert", help="file with the certificates to trust, for verify-ca and verify-full"),
    Setting(name="db_password", help="password of the database's user", is_secret=True),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A changing statement with its values."""

    statement: Statement
    values: Sequence[object] = ()


class Database:
    """One connection to the platform's database, opened when first used and again after it broke.

    Not for several threads at once.
    """

    def __init__(self, site: Site, settings: Sequence[Setting], *, database: str, user: str) -> None:
        """`settings` of the connector, with DATABASE_SETTINGS in them. Nothing is opened yet.

        Raises:
            BadInput: a setting makes no sense.
        """
        self._site = site
        self._database, self._user = database, user
        self._password = site.secrets.get("db_password", Secret(""))
        self._where = {
            "host": read.text(site, settings, "host"),
            "port": str(read.whole(site, settings, "port", least=1, most=65_535)),
            "sslmode": read.text(site, settings, "sslmode"),
        }
        if root := read.text(site, settings, "sslrootcert"):
            self._where["sslrootcert"] = root
        if not self._where["host"]:
            raise BadInput(f"{site.name}: setting host is missing; give `--set host=…`")
        self._open: psycopg.Connection[tuple[Any, ...]] | None = None

    def rows(self, statement: Statement, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a small query.

        Raises:
            TryAgainLater, NeedsAttention: as the error tells.
        """
        with self._speaking() as connection, connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            return connection.execute(_sql(statement), values).fetchall()

    def json_lines(self, query: Statement, values: Sequence[object] = ()) -> Iterator[bytes]:
        """The rows of a query, each as one line of JSON with its end, in blocks as they come over the network.

        Raises:
            TryAgainLater, NeedsAttention: as the error tells; what came before it is whole lines.
        """
        # CSV with control characters for quote and delimiter, which JSON never contains, leaves the text as it is.
        # (The text format would double the backslashes.)
        copy = SQL(
            "COPY (SELECT row_to_json(row)::text FROM ({}) row) TO STDOUT "
            "(FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02', ENCODING 'UTF8')"
        ).format(_sql(query))
        with self._speaking() as connection, connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            with connection.cursor().copy(copy, values) as blocks:
                for block in blocks:
                    yield bytes(block)

    def change(self, statement: Statement, values: Sequence[object] = ()) -> int:
        """Carry out one changing statement in a transaction of its own; how many rows it changed.

        Raises:
            TryAgainLater, NeedsAttention: as the error tells.
        """
        with self._speaking() as connection, connection.transaction():
            return connection.execute(_sql(statement), values).rowcount

    def change_all(self, changes: Sequence[Change]) -> list[int]:
        """Carry out statements in one transaction, in their order; how many rows each changed, or read.

        As soon as one hits no row, all is taken back, and the last figure is its 0.

        Raises:
            TryAgainLater, NeedsAttention: as the error tells; nothing is changed then, unless the answer was lost.
        """
        hits: list[int] = []
        with self._speaking() as connection, connection.transaction() as transaction:
            for one in changes:
                hits.append(connection.execute(_sql(one.statement), one.values).rowcount)
                if not hits[-1]:
                    raise psycopg.Rollback(transaction)
        return hits

    def close(self) -> None:
        """Let go. Safe to repeat."""
        if self._open is not None:
            self._open.close()
            self._open = None

    @contextmanager
    def _speaking(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        try:
            if self._open is None or self._open.closed or self._open.broken:
                self._open = self._opened()
            yield self._open
        except psycopg.Error as error:
            if self._open is not None and (self._open.broken or isinstance(error, psycopg.OperationalError)):
                self.close()
            raise self._in_plain_words(error) from None

    def _opened(self) -> psycopg.Connection[tuple[Any, ...]]:
        where = make_conninfo(
            **self._where,
            dbname=self._database,
            user=self._user,
            password=self._password.reveal() or None,
            connect_timeout=CONNECT_TIMEOUT_S,
            application_name="tollbook",
            options=f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c timezone=UTC",
        )
        return psycopg.connect(where, autocommit=True)

    def _in_plain_words(self, error: psycopg.Error) -> ConnectorError:
        where = f"PostgreSQL at {self._where['host']}:{self._where['port']}"
        said = _masked(
            str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__, self._password
        )
        match error.sqlstate:
            case state if state in _WRONG_LOGIN or (state is None and _LOGIN_REFUSED.search(said)):
                message = (
                    f"{where} refuses user {self._user}: {said}; check db_user, db_password and pg_hba.conf there"
                )
            case state if state == _NO_DATABASE or (state is None and _DATABASE_REFUSED.search(said)):
                message = f"{where} has no database {self._database}; check the setting database"
            case state if state == _NO_RIGHT:
                message = f"{where}: user {self._user} may not do this: {said}; grant the right to it there"
            case state if state in _NOT_THERE:
                message = f"{where}: {said}; is this the right database?"
            case _ if isinstance(error, psycopg.OperationalError):
                return TryAgainLater(
                    f"{where} cannot be reached: {said}; check host and port", platform=self._site.name
                )
            case _:
                message = f"{where} refused a query: {said}; report it with the platform's version"
        return NeedsAttention(message, platform=self._site.name)


def _sql(statement: Statement) -> SQL | Composed:
    return SQL(statement) if isinstance(statement, str) else statement


def _masked(text: str, secret: Secret) -> str:
    return text.replace(secret.reveal(), "•••") if secret.reveal() else text
