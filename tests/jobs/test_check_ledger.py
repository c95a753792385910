"""The check finds every law kept after a busy month, and says by id which one is broken when somebody breaks it."""

from datetime import date

import pytest
from django.db import connection

from tests.jobs.office import NOON, Office
from tollbook.billing.models import Invoice, Seller
from tollbook.billing.operations import issue_invoice
from tollbook.customers.models import Customer
from tollbook.jobs.check_ledger import LAWS, SHOWN_PER_LAW, check_ledger
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.models import Transaction
from tollbook.usage.queries import select_records

MONDAY = """
    record_id, start,                duration_s, cli,         cld,          answered
    1,         2017-06-19T08:00:00Z, 61,         48221000001, 442079460000, yes
    2,         2017-06-19T08:05:00Z, 31,         48221000001, 447700900000, yes
    3,         2017-06-19T08:06:00Z, 0,          48221000001, 447700900000, no
    4,         2017-06-19T08:07:00Z, 10,         48221000003, 48600000000,  yes
    5,         2017-06-19T08:08:00Z, 10,         48229999999, 48600000000,  yes
"""
CORRECTED = """
    record_id, start,                duration_s, cli,         cld,          answered
    1,         2017-06-19T08:00:00Z, 121,        48221000001, 442079460000, yes
"""
TUESDAY = """
    record_id, start,                duration_s, cli,         cld,          answered
    6,         2017-06-20T08:00:00Z, 60,         48221000002, 442079460000, yes
    7,         2017-06-20T08:10:00Z, 60,         48221000003, 48600000000,  yes
"""


def problems() -> list[str]:
    return [problem for finding in check_ledger() for problem in finding.problems]


def broken() -> dict[str, tuple[str, ...]]:
    return {finding.law: finding.problems for finding in check_ledger() if finding.problems}


def invoice(code: str) -> Invoice:
    seller, _ = Seller.objects.get_or_create(name="Telco", country="PL")
    issued = issue_invoice(
        Customer.objects.get(code=code),
        seller=seller,
        month=date(2017, 6, 1),
        issued_on=date(2017, 7, 1),
        posted_at=NOON,
    )
    assert issued is not None
    return issued


@pytest.mark.req("X6")
def test_after_a_busy_month_every_law_holds(office: Office) -> None:
    assert problems() == []
    office.import_(MONDAY)
    correction = office.import_(CORRECTED, "corrected.csv")
    tuesday = office.import_(TUESDAY, "tuesday.csv")
    assert problems() == []

    invoice("ann")
    undo_import(tuesday, posted_at=NOON)
    office.import_(TUESDAY, "tuesday.csv")
    assert problems() == []

    undo_import(correction, posted_at=NOON)  # call 1 waits again, and has left its transaction
    assert problems() == []
    retry_set_aside(office.source, now=NOON)
    invoice("bob")
    assert problems() == []
    assert [finding.law for finding in check_ledger()][:-1] == list(LAWS)


def by_force(statement: str, *params: int) -> None:
    """Change what the database protects."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, params)
        cursor.execute("SET session_replication_role = origin")


def transaction_of(code: str) -> int:
    return Transaction.objects.get(customer_id=Customer.objects.get(code=code).pk).pk


def test_a_changed_posting_is_found_by_its_transaction(office: Office) -> None:
    office.import_(MONDAY)
    bobs = transaction_of("bob")

    by_force(
        "UPDATE ledger_posting SET amount_nanos = amount_nanos + 1 WHERE transaction_id = %s AND leg = 0", bobs
    )

    bob = Customer.objects.get(code="bob")
    account = bob.accounts.get()
    assert broken() == {
        "the postings of a transaction sum to zero in every currency": (
            f"transaction {bobs} is off balance by 1 nano-EUR",
        ),
        "the records behind a usage transaction come to its postings": (
            f"transaction {bobs} posts 5000001 nano-EUR with 0 of tax, its records come to 5000000 with 0",
        ),
        "what is charged comes to what was posted less what was taken back": (
            f"customer {bob.pk}, account {account.pk}, voice_out of 2017-06 at 0.00 % net (transaction {bobs} …):"
            " 5000001 nano-EUR are posted with 0 of tax, the charged records come to 5000000 with 0",
        ),
    }


@pytest.mark.parametrize(
    ("change", "law", "problem"),
    [
        (
            "DELETE FROM ledger_posting WHERE transaction_id = {bob}",
            "a transaction has postings, and a posting its transaction",
            "transaction {bob} has no postings",
        ),
        (
            "DELETE FROM ledger_transaction WHERE id = {bob}",
            "a transaction has postings, and a posting its transaction",
            "transaction {bob} has postings and does not exist",
        ),
        (
            "UPDATE ledger_posting SET customer_id = 99 WHERE transaction_id = {bob} AND leg = 0",
            "a posting is in its transaction's currency, and a receivable its customer's",
            "posting {bob}/0 is receivable of customer 99 in EUR",
        ),
        (
            "UPDATE ledger_posting SET currency = 'PLN' WHERE transaction_id = {bob}",
            "a posting is in its transaction's currency, and a receivable its customer's",
            "posting {bob}/1 is revenue of customer nobody in PLN",
        ),
        (
            "UPDATE usage_usagerecord SET transaction_id = {bob} WHERE transaction_id = {ann}",
            "a charged record has its transaction",
            "says that transaction {bob} charged it, which is about something else",
        ),
        (
            "UPDATE usage_usagerecord SET transaction_id = 4711 WHERE transaction_id = {ann}",
            "a charged record has its transaction",
            "says that transaction 4711 charged it, which is missing",
        ),
        (
            "UPDATE usage_usagerecord SET price_nanos = price_nanos + 100 WHERE transaction_id = {ann}",
            "the records behind a usage transaction come to its postings",
            # two records 100 nano dearer, with 23 of tax each
            "posts 86100000 nano-EUR with 16100000 of tax, its records come to 86100246 with 16100046",
        ),
        (
            "UPDATE usage_usagerecord SET outcome = 'undone' WHERE transaction_id = {bob}",
            "what is charged comes to what was posted less what was taken back",
            "5000000 nano-EUR are posted with 0 of tax, the charged records come to 0 with 0",
        ),
        (
            "UPDATE usage_usagerecord SET outcome = 'undone' WHERE transaction_id = {bob}",
            "records in are charged, free, set aside, duplicate, not usage, superseded or undone",
            "charged says 3, there are 2 records",
        ),
        (
            "UPDATE billing_invoice SET gross = gross + 0.01, tax = tax + 0.01",
            "an invoice asks for what its transactions post",
            # 0.07 and 23 %: 0.0161, so 0.02
            "is 0.100 EUR with 0.030 of tax, its transactions post 90000000 nano-EUR with 20000000",
        ),
        (
            "UPDATE billing_invoice SET gross = gross + 0.01, tax = tax + 0.01",
            "the lines of an invoice add up to it",
            "is 0.070 net and 0.030 tax, its lines are 0.070 and 0.020",
        ),
        (
            "INSERT INTO billing_invoicedtransaction (invoice_id, transaction_id)"
            " SELECT id, {bob} FROM billing_invoice",
            "an invoice is for its customer's transactions, in its currency",
            "has transaction {bob}, which is of customer",
        ),
        (
            "UPDATE usage_importrun SET charged = charged + 1, records_in = records_in + 1",
            "records in are charged, free, set aside, duplicate, not usage, superseded or undone",
            "charged says 4, there are 3 records",
        ),
    ],
    ids=[
        "postings gone",
        "transaction gone",
        "receivable of another",
        "postings in another currency",
        "record of another transaction",
        "record of no transaction",
        "dearer records",
        "record taken back without postings",
        "record taken back without counting",
        "invoice dearer than its transactions",
        "invoice dearer than its lines",
        "transaction on another's invoice",
        "count too high",
    ],
)
def test_what_is_broken_by_force_is_found(change: str, law: str, problem: str, office: Office) -> None:
    office.import_(MONDAY)
    ids = {"ann": transaction_of("ann"), "bob": transaction_of("bob")}
    if "billing" in change:
        invoice("ann")
    assert problems() == []

    by_force(change.format(**ids))

    found = broken()
    assert any(problem.format(**ids) in sentence for sentence in found[law]), found


def test_of_many_problems_the_first_are_shown(office: Office) -> None:
    calls = [
        f"{n}, 2017-06-{n:02d}T08:00:00Z, 60, 48221000003, 48600000000, yes" for n in range(1, SHOWN_PER_LAW + 6)
    ]
    office.import_("record_id, start, duration_s, cli, cld, answered\n" + "\n".join(calls))
    records = select_records("true", ())["id"].to_list()

    by_force("UPDATE usage_usagerecord SET transaction_id = 4711")

    (finding,) = (one for one in check_ledger() if one.law == "a charged record has its transaction")
    assert len(finding.problems) == SHOWN_PER_LAW
    assert finding.problems[0].startswith(f"usage record {min(records)} ")
    assert finding.has_more
