"""The demo's platforms: each with a month of somebody's calls, brought in the way an operator brings them in."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tollbook.catalog.operations import set_platform_tariff, set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, set_connection
from tollbook.connectors.base import Feature
from tollbook.connectors.registry import connector_class
from tollbook.connectors.secret import Secret
from tollbook.customers.account_sheet import read_account_sheet
from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.operations import import_accounts, import_customers, import_services
from tollbook.customers.service_sheet import read_service_sheet
from tollbook.jobs.account_links import follow_links
from tollbook.jobs.collect_usage import collect_usage
from tollbook.jobs.sync import sync
from tollbook.jobs.sync_report import SyncReport
from tollbook.usage.models import CollectRun
from tollbook.usage.operations import set_exclusions

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
    **{
        f"extension-{currency.lower()}": (
            f"Extension, World {currency}",
            {"voice_out": f"World {currency}", "voice_in": None, "voice_local": None},
        )
        for currency in ("CAD", "GBP", "PLN")
    },
}

# Customers of one switch may be in another country than it is, and write their numbers as people there do.
NUMBER_RULES: Mapping[str, Mapping[str, str]] = {"extension-gbp": {"country": "GB"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSite:
    """A platform that runs, and the operator's own lists of what they have there."""

    connection: str
    kind: str
    customers_csv: str
    settings: Mapping[str, str]
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # of the connection
    accounts_csv: str = ""
    services: Sequence[Mapping[str, str]] = ()  # rows of `tollbook accounts services`
    excluded: str = ""  # what costs nothing and is shown
    hidden: str = ""  # what is not even shown
    is_confirmed: bool = False  # somebody looks at its files first, and says that they are read as they are meant
    sends: Callable[[], object] | None = None  # what makes the platform send its records by itself

    @property
    def services_csv(self) -> str:
        """The rows as a sheet; "" when there are none."""
        text = io.StringIO()
        if self.services:
            writer = csv.DictWriter(text, list(self.services[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.services)
        return text.getvalue()


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
        set_product(code=code, name=name, tariffs=tariffs, number_rules=NUMBER_RULES.get(code))
    for site in sites:
        say(f"customers of {site.connection}")
        sheet = _written(out, f"customers-{site.kind}.csv", site.customers_csv)
        import_customers(sheet=read_customer_sheet(sheet))
    return [_visit(site, out, now=now, say=say) for site in sites]


def _visit(site: DemoSite, out: Path, *, now: datetime, say: Callable[[str], None]) -> DemoVisit:
    connection = set_connection(
        name=site.connection,
        kind=site.kind,
        settings=site.settings,
        secrets=site.secrets,
        import_from=SINCE,
        may_change=True,  # a simulator runs at another port each time
        **site.options,
    )
    set_exclusions(connection, shown=site.excluded, hidden=site.hidden)
    say(f"{site.connection}: customers, accounts, numbers")
    reports = _people(site, connection, out, now=now)
    say(f"{site.connection}: a month of usage")
    return DemoVisit(connection, reports, _usage(site, connection, now=now))


def _people(site: DemoSite, connection: Connection, out: Path, *, now: datetime) -> list[SyncReport]:
    """Who is listed there, and what the operator has written down about their services."""
    if site.accounts_csv:
        sheet = _written(out, f"accounts-{site.kind}.csv", site.accounts_csv)
        import_accounts(sheet=read_account_sheet(sheet), now=now)
    offers = connector_class(site.kind).offers
    if site.services:
        sheet = _written(out, f"services-{site.kind}.csv", site.services_csv)
        services = read_service_sheet(sheet, connection)
        import_services(sheet=services, connection=connection, by=ASKED_BY, now=now)
    if not {Feature.CUSTOMERS, Feature.ACCOUNTS} & offers:
        return []
    with closing(open_connector(connection)) as connector:
        return sync(connection, connector, now=now, by=ASKED_BY)


def _usage(site: DemoSite, connection: Connection, *, now: datetime) -> CollectRun:
    if site.is_confirmed:
        with closing(open_connector(connection)) as connector:
            follow_links(connector, connection, now=now)
            settings = connector.preview().settings
        connection = set_connection(name=connection.name, settings=settings, may_change=True)
    if site.sends is not None:
        site.sends()
        return collect_usage(connection, now=now, asked_by=ASKED_BY)
    until = None if Feature.FILES in connector_class(site.kind).offers else UNTIL
    return collect_usage(connection, now=now, asked_by=ASKED_BY, until=until, again=True)


def _written(out: Path, name: str, text: str) -> Path:
    path = out / name
    path.write_text(text, encoding="utf-8")
    return path
