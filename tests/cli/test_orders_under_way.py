"""What is under way and not due yet is no reason to say that all is as it shall be."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tollbook.connections.models import Connection
from tollbook.credit.models import SuspensionOrder
from tollbook.customers.models import Customer


@pytest.mark.usefixtures("db")
def test_a_check_tells_of_orders_that_wait_for_their_next_try(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings
) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    now = datetime.now(UTC)
    order = SuspensionOrder.objects.create(
        connection=Connection.objects.create(name="pbx", kind="fusionpbx"),
        customer=Customer.objects.create(code="maple", name="Maple", currency="CAD"),
        target="customer",
        foreign_id="maple.example.ca",
        wanted="suspended",
        state="told",
        asked_by="clerk",
        asked_at=now,
        next_try_at=now + timedelta(hours=1),
    )

    run = tollbook("orders", "check")

    expected = "the platforms stand as they were brought to; 1 under way: see `tollbook orders list`\n"
    assert (run.status, run.stdout) == (1, expected)
    assert tollbook("orders", "check", "-c", "pbx").status == 1

    SuspensionOrder.objects.filter(pk=order.pk).update(state="superseded", next_try_at=None)
    run = tollbook("orders", "check")
    assert (run.status, run.stdout) == (0, "the platforms stand as they were brought to\n")
