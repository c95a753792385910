"""A month of a small operator, from a real file of calls to invoices. Every step is the one an operator takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tollbook.billing.models import Invoice, Seller
from tollbook.billing.operations import set_seller
from tollbook.catalog.models import Tariff
from tollbook.catalog.operations import set_product
from tollbook.catalog.proposal import propose_version, record_proposal
from tollbook.catalog.world import world_price_list
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.credit.models import SuspensionOrder
from tollbook.customers.account_sheet import read_account_sheet
from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.models import Customer
from tollbook.customers.operations import import_accounts, import_customers
from tollbook.errors import BadInput
from tollbook.jobs.demo_agreement import agree_and_open
from tollbook.jobs.demo_orders import suspend_and_resume
from tollbook.jobs.demo_platforms import PRODUCTS as PLATFORM_PRODUCTS
from tollbook.jobs.demo_platforms import DemoSite, DemoVisit, bring_in_platforms
from tollbook.jobs.import_usage import import_usage
from tollbook.jobs.issue_invoices import invoices_of, issue_invoices, write_documents
from tollbook.usage.models import ImportRun

MONTH = date(2017, 6, 1)  # of the calls in the file
ISSUED_ON = date(2017, 7, 1)
CALLS = "asterisk-master.csv"
CONNECTION = "demo switch"
SELLER = "Przykładowy Telekom sp. z o.o."

# Tariff name, currency, and what a euro costs in it.
TARIFFS = (
    ("World EUR", "EUR", Decimal(1)),
    ("World PLN", "PLN", Decimal("4.25")),
    ("World CAD", "CAD", Decimal("1.48")),
    ("World GBP", "GBP", Decimal("0.88")),
)
PRODUCTS = {"voice": "World EUR", "voice-pl": "World PLN"}


@dataclass(frozen=True, slots=True)
class DemoMonth:
    """What came of it."""

    run: ImportRun
    visits: list[DemoVisit]
    invoices: list[Invoice]  # of the month, whether issued now or before
    documents: list[Path]
    orders: list[
        SuspensionOrder
    ]  # to stop one customer and let them call again, whether carried out now or before


def run_demo_month(
    folder: Path, out: Path, *, sites: Sequence[DemoSite], now: datetime, say: Callable[[str], None]
) -> DemoMonth:
    """Take the files of `folder`, and what the platforms have, the whole way; invoices are written to `out`.

    A second time finds everything done and changes nothing.

    Raises:
        BadInput: the files are not there, or the database holds customers of somebody else.
    """
    _check_place(folder)
    say("price list of the world")
    for name, currency, per_eur in TARIFFS:
        _price_list(out, name, currency, per_eur, now)
    for code, tariff in PRODUCTS.items():
        set_product(code=code, name=f"Voice, {tariff}", tariffs={"voice_out": tariff, "voice_in": None})
    say("customers and accounts")
    import_customers(sheet=read_customer_sheet(folder / "customers.csv"))
    import_accounts(sheet=read_account_sheet(folder / "accounts.csv"), now=now)
    say("an agreement")
    agree_and_open(tariff=TARIFFS[0][0], now=now)
    say("calls")
    run = import_usage(_switch(), folder / CALLS, now=now)
    visits = bring_in_platforms(sites, out, now=now, say=say)
    say("invoices")
    issue_invoices(seller=_seller(folder), month=MONTH, issued_on=ISSUED_ON, now=now)
    issued = invoices_of(MONTH)
    documents = write_documents(issued, out / "invoices")
    say("orders")
    return DemoMonth(run, visits, issued, documents, suspend_and_resume(now=now))


def _check_place(folder: Path) -> None:
    if not (folder / CALLS).is_file():
        raise BadInput(
            f"{folder / CALLS} is not there; the demo runs from the project's checkout: bin/tollbook demo"
        )
    strangers = Customer.objects.exclude(accounts__product__code__in=[*PRODUCTS, *PLATFORM_PRODUCTS])
    if not Connection.objects.filter(name=CONNECTION).exists() and (stranger := strangers.first()):
        raise BadInput(
            f"this database has customers already ({stranger}); run the demo beside it with TOLLBOOK_HOME=/some/folder"
        )


def _price_list(out: Path, name: str, currency: str, per_eur: Decimal, now: datetime) -> None:
    """The list as the tariff's first version; it never changes here, so there is never a second."""
    if Tariff.objects.filter(name=name).exists():
        return
    path = out / f"{name.lower().replace(' ', '-')}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(world_price_list(per_eur), encoding="utf-8")
    record_proposal(propose_version(name=name, path=path, options={"currency": currency}), recorded_at=now)


def _switch() -> Connection:
    return set_connection(
        name=CONNECTION,
        layout="asterisk",
        timezone="UTC",  # the epoch in its uniqueid shows that the switch wrote UTC
        number_rules={"country": "US"},
        match_by=["number"],
    )


def _seller(folder: Path) -> Seller:
    return Seller.objects.filter(name=SELLER).first() or set_seller(
        name=SELLER,
        country="PL",
        street="ul. Przykładowa 1",
        postcode="00-950",
        city="Warszawa",
        tax_id="PL1231231237",
        email="faktury@telekom.example",
        phone="+48 22 100 00 00",
        bank_name="Bank Przykładowy S.A.",
        iban="PL61109010140000071219812874",
        bic="EXMPPLPW",
        logo=(folder / "logo.svg").read_bytes(),
    )
