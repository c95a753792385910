"""Every hour, those are charged whose day has begun."""

from datetime import UTC, datetime

import pytest

from tests.jobs.fee_office import add_customer, add_plan, charged, day
from tollbook.billing.models import Subscription
from tollbook.up import tasks


@pytest.mark.usefixtures("db")
def test_each_customer_is_charged_when_their_day_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """13:07 UTC on 30 June is 1 July in Auckland; in Warsaw it is not before 22:00 UTC."""
    plan = add_plan("flat", "30")
    owners = [add_customer("kiwi", timezone="Pacific/Auckland"), add_customer("pole", timezone="Europe/Warsaw")]
    begun = datetime(2026, 6, 1, tzinfo=UTC)
    for owner in owners:
        Subscription.objects.create(
            customer=owner, plan=plan, created_at=begun, starts_on=day("07-01"), due_on=day("07-01")
        )

    amounts = []
    for hour in (11, 13, 21, 22):
        monkeypatch.setattr(tasks, "_now", lambda hour=hour: datetime(2026, 6, 30, hour, 7, tzinfo=UTC))
        tasks.charge_due_fees(timestamp=0)
        amounts.append([len(charged(owner)) for owner in owners])

    assert amounts == [[0, 0], [1, 0], [1, 0], [1, 1]]
