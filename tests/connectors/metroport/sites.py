"""A connector at a simulated Metroport, and what its fetching gave."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from simulators.metroport import Simulator
from tests.connectors.contract import Fetched, fetch, read
from tollbook.connectors.base import Scope, Site
from tollbook.connectors.metroport.connector import MetroportConnector
from tollbook.connectors.secret import Secret

QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}
WARSAW = ZoneInfo("Europe/Warsaw")


def connector_at(simulator: Simulator, *, password: str = "", **settings: str) -> MetroportConnector:
    return MetroportConnector(
        Site(
            name="mvno",
            settings={"api_url": simulator.url, "login": simulator.login, **QUICK, **settings},
            secrets={"password": Secret(password or simulator.password)},
        )
    )


def warsaw(text: str, *, fold: int = 0) -> datetime:
    """A moment as the clock in Warsaw shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW, fold=fold).astimezone(UTC)


def scope(since: str, until: str, customer_id: object = "", cursor: str = "") -> Scope:
    return Scope(customer_id=str(customer_id), since=warsaw(since), until=warsaw(until), cursor=cursor)


JUNE = scope("2017-06-01", "2017-07-01")


def fetched(simulator: Simulator, scopes: Sequence[Scope], **settings: str) -> Fetched:
    return fetch(connector_at(simulator, **settings), scopes)


def records(simulator: Simulator, evidence: bytes, folder: Path, **settings: str) -> pl.DataFrame:
    return read(connector_at(simulator, **settings), evidence, folder)


def ids(fetching: Fetched, simulator: Simulator, folder: Path) -> list[int]:
    """The ids of what was fetched, in its order."""
    return [int(key) for key in records(simulator, fetching.evidence, folder)["record_key"]]


def queries(simulator: Simulator, path: str = "/Mvno/Billings") -> list[str]:
    """What the simulator was asked at that path."""
    return [str(entry["query"]) for entry in simulator.faults.requests()["log"] if entry["path"] == path]
