"""See whether the customers who just called have funds left: alarm, and what their policy says.

Funds are the credit limit less the balance. A customer without a limit is not watched.
"""

from datetime import datetime
from functools import partial

from django.db import connection, transaction

from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.credit.operations.funds import funds_are_back, funds_used_up
from tollbook.customers.models import Customer
from tollbook.ledger.queries import balance
from tollbook.usage.models import ImportRun


def watch_funds(run: ImportRun, *, now: datetime) -> None:
    """Check every customer whom a run has charged. Safe to repeat."""
    if run.charged:
        for customer in Customer.objects.filter(pk__in=_charged(run), credit_limit__isnull=False).order_by("pk"):
            check_funds(customer, now=now)


def watch_raised(*, now: datetime) -> None:
    """Check every customer whose alarm is raised: they may have paid, or have another limit. Safe to repeat."""
    raised = Alarm.objects.filter(kind=AlarmKind.FUNDS_USED_UP, cleared_at=None).values_list("subject", flat=True)
    for customer in Customer.objects.filter(code__in=list(raised)).order_by("pk"):
        check_funds(customer, now=now)


def watch_everybody(*, now: datetime) -> None:
    """Check every customer with a limit, however their usage came. Safe to repeat."""
    for customer in Customer.objects.filter(credit_limit__isnull=False).order_by("pk").iterator():
        check_funds(customer, now=now)
    watch_raised(now=now)


def check_funds(customer: Customer, *, now: datetime) -> bool:
    """Raise or clear the alarm of a customer, and have their policy done; whether they have funds left."""
    kind = AlarmKind.FUNDS_USED_UP
    owed = balance(customer, customer.currency).amount
    limit = customer.credit_limit
    if limit is None or owed < limit:
        # Lifted first: whoever dies in between leaves the alarm, and it is looked at again.
        if Alarm.objects.filter(kind=kind, subject=customer.code, cleared_at=None).exists():
            funds_are_back(customer, now=now)
            clear_alarm(kind=kind, connection=None, subject=customer.code, now=now)
        return True
    raise_alarm(
        kind=kind,
        connection=None,
        subject=customer.code,
        text=f"{customer.code} ({customer.name}) owes {owed:.2f} {customer.currency}, and the credit limit is "
        f"{limit:.2f}: no funds are left. Have them pay, raise the limit, or stop their calls",
        now=now,
    )
    funds_used_up(customer, now=now)
    return False


def watch_when_committed(customer: Customer, *, now: datetime) -> None:
    """Check a customer who is being charged, once that is for good. Who dies in between leaves it to the nightly look.

    Not at once: a suspension waits for others who work with the customer, and they may wait for who is charging.
    """
    if customer.credit_limit is not None:
        transaction.on_commit(partial(check_funds, customer, now=now))


def _charged(run: ImportRun) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT customer_id FROM usage_usagerecord WHERE run_id = %s AND outcome = 'charged'",
            [run.pk],
        )
        return [row[0] for row in cursor.fetchall()]
