"""Several people at work at the same time, each on a connection to the database of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from time import sleep

import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from tests.jobs.conftest import open_office
from tests.jobs.office import NOON, Office
from tests.jobs.test_import_usage import owed
from tollbook.billing.models import Invoice
from tollbook.billing.operations import issue_invoice, set_seller
from tollbook.connections.models import Connection
from tollbook.customers.models import Customer
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.import_usage import import_usage
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.models import LedgerAccount
from tollbook.ledger.operations import ledger_account
from tollbook.usage.models import ImportRun


@pytest.fixture
def office(fresh_database: dict[str, str], tmp_path: Path, settings: LazySettings) -> Iterator[Office]:
    yield open_office(tmp_path, settings)
    assert [finding for finding in check_ledger() if finding.problems] == []


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """All of these begin at the same moment; what each gave."""
    ready = Barrier(len(deeds))

    def begin(deed: Callable[[], object]) -> object:
        ready.wait()
        try:
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as people:
        return list(people.map(begin, deeds))


def month_of_calls(office: Office, name: str, months: int = 12) -> Path:
    """A minute to the United Kingdom, 0.012, in each month of 2016."""
    lines = [
        f"{name}-{month},2016-{month:02d}-10T08:00:00Z,60,48221000003,442079460000,yes"
        for month in range(1, months + 1)
    ]
    return office.file("\n".join(["record_id,start,duration_s,cli,cld,answered", *lines]), f"{name}.csv")


def test_two_platforms_bring_the_same_new_months(office: Office) -> None:
    sources = [
        Connection.objects.create(name=f"pbx {n}", layout="tollbook", match_by=["number"]) for n in range(4)
    ]
    paths = [month_of_calls(office, f"pbx-{n}") for n in range(4)]

    at_once(*(lambda s=s, p=p: import_usage(s, p, now=NOON) for s, p in zip(sources, paths, strict=True)))

    assert owed("bob") == Decimal("0.576")  # 4 × 12 × 0.012


def test_one_file_imported_twice_at_once_is_charged_once(office: Office) -> None:
    path = month_of_calls(office, "calls")

    at_once(*(lambda: import_usage(office.source, path, now=NOON),) * 3)

    assert owed("bob") == Decimal("0.144")
    assert ImportRun.objects.count() == 3


def test_an_import_undone_twice_at_once_is_reversed_once(office: Office) -> None:
    run = import_usage(office.source, month_of_calls(office, "calls"), now=NOON)

    undone = at_once(*(lambda: undo_import(ImportRun.objects.get(pk=run.pk), posted_at=NOON),) * 3)

    assert sorted(map(str, undone)) == ["0", "0", "12"]
    assert owed("bob") == 0


def test_importing_retrying_and_undoing_one_connection_at_once(office: Office) -> None:
    first = import_usage(office.source, month_of_calls(office, "first"), now=NOON)
    second = month_of_calls(office, "second", 6)

    at_once(
        lambda: import_usage(office.source, second, now=NOON),
        lambda: undo_import(first, posted_at=NOON),
        lambda: retry_set_aside(office.source, now=NOON),
    )

    assert owed("bob") == Decimal("0.072")


def test_two_who_open_the_same_ledger_accounts_in_another_order(office: Office) -> None:
    @transaction.atomic
    def open_(*percents: str) -> None:
        for percent in percents:
            ledger_account(LedgerAccount.Kind.TAX, percent, "EUR")
            sleep(0.2)  # the other one has opened an account too by now, or waits

    at_once(lambda: open_("8.00", "23.00"), lambda: open_("23.00", "8.00"))

    assert LedgerAccount.objects.filter(kind="tax").count() == 2


def test_invoice_numbers_have_no_gap_when_two_clerks_close_the_month(office: Office) -> None:
    lines = ["record_id,start,duration_s,cli,cld,answered"]
    for n in range(1, 4):
        lines.append(f"{n},2017-06-10T08:00:00Z,6000,4822100000{n},442079460000,yes")
    office.import_("\n".join(lines))
    seller = set_seller(name="Example Telecom", country="PL", logo=None)
    june, day = date(2017, 6, 1), date(2017, 7, 1)

    def close(code: str) -> object:
        customer = Customer.objects.get(code=code)
        return issue_invoice(customer, seller=seller, month=june, issued_on=day, posted_at=NOON)

    at_once(*(lambda code=code: close(code) for code in ("ann", "bob", "ann", "bob")))

    assert sorted(Invoice.objects.values_list("number", flat=True)) == ["2017/06/0001", "2017/06/0002"]
