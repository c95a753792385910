"""Charge the fees that are due: batch by batch, each in one database transaction."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import date, datetime, timedelta

import polars as pl
from django.db import connection, transaction

from tollbook.billing.models import Subscription
from tollbook.billing.operations.charging import FeesCharged, charge_subscriptions, today_of
from tollbook.customers.models import Account, Customer
from tollbook.database import copy_out
from tollbook.jobs.days_without_service import days_without_service
from tollbook.jobs.first_use import begin_with_first_use
from tollbook.jobs.follow_products import follow_everybody
from tollbook.jobs.watch_funds import check_funds

BATCH = 5_000  # subscriptions of one transaction

# The first zone to see a new day: what is due there is looked at, and left where the day has not come yet.
FIRST_ZONE = timedelta(hours=14)

# Fees that are due; and days without service, of those who were held or had expired since they were last looked at.
DUE = """
    WITH open AS NOT MATERIALIZED (
        SELECT s.* FROM billing_subscription s
         WHERE s.customer_id = coalesce(%(customer)s, s.customer_id)
           AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)
    ), waiving AS NOT MATERIALIZED (
        SELECT s.id, s.customer_id, s.account_id, coalesce(s.waived_until, s.starts_on) AS seen
          FROM open s JOIN catalog_subscriptionplan p ON p.id = s.plan_id AND p.waives <> '[]'
         WHERE s.starts_on < %(upto)s AND coalesce(s.waived_until, s.starts_on) < coalesce(s.ends_on, %(upto)s)
           AND coalesce(s.waived_until, s.starts_on) < %(upto)s
    )
    SELECT id FROM open WHERE due_on <= %(upto)s
    UNION
    SELECT w.id FROM waiving w JOIN credit_hold h ON h.customer_id = w.customer_id
     WHERE (h.account_id IS NULL OR h.account_id = w.account_id)
       AND (h.lifted_at IS NULL OR h.lifted_at > w.seen - 1)
    UNION
    SELECT w.id FROM waiving w JOIN customers_account a ON a.id = w.account_id AND a.expires_on < %(upto)s
    ORDER BY id
"""
# Of those who were charged: who has no funds left. Only they are looked at one by one.
WITHOUT_FUNDS = """
    SELECT c.id FROM customers_customer c
     WHERE c.id = ANY(%s) AND c.credit_limit IS NOT NULL AND c.credit_limit * 1000000000 <= (
           SELECT coalesce(sum(p.amount_nanos), 0) FROM ledger_transaction t
             JOIN ledger_posting p ON p.transaction_id = t.id AND p.customer_id = t.customer_id
            WHERE t.customer_id = c.id AND p.currency = c.currency)
     ORDER BY c.id
"""


def charge_fees(
    *,
    upto: date,
    now: datetime,
    customer: Customer | None = None,
    account: Account | None = None,
    dry_run: bool = False,
    batch: int = BATCH,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> FeesCharged:
    """Charge what is due when the day `upto` begins, of everybody, one customer or one account.

    Before that, accounts that came by their products by a sheet or a platform get their subscriptions, and those that
    waited for a first use begin. Who cannot be charged is a problem of the report, and keeps nobody else from it. No
    customer is charged beyond their own today. Each
    batch commits by itself: it may be killed and run again, and two at once do no harm. `dry_run` says what would be
    charged and keeps nothing.
    """
    report = FeesCharged()
    upto = min(upto, (now + FIRST_ZONE).date())
    whole: AbstractContextManager[object] = transaction.atomic() if dry_run else nullcontext()
    with whole:
        report.problems += follow_everybody(now=now, customer=customer, account=account)
        begin_with_first_use(upto=upto)
        due = _due(upto, customer, account)
        for done in range(0, len(due), batch):
            report.merge(_charge_batch(due[done : done + batch], upto=upto, now=now, dry_run=dry_run))
            progress(min(done + batch, len(due)), len(due))
        if dry_run:
            transaction.set_rollback(True)
    return report


def _due(upto: date, customer: Customer | None, account: Account | None) -> list[int]:
    scope = {
        "upto": upto,
        "customer": customer.pk if customer else None,
        "account": account.pk if account else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(DUE, scope)
        return [pk for (pk,) in cursor.fetchall()]


def _charge_batch(ids: Sequence[int], *, upto: date, now: datetime, dry_run: bool) -> FeesCharged:
    with transaction.atomic():
        rows = Subscription.objects.filter(pk__in=ids).select_related("plan", "customer", "account")
        subscriptions = list(rows.select_for_update(of=("self",)).order_by("pk"))
        days = {one.pk: min(upto, today_of(one.customer, now)) for one in subscriptions}
        report = charge_subscriptions(
            subscriptions, now=now, upto=upto, without_service=days_without_service(subscriptions, days)
        )
    if report.subscriptions and not dry_run:
        _watch({one.customer_id for one in subscriptions}, now)
    return report


def _watch(customers: set[int], now: datetime) -> None:
    """Who has no funds left by it. Were this killed, the nightly look at everybody would find them."""
    without = copy_out(WITHOUT_FUNDS, pl.Schema({"id": pl.Int64}), (sorted(customers),))
    for customer in Customer.objects.filter(pk__in=without["id"].to_list()).order_by("pk"):
        check_funds(customer, now=now)
