"""`tollbook subscriptions`: what is charged at once is noticed at once."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.jobs.fee_office import add_customer, add_plan
from tollbook.alarms.models import Alarm
from tollbook.cli import subscriptions


class June11(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: Any = None) -> "June11":  # noqa: ARG003
        return cls(2026, 6, 11, 12, tzinfo=UTC)


@pytest.mark.usefixtures("db")
def test_funds_are_looked_at_when_a_subscription_begins_and_ends(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 a month are 20 from 11 June on, which is all that may be owed; ended on the day it began, it costs nothing."""
    settings.TOLLBOOK_HOME = tmp_path
    monkeypatch.setattr(subscriptions, "datetime", June11)
    add_customer(credit_limit=Decimal(20))
    add_plan("lines", "30")

    said = tollbook("subscriptions", "add", "acme", "lines").stdout
    assert [alarm.cleared_at for alarm in Alarm.objects.all()] == [None]

    number = said.split()[1].rstrip(":")
    tollbook("subscriptions", "end", number, "--on", "2026-06-11")
    assert [alarm.cleared_at for alarm in Alarm.objects.all()] == [June11.now()]
