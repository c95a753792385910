"""Invoices: lists, single ones, and their PDF as it was sent."""

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, NoReturn

import msgspec
from django.db.models import QuerySet
from msgspec import UNSET, UnsetType

from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.faults import missing, refused
from tollbook.api.portabilling.fields import Amount, Bit, Day, DayText, Id, Money, Switch
from tollbook.api.portabilling.lists import ListRequest, like, page
from tollbook.api.portabilling.method import OWNERS, STAFF, Attachment, Request, Success, method
from tollbook.api.portabilling.own import not_there
from tollbook.billing.models import Invoice
from tollbook.customers.actors import Realm

PDF = "application/pdf"


class InvoiceListRequest(ListRequest, kw_only=True):
    """Filters of the list. Both days are included."""

    i_customer: Id | None = None
    i_parent: Id | None = None
    invoice_number: str | None = None
    issued_after: Day | None = None
    issued_before: Day | None = None


class InvoiceInfo(msgspec.Struct, kw_only=True):
    """An invoice. The members' names but for the filters' are not public; these follow the platform's words."""

    i_invoice: Id
    invoice_number: str
    i_customer: Id
    customer_name: str
    issue_date: DayText
    due_date: DayText
    period_from: DayText
    period_to: DayText  # the last day
    iso_4217: str
    amount_net: Money
    total_tax: Money
    amount_due: Money
    has_pdf: Bit


class InvoiceList(msgspec.Struct, kw_only=True):
    """Invoices of a page, by their number."""

    invoice_list: list[InvoiceInfo]
    total: int | UnsetType = UNSET


class InvoiceRequest(Request, kw_only=True):
    """Which invoice, by its id or by its number."""

    i_invoice: Id | None = None
    i_customer: Id | None = None
    invoice_number: str | None = None
    get_pdf: Switch | None = None


class InvoiceAnswer(msgspec.Struct, kw_only=True):
    """The invoice; nothing when there is none."""

    invoice_info: InvoiceInfo | UnsetType = UNSET


@method("Invoice/get_invoice_list", realms=OWNERS)
def get_invoice_list(caller: Caller, asked: InvoiceListRequest) -> InvoiceList:
    """List invoices; a customer sees their own."""
    invoices = _visible(caller).filter(like("number", asked.invoice_number))
    if (whose := caller.own_customer_id(asked.i_customer)) is not None:
        invoices = invoices.filter(customer=whose)
    if asked.i_parent is not None:
        invoices = invoices.none()  # there are no resellers here
    if asked.issued_after is not None:
        invoices = invoices.filter(issued_on__gte=asked.issued_after)
    if asked.issued_before is not None:
        invoices = invoices.filter(issued_on__lte=asked.issued_before)
    rows, total = page(caller, invoices.order_by("pk"), asked)
    return InvoiceList(invoice_list=_shown(rows), total=total)


@method("Invoice/get_invoice_info", realms=OWNERS)
def get_invoice_info(caller: Caller, asked: InvoiceRequest) -> InvoiceAnswer | Attachment:
    """Show one invoice, or with get_pdf its PDF as it was sent."""
    invoices = _visible(caller)
    if (whose := caller.own_customer_id(asked.i_customer)) is not None:
        invoices = invoices.filter(customer=whose)
    if asked.i_invoice is not None:
        invoices = invoices.filter(pk=asked.i_invoice)
    elif asked.invoice_number is not None:
        invoices = invoices.filter(number=asked.invoice_number)
    else:
        raise missing(caller.method, "i_invoice")
    found = invoices.first()
    if found is None:
        return InvoiceAnswer()
    if asked.get_pdf and (document := found.documents.filter(media_type=PDF).first()):
        return Attachment(name=document.name, media_type=PDF, content=bytes(document.content))
    return InvoiceAnswer(invoice_info=_shown([found])[0])


class AdjustmentRequest(Request, kw_only=True):
    """What to adjust, and by how much."""

    i_invoice: Id
    amount: Amount
    refund_to_cc: Switch | None = None
    visible_comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    internal_comment: Annotated[str, msgspec.Meta(max_length=500)] | None = None


@method("Invoice/apply_invoice_adjustment", realms=(STAFF,))
def apply_invoice_adjustment(caller: Caller, asked: AdjustmentRequest) -> Success:
    """Change what an invoice comes to: not served, so it is always a fault that says what to do instead."""
    if not Invoice.objects.filter(pk=asked.i_invoice).exists():
        raise not_there(caller, f"invoice {asked.i_invoice}")
    _invoices_stay(caller)


def _invoices_stay(caller: Caller) -> NoReturn:
    text = (
        "an invoice stays as it was sent; enter a charge or a credit with Customer/make_transaction,"
        " and it is a line of the next one"
    )
    raise refused(caller.method, "not_supported", text)


def _visible(caller: Caller) -> QuerySet[Invoice]:
    invoices = Invoice.objects.select_related("customer")
    return invoices if caller.realm is Realm.STAFF else invoices.filter(customer=caller.customer_id)


def _shown(invoices: list[Invoice]) -> list[InvoiceInfo]:
    with_pdf = set(
        Invoice.objects.filter(pk__in=[one.pk for one in invoices], documents__media_type=PDF).values_list(
            "pk", flat=True
        )
    )
    return [_info(one, has_pdf=one.pk in with_pdf) for one in invoices]


def _info(one: Invoice, *, has_pdf: bool) -> InvoiceInfo:
    return InvoiceInfo(
        i_invoice=one.pk,
        invoice_number=one.number,
        i_customer=one.customer_id,
        customer_name=one.customer.code,
        issue_date=one.issued_on.isoformat(),
        due_date=one.due_on.isoformat(),
        period_from=one.period_since.isoformat(),
        period_to=(one.period_until - timedelta(days=1)).isoformat(),
        iso_4217=one.currency,
        amount_net=_exact(one.net),
        total_tax=_exact(one.tax),
        amount_due=_exact(one.gross),
        has_pdf=1 if has_pdf else 0,
    )


def _exact(amount: Decimal) -> Decimal:
    return amount.normalize() + 0
