"""A platform's DIDs: each is put on the account that has it there, and taken off the one that had it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector, PlatformNumber
from tollbook.customers.linked_accounts import holds_at, read_numbers
from tollbook.customers.models import Account, AccountEvent, AccountLink, AccountState, ForeignNumber, Number
from tollbook.customers.operations.claim_numbers import Claim, end_numbers
from tollbook.customers.pairing_queries import payers_of
from tollbook.database import lock_table
from tollbook.jobs.account_batch import Sync
from tollbook.jobs.account_products import AccountProducts
from tollbook.jobs.sync_accounts import give_number_batches, report_taken
from tollbook.jobs.sync_customers import SYNC
from tollbook.jobs.sync_listing import Listing, nothing_written
from tollbook.jobs.sync_report import Deed, SyncReport
from tollbook.phone import NumberRules

ROWS_PER_STATEMENT = 5_000
NOTHING_LISTED = "lists no numbers at all, though it had some; that is not believed, see what its user may list"
IN_STOCK = "on no account"
UNLINKED = "on an account that is not here"


def sync_numbers(
    connection: Connection, connector: Connector, *, now: datetime, by: str = SYNC, dry_run: bool = False
) -> SyncReport:
    """Fetch every DID of the platform and put it on the account that has it there.

    A number that is listed for the first time is the account's as far back as nobody else had it; one that came from
    another account, from now on. What somebody put on an account by hand stays. Each batch is one transaction. A list
    that breaks off is taken as far as it came. Safe to repeat: a second run changes nothing. A dry run reports the same
    and writes nothing.
    """
    listing = Listing(connector.numbers, is_held=dry_run)
    with nothing_written(dry_run):
        return take_numbers(connection, listing, now=now, by=by, dry_run=dry_run)


def take_numbers(
    connection: Connection, listing: Listing[PlatformNumber], *, now: datetime, by: str, dry_run: bool
) -> SyncReport:
    """What `sync_numbers` does with a list."""
    report = SyncReport(connection.name, "numbers", dry_run=dry_run)
    rules = NumberRules.from_mapping(connection.number_rules)
    payers = payers_of(connection, at=now)
    none = AccountProducts({}, None)  # no account is made here
    sync = Sync(connection=connection, rules=rules, products=none, payers=payers, now=now, by=by, report=report)
    for batch in listing.batches():
        with transaction.atomic():
            _take(sync, batch)
    report_taken(sync, give_number_batches(sync))
    report.listed, report.error = listing.count, listing.error
    known = ForeignNumber.objects.filter(connection=connection, gone_at=None)
    if not listing.count and report.is_complete and known.exists():
        report.error = f"{connection.name} {NOTHING_LISTED}"
    if report.is_complete:
        _mark_gone(sync)
    return report


def _take(sync: Sync, listed: Sequence[PlatformNumber]) -> None:
    lock_table(Account._meta.db_table)
    lock_table(Number._meta.db_table)
    digits, unreadable = read_numbers((one.number for one in listed), sync.rules)
    for text in sorted(unreadable):
        step = f"correct it there, or the number rules of {sync.connection.name}"
        sync.report.add(Deed.UNREADABLE_NUMBER, text, "is no number", step)
    on_account = {digits[one.number]: one.account_id for one in listed if one.number in digits}
    known = {
        one.digits: one
        for one in ForeignNumber.objects.filter(connection=sync.connection, digits__in=list(on_account))
    }
    ids = {id for id in on_account.values() if id} | {one.account_id_there for one in known.values()}
    links = {
        link.foreign_id: link
        for link in AccountLink.objects.filter(
            connection=sync.connection, foreign_id__in=ids, active_until=None
        ).select_related("account__customer")
    }
    held = {
        (number.account_id, number.digits): number
        for number in Number.objects.filter(holds_at(sync.now), digits__in=list(on_account))
    }
    sync.seen |= on_account.keys()
    _release(sync, on_account, known, links, held)
    for number, account_id in on_account.items():
        link = links.get(account_id)
        if not account_id:
            sync.report.skipped[IN_STOCK] += 1
        elif link is None:
            sync.report.skipped[UNLINKED] += 1
        elif link.account.state == AccountState.TERMINATED or (link.account_id, number) in held:
            sync.report.unchanged += 1
        else:
            since = sync.now if number in known else None
            sync.postponed.append(Claim(link.account, number, since))
    _remember(sync, on_account, known, links)


def _release(
    sync: Sync,
    on_account: dict[int, str],
    known: dict[int, ForeignNumber],
    links: dict[str, AccountLink],
    held: dict[tuple[int, int], Number],
) -> None:
    """Numbers that left their account, unless the list of accounts still has them on it."""
    ended, events = [], []
    for digits, one in known.items():
        link = links.get(one.account_id_there)
        if link is None or one.account_id_there == on_account[digits] or digits in link.numbers:
            continue
        if number := held.pop((link.account_id, digits), None):
            ended.append((number, sync.now))
            where = on_account[digits] or "no account"
            why = f"+{digits} is on {where} there"
            sync.report.add(Deed.NUMBER_ENDED, f"account {link.account.code}", why)
            events.append(
                AccountEvent(account=link.account, what=Deed.NUMBER_ENDED, detail=why, by=sync.by, at=sync.now)
            )
    end_numbers(ended)
    AccountEvent.objects.bulk_create(events, batch_size=ROWS_PER_STATEMENT)


def _remember(
    sync: Sync, on_account: dict[int, str], known: dict[int, ForeignNumber], links: dict[str, AccountLink]
) -> None:
    """The list as last seen: numbers on accounts that are here."""
    on_ours = {digits: id for digits, id in on_account.items() if id in links}
    ForeignNumber.objects.bulk_create(
        (
            ForeignNumber(connection=sync.connection, digits=digits, account_id_there=id, seen_at=sync.now)
            for digits, id in on_ours.items()
        ),
        batch_size=ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["connection", "digits"],
        update_fields=["account_id_there", "seen_at", "gone_at"],
    )
    left = [one.pk for digits, one in known.items() if digits not in on_ours]
    ForeignNumber.objects.filter(pk__in=left).delete()


@transaction.atomic
def _mark_gone(sync: Sync) -> None:
    """Numbers that a complete list no longer has. They stay where they are until somebody ends them."""
    listed = ForeignNumber.objects.filter(connection=sync.connection, gone_at=None).order_by("digits")
    gone = [one for one in listed if one.digits not in sync.seen]
    for start in range(0, len(gone), ROWS_PER_STATEMENT):
        pks = [one.pk for one in gone[start : start + ROWS_PER_STATEMENT]]
        ForeignNumber.objects.filter(pk__in=pks).update(gone_at=sync.now)
    for one in gone:
        why = f"was on {one.account_id_there}, and is no longer listed; it stays here"
        sync.report.add(Deed.GONE, f"+{one.digits}", why, "if it is really given up, end it on its account")
