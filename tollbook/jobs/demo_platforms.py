"""The demo's platforms: two of them with a month of somebody's calls, brought in the way an operator brings them in."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tollbook.catalog.operations import set_platform_tariff, set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.operations import import_customers
from tollbook.jobs.collect_usage import collect_usage
from tollbook.jobs.sync import sync
from tollbook.jobs.sync_report import SyncReport
from tollbook.usage.models import CollectRun

SINCE = date(2017, 6, 1)
# Three days after the month: what was called on its last day is billed there until then.
UNTIL = datetime(2017, 7, 3, tzinfo=UTC)
ASKED_BY = "demo"

# Our own price list for PortaBilling's calls, Metroport's retail prices for its own.
METROPORT_TARIFF = "Metroport retail"
PRODUCTS: Mapping[str, tuple[str, dict[str, str | None]]] = {
    "line-eur": ("Line, World EUR", {"voice_out": "World EUR", "voice_in": None}),
    "line-pln": ("Line, World PLN", {"voice_out": "World PLN", "voice_in": None}),
    "mobile": (
        "Mobile, as the provider prices it",
        {kind: METROPORT_TARIFF for kind in ("voice_out", "video_out", "sms_out", "mms_out", "data")}
        | {kind: None for kind in ("voice_in", "video_in", "sms_in", "mms_in")},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSite:
    """A platform that runs, and the operator's own list of the customers they have there."""

    connection: str
    kind: str
    customers_csv: str
    settings: Mapping[str, str]
    secrets: Mapping[str, Secret]
    options: Mapping[str, Any] = field(default_factory=dict)  # of the connection


@dataclass(frozen=True, slots=True)
class DemoVisit:
    """What came of one platform."""

    connection: Connection
    reports: list[SyncReport]
    collected: CollectRun


def bring_in_platforms(
    sites: Sequence[DemoSite], out: Path, *, now: datetime, say: Callable[[str], None]
) -> list[DemoVisit]:
    """Customers, accounts, numbers and a month of usage of every site. A second time nothing changes."""
    set_platform_tariff(name=METROPORT_TARIFF, currency="PLN", recorded_at=now)
    for code, (name, tariffs) in PRODUCTS.items():
        set_product(code=code, name=name, tariffs=tariffs)
    for site in sites:
        say(f"customers of {site.connection}")
        path = out / f"customers-{site.kind}.csv"
        path.write_text(site.customers_csv, encoding="utf-8")
        import_customers(sheet=read_customer_sheet(path))
    return [_visit(site, now=now, say=say) for site in sites]


def _visit(site: DemoSite, *, now: datetime, say: Callable[[str], None]) -> DemoVisit:
    connection = set_connection(
        name=site.connection,
        kind=site.kind,
        settings=site.settings,
        secrets=site.secrets,
        import_from=SINCE,
        may_change=True,  # a simulator runs at another port each time
        **site.options,
    )
    say(f"{site.connection}: customers, accounts, numbers")
    with closing(open_connector(connection)) as connector:
        reports = sync(connection, connector, now=now, by=ASKED_BY)
    say(f"{site.connection}: a month of usage")
    return DemoVisit(
        connection, reports, collect_usage(connection, now=now, asked_by=ASKED_BY, until=UNTIL, again=True)
    )
