"""xDRs of customers and accounts: what was charged, in the order of billing, page by page, equal to the ledger."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tests.api.portabilling.callers import account as of_account
from tests.api.portabilling.callers import customer as of_customer
from tests.api.portabilling.callers import staff
from tests.api.portabilling.calling import call, fault
from tests.jobs.office import NOON, Office, price_tariff
from tollbook.api.portabilling.method import Attachment
from tollbook.billing.models import Invoice, MoneyAction, Seller
from tollbook.billing.operations import issue_invoice
from tollbook.billing.operations.money import enter_money
from tollbook.billing.operations.subscriptions import subscribe
from tollbook.catalog.operations import set_plan, set_product
from tollbook.customers.models import Account, Customer
from tollbook.jobs.charge_fees import charge_fees
from tollbook.jobs.reverse_usage import undo_import
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import UsageRecord

JULY = {"from_date": "2017-07-01 00:00:00", "to_date": "2017-08-01 00:00:00"}
ALL_TIME = {"from_date": "2000-01-01", "to_date": "2100-01-01"}

# Ann's: 61 s by the minute = 2 × 0.012 = 0.024; 31 s as 36 s = 0.01 + 0.06 × 36/60 = 0.046; one unanswered.
# Bob's: 10 s by the second = 0.03 × 10/60 = 0.005; one waits.
MONDAY = """
    record_id, start,                duration_s, cli,         cld,          answered
    a1,        2017-06-19T08:00:00Z, 61,         48221000001, 442079460000, yes
    a2,        2017-06-19T08:05:00Z, 31,         48221000002, 447700900000, yes
    a3,        2017-06-19T08:06:00Z, 0,          48221000001, 447700900000, no
    b1,        2017-06-19T08:07:00Z, 10,         48221000003, 48600000000,  yes
    b2,        2017-06-19T08:08:00Z, 10,         48221000003, 33100000000,  yes
"""


def calls_of(caller: Any, **asked: Any) -> list[str]:
    """The calls in the order in which they are answered, by the id they came with."""
    rows = call(caller, "Customer/get_customer_xdrs", {**ALL_TIME, **asked})["xdr_list"]
    return [row["call_id"] for row in rows]


def test_a_call_has_every_field_of_the_platforms_records(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)

    first = call(staff(), "Customer/get_customer_xdrs", {**JULY, "i_customer": str(ann.pk)})["xdr_list"][0]

    record = UsageRecord.objects.get(record_key="a1")
    account = Account.objects.get(code="ann-1")
    told = {name: first[name] for name in first if name not in {"i_tariff", "i_rate"}}
    assert told == {
        "i_xdr": 2 * record.pk,
        "account_id": "ann-1",
        "i_account": account.pk,
        "i_customer": ann.pk,
        "CLI": "48221000001",
        "CLD": "442079460000",
        "connect_time": "2017-06-19 08:00:00",
        "disconnect_time": "2017-06-19 08:01:01",
        "bill_time": "2017-07-01 12:00:00",
        "unix_connect_time": 1497859200,
        "unix_disconnect_time": 1497859261,
        "charged_quantity": 120,
        "used_quantity": 61,
        "charged_amount": Decimal("0.024"),
        "i_service": 3,
        "service": "Voice Calls",
        "country": "",
        "subdivision": "",
        "description": "United Kingdom",
        "disconnect_cause": 16,
        "disconnect_reason": "",
        "failed": 0,
        "bill_status": "O",
        "bit_flags": 4,
        "call_id": "a1",
        "h323_conf_id": "a1",
        "xdr_type": "CDR",
        "i_dest": None,
        "i_dest_group": None,
        "setup_time": None,
        "voice_quality": None,
        "i_env": 1,
    }
    assert first["i_tariff"] > 0
    assert first["i_rate"] > 0


def test_time_is_that_of_billing_from_inclusive_until_exclusive(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)  # billed on 1 July at noon, made in June
    me = of_customer(ann)

    def between(since: str, until: str) -> list[str]:
        return calls_of(me, from_date=since, to_date=until)

    assert between("2017-06-01", "2017-07-01") == []
    assert between("2017-07-01 12:00:00", "2017-07-01 12:00:01") == ["a1", "a2"]
    assert between("2017-07-01 00:00:00", "2017-07-01 12:00:00") == []


def test_until_now_is_until_the_newest(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)
    me = of_customer(ann)
    assert calls_of(me, to_date="now") == ["a1", "a2"]
    asked = {"from_date": "now", "to_date": "now"}
    assert fault(me, "Customer/get_customer_xdrs", asked) == "Client.Customer.get_customer_xdrs.from_date.invalid"


def test_unsuccessful_calls_are_shown_to_who_asks_for_them(office: Office, ann: Customer) -> None:
    office.import_(MONDAY)

    assert calls_of(of_customer(ann)) == ["a1", "a2"]
    rows = call(of_customer(ann), "Customer/get_customer_xdrs", {**ALL_TIME, "show_unsuccessful": 1})["xdr_list"]

    missed = next(row for row in rows if row["call_id"] == "a3")
    assert (missed["failed"], missed["disconnect_cause"], missed["charged_amount"]) == (1, 19, 0)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"cli": "48221000001"}, ["a1"]),
        ({"cld": "4477%"}, ["a2"]),
        ({"cld": "44_079460000"}, ["a1"]),
        ({"cld": "%\\"}, []),
        ({"call_id": "a2"}, ["a2"]),
        ({"h323_conf_id": "a2", "call_id": "a1"}, []),
        ({"connect_time_after": "2017-06-19 08:05:00"}, ["a2"]),
        ({"connect_time_before": "2017-06-19 08:05:00"}, ["a1"]),
        ({"i_service": 3}, ["a1", "a2"]),
        ({"i_service": "2"}, []),
        ({"cdr_entity": "A"}, ["a1", "a2"]),
        ({"cdr_entity": "C"}, []),
        ({"billing_model": 1}, ["a1", "a2"]),
        ({"billing_model": -1}, []),
        ({"call_recording": 1}, []),
        ({"for_current_period": 1}, ["a1", "a2"]),
        ({"cli": "", "cld": "", "i_service": "", "enable_safe_mode": "1"}, ["a1", "a2"]),
    ],
)
def test_filters_choose(office: Office, ann: Customer, asked: dict[str, Any], expected: list[str]) -> None:
    office.import_(MONDAY)

    assert calls_of(of_customer(ann, NOON), **asked) == expected


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"i_dest_group": 5}, "Server.Customer.get_customer_xdrs.i_dest_group_not_supported"),
        ({"roaming": 1}, "Server.Customer.get_customer_xdrs.roaming_not_supported"),
        ({"history_pattern": "%x%"}, "Server.Customer.get_customer_xdrs.history_pattern_not_supported"),
        ({"i_invoice": 0}, "Client.Customer.get_customer_xdrs.i_invoice.invalid"),
        ({"billing_model": 7}, "Client.Customer.get_customer_xdrs.billing_model.invalid"),
        ({"cdr_entity": "X"}, "Client.Customer.get_customer_xdrs.cdr_entity.invalid"),
        ({"format": "pdf"}, "Client.Customer.get_customer_xdrs.format.invalid"),
        ({"show_hidden": 1}, "Server.Customer.get_customer_xdrs.access_denied"),
        ({"offset": 5}, "Client.Customer.get_customer_xdrs.limit.missing"),
        ({"limit": 10_001}, "Client.Customer.get_customer_xdrs.limit.invalid"),
        ({"from_date": ""}, "Client.Customer.get_customer_xdrs.from_date.missing"),
    ],
)
def test_what_cannot_be_honoured_is_refused(ann: Customer, asked: dict[str, Any], code: str) -> None:
    assert fault(of_customer(ann), "Customer/get_customer_xdrs", {**ALL_TIME, **asked}) == code


def test_each_sees_their_own(office: Office, ann: Customer, bob: Customer) -> None:
    office.import_(MONDAY)
    first = Account.objects.get(code="ann-1")
    bobs = Account.objects.get(code="bob-1")

    def account_calls(caller: Any, **asked: Any) -> list[str]:
        return [row["call_id"] for row in call(caller, "Account/get_xdr_list", {**ALL_TIME, **asked})["xdr_list"]]

    assert calls_of(of_customer(bob)) == ["b1"]
    assert account_calls(staff(), i_account=first.pk) == ["a1"]
    assert account_calls(of_customer(ann), i_account=first.pk) == ["a1"]
    assert account_calls(of_account(first)) == ["a1"]
    assert fault(of_customer(ann), "Account/get_xdr_list", {**ALL_TIME, "i_account": bobs.pk}).endswith("denied")
    assert fault(of_account(first), "Account/get_xdr_list", {**ALL_TIME, "i_account": bobs.pk}).endswith("denied")
    assert fault(of_account(first), "Customer/get_customer_xdrs", ALL_TIME).endswith("access_denied")
    assert fault(of_customer(ann), "Customer/get_customer_xdrs", {**ALL_TIME, "i_customer": bob.pk}).endswith(
        "denied"
    )


def many_calls(count: int, first: int = 0) -> str:
    """So many calls of ann-1, a minute after another, of 60 s each."""
    begun = datetime(2017, 6, 1, tzinfo=UTC)
    starts = [(n, begun + timedelta(minutes=n)) for n in range(first, first + count)]
    lines = [f"c{n:05d}, {at:%Y-%m-%dT%H:%M:%SZ}, 60, 48221000001, 442079460000, yes" for n, at in starts]
    return "\n".join(["record_id, start, duration_s, cli, cld, answered", *lines])


def test_pages_follow_each_other_without_gap_or_double(office: Office, ann: Customer) -> None:
    office.import_(many_calls(95))
    me = of_customer(ann)

    pages = [
        call(me, "Customer/get_customer_xdrs", {**ALL_TIME, "limit": 20, "offset": n, "get_total": 1})
        for n in range(0, 120, 20)
    ]

    walked = [row["call_id"] for page in pages for row in page["xdr_list"]]
    assert [len(page["xdr_list"]) for page in pages] == [20, 20, 20, 20, 15, 0]
    assert walked == sorted(walked) == [f"c{n:05d}" for n in range(95)]
    assert {page["total"] for page in pages} == {95}
    # Where nobody has turned pages, the offset is counted.
    assert calls_of(me, limit=3, offset=90) == ["c00090", "c00091", "c00092"]
    assert calls_of(me, limit=3, offset=33, cld="44%") == ["c00033", "c00034", "c00035"]
    assert "total" not in call(me, "Customer/get_customer_xdrs", {**ALL_TIME, "limit": 1})


def test_what_is_billed_while_pages_are_turned_comes_last(office: Office, ann: Customer) -> None:
    office.import_(many_calls(30))
    me = of_customer(ann)
    first = calls_of(me, limit=20)
    office.import_(many_calls(10, first=30), "more.csv")

    rest = calls_of(me, limit=20, offset=20)

    assert [*first, *rest] == [f"c{n:05d}" for n in range(40)]


def test_without_limit_there_are_a_hundred(office: Office, ann: Customer) -> None:
    office.import_(many_calls(101))

    assert len(calls_of(of_customer(ann))) == 100


def money_of(customer: Customer, action: MoneyAction, amount: str, **facts: Any) -> None:
    enter_money(customer=customer, action=action, amount=Decimal(amount), by="clerk", now=NOON, **facts)


def ledger_before_tax(customer: Customer) -> Decimal:
    """What the customer's postings come to, the tax left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT -sum(p.amount_nanos) FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
              JOIN ledger_ledgeraccount a ON a.id = p.ledger_account_id
             WHERE t.customer_id = %s AND a.kind NOT IN ('receivable', 'tax')
            """,
            [customer.pk],
        )
        return Decimal(cursor.fetchone()[0]) / 10**9


def xdrs_come_to(customer: Customer, **asked: Any) -> Decimal:
    rows = call(
        staff(), "Customer/get_customer_xdrs", {**ALL_TIME, "i_customer": customer.pk, "limit": 10_000, **asked}
    )
    return sum((Decimal(row["charged_amount"]) for row in rows["xdr_list"]), Decimal(0))


def test_money_is_among_the_xdrs_negative_when_it_lowers_what_is_owed(office: Office, bob: Customer) -> None:
    office.import_(MONDAY)
    money_of(bob, MoneyAction.PAYMENT, "20.00", comment="by transfer")
    money_of(bob, MoneyAction.CHARGE, "7.50", account=Account.objects.get(code="bob-1"), comment="a new phone")

    rows = call(of_customer(bob), "Customer/get_customer_xdrs", ALL_TIME)["xdr_list"]

    told = [(row["service"], row["account_id"], row["charged_amount"], row["description"]) for row in rows]
    assert sorted(told) == [
        ("Credits / Adjustments", "bob-1", Decimal("7.5"), "a new phone"),
        ("Payments", "", -20, "by transfer"),
        ("Voice Calls", "bob-1", Decimal("0.005"), "Poland"),
    ]
    assert [row["i_xdr"] % 2 for row in rows if row["service"] == "Voice Calls"] == [0]
    assert [row["i_xdr"] % 2 for row in rows if row["service"] != "Voice Calls"] == [1, 1]
    assert xdrs_come_to(bob, cdr_entity="C") == -20
    assert xdrs_come_to(bob, i_service=2) == Decimal("7.5")
    assert xdrs_come_to(bob, cli="%") == Decimal("0.005")


def test_all_xdrs_of_a_customer_come_to_what_the_ledger_has(office: Office, ann: Customer, tmp_path: Any) -> None:
    office.import_(MONDAY)
    taken_back = office.import_(many_calls(5), "wrong.csv")
    money_of(ann, MoneyAction.PAYMENT, "3.33")
    money_of(ann, MoneyAction.CREDIT, "1.00")
    undo_import(taken_back, posted_at=NOON)
    # 0.024 + 0.046, less 3.33, less 1.00 with 23 % tax in it: 1 / 1.23 = 0.813008130.
    assert (
        xdrs_come_to(ann) == ledger_before_tax(ann) == Decimal("0.07") - Decimal("3.33") - Decimal("0.813008130")
    )
    assert xdrs_come_to(ann, show_hidden=1, show_unsuccessful=1) == ledger_before_tax(ann)


def test_prices_with_tax_in_them_are_shown_without(office: Office, ann: Customer, tmp_path: Any) -> None:
    gross = TariffSettings(is_gross=True)
    price_tariff(
        "shop", "prefix,destination,price,increment\n44,United Kingdom,0.1230,60/60\n", tmp_path, None, gross
    )
    set_product(code="voice", name="Voice", tariffs={"voice_out": "shop"})
    office.import_(many_calls(3))

    # 0.123 with 23 % in it is 0.1 and 0.023.
    assert xdrs_come_to(ann) == ledger_before_tax(ann) == Decimal("0.3")


def invoice_of(customer: Customer) -> Invoice:
    seller, _ = Seller.objects.get_or_create(name="Telco", country="PL")
    invoice = issue_invoice(
        customer, seller=seller, month=date(2017, 6, 1), issued_on=date(2017, 7, 1), posted_at=NOON
    )
    assert invoice is not None
    return invoice


def test_an_invoice_has_its_xdrs(office: Office, ann: Customer, bob: Customer) -> None:
    office.import_(MONDAY)
    invoice = invoice_of(ann)
    other = invoice_of(bob)
    office.import_(many_calls(2), "later.csv")

    assert [key for key in calls_of(of_customer(ann), i_invoice=invoice.pk) if key] == ["a1", "a2"]
    assert calls_of(of_customer(ann), i_invoice=other.pk) == []
    assert xdrs_come_to(ann, i_invoice=invoice.pk) == invoice.net


def test_a_file_holds_all_and_no_formula(office: Office, bob: Customer) -> None:
    office.import_(MONDAY)
    money_of(bob, MoneyAction.CHARGE, "1.00", comment="=1+1")
    money_of(bob, MoneyAction.PAYMENT, "2.00")

    file = call(of_customer(bob), "Customer/get_customer_xdrs", {**ALL_TIME, "format": "csv"})

    assert isinstance(file, Attachment)
    assert (file.name, file.media_type) == ("xdrs.csv", "application/csv")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert sorted((row["charged_amount"], row["description"]) for row in rows) == [
        ("-2", "payment"),
        ("0.005", "Poland"),
        ("1", "'=1+1"),
    ]


def test_files_of_calls_are_there_with_the_invoices(office: Office, ann: Customer, bob: Customer) -> None:
    office.import_(MONDAY)
    invoice_of(ann)

    (report,) = call(of_customer(ann), "Customer/get_custom_xdr_report_list")["custom_xdr_report_list"]
    file = call(of_customer(ann), "Customer/get_custom_xdr_report", {"file_name": report["file_name"]})

    assert b"442079460000" in file.content
    name = {"file_name": report["file_name"]}
    refusal = fault(of_customer(bob), "Customer/get_custom_xdr_report", name)
    assert refusal == "Server.Customer.get_custom_xdr_report.report_not_found"


def test_a_fee_is_an_xdr_of_its_account_with_its_days(office: Office, bob: Customer) -> None:
    plan = set_plan(code="line", name="Line", currency="EUR", fee=Decimal("6"), invoice_text="Phone line")
    account = Account.objects.get(code="bob-1")
    subscribe(customer=bob, plan=plan, account=account, starts_on=date(2017, 7, 1), by="clerk", now=NOON)
    charge_fees(upto=date(2017, 7, 1), now=NOON)

    rows = call(of_account(account), "Account/get_xdr_list", {**ALL_TIME, "i_service": 4})["xdr_list"]

    told = [(row["service"], row["charged_amount"], row["description"]) for row in rows]
    assert told == [("Subscriptions", 6, "Phone line 2017-07-01 - 2017-07-31")]
    assert xdrs_come_to(bob) == ledger_before_tax(bob) == 6
