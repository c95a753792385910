"""Single xDRs: recordings, and taking back what one charged. Calls under way."""

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import NO_RECORDING, XDR_NOT_FOUND, Fault, invalid, refused
from tollbook.api.portabilling.fields import Id, YesNo
from tollbook.api.portabilling.lists import ListRequest
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, STAFF, Info, Request, Success, method
from tollbook.api.portabilling.xdrs.find import Found, find
from tollbook.billing.models import MoneyAction
from tollbook.billing.operations.money import enter_money
from tollbook.customers.models import Account, Customer
from tollbook.jobs.revert_usage import revert_usage
from tollbook.jobs.watch_funds import check_funds
from tollbook.ledger.models import Posting, Transaction
from tollbook.money import decimal_of
from tollbook.usage.models import UsageRecord

MOST_REVERTED = 1_000  # at once
# What is entered to take back an amount that made more, or less, be owed.
OPPOSITE = {
    Transaction.Kind.FEE: (MoneyAction.CREDIT, MoneyAction.CHARGE),
    Transaction.Kind.CHARGE: (MoneyAction.CREDIT, MoneyAction.CHARGE),
    Transaction.Kind.CREDIT: (MoneyAction.CREDIT, MoneyAction.CHARGE),
    Transaction.Kind.PAYMENT: (MoneyAction.PAYMENT, MoneyAction.REFUND),
    Transaction.Kind.REFUND: (MoneyAction.PAYMENT, MoneyAction.REFUND),
}


class RecordingRequest(Request, kw_only=True):
    """Of which call."""

    i_xdr: Id
    recording_id: str | None = None


@method("CDR/get_call_recording", realms=EVERYBODY)
def get_call_recording(caller: Caller, asked: RecordingRequest) -> Success:
    """The recording of a call. None are kept here, so it is always a fault: no such xDR, or it has no recording."""
    if find(caller, asked.i_xdr) is None:
        raise Fault(XDR_NOT_FOUND, f"there is no xDR {asked.i_xdr}")
    raise Fault(NO_RECORDING, f"xDR {asked.i_xdr} has no recording; recordings stay at the switch that made them")


class Reverted(Info, kw_only=True):
    """An xDR to take back."""

    id: Id
    owner: str | None = None
    comment: str | None = None
    hide: YesNo | None = None


class RevertRequest(Request, kw_only=True):
    """What to take back, all or nothing."""

    revert_list: list[Reverted]


@method("CDR/revert_xdr_list", realms=(STAFF,), writes=True)
def revert_xdr_list(caller: Caller, asked: RevertRequest) -> Success:
    """Take back what xDRs charged. The same again changes nothing."""
    if len(asked.revert_list) > MOST_REVERTED:
        raise invalid(caller.method, "revert_list", f"it is longer than {MOST_REVERTED}; send it in parts")
    touched: set[int] = set()
    for one in asked.revert_list:
        found = _to_revert(caller, one)
        with caller.changing(f"xdr {one.id}", lambda found=found: _look(found)):  # type: ignore[misc]
            if found.usage_id is not None:
                ids = pl.Series([found.usage_id], dtype=pl.Int64)
                revert_usage(ids, why=one.comment or "", by=caller.actor.name, now=caller.now)
            else:
                _revert_money(caller, one, found)
        touched.add(found.customer_id)
    for customer in Customer.objects.filter(pk__in=touched):
        check_funds(customer, now=caller.now)
    return Success()


def _to_revert(caller: Caller, one: Reverted) -> Found:
    found = find(caller, one.id)
    if found is None:
        raise Fault(XDR_NOT_FOUND, f"there is no xDR {one.id}; nothing was taken back")
    owner = "customer" if found.account_id is None else "account"
    if one.owner not in {None, owner}:
        raise invalid(caller.method, "revert_list.owner", f"xDR {one.id} is of an {owner}, not of a {one.owner}")
    return found


def _revert_money(caller: Caller, one: Reverted, found: Found) -> None:
    """By its opposite, once: the reference names what is taken back."""
    money = found.money
    assert money is not None
    if money.kind not in OPPOSITE:
        raise refused(caller.method, "not_revertible", f"xDR {one.id} is {money.kind}; it follows from others")
    of_more, of_less = OPPOSITE[Transaction.Kind(money.kind)]
    nanos = Posting.objects.get(transaction=money, leg=0).amount_nanos
    if nanos:
        enter_money(
            customer=Customer.objects.get(pk=money.customer_id),
            account=None if money.account_id is None else Account.objects.get(pk=money.account_id),
            action=of_more if nanos > 0 else of_less,
            amount=decimal_of(abs(nanos)),
            reference=f"revert of xDR {one.id}",
            comment=one.comment or "",
            by=caller.actor.name,
            now=caller.now,
        )


def _look(found: Found) -> Mapping[str, Any]:
    if found.usage_id is None:
        return {"kind": found.money.kind if found.money else ""}
    return UsageRecord.objects.filter(pk=found.usage_id).values("outcome", "reason", "detail").get()


class SessionsRequest(ListRequest):
    """Whose calls."""

    i_customer: Id | None = None
    i_account: Id | None = None


class Session(msgspec.Struct):
    """A call under way."""

    call_id: str


class SessionList(msgspec.Struct):
    """Calls under way."""

    active_session_list: list[Session]
    total: int | msgspec.UnsetType = msgspec.UNSET


@method("BillingSession/get_active_sessions_list", realms=OWNERS)
def get_active_sessions_list(caller: Caller, asked: SessionsRequest) -> SessionList:
    """Calls under way: none, they are known here once they have ended."""
    caller.own_customer_id(asked.i_customer)
    return SessionList([], 0 if asked.get_total else msgspec.UNSET)
