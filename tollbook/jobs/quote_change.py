"""What another product or other add-ons would cost an account, before anything is changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from tollbook.billing.models import FeeCharge, Subscription
from tollbook.billing.operations.charging import charge_subscriptions, today_of
from tollbook.catalog.models import Product
from tollbook.customers.actors import Actor
from tollbook.customers.models import Account
from tollbook.jobs.change_account import change_account, products_of

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fee:
    """What a product costs, each period."""

    product: Product
    text: str
    period: str  # a FeePeriod
    amount: Decimal
    is_gross: bool


@dataclass(frozen=True, slots=True)
class QuotedAmount:
    """What would be charged (positive) or given back (negative) for days `[since, until)`."""

    text: str
    what: str  # a FeeKind
    since: date
    until: date
    amount: Decimal
    is_gross: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a change means in money, in the customer's currency."""

    currency: str
    before: tuple[Fee, ...]
    after: tuple[Fee, ...]
    charged_now: tuple[QuotedAmount, ...]
    settled_on: date  # when what is given up is settled: the day after
    settled: tuple[QuotedAmount, ...]

    @property
    def charged_now_total(self) -> Decimal:
        return sum((one.amount for one in self.charged_now), Decimal(0))

    @property
    def settled_total(self) -> Decimal:
        """Negative: that much is given back."""
        return sum((one.amount for one in self.settled), Decimal(0))


def by_period(fees: Iterable[Fee]) -> dict[str, Decimal]:
    """What is paid for each kind of period: so much a month, so much a year."""
    sums: dict[str, Decimal] = {}
    for fee in fees:
        sums[fee.period] = sums.get(fee.period, Decimal(0)) + fee.amount
    return sums


def quote_change(
    *,
    actor: Actor,
    account: Account,
    product: Product | None = None,
    addons: Sequence[Product] | None = None,
    now: datetime,
) -> Quote:
    """What `change_account` would charge. The change is made and taken back, so it is exactly that.

    Raises:
        What `change_account` raises.
    """
    with transaction.atomic():
        rehearsed = Account.objects.select_related("customer", "product").get(pk=account.pk)
        customer = rehearsed.customer
        before = _fees(rehearsed)
        known = set(_charges(rehearsed).values_list("pk", flat=True))
        change_account(actor=actor, account=rehearsed, product=product, addons=addons, now=now)
        charged_now = _amounts(rehearsed, known)
        known |= set(_charges(rehearsed).values_list("pk", flat=True))
        tomorrow = today_of(customer, now) + ONE_DAY
        given_up = Subscription.objects.filter(account=rehearsed, ends_on=tomorrow)
        at_noon = datetime.combine(tomorrow, time(12), ZoneInfo(customer.timezone))
        charge_subscriptions(list(given_up.select_related("plan", "customer")), now=at_noon)
        quote = Quote(
            currency=customer.currency,
            before=before,
            after=_fees(rehearsed),
            charged_now=charged_now,
            settled_on=tomorrow,
            settled=_amounts(rehearsed, known),
        )
        transaction.set_rollback(True)
    return quote


def _fees(account: Account) -> tuple[Fee, ...]:
    fees = []
    for product in products_of(account):
        if (plan := product.plan) is not None:
            text = plan.invoice_text or plan.name
            fees.append(Fee(product, text, plan.period, plan.fee, plan.is_gross))
    return tuple(fees)


def _charges(account: Account) -> QuerySet[FeeCharge]:
    return FeeCharge.objects.filter(subscription__account=account)


def _amounts(account: Account, known: set[int]) -> tuple[QuotedAmount, ...]:
    new = _charges(account).exclude(pk__in=known).select_related("subscription__plan").order_by("pk")
    return tuple(
        QuotedAmount(
            text=one.subscription.plan.invoice_text or one.subscription.plan.name,
            what=one.what,
            since=one.since,
            until=one.until,
            amount=one.amount,
            is_gross=one.subscription.plan.is_gross,
        )
        for one in new
    )
