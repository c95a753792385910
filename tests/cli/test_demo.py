"""The demo: all simulated platforms and a real file, from customers to invoices; a second time nothing changes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tollbook.billing.models import FeeCharge, Invoice
from tollbook.connections.models import Connection
from tollbook.credit.models import OrderEvent, SuspensionOrder
from tollbook.customers.models import Account, AccountMark, Customer, ForeignCustomer, Pairing
from tollbook.jobs.check_ledger import check_ledger
from tollbook.ledger.models import Posting
from tollbook.usage.models import UsageRecord

LISTED = ("demo portabilling", "demo metroport")  # customers are found there by their identifiers
# Calls that are charged there, at least.
CHARGED = {
    "demo switch": 100,
    "demo portabilling": 1_000,
    "demo metroport": 1_000,
    "demo fusionpbx": 1_000,
    "demo vodia": 300,
    "demo lesnet": 500,
    "demo kamailio": 200,
    "demo-freeswitch": 150,
}


def books() -> dict[str, object]:
    """Everything that a second run might change."""
    return {
        "customers": Customer.objects.count(),
        "pairings": Pairing.objects.count(),
        "accounts": sorted(Account.objects.values_list("code", "state")),
        "usage": UsageRecord.objects.count(),
        "marks": sorted(AccountMark.objects.values_list("account__code", "kind", "value")),
        "postings": sorted(Posting.objects.values_list("transaction_id", "leg", "amount_nanos")),
        "invoices": sorted(Invoice.objects.values_list("number", "gross")),
        "orders": sorted(OrderEvent.objects.values_list("order_id", "what", "at")),
    }


@pytest.mark.req("X8")
def test_a_newcomer_sees_the_whole_way_and_a_second_run_changes_nothing(
    tollbook: Callable[..., Any],
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
    fresh_database: dict[str, str],
) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    for name, value in {**fresh_database, "TOLLBOOK_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)  # of the process that a switch sends its records to

    first = tollbook("demo", "--once")

    assert first.status == 0, first.stderr
    assert "asterisk-master.csv: 218 records in, 218 new, 0 known from before" in first.stdout
    for platform in LISTED:
        standings = set(
            ForeignCustomer.objects.filter(connection__name=platform).values_list("standing", flat=True)
        )
        assert standings == {"paired", "conflict", "suggested", "unmatched"}
    for platform, least in CHARGED.items():
        source = Connection.objects.get(name=platform)
        assert UsageRecord.objects.filter(outcome="charged", connection_id=source.pk).count() > least, platform
    assert set(Invoice.objects.values_list("currency", flat=True)) == {"EUR", "PLN", "CAD", "GBP"}
    assert list(SuspensionOrder.objects.order_by("pk").values_list("customer__code", "wanted", "read_word")) == [
        ("maple", "suspended", "every extension disabled"),
        ("maple", "active", "enabled"),
    ]
    assert Customer.objects.get(code="maple").state == "open"
    # Three extensions at 6.00 a month and one recording at 4.00 from 11 June: 20 of 30 days, and July in advance.
    fees = FeeCharge.objects.filter(subscription__customer__code="harbour").order_by("since", "amount")
    assert [str(one.amount.normalize()) for one in fees] == ["2.66667", "4", "4", "4", "4", "6", "6", "6"]
    assert not [finding for finding in check_ledger() if finding.problems]
    assert_reads_well(first.stdout)
    was = books()

    second = tollbook("demo", "--once")

    assert second.status == 0, second.stderr
    again = re.findall(r"records(?: of 4 files)? in, 0 new", second.stdout)
    assert len(again) + second.stdout.count("nothing new since the last visit") == len(CHARGED)
    assert_reads_well(second.stdout)
    assert books() == was


def assert_reads_well(printed: str) -> None:
    """Its tables fit a usual terminal, each thing has its place, and a screen or two of reading is all it is."""
    titles = re.findall(r"^(\S.*?) *\n┏", printed, re.MULTILINE)
    assert titles == [
        "Customers of the platforms",
        "Not paired, and why",
        "What became of the records",
        "Set aside",
        "What harbour may have, and has",
        "Invoices of June 2017",
        "Orders",
    ]
    assert max(len(line) for line in printed.splitlines() if line.startswith(("┏", "│"))) <= 80
    assert printed.count("no account") == 1  # said once, with all who have it
    assert {"CAD", "EUR", "GBP", "PLN"} <= set(re.findall(r"2017/06/\d+ │.*│ (\w{3}) │", printed))
    assert "every" in printed.partition("\nOrders")[2]  # extension disabled, in the switch's own words
