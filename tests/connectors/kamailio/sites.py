"""Connectors to the simulator, and what to ask them for."""

from datetime import UTC, datetime
from typing import Any

from simulators.kamailio import Simulator
from tollbook.connectors.base import Scope, Site
from tollbook.connectors.kamailio.connector import KamailioConnector
from tollbook.connectors.secret import Secret


def connector_at(kamailio: Simulator, *, timezone: str = "", **settings: str) -> KamailioConnector:
    where = {"host": kamailio.host, "port": str(kamailio.port), "database": kamailio.database}
    site = Site(
        name="proxy",
        settings={**where, "db_user": kamailio.user, "sslmode": "disable", **settings},
        secrets={"db_password": Secret(kamailio.password)},
        timezone=timezone,
    )
    return KamailioConnector(site)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scope(since: str, until: str, **more: Any) -> Scope:
    return Scope(since=at(since), until=at(until), **more)
