"""The simulator's own PostgreSQL database: made, filled, read and thrown away, with its two roles."""

import json
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from simulators.fusionpbx.cdr import Row
from simulators.fusionpbx.schema import CONTROL_TABLES, GENERATIONS, written_flag

KEPT_FOR_ALL = "postgres"  # a database that every server has, to make others from
MARK = "made by the FusionPBX simulator"  # who has it may be dropped
WHOSE = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
BUSY_S = 10  # to wait for a lock before saying so


class Database:
    """One database of one generation. `reader` may read, `control` may also change the control tables."""

    def __init__(self, server_dsn: str, name: str, generation: str) -> None:
        if generation not in GENERATIONS:
            raise ValueError(f"There is no generation {generation!r}; there are {', '.join(GENERATIONS)}.")
        self.name = name
        self.tables = GENERATIONS[generation]
        self.reader, self.control = f"{name}_reader", f"{name}_control"
        self._server = server_dsn
        self._lock = threading.RLock()
        self._connection: psycopg.Connection[Row] | None = None
        self.where: dict[str, str] = {}

    def create(self) -> None:
        self.drop()
        with self._on_server() as server:
            own = sql.Identifier(self.name)
            server.execute(sql.SQL("CREATE DATABASE {}").format(own))
            server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(own, sql.Literal(MARK)))
            for role in (self.reader, self.control):
                make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                server.execute(make.format(sql.Identifier(role), sql.Literal(self.password(role))))
            self.where = {"host": server.info.host, "port": str(server.info.port)}
        dsn = make_conninfo(self._server, dbname=self.name, options=f"-c lock_timeout={BUSY_S}s")
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self._make_tables()

    def drop(self) -> None:
        """The database and its roles, if they are there; whoever is connected loses the connection.

        Raises:
            ValueError: a database of this name is there that no simulator made.
        """
        self.close()
        with self._on_server() as server:
            for (comment,) in server.execute(WHOSE, [self.name]).fetchall():
                if comment != MARK:
                    raise ValueError(
                        f"The database {self.name} is not a simulator's; give the simulator another name."
                    )
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.name)))
            for role in (self.reader, self.control):
                server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def password(self, role: str) -> str:
        return f"{role}-pretended"

    def dsn(self, role: str) -> str:
        return make_conninfo(**self.where, dbname=self.name, user=role, password=self.password(role))

    def fill(self, table: str, rows: Iterable[Row]) -> None:
        """Rows with columns this generation lacks are taken without them."""
        columns = self.tables[table]
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self._held() as connection, connection.cursor() as cursor, cursor.copy(copy) as stream:
            for row in rows:
                stream.write_row([self.value(table, name, row.get(name)) for name in columns])

    def change(self, table: str, key: uuid.UUID, fields: Row) -> int:
        """Set columns of the row with this key, the table's first column. How many rows there were."""
        columns = self.tables[table]
        if not fields:
            raise ValueError(f"Nothing of {table} was named to be changed.")
        if unknown := sorted(fields.keys() - columns.keys()):
            raise ValueError(f"{table} has no column {', '.join(unknown)}.")
        sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in fields)
        update = sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(
            sql.Identifier(table), sets, sql.Identifier(next(iter(columns)))
        )
        values = [self.value(table, name, value) for name, value in fields.items()]
        with self._held() as connection:
            return connection.execute(update, [*values, key]).rowcount

    def rows(self, query: str, *values: object) -> list[Row]:
        with self._held() as connection:
            return connection.execute(query.encode(), values).fetchall()

    def value(self, table: str, column: str, value: Any) -> Any:
        kind = self.tables[table][column]
        return json.dumps(value) if kind == "jsonb" and value is not None else written_flag(kind, value)

    def _make_tables(self) -> None:
        with self._held() as connection:
            for table, columns in self.tables.items():
                kinds = [
                    sql.SQL("{} {}{}").format(
                        sql.Identifier(name), sql.SQL(kind), sql.SQL("" if place else " PRIMARY KEY")
                    )
                    for place, (name, kind) in enumerate(columns.items())
                ]
                make = sql.SQL("CREATE TABLE {} ({})")
                connection.execute(make.format(sql.Identifier(table), sql.SQL(", ").join(kinds)))
            for table in self.tables:
                self._grant("SELECT", table, self.reader)
                self._grant("SELECT", table, self.control)
            for table in CONTROL_TABLES:
                self._grant("INSERT, UPDATE", table, self.control)

    def _grant(self, what: str, table: str, role: str) -> None:
        grant = sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(what), sql.Identifier(table), sql.Identifier(role))
        with self._held() as connection:
            connection.execute(grant)

    @contextmanager
    def _held(self) -> Iterator[psycopg.Connection[Row]]:
        if self._connection is None:
            raise RuntimeError(f"The database {self.name} is not open; the simulator was not started.")
        with self._lock:
            yield self._connection

    def _on_server(self) -> psycopg.Connection[Any]:
        given = conninfo_to_dict(self._server)
        return psycopg.connect(
            make_conninfo(self._server, dbname=given.get("dbname") or KEPT_FOR_ALL), autocommit=True
        )
