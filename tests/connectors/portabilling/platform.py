"""A connector on the simulated PortaBilling, and what its tests ask again and again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from simulators.portabilling import Simulator
from tollbook.connectors.base import Scope, Site
from tollbook.connectors.portabilling.connector import PortaBillingConnector
from tollbook.connectors.secret import Secret

JUNE, JULY = datetime(2017, 6, 1, tzinfo=UTC), datetime(2017, 7, 1, tzinfo=UTC)
MERIDIAN = "46170"
BIG = "2147490001"  # above 2 to the 31st
NAME = "north"


def connector(
    platform: Simulator, *, secrets: Mapping[str, str] | None = None, realm: str = "admin", **settings: str
) -> PortaBillingConnector:
    """On the simulator, with the API user's token and no waiting between tries."""
    usual = {"url": platform.url(realm), "login": platform.login, "retry_wait_s": "0", "timeout_s": "5"}
    given = {"token": platform.token} if secrets is None else secrets
    return PortaBillingConnector(
        Site(
            name=NAME,
            settings={**usual, "realm": realm, **settings},
            secrets={name: Secret(text) for name, text in given.items()},
        )
    )


def scopes(customer_ids: Sequence[str], since: datetime = JUNE, until: datetime = JULY) -> list[Scope]:
    return [Scope(customer_id=id, since=since, until=until) for id in customer_ids]


def methods_called(platform: Simulator) -> list[str]:
    """Service/method of each request, in order."""
    return [str(entry["path"]).removeprefix("/rest/") for entry in platform.faults.requests()["log"]]
