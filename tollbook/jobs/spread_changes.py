"""Give what changed to those who want to hear of it: an event into the queue of each webhook that wants it,
and orders for platforms where accounts are to be as they are here.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tollbook.billing.models import Invoice
from tollbook.changes.events import body, event_type, matches
from tollbook.changes.models import Change, Delivery, Subject, Webhook
from tollbook.changes.operations import delivery_of
from tollbook.changes.queries import unspread
from tollbook.database import lock_table
from tollbook.provisioning.operations import ask_for_accounts

CHANGED = "a change here"  # as who asks for an account to be provisioned
MAX_AT_ONCE = 1_000  # changes of one transaction


def spread_changes(*, now: datetime) -> int:
    """Spread what is noted; how many changes. Safe to repeat, and to be killed: a batch is spread as a whole or not."""
    count = 0
    while batch := _spread(now):
        count += batch
    return count


@transaction.atomic
def _spread(now: datetime) -> int:
    lock_table(Delivery._meta.db_table)  # one at a time, else two would spread the same change
    changes = unspread(MAX_AT_ONCE)
    if not changes:
        return 0
    webhooks = list(Webhook.objects.filter(is_active=True).order_by("pk"))
    payers = _payers(changes) if webhooks else {}
    Delivery.objects.bulk_create(
        delivery_of(
            webhook,
            change,
            body=body(change, customer_id=payers.get(change.subject_id) if _is_invoice(change) else None),
            now=now,
        )
        for change in changes
        for webhook in webhooks
        if matches(event_type(change), webhook.patterns)
    )
    accounts = {change.subject_id for change in changes if change.subject == Subject.ACCOUNT}
    ask_for_accounts(accounts, by=CHANGED, now=now)
    Change.objects.filter(pk__in=[change.pk for change in changes]).update(spread_at=now)
    return len(changes)


def _payers(changes: Sequence[Change]) -> dict[int, int]:
    """Whose the invoices are, by id. An invoice is never deleted."""
    ids = [change.subject_id for change in changes if _is_invoice(change)]
    return dict(Invoice.objects.filter(pk__in=ids).values_list("pk", "customer_id"))


def _is_invoice(change: Change) -> bool:
    return change.subject == Subject.INVOICE
