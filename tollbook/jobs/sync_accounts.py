"""A platform's accounts: made, changed, blocked, adopted and closed here, for customers that are paired."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector, PlatformAccount
from tollbook.customers.models import Account, AccountEvent, AccountLink, Number
from tollbook.customers.operations.claim_numbers import Taken
from tollbook.customers.pairing_queries import payers_of
from tollbook.database import lock_table
from tollbook.jobs.account_batch import NO_PRODUCT, AccountBatch, Sync, give_numbers
from tollbook.jobs.account_products import account_products
from tollbook.jobs.sync_customers import SYNC
from tollbook.jobs.sync_listing import BATCH_ROWS, Listing, nothing_written
from tollbook.jobs.sync_report import Deed, SyncReport
from tollbook.phone import NumberRules

NOTHING_LISTED = "lists no accounts at all, though it had some; that is not believed, see what its user may list"


def sync_accounts(
    connection: Connection, connector: Connector, *, now: datetime, by: str = SYNC, dry_run: bool = False
) -> SyncReport:
    """Fetch every account of the platform and bring ours into line.

    All are asked for, not those of paired customers only: one that moved to somebody else would look as if it were
    gone. Each batch is one transaction. A list that breaks off is taken as far as it came, and nothing is marked gone.
    Safe to repeat: a second run changes nothing. A dry run reports the same and writes nothing.

    Raises:
        BadInput: the connection names a product that is not there.
    """
    listing = Listing(connector.accounts, is_held=dry_run)
    with nothing_written(dry_run):
        return take_accounts(connection, listing, now=now, by=by, dry_run=dry_run)


def take_accounts(
    connection: Connection, listing: Listing[PlatformAccount], *, now: datetime, by: str, dry_run: bool
) -> SyncReport:
    """What `sync_accounts` does with a list."""
    report = SyncReport(connection.name, "accounts", dry_run=dry_run)
    sync = Sync(
        connection=connection,
        rules=NumberRules.from_mapping(connection.number_rules),
        products=account_products(connection),
        payers=payers_of(connection, at=now),
        now=now,
        by=by,
        report=report,
    )
    for batch in listing.batches():
        with transaction.atomic():
            AccountBatch(sync, batch).run()
    report_taken(sync, give_number_batches(sync))
    report.listed, report.error = listing.count, listing.error
    linked = AccountLink.objects.filter(connection=connection, active_until=None)
    if not listing.count and report.is_complete and linked.filter(gone_at=None).exists():
        report.error = f"{connection.name} {NOTHING_LISTED}"
    if report.is_complete:
        _mark_gone(sync)
    if count := report.skipped.pop(NO_PRODUCT, 0):
        change = f"tollbook connection add {connection.quoted} --change --account-product CODE"
        step = f"name one (`{change}`) and sync again"
        report.add(Deed.NOT_CREATED, f"{count} accounts of paired customers", NO_PRODUCT, step, count=count)
    return report


def give_number_batches(sync: Sync) -> list[Taken]:
    """Numbers that were somebody else's when their account was taken: they may have been given up since."""
    taken: list[Taken] = []
    for start in range(0, len(sync.postponed), BATCH_ROWS):
        with transaction.atomic():
            lock_table(Account._meta.db_table)
            lock_table(Number._meta.db_table)
            taken += give_numbers(sync, sync.postponed[start : start + BATCH_ROWS])
    return taken


def report_taken(sync: Sync, taken: Sequence[Taken]) -> None:
    """Both sides of every number that somebody else has. One of a closed account is of no more use to it."""
    for one in taken:
        if one.claim.until is None:
            sync.report.add(Deed.NUMBER_TAKEN, *_taken(one))


def _taken(taken: Taken) -> tuple[str, str, str]:
    claim, holder = taken.claim, taken.holder
    why = (
        f"the platform has it on account {claim.account.code} of {claim.account.customer.code}, but here account "
        f"{holder.code} of {holder.customer.code} has it"
    )
    return f"+{claim.digits}", why, f"see whose it is; end it on {holder.code}, then sync again"


@transaction.atomic
def _mark_gone(sync: Sync) -> None:
    """Links whose account a complete list no longer has. Nothing else becomes of them."""
    lock_table(Account._meta.db_table)
    links = AccountLink.objects.filter(connection=sync.connection, active_until=None, gone_at=None)
    missing = sorted(set(links.values_list("pk", flat=True)) - sync.seen)
    gone: list[AccountLink] = []
    for start in range(0, len(missing), BATCH_ROWS):
        of_batch = AccountLink.objects.filter(pk__in=missing[start : start + BATCH_ROWS])
        gone += of_batch.select_related("account").order_by("pk")
        of_batch.update(gone_at=sync.now)
    AccountEvent.objects.bulk_create(
        (
            AccountEvent(account=link.account, what=Deed.GONE, detail="no longer listed", by=sync.by, at=sync.now)
            for link in gone
        ),
        batch_size=BATCH_ROWS,
    )
    for link in gone:
        why = "is no longer listed, nor said to be closed; it stays as it is"
        step = "if it is really over, end the account here"
        sync.report.add(Deed.GONE, f"{link.foreign_id} = account {link.account.code}", why, step)
