"""A connector at a simulated FusionPBX, and what its fetching gave."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Composed

from simulators.fusionpbx import Simulator
from tests.connectors.contract import Fetched, fetch, read
from tollbook.connectors.base import Scope, Site
from tollbook.connectors.fusionpbx.connector import FusionPbxConnector
from tollbook.connectors.secret import Secret

QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}
TORONTO = ZoneInfo("America/Toronto")


def connector_at(
    simulator: Simulator, *, password: str = "", esl_password: str = "", **settings: str
) -> FusionPbxConnector:
    """By the database, with a user who may only read and one who may change."""
    given = {
        "host": simulator.host,
        "port": str(simulator.port),
        "database": simulator.database,
        "db_user": simulator.user,
        "control_user": simulator.control_user,
        **settings,
    }
    secrets = {
        "db_password": Secret(password or simulator.password),
        "control_password": Secret(simulator.control_password),
    }
    if "esl_host" in settings:
        secrets["esl_password"] = Secret(esl_password or simulator.event_socket.password)
    return FusionPbxConnector(Site(name="pbx", settings=given, secrets=secrets))


def by_rest(simulator: Simulator, *, token: str = "", **settings: str) -> FusionPbxConnector:
    given = {"usage_from": "rest", "rest_url": simulator.url, **QUICK, **settings}
    return FusionPbxConnector(
        Site(name="pbx", settings=given, secrets={"api_token": Secret(token or simulator.token)})
    )


def with_switch(simulator: Simulator, **settings: str) -> FusionPbxConnector:
    """Besides the database, the running switch is asked."""
    return connector_at(
        simulator, esl_host=simulator.event_socket.host, esl_port=str(simulator.event_socket.port), **settings
    )


def toronto(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TORONTO).astimezone(UTC)


def scope(since: str, until: str, customer_id: str = "", cursor: str = "", earliest: str = "") -> Scope:
    return Scope(
        customer_id=customer_id,
        since=toronto(since),
        until=toronto(until),
        cursor=cursor,
        earliest=toronto(earliest) if earliest else None,
    )


# Rows are chosen by when they were written, which for some is days after the month.
MONTH = scope("2017-06-01", "2017-07-08")


def fetched(simulator: Simulator, *scopes: Scope, **settings: str) -> Fetched:
    return fetch(connector_at(simulator, **settings), scopes or [MONTH])


def records(simulator: Simulator, evidence: bytes, folder: Path, **settings: str) -> pl.DataFrame:
    return read(connector_at(simulator, **settings), evidence, folder)


def month(simulator: Simulator, folder: Path, **settings: str) -> pl.DataFrame:
    """All records of the month."""
    return records(simulator, fetched(simulator, **settings).evidence, folder, **settings)


def tell(server_dsn: str, simulator: Simulator, statement: SQL | Composed) -> None:
    """What an administrator of the database does by hand."""
    with psycopg.connect(make_conninfo(server_dsn, dbname=simulator.database), autocommit=True) as connection:
        connection.execute(statement)
