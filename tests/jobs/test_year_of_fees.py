"""A year of random fees: every subscription comes to what the oracle says, however often the job ran."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Sum

from tests.jobs import fee_oracle
from tests.jobs.fee_oracle import Life, Plan
from tollbook.billing.models import Subscription
from tollbook.billing.operations.subscriptions import follow_products
from tollbook.catalog.models import Product, SubscriptionPlan, WaiveReason
from tollbook.credit.models import HeldBy, Hold
from tollbook.customers.models import Account, AccountProduct, AccountState, Customer
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.check_ledger import check_ledger

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST, LAST = date(2026, 1, 1), date(2027, 1, 10)
ZONES = ("UTC", "Europe/Warsaw", "Pacific/Auckland", "America/New_York")
REASONS = {"staff": {"blocked_by_staff"}, "customer": {"blocked_by_customer"}, "credit": {"no_funds", "suspended"}}
PLANS = 24
# Every how many days the job runs, of how many accounts, and of how many in a full campaign.
CADENCES = [(1, 4, 100), (7, 20, 1_000), (500, 30, 1_000)]

Held = tuple[datetime, datetime | None, str]


@dataclass
class Story:
    """An account: what it had from when to when, and who held it or its customer."""

    account: Account
    zone: ZoneInfo
    holds: list[Held]
    has: dict[int, date] = field(default_factory=dict)  # product: since
    had: list[tuple[int, date, date | None]] = field(default_factory=list)
    next_event: date = FIRST
    is_over: bool = False


class Year:
    """An operator whose plans, customers and year are drawn at random."""

    def __init__(self, chance: Random, accounts: int) -> None:
        self.chance = chance
        self.plans: dict[int, Plan] = {}  # by product
        self.products = [self._product(number) for number in range(PLANS)]
        self.stories = [story for _ in range(accounts // 2) for story in self._customer()]

    def _product(self, number: int) -> Product:
        chance = self.chance
        plan = Plan(
            fee=Fraction(chance.choice([3000, 999, 1000, 601, 12345]), 100),
            period=chance.choice(["month", "month", "month", "week", "quarter", "year", "day"]),
            model=chance.choice(["in_advance", "in_arrears", "by_day"]),
            advance=chance.choice([1, 1, 2, 3]),
            activation=Fraction(chance.choice([0, 0, 500]), 100),
            prorates_start=chance.random() < 0.7,
            prorates_end=chance.random() < 0.7,
            waives=tuple(chance.sample([one.value for one in WaiveReason], chance.choice([0, 2, 5]))),
            minimum=chance.choice([0, 0, 3]),
            penalty=chance.choice([None, Fraction(10)]),
            decimals=chance.choice([2, 5]),
        )
        stored = SubscriptionPlan.objects.create(
            code=f"plan-{number}",
            name=f"Plan {number}",
            currency="EUR",
            period=plan.period,
            fee=decimal(plan.fee),
            activation_fee=decimal(plan.activation),
            charge_model=plan.model,
            advance_periods=plan.advance,
            prorates_start=plan.prorates_start,
            prorates_end=plan.prorates_end,
            waives=list(plan.waives),
            minimum_periods=plan.minimum,
            penalty=None if plan.penalty is None else decimal(plan.penalty),
            decimals=plan.decimals,
            is_gross=chance.random() < 0.3,
        )
        is_addon = number % 3 == 0
        product = Product.objects.create(code=f"p{number}", name=f"P {number}", plan=stored, is_addon=is_addon)
        self.plans[product.pk] = plan
        return product

    def _customer(self) -> Iterator[Story]:
        chance, code = self.chance, f"c{Customer.objects.count()}"
        zone = chance.choice(ZONES)
        customer = Customer.objects.create(
            code=code, name=code, currency="EUR", timezone=zone, tax_rate=chance.choice([0, 23])
        )
        of_customer = self._holds(customer, None)
        for number in range(2):
            expires_on = FIRST + DAY * chance.randrange(100, 360) if chance.random() < 0.15 else None
            account = Account.objects.create(
                customer=customer,
                product=self._main(),
                code=f"{code}-{number}",
                expires_on=expires_on,
                state=AccountState.INACTIVE,
            )
            holds = [*of_customer, *self._holds(customer, account)]
            yield Story(account, ZoneInfo(zone), holds, next_event=FIRST + DAY * chance.randrange(60))

    def _main(self) -> Product:
        return self.chance.choice([one for one in self.products if not one.is_addon])

    def _holds(self, customer: Customer, account: Account | None) -> list[Held]:
        """At whole hours, one after the other for each of those who hold."""
        holds: list[Held] = []
        for held_by in HeldBy:
            at = datetime(2026, 1, 1, tzinfo=UTC) + HOUR * self.chance.randrange(24 * 200)
            for _ in range(self.chance.choice([0, 0, 1, 3])):
                until = at + HOUR * self.chance.randrange(1, 24 * 25)
                lifted = until if self.chance.random() < 0.95 else None
                holds.append((at, lifted, held_by.value))
                Hold.objects.create(
                    customer=customer, account=account, held_by=held_by, placed_at=at, lifted_at=lifted
                )
                if lifted is None:
                    break
                at = until + HOUR * self.chance.randrange(24 * 40)
        return holds

    def live(self, every: int) -> None:
        """Day for day: what people do, and every so many days the job."""
        day = FIRST
        while day < LAST:
            now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            for story in self.stories:
                if story.next_event == day and not story.is_over and day < LAST - DAY * 8:
                    self._event(story, now)
            if (day - FIRST).days % every == 0 or day == LAST - DAY:
                charge_fees(upto=day + DAY, now=now)
            day += DAY

    def _event(self, story: Story, now: datetime) -> None:
        """The account begins, changes its products, or ends."""
        chance, account = self.chance, story.account
        today = now.astimezone(story.zone).date()
        story.next_event = now.date() + DAY * chance.randrange(3, 120)
        # Who gives something up may have had it that day, or not.
        last = today + DAY * chance.choice([0, 1])
        if story.has and chance.random() < 0.2:
            account.state, story.is_over = AccountState.TERMINATED, True
            wanted: set[int] = set()
        else:
            account.state = AccountState.ACTIVE
            if chance.random() < 0.6:
                account.product = self._main()
            addons = chance.sample([one for one in self.products if one.is_addon], chance.choice([0, 1, 2]))
            self._set_addons(account, addons, now)
            wanted = {account.product_id, *(one.pk for one in addons)}
        account.save()
        follow_products(account, on=today, ends_on=last, now=now)
        for product in [*story.has]:
            if product not in wanted:
                story.had.append((product, story.has.pop(product), last))
        for product in wanted:
            story.has.setdefault(product, today)

    def _set_addons(self, account: Account, addons: Sequence[Product], now: datetime) -> None:
        open_spans = AccountProduct.objects.filter(account=account, is_addon=True, active_until=None)
        open_spans.exclude(product__in=addons).update(active_until=now)
        kept = set(open_spans.values_list("product_id", flat=True))
        for addon in addons:
            if addon.pk not in kept:
                AccountProduct.objects.create(account=account, product=addon, is_addon=True, active_from=now)

    def expected(self) -> dict[tuple[str, str, date], Fraction]:
        """What the oracle says that each subscription comes to, by account, plan and first day."""
        sums = {}
        for story in self.stories:
            days = held_days(story)
            for product, since, until in [*story.had, *((one, at, None) for one, at in story.has.items())]:
                plan = self.plans[product]
                credited = frozenset(
                    day for day, held in days.items() if all(one & set(plan.waives) for one in held)
                )
                life = Life(plan, since, until, credited)
                upto = datetime(LAST.year, LAST.month, LAST.day - 1, 12, tzinfo=UTC).astimezone(story.zone).date()
                code = next(one.plan.code for one in self.products if one.pk == product and one.plan)
                sums[story.account.code, code, since] = fee_oracle.owed(life, min(upto, LAST))
        return sums


def held_days(story: Story) -> dict[date, list[set[str]]]:
    """Of each day, hour by hour, the reasons for which there was no service in it."""
    days: dict[date, list[set[str]]] = {}
    at = datetime(2025, 12, 31, tzinfo=UTC)
    while at < datetime(2027, 1, 12, tzinfo=UTC):
        held = {
            reason
            for since, until, held_by in story.holds
            if since <= at and (until is None or at < until)
            for reason in REASONS[held_by]
        }
        day = at.astimezone(story.zone).date()
        if story.account.expires_on and day >= story.account.expires_on:
            held.add("expired")
        days.setdefault(day, []).append(held)
        at += HOUR
    return days


def decimal(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / Decimal(amount.denominator)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("every", "few", "many"), CADENCES, ids=["daily", "weekly", "once"])
def test_a_year_comes_to_what_the_oracle_says(
    every: int, few: int, many: int, pytestconfig: pytest.Config
) -> None:
    year = Year(Random(2026), many if pytestconfig.getoption("--full") else few)

    year.live(every)

    charged = Subscription.objects.annotate(total=Sum("charges__amount")).values_list(
        "account__code", "plan__code", "starts_on", "total"
    )
    found = {(account, plan, since): Fraction(total or 0) for account, plan, since, total in charged if since}
    expected = year.expected()
    assert found.keys() == expected.keys()
    wrong = {key: (found[key], expected[key]) for key in found if found[key] != expected[key]}
    assert wrong == {}
    assert sum(found.values()) != 0
    assert [finding for finding in check_ledger() if finding.problems] == []
