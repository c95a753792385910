"""The demo: two simulated platforms and a real file, from customers to invoices; a second time nothing changes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tollbook.billing.models import Invoice
from tollbook.customers.models import Account, Customer, ForeignCustomer, Pairing
from tollbook.jobs.check_ledger import check_ledger
from tollbook.ledger.models import Posting
from tollbook.usage.models import UsageRecord

THEIRS = {"demo portabilling": "portabilling", "demo metroport": "metroport"}


def books() -> dict[str, object]:
    """Everything that a second run might change."""
    return {
        "customers": Customer.objects.count(),
        "pairings": Pairing.objects.count(),
        "accounts": sorted(Account.objects.values_list("code", "state")),
        "usage": UsageRecord.objects.count(),
        "postings": sorted(Posting.objects.values_list("transaction_id", "leg", "amount_nanos")),
        "invoices": sorted(Invoice.objects.values_list("number", "gross")),
    }


@pytest.mark.usefixtures("db")
@pytest.mark.req("X8")
def test_a_newcomer_sees_the_whole_way_and_a_second_run_changes_nothing(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings
) -> None:
    settings.TOLLBOOK_HOME = tmp_path

    first = tollbook("demo", "--once")

    assert first.status == 0, first.stderr
    assert "asterisk-master.csv: 218 records in, 218 new, 0 known from before" in first.stdout
    for platform in THEIRS:
        standings = set(
            ForeignCustomer.objects.filter(connection__name=platform).values_list("standing", flat=True)
        )
        assert standings == {"paired", "conflict", "suggested", "unmatched"}
        charged = UsageRecord.objects.filter(outcome="charged", account_id__in=_accounts_of(platform))
        assert charged.count() > 1_000
    assert Invoice.objects.filter(currency="EUR").exists()
    assert Invoice.objects.filter(currency="PLN").exists()
    assert not [finding for finding in check_ledger() if finding.problems]
    was = books()

    second = tollbook("demo", "--once")

    assert second.status == 0, second.stderr
    assert len(re.findall(r"records in, 0 new", second.stdout)) == 3
    assert books() == was


def _accounts_of(platform: str) -> list[int]:
    return list(Account.objects.filter(links__connection__name=platform).values_list("pk", flat=True))
