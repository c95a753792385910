"""xDRs of customers and of accounts, and the lists of calls that were made with their invoices."""

from pathlib import PurePath

import msgspec

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import refused
from tollbook.api.portabilling.fields import Id
from tollbook.api.portabilling.method import EVERYBODY, OWNERS, Attachment, Request, method
from tollbook.api.portabilling.xdrs.answers import XdrList, XdrRequest, answer
from tollbook.billing.models import StoredDocument

CSV = "text/csv"


@method("Customer/get_customer_xdrs", realms=OWNERS)
def get_customer_xdrs(caller: Caller, asked: XdrRequest) -> XdrList | Attachment:
    """What a customer and all their accounts were charged for in a time of billing."""
    return answer(caller, asked, caller.customer(asked.i_customer))


class AccountXdrRequest(XdrRequest, kw_only=True):
    """The same of one account."""

    i_account: Id | None = None


@method("Account/get_xdr_list", realms=EVERYBODY)
def get_xdr_list(caller: Caller, asked: AccountXdrRequest) -> XdrList | Attachment:
    """What an account was charged for in a time of billing."""
    account = caller.account(asked.i_account)
    return answer(caller, asked, account.customer, account)


class Report(msgspec.Struct, kw_only=True):
    """A file with the calls of an invoice."""

    file_name: str
    i_invoice: Id
    invoice_number: str
    issue_date: str
    size: int


class ReportList(msgspec.Struct):
    """Files, the newest first."""

    custom_xdr_report_list: list[Report]


class ReportListRequest(Request, kw_only=True):
    """Whose."""

    i_customer: Id | None = None


MOST_REPORTS = 1_000


@method("Customer/get_custom_xdr_report_list", realms=OWNERS)
def get_custom_xdr_report_list(caller: Caller, asked: ReportListRequest) -> ReportList:
    """The files of calls that were made with a customer's invoices."""
    customer = caller.customer(asked.i_customer)
    found = (
        StoredDocument.objects.filter(invoice__customer=customer, media_type__startswith=CSV)
        .select_related("invoice")
        .order_by("-invoice__issued_on", "-pk")[:MOST_REPORTS]
    )
    return ReportList(
        [
            Report(
                file_name=one.name,
                i_invoice=one.invoice_id,
                invoice_number=one.invoice.number,
                issue_date=one.invoice.issued_on.isoformat(),
                size=len(one.content),
            )
            for one in found
        ]
    )


class ReportRequest(Request, kw_only=True):
    """Which file."""

    i_customer: Id | None = None
    file_name: str


@method("Customer/get_custom_xdr_report", realms=OWNERS)
def get_custom_xdr_report(caller: Caller, asked: ReportRequest) -> Attachment:
    """One of these files."""
    customer = caller.customer(asked.i_customer)
    found = StoredDocument.objects.filter(
        invoice__customer=customer, media_type__startswith=CSV, name=asked.file_name
    ).first()
    if found is None:
        raise refused(
            caller.method, "report_not_found", f"there is no file {asked.file_name!r}; see the list of them"
        )
    return Attachment(name=PurePath(found.name).name, media_type="application/csv", content=bytes(found.content))
