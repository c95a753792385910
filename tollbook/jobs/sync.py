"""All parts of a sync in their order: customers, their accounts, the accounts' numbers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector, Feature
from tollbook.errors import BadInput
from tollbook.jobs.sync_accounts import take_accounts
from tollbook.jobs.sync_customers import SYNC, take_customers
from tollbook.jobs.sync_listing import Listing, nothing_written
from tollbook.jobs.sync_numbers import take_numbers
from tollbook.jobs.sync_report import SyncReport

PARTS: tuple[tuple[Feature, Callable[..., SyncReport]], ...] = (
    (Feature.CUSTOMERS, take_customers),
    (Feature.ACCOUNTS, take_accounts),
    (Feature.NUMBERS, take_numbers),
)


def sync(
    connection: Connection,
    connector: Connector,
    *,
    now: datetime,
    by: str = SYNC,
    parts: Sequence[Feature] = (),
    dry_run: bool = False,
) -> list[SyncReport]:
    """Bring what is here into line with the platform; no parts are all that it offers. Safe to repeat.

    A dry run of several parts is one rehearsal: the accounts are looked at as if the pairings had been made.

    Raises:
        BadInput: the platform does not offer a part that was asked for, or none at all.
    """
    missing = [part.value for part in parts if part not in connector.offers]
    if missing:
        raise BadInput(f"{connection.name}: {connector.title} lists no {' and no '.join(missing)}")
    wanted = [(part, take) for part, take in PARTS if part in (parts or connector.offers)]
    if not wanted:
        raise BadInput(f"{connection.name}: {connector.title} lists no customers, accounts or numbers to sync")
    asked: dict[Feature, Callable[[], Any]] = {
        Feature.CUSTOMERS: connector.customers,
        Feature.ACCOUNTS: connector.accounts,
        Feature.NUMBERS: connector.numbers,
    }
    listings = {part: Listing(asked[part], is_held=dry_run) for part, _ in wanted}
    for listing in listings.values():
        listing.hold()
    with nothing_written(dry_run):
        reports = {
            part: take(connection, listings[part], now=now, by=by, dry_run=dry_run) for part, take in wanted
        }
    for part, report in reports.items():
        report.failure = listings[part].failure
    return list(reports.values())
