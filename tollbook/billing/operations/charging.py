"""Charging what subscriptions owe: worked out by `billing.fees`, posted, and written down, for many at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connection

from tollbook.billing.fees import Amount, Charged, Due, Standing, Terms, fees_due
from tollbook.billing.models import FeeCharge, FeeKind, Subscription
from tollbook.billing.periods import period_of
from tollbook.catalog.models import SubscriptionPlan
from tollbook.customers.models import Customer
from tollbook.database import copy_in
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import ENTRIES, post, tax_of
from tollbook.money import nanos_of

FEE = "fee"  # what the ledger's revenue and the invoice call it

# Days without service, each with the reason for which it is credited, by the subscription's id.
DaysWithoutService = Mapping[int, Mapping[date, str]]


@dataclass
class FeesCharged:
    """What was charged and credited: counts and sums by what it is for and currency."""

    subscriptions: int = 0  # of which anything was charged
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    sums: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  # accounts that could not be charged, and why

    def add(self, amount: Amount, currency: str) -> None:
        key = (amount.what.value, currency)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.sums[key] = self.sums.get(key, Decimal(0)) + amount.amount

    def merge(self, other: "FeesCharged") -> None:
        self.subscriptions += other.subscriptions
        for key, count in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + count
            self.sums[key] = self.sums.get(key, Decimal(0)) + other.sums[key]


def charge_subscriptions(
    subscriptions: Sequence[Subscription],
    *,
    now: datetime,
    upto: date | None = None,
    without_service: DaysWithoutService | None = None,
) -> FeesCharged:
    """Charge what these owe when the customer's today begins, or `upto` where it is earlier, and is not charged yet.

    Part of the transaction that is open, in which the rows are locked and read (with plan and customer). A fixed number
    of statements, however many they are. Safe to repeat: what is charged is known by the row.

    Days without service are looked at only where they are given; else that is left to the next charging.
    """
    days = {one.pk: min(upto or date.max, today_of(one.customer, now)) for one in subscriptions}
    without = without_service or {}
    begun = [one for one in subscriptions if one.starts_on is not None and one.starts_on <= days[one.pk]]
    charged = _charged_before(begun, days, without)
    terms = _TermsOfPlans()
    dues = [
        (
            one,
            fees_due(
                terms.of(one),
                _standing(one, charged.get(one.pk, ())),
                upto=days[one.pk],
                without_service=without.get(one.pk),
            ),
        )
        for one in begun
    ]
    _post(dues, now)
    _write_down(dues, days, looked_at=without_service is not None)
    report = FeesCharged(subscriptions=sum(1 for _, due in dues if due.amounts))
    for subscription, due in dues:
        for amount in due.amounts:
            report.add(amount, subscription.plan.currency)
    return report


def today_of(customer: Customer, now: datetime) -> date:
    """The day it is where the customer is."""
    return now.astimezone(ZoneInfo(customer.timezone)).date()


class _TermsOfPlans:
    """The terms of each plan, read once; a subscription may have a fee of its own."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Decimal | None], Terms] = {}

    def of(self, subscription: Subscription) -> Terms:
        key = (subscription.plan_id, subscription.fee)
        if key not in self._known:
            self._known[key] = terms_of(subscription.plan, subscription.fee)
        return self._known[key]


def terms_of(plan: SubscriptionPlan, fee: Decimal | None = None) -> Terms:
    """The plan in the words of `billing.fees`, with another fee if one is given."""
    return Terms(
        fee=plan.fee if fee is None else fee,
        period=plan.period,
        charge_model=plan.charge_model,
        advance_periods=plan.advance_periods,
        activation_fee=plan.activation_fee,
        prorates_start=plan.prorates_start,
        prorates_end=plan.prorates_end,
        minimum_periods=plan.minimum_periods,
        penalty=plan.penalty,
        decimals=plan.decimals,
    )


def _standing(subscription: Subscription, charged: Iterable[Charged]) -> Standing:
    assert subscription.starts_on is not None  # only those that have begun are asked about
    return Standing(
        starts_on=subscription.starts_on,
        ends_on=subscription.ends_on,
        charged_until=subscription.charged_until,
        is_settled=subscription.ends_on is not None and subscription.due_on is None,
        charged=tuple(charged),
    )


def _charged_before(
    subscriptions: Iterable[Subscription], days: Mapping[int, date], without: DaysWithoutService
) -> dict[int, list[Charged]]:
    """The fees and credited days of the periods that a credit may fall into; most subscriptions need none."""
    since = {}
    for one in subscriptions:
        dates = list(without.get(one.pk, ()))
        if one.ends_on is not None and one.ends_on <= days[one.pk] and one.charged_until is not None:
            dates.append(one.ends_on)
        if dates:
            since[one.pk] = period_of(one.plan.period, min(dates))[0]
    found: dict[int, list[Charged]] = {}
    if since:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT c.subscription_id, c.what, c.since, c.until, c.amount, c.fee
                  FROM unnest(%s::bigint[], %s::date[]) AS wanted (id, since)
                  JOIN billing_feecharge c ON c.subscription_id = wanted.id AND c.until > wanted.since
                 WHERE c.what = ANY(%s) ORDER BY c.id
                """,
                (list(since), list(since.values()), [FeeKind.FEE.value, FeeKind.WAIVER.value]),
            )
            for pk, *rest in cursor.fetchall():
                found.setdefault(pk, []).append(Charged(*rest))
    return found


def _post(dues: Iterable[tuple[Subscription, Due]], now: datetime) -> None:
    """A transaction for each amount, in the month that the amount belongs to."""
    rows = [(one, amount) for one, due in dues for amount in due.amounts]
    if not rows:
        return
    priced = pl.DataFrame(
        {
            "customer_id": [one.customer_id for one, _ in rows],
            "account_id": [one.account_id for one, _ in rows],
            "month": [amount.due_on.replace(day=1) for _, amount in rows],
            "usage_kind": [FEE] * len(rows),
            "tax_basis_points": [int(one.customer.tax_rate * 100) for one, _ in rows],
            "is_gross": [one.plan.is_gross for one, _ in rows],
            "currency": [one.plan.currency for one, _ in rows],
            "net_nanos": [nanos_of(amount.amount) for _, amount in rows],
        },
        schema={name: dtype for name, dtype in ENTRIES.items() if name != "tax_nanos"},
    )
    ids = post(with_tax(priced), kind=Transaction.Kind.FEE, income=LedgerAccount.Kind.REVENUE, posted_at=now)
    copy_in(
        FeeCharge._meta.db_table,
        pl.DataFrame(
            {
                "subscription_id": [one.pk for one, _ in rows],
                "what": [amount.what.value for _, amount in rows],
                "since": [amount.since for _, amount in rows],
                "until": [amount.until for _, amount in rows],
                "reason": [amount.reason for _, amount in rows],
                "amount": [f"{amount.amount:f}" for _, amount in rows],
                "fee": [None if amount.fee is None else f"{amount.fee:f}" for _, amount in rows],
                "transaction_id": ids,
            },
            schema_overrides={"fee": pl.String},
        ),
    )


def with_tax(entries: pl.DataFrame) -> pl.DataFrame:
    """ENTRIES from rows whose `net_nanos` is the whole amount as it is priced: with its tax where `is_gross`."""
    amount, is_gross = pl.col("net_nanos"), pl.col("is_gross")
    taxed = entries.with_columns(tax_nanos=tax_of(amount, pl.col("tax_basis_points"), is_gross))
    return taxed.with_columns(net_nanos=amount - pl.when(is_gross).then("tax_nanos").otherwise(0)).select(
        ENTRIES.names()
    )


def _write_down(dues: Sequence[tuple[Subscription, Due]], days: Mapping[int, date], *, looked_at: bool) -> None:
    """How far each is charged now, and when it is due again."""
    for one, due in dues:
        one.charged_until, one.due_on = due.charged_until, due.next_due_on
        if looked_at and due.charged_until is not None:
            seen = min(days[one.pk], due.charged_until, one.ends_on or date.max)
            one.waived_until = max(seen, one.waived_until or seen)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_subscription s
               SET charged_until = new.charged_until, due_on = new.due_on, waived_until = new.waived_until
              FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::date[])
                   AS new (id, charged_until, due_on, waived_until)
             WHERE s.id = new.id AND (s.charged_until, s.due_on, s.waived_until)
                   IS DISTINCT FROM (new.charged_until, new.due_on, new.waived_until)
            """,
            (
                [one.pk for one, _ in dues],
                [one.charged_until for one, _ in dues],
                [one.due_on for one, _ in dues],
                [one.waived_until for one, _ in dues],
            ),
        )
