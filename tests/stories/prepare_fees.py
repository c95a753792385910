"""Run in a process of its own: an operator with plans of all kinds and a year of fees that nobody has charged yet."""

import os
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from tollbook.cli.database import open_database

CUSTOMERS = 150
MODELS = ("in_advance", "in_arrears", "by_day")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def prepare() -> None:
    from tollbook.billing.models import Subscription
    from tollbook.catalog.models import SubscriptionPlan
    from tollbook.credit.models import HeldBy, Hold
    from tollbook.customers.models import Customer

    chance = Random(2025)
    plans = [
        SubscriptionPlan.objects.create(
            code=f"{model}-{number}",
            name=model,
            currency="EUR",
            fee=Decimal("10.01") * (number + 1),
            activation_fee=number,
            charge_model=model,
            waives=["blocked_by_staff"],
            minimum_periods=3 * number,
        )
        for model in MODELS
        for number in range(2)
    ]
    for number in range(CUSTOMERS):
        customer = Customer.objects.create(
            code=f"c{number:04d}",
            name=f"Customer {number}",
            currency="EUR",
            timezone="Europe/Warsaw",
            tax_rate=(0, 23, 8)[number % 3],
            credit_limit=chance.choice([None, 50]),
        )
        at = BEGIN + timedelta(hours=chance.randrange(24 * 300))
        Hold.objects.create(
            customer=customer,
            held_by=HeldBy.STAFF,
            placed_by="x",
            placed_at=at,
            lifted_at=at + timedelta(days=20),
        )
        for plan in plans:
            since = date(2025, 1, 1) + timedelta(days=chance.randrange(200))
            until = since + timedelta(days=chance.randrange(1, 160)) if chance.random() < 0.4 else None
            Subscription.objects.create(
                customer=customer, plan=plan, created_at=BEGIN, starts_on=since, ends_on=until, due_on=since
            )


if __name__ == "__main__":
    assert "TOLLBOOK_HOME" in os.environ
    open_database()
    prepare()
