"""What is asked about xDRs, and what is answered."""

from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import invalid, refused
from tollbook.api.portabilling.fields import Id, Switch, Time, Until
from tollbook.api.portabilling.lists import ListRequest, span, well_formed
from tollbook.api.portabilling.method import Attachment
from tollbook.api.portabilling.xdrs.csv_file import csv_of
from tollbook.api.portabilling.xdrs.pages import page_from
from tollbook.api.portabilling.xdrs.select import count_of
from tollbook.api.portabilling.xdrs.shape import Xdr
from tollbook.api.portabilling.xdrs.wanted import Wanted
from tollbook.billing.queries import midnight
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Customer


class XdrList(msgspec.Struct, kw_only=True):
    """A page of xDRs."""

    xdr_list: list[Xdr]
    total: int | msgspec.UnsetType = msgspec.UNSET


class XdrRequest(ListRequest, kw_only=True):
    """Which xDRs. The times are of billing, `[from_date, to_date)`."""

    from_date: Time
    to_date: Until
    i_customer: Id | None = None
    i_service: Id | None = None
    i_service_type: Id | None = None
    billing_model: int | None = None
    cdr_entity: str | None = None
    cli: str | None = None
    cld: str | None = None
    call_id: str | None = None
    h323_conf_id: str | None = None
    i_dest_group: Id | None = None
    i_invoice: int | None = None
    history_pattern: str | None = None
    connect_time_after: Time | None = None
    connect_time_before: Time | None = None
    show_unsuccessful: Switch | None = None
    show_hidden: Switch | None = None
    call_recording: Switch | None = None
    roaming: Switch | None = None
    for_current_period: Switch | None = None
    get_split_xdrs: Switch | None = None
    with_cr_download_ids: Switch | None = None
    with_netaccess_usage: Switch | None = None
    enable_safe_mode: Switch | None = None
    format: str | None = None


CREDIT_MODEL, DEBIT_MODEL = 1, -1


def answer(
    caller: Caller, asked: XdrRequest, customer: Customer, account: Account | None = None
) -> XdrList | Attachment:
    """The page that is asked for, or the same as a file."""
    wanted = _wanted(caller, asked, customer, account)
    if asked.format is not None:
        if asked.format.lower() != "csv":
            raise invalid(caller.method, "format", f"{asked.format!r} is not served; leave it out, or send csv")
        return csv_of(caller, asked, wanted, "xdrs.csv")
    offset, limit = span(caller, asked)
    page = page_from(wanted, offset=offset, limit=limit)
    # Written by the database already; the encoder passes it on as it is.
    rows = cast("list[Xdr]", msgspec.Raw(page.xdrs))
    return XdrList(xdr_list=rows, total=count_of(wanted) if asked.get_total else msgspec.UNSET)


def _wanted(caller: Caller, asked: XdrRequest, customer: Customer, account: Account | None) -> Wanted:
    _refuse_what_is_not_known(caller, asked)
    entity = (asked.cdr_entity or "").upper()
    if entity not in {"", "A", "C"}:
        raise invalid(
            caller.method, "cdr_entity", f"{asked.cdr_entity!r} is neither A (accounts) nor C (customer)"
        )
    services = {one for one in (asked.i_service, asked.i_service_type) if one is not None}
    keys = {one for one in (asked.call_id, asked.h323_conf_id) if one is not None}
    since: datetime = asked.from_date
    if asked.for_current_period:
        zone = ZoneInfo(customer.timezone)
        since = max(since, midnight(caller.now.astimezone(zone).date().replace(day=1), zone))
    return Wanted(
        customer_id=customer.pk,
        account_id=account.pk if account else None,
        since=since,
        until=asked.to_date,
        service=next(iter(services), None),
        of_accounts={"A": True, "C": False}.get(entity),
        cli=asked.cli and well_formed(asked.cli),
        cld=asked.cld and well_formed(asked.cld),
        record_key=next(iter(keys), None),
        invoice_id=asked.i_invoice,
        started_from=asked.connect_time_after,
        started_before=asked.connect_time_before,
        with_unsuccessful=bool(asked.show_unsuccessful),
        with_hidden=bool(asked.show_hidden),
        # Every account is one of credit here, and no call is recorded.
        is_none=asked.billing_model == DEBIT_MODEL
        or bool(asked.call_recording)
        or len(services) > 1
        or len(keys) > 1,
    )


def _refuse_what_is_not_known(caller: Caller, asked: XdrRequest) -> None:
    """A filter that cannot be honoured would give wrong rows if it were passed over."""
    for name in ("i_dest_group", "history_pattern", "roaming"):
        if getattr(asked, name):
            raise refused(caller.method, f"{name}_not_supported", f"xDRs cannot be chosen by {name}; leave it out")
    if asked.i_invoice is not None and asked.i_invoice < 1:
        raise invalid(caller.method, "i_invoice", "there are no out-of-turn invoices; send the id of an invoice")
    if asked.billing_model not in {None, CREDIT_MODEL, DEBIT_MODEL}:
        raise invalid(
            caller.method, "billing_model", f"{asked.billing_model} is neither 1 (credit) nor -1 (debit)"
        )
    if asked.show_hidden and caller.realm is not Realm.STAFF:
        raise refused(caller.method, "access_denied", "hidden xDRs are for administrators; leave show_hidden out")
