"""Invoice a month for everybody who used something."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from tollbook.billing.models import Invoice, Seller
from tollbook.billing.operations import issue_invoice
from tollbook.billing.queries import customers_to_invoice, next_month
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.jobs.account_links import waits_for
from tollbook.jobs.charge_fees import charge_fees


@dataclass
class Issued:
    """What came of it. An invoice that could not be made does not stop the others."""

    invoices: list[Invoice] = field(default_factory=list)
    problems: list[tuple[Customer, str]] = field(default_factory=list)


def issue_invoices(
    *,
    seller: Seller,
    month: date,
    issued_on: date,
    now: datetime,
    codes: Iterable[str] = (),
    series: str | None = None,
    although_stale: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Issued:
    """Invoice every customer (or those with these codes) for `month`, its first day, and what is left from before.

    Fees that are due by then are charged first, however far the daily job has got. Each invoice commits by itself.
    Safe to repeat, and after an interruption: what is invoiced is not again.

    A customer whose calls come in a file that has not been refreshed since the month's end waits, which is a problem
    with its reason; `although_stale` invoices what there is.
    """
    wanted = list(codes)
    if unknown := set(wanted) - set(Customer.objects.filter(code__in=wanted).values_list("code", flat=True)):
        raise BadInput(f"there is no customer {', '.join(sorted(unknown))}; see `tollbook customers list`")
    for one in Customer.objects.filter(code__in=wanted).order_by("pk") if wanted else (None,):
        charge_fees(upto=next_month(month), now=now, customer=one)
    customers = Customer.objects.filter(pk__in=customers_to_invoice(next_month(month))).order_by("code")
    if wanted:
        customers = customers.filter(code__in=wanted)
    issued, count = Issued(), customers.count()
    for done, customer in enumerate(customers.iterator(), start=1):
        why = "" if although_stale else waits_for(customer, month)
        try:
            if why:
                raise BadInput(f"it waits: {why}; or invoice what there is with --although-stale")
            invoice = issue_invoice(
                customer, seller=seller, month=month, issued_on=issued_on, posted_at=now, series=series
            )
        except BadInput as error:
            issued.problems.append((customer, str(error)))
        else:
            if invoice is not None:
                issued.invoices.append(invoice)
        progress(done, count)
    return issued


def invoices_of(month: date, codes: Iterable[str] = ()) -> list[Invoice]:
    """The invoices of a month, whenever they were issued: of every customer, or of those with these codes."""
    invoices = Invoice.objects.filter(period_since=month).select_related("customer")
    if wanted := list(codes):
        invoices = invoices.filter(customer__code__in=wanted)
    return list(invoices.order_by("series", "sequence"))


def write_documents(invoices: Iterable[Invoice], folder: Path) -> list[Path]:
    """Write the invoices' documents into a folder; a file of the same name and content is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for invoice in invoices:
        for document in invoice.documents.order_by("name"):
            path = folder / document.name
            content = bytes(document.content)
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
            written.append(path)
    return written
