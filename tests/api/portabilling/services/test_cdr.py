"""Single xDRs: no recordings, and charges taken back with their reason."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.portabilling.callers import account as of_account
from tests.api.portabilling.callers import customer as of_customer
from tests.api.portabilling.callers import staff
from tests.api.portabilling.calling import call, fault
from tests.api.portabilling.services.test_xdrs import ALL_TIME, MONDAY, calls_of, money_of, xdrs_come_to
from tests.jobs.office import Office
from tollbook.billing.models import MoneyAction
from tollbook.customers.models import Account, Customer
from tollbook.jobs.check_ledger import check_ledger
from tollbook.ledger.queries import balance
from tollbook.usage.models import UsageRecord
from tollbook.usage.queries import broken_equations


def i_xdr(call_id: str) -> int:
    return 2 * UsageRecord.objects.get(record_key=call_id).pk


def owed(customer: Customer) -> Decimal:
    return balance(customer, "EUR").amount


def test_no_call_has_a_recording(office: Office, ann: Customer, bob: Customer) -> None:
    office.import_(MONDAY)
    anns = {"i_xdr": i_xdr("a1")}

    assert fault(of_customer(ann), "CDR/get_call_recording", anns) == "Server.CDR.invalid_call_recording_id"
    for who in (of_customer(bob), of_account(Account.objects.get(code="ann-2"))):
        assert fault(who, "CDR/get_call_recording", anns) == "Server.CDR.xdr_not_found"
    assert fault(staff(), "CDR/get_call_recording", {"i_xdr": 1}) == "Server.CDR.xdr_not_found"
    waiting = {"i_xdr": i_xdr("b2")}
    assert fault(staff(), "CDR/get_call_recording", waiting) == "Server.CDR.xdr_not_found"


def test_a_reverted_call_costs_nothing_any_more_and_says_why(office: Office, bob: Customer) -> None:
    office.import_(MONDAY)
    assert owed(bob) == Decimal("0.005")
    revert: dict[str, Any] = {"revert_list": [{"id": i_xdr("b1"), "owner": "account", "comment": "bad line"}]}

    assert call(staff(), "CDR/revert_xdr_list", revert) == {"success": 1}
    assert call(staff(), "CDR/revert_xdr_list", revert) == {"success": 1}  # the same again

    record = UsageRecord.objects.get(record_key="b1")
    assert (record.outcome, record.reason, record.detail) == ("undone", "reverted", "staff clerk: bad line")
    assert owed(bob) == 0
    assert calls_of(of_customer(bob)) == []
    assert broken_equations() == []
    assert [problem for finding in check_ledger() for problem in finding.problems] == []
    office.import_(MONDAY, "again.csv")
    assert owed(bob) == 0


def test_money_is_taken_back_by_its_opposite_once(office: Office, bob: Customer) -> None:
    money_of(bob, MoneyAction.PAYMENT, "20.00")
    money_of(bob, MoneyAction.CHARGE, "7.50")
    assert owed(bob) == Decimal("-12.5")
    rows = call(staff(), "Customer/get_customer_xdrs", {**ALL_TIME, "i_customer": bob.pk})["xdr_list"]
    payment = next(row["i_xdr"] for row in rows if row["service"] == "Payments")
    revert = {"revert_list": [{"id": payment, "owner": "customer", "comment": "the cheque bounced"}]}

    call(staff(), "CDR/revert_xdr_list", revert)
    call(staff(), "CDR/revert_xdr_list", revert)

    assert owed(bob) == xdrs_come_to(bob) == Decimal("7.5")
    refund = bob.money.get(action=MoneyAction.REFUND)
    assert (refund.amount, refund.comment) == (Decimal(20), "the cheque bounced")


@pytest.mark.parametrize("realm", ["customer", "account"])
def test_only_staff_take_charges_back(office: Office, bob: Customer, realm: str) -> None:
    office.import_(MONDAY)
    who = of_customer(bob) if realm == "customer" else of_account(Account.objects.get(code="bob-1"))

    revert = {"revert_list": [{"id": i_xdr("b1"), "owner": "account"}]}
    assert fault(who, "CDR/revert_xdr_list", revert) == "Server.CDR.revert_xdr_list.access_denied"


def test_the_owner_must_be_the_right_one(office: Office, bob: Customer) -> None:
    office.import_(MONDAY)

    wrong = {"revert_list": [{"id": i_xdr("b1"), "owner": "customer"}]}
    assert fault(staff(), "CDR/revert_xdr_list", wrong) == "Client.CDR.revert_xdr_list.revert_list.owner.invalid"
    assert owed(bob) == Decimal("0.005")


def test_nothing_is_under_way(bob: Customer) -> None:
    assert call(of_customer(bob), "BillingSession/get_active_sessions_list") == {"active_session_list": []}
