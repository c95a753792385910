"""The simulator as tests have it: a database behind a door, with switches."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from simulators.faults import Faults
from simulators.kamailio.calls import Call, Row, acc_rows, cdr_row, missed_rows
from simulators.kamailio.door import Door
from simulators.kamailio.month import USERS, awkward, make_month, users
from simulators.kamailio.schema import FLAGS, TABLES

KEPT_FOR_ALL = "postgres"  # a database that every server has, to make others from


class Simulator:
    """Kamailio's database with one month of calls, and the users that it lets in.

    The database is made on the server that the DSN of a superuser leads to, and dropped at the end. Times are UTC.
    """

    users = USERS

    def __init__(
        self, server_dsn: str, *, month: str = "2017-06", seed: int = 1, name: str = "kamailio_sim", port: int = 0
    ) -> None:
        self.database, self.user = name, f"{name}_tollbook"
        self.faults = Faults()
        self.calls = make_month(seed, month)
        self.awkward = awkward(datetime.fromisoformat(f"{month}-01"))
        self.host = "127.0.0.1"
        self._server = server_dsn
        self._port = port
        self._door: Door | None = None
        self._connection: psycopg.Connection[Row] | None = None

    @property
    def port(self) -> int:
        return self._port if self._door is None else self._door.port

    def start(self) -> None:
        self._drop()
        with self._on_server() as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
            make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
            server.execute(make.format(sql.Identifier(self.user), sql.Literal(self.password)))
            self._door = Door(server.info.host, str(server.info.port), self.faults, listen_on=self._port)
        dsn = make_conninfo(self._server, dbname=self.database)
        self._connection = psycopg.connect(dsn, autocommit=True, row_factory=dict_row)
        self._connection.execute(TABLES)
        self._allow()
        self._fill("subscriber", ({"username": name, "domain": domain} for name, domain in users()))
        self.write(self.calls)
        self.open_door()

    def stop(self) -> None:
        """May be called twice."""
        if self._door is not None:
            self._door.close()
            self._port = self._door.port  # so that it starts again where clients look for it
            self._door = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._drop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def password(self) -> str:
        return f"{self.user}-pretended"

    def open_door(self) -> None:
        assert self._door is not None, "the simulator was not started"
        self._door.open()

    def close_door(self) -> None:
        """The database is gone, and with it every connection to it."""
        assert self._door is not None, "the simulator was not started"
        self._door.close()

    def write(self, calls: Iterable[Call]) -> None:
        """What Kamailio writes down of them, in this order."""
        calls = list(calls)
        self._fill("acc", (row for call in calls for row in acc_rows(call)))
        self._fill("missed_calls", (row for call in calls for row in missed_rows(call)))
        self._fill("acc_cdrs", map(cdr_row, calls))

    def flags(self) -> dict[str, str]:
        """What the routing script finds."""
        return {row["key"]: row["flag"] for row in self.rows(f"SELECT key, flag FROM {FLAGS}")}

    def rows(self, query: str, *values: object) -> list[Row]:
        """Any statement, as its owner; the rows, if it gives some."""
        assert self._connection is not None, "the simulator was not started"
        cursor = self._connection.execute(query.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def _fill(self, table: str, rows: Iterable[Row]) -> None:
        assert self._connection is not None
        found = list(rows)
        if not found:
            return
        columns = list(found[0])
        copy = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self._connection.cursor() as cursor, cursor.copy(copy) as stream:
            for row in found:
                stream.write_row([row[name] for name in columns])

    def _allow(self) -> None:
        """To read all, and to write the flags."""
        user = sql.Identifier(self.user)
        for grant in (
            sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(user),
            sql.SQL("GRANT INSERT, UPDATE, DELETE ON {} TO {}").format(sql.Identifier(FLAGS), user),
        ):
            assert self._connection is not None
            self._connection.execute(grant)

    def _drop(self) -> None:
        with self._on_server() as server:
            server.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self.database))
            )
            server.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(self.user)))

    def _on_server(self) -> psycopg.Connection[Any]:
        return psycopg.connect(make_conninfo(self._server, dbname=KEPT_FOR_ALL), autocommit=True)
