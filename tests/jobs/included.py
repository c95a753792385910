"""Plans with included usage for the office, and what became of calls, as a clerk writes it."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.jobs.office import NOON, Office
from tollbook.billing.models import AllowancePool, Subscription, TierCount
from tollbook.catalog.models import SubscriptionPlan
from tollbook.catalog.operations import plans
from tollbook.customers.models import Account, Customer
from tollbook.usage.queries import select_records

JUNE = date(2017, 6, 1)
MINUTE = len("2017-06-01T10:00")


def plan(code: str = "flat") -> SubscriptionPlan:
    return plans.set_plan(code=code, name=code.title(), currency="EUR", fee=Decimal(10))


def include(minutes: int = 0, *, of: str = "flat", name: str = "minutes", **terms: Any) -> None:
    """Minutes (or an `amount`) for a plan, which is made if it is new."""
    if not SubscriptionPlan.objects.filter(code=of).exists():
        plan(of)
    amount = terms.pop("amount", minutes * 60)
    plans.set_allowance(plan=of, name=name, kind=terms.pop("kind", "voice_out"), amount=amount, **terms)


def subscribe(who: str, to: str = "flat", *, since: date = JUNE, until: date | None = None) -> Subscription:
    """An account, or a customer as a whole, to a plan."""
    account = Account.objects.filter(code=who).first()
    customer = account.customer if account else Customer.objects.get(code=who)
    of = SubscriptionPlan.objects.get(code=to)
    return Subscription.objects.create(
        customer=customer, account=account, plan=of, starts_on=since, ends_on=until, created_at=NOON
    )


def calls(text: str) -> str:
    """A file of calls: id, the account's last digit, start on Warsaw's clock in summer, seconds, number."""
    rows = ["record_id,start,duration_s,cli,cld,answered"]
    for line in text.strip().splitlines():
        key, account, start, seconds, number = line.split()
        rows.append(
            f"{key},{start if len(start) > MINUTE else start + ':00'}+02:00,{seconds},4822100000{account},{number},yes"
        )
    return "\n".join(rows)


def use(office: Office, text: str, name: str = "calls.csv") -> Any:
    return office.import_(calls(text), name)


def became() -> list[str]:
    """Each record that stands, by its id: billed seconds or units, and its price or why it is free."""
    rows = select_records("outcome NOT IN ('undone', 'superseded')", ()).sort("record_key").iter_rows(named=True)
    return [f"{row['record_key']} {row['billed']} {row['reason'] or price(row['price_nanos'])}" for row in rows]


def price(nanos: int | None) -> str:
    return "-" if nanos is None else f"{Decimal(nanos).scaleb(-9).normalize():f}"


def left() -> dict[str, str]:
    """What each pool has left: taken of amount, by allowance, owner and first day."""
    pools = AllowancePool.objects.select_related("subscription__account", "subscription__customer", "allowance")
    return {
        f"{pool.allowance.name} {pool.subscription.account or pool.subscription.customer} {pool.since}": (
            f"{pool.taken} of {pool.amount}" + (f", {pool.carried_out} carried on" if pool.carried_out else "")
        )
        for pool in pools.order_by("since", "pk")
    }


def counted() -> list[tuple[int, int, Decimal]]:
    """Of each count of tiers the units, their value in nano-units, and what was posted besides."""
    return [
        (count.units, int(count.value_sixtieths) // 60, Decimal(count.difference_nanos).scaleb(-9).normalize())
        for count in TierCount.objects.order_by("pk")
    ]
