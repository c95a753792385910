"""What comes of a month at each simulated platform: whose it is, what it costs, and what is no usage."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.conf import LazySettings

from simulators.faults import Fault
from tests.jobs.books import books
from tests.jobs.simulated import JUNE, simulated_metroport, simulated_portabilling
from tollbook.customers.models import Customer, Pairing
from tollbook.jobs.reconcile_usage import reconcile_usage
from tollbook.records import KINDS
from tollbook.usage.models import UsageRecord

AFTER, END = "2017-07-03T12:00", date(2017, 7, 3)


@pytest.fixture(autouse=True)
def home(db: None, tmp_path: Path, settings: LazySettings) -> None:
    settings.TOLLBOOK_HOME = tmp_path


@pytest.mark.req("S2")
def test_portabilling_gives_each_paired_customer_their_calls_with_prices() -> None:
    with simulated_portabilling() as platform:
        both, second = Customer.objects.get(code="46170"), Customer.objects.get(code="46176")
        # One customer here is two there; the other foreign id is one that no 32-bit integer holds.
        Pairing.objects.filter(customer=second).update(customer=both)
        second.accounts.update(customer=both)

        run = platform.collect(AFTER)

        assert (run.state, run.scopes) == ("done", 5)
        found = UsageRecord.objects.filter(connection_id=platform.connection.pk)
        paired = {"46170", "46176", "46184", "46192", "2147490001"}
        assert set(found.values_list("tenant_ref", flat=True)) == paired
        of_both = found.filter(customer_id=both.pk, outcome="charged")
        assert set(of_both.values_list("tenant_ref", flat=True)) == {"46170", "46176"}
        # What they pay is what the platform says, to the nano-unit; in the currency they have there.
        charged = found.filter(outcome="charged")
        assert charged.exists()
        for record in charged:
            assert (record.price_nanos, record.currency) == (record.platform_price_nanos, record.platform_currency)
        # Fees, payments, corrections and taxes are kept for reconciliation, and are never charged.
        reasons = Counter(found.filter(outcome="not_usage").values_list("reason", flat=True))
        assert set(reasons) == {"fee", "payment", "adjustment", "tax"}
        assert all(record.price_nanos is None for record in found.filter(outcome="not_usage"))
        held = reconcile_usage(platform.connection, since=JUNE, until=END, now=run.started_at)
        assert held.agrees, held.differences[:3]
        assert held.not_usage["records_here"].sum() == sum(reasons.values())


@pytest.mark.req("L5")
def test_metroport_gives_every_kind_with_its_unit_and_price_for_paired_customers_only() -> None:
    with simulated_metroport() as platform:
        run = platform.collect(AFTER)

        assert (run.state, run.scopes) == ("done", 5)
        found = UsageRecord.objects.filter(connection_id=platform.connection.pk)
        assert set(found.values_list("tenant_ref", flat=True)) == {"986", "992", "998", "1001", "1012"}
        charged = found.filter(outcome="charged")
        assert set(charged.values_list("kind", flat=True)) == {
            "voice_out",
            "sms_out",
            "mms_out",
            "data",
            "video_out",
        }
        for record in charged:
            is_timed = KINDS[str(record.kind)] == "time"
            assert (record.duration_us is None, record.quantity is None) == (not is_timed, is_timed)
            assert (record.price_nanos, record.currency) == (record.platform_price_nanos, "PLN")
            assert record.account_id is not None

        before = books()
        for kind in ("status", "timeout_after", "truncate", "wrong_type", "expire_session"):
            platform.faults.set([Fault(kind, match=platform.usage_path, after=1, times=None)])
            assert platform.collect("2017-07-04T12:00", since="2017-06-01T00:00", again=True).state != "done"
            assert books() == before
