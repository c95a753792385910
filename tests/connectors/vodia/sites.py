"""A connector at a simulated Vodia PBX, and what its fetching gave."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from simulators.vodia import Simulator
from tests.connectors.contract import fetch, read
from tollbook.connectors.base import Scope, Site
from tollbook.connectors.secret import Secret
from tollbook.connectors.vodia.connector import VodiaConnector
from tollbook.connectors.vodia.options import Options

QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}
LIGHTS, MAPLE, PINE, QUAY = (
    *("harbourlights.example.ca", "maplelane.example.ca", "northpine.example.ca", "quaystreet.example.uk"),
)
SINCE, UNTIL = datetime(2017, 6, 1, tzinfo=UTC), datetime(2017, 7, 1, tzinfo=UTC)


def site(url: str = "https://pbx.example.ca", login: str = "admin", password: str = "", **settings: str) -> Site:
    return Site(
        name="pbx",
        settings={"url": url, "login": login, **QUICK, **settings},
        secrets={"password": Secret(password or "anything")},
    )


def connector_at(simulator: Simulator, *, password: str = "", **settings: str) -> VodiaConnector:
    given = {"login": simulator.login, **settings}
    return VodiaConnector(site(simulator.url, password=password or simulator.password, **given))


def offline(**settings: str) -> VodiaConnector:
    """One that reads only."""
    return VodiaConnector(site(**settings))


def options(**settings: str) -> Options:
    return Options.of(site(**settings))


def scope(tenant: str, since: datetime = SINCE, until: datetime = UNTIL, **more: object) -> Scope:
    return Scope(customer_id=tenant, since=since, until=until, **more)  # type: ignore[arg-type]


def records(simulator: Simulator, tenant: str, folder: Path, **settings: str) -> pl.DataFrame:
    """A tenant's month, fetched and read."""
    fetched = fetch(connector_at(simulator, **settings), [scope(tenant)])
    assert fetched.failed == []
    return read(connector_at(simulator, **settings), fetched.evidence, folder)
