"""A small operator to try things on: one tariff, three customers, and a connection for files in the own layout."""

from datetime import UTC, datetime
from pathlib import Path

from tollbook.catalog.models import Product
from tollbook.catalog.operations import import_tariff_version
from tollbook.catalog.price_list import read_price_list
from tollbook.connections.models import Connection
from tollbook.customers.models import Account, Customer, Number
from tollbook.jobs.import_usage import import_usage
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import ImportRun

NOON = datetime(2017, 7, 1, 12, 0, tzinfo=UTC)

# 44 by the minute, mobiles dearer with a connect fee, 4470 not allowed.
PRICES = """\
prefix,destination,price,increment,connect_fee,forbidden
44,United Kingdom,0.0120,60/60,0,no
447,United Kingdom mobile,0.0600,30/6,0.01,no
4470,Personal numbers,1.0000,1/1,0,yes
48,Poland,0.0300,1/1,0,no
"""


class Office:
    """What the tests say: give me these calls, and what became of them."""

    def __init__(self, folder: Path, source: Connection) -> None:
        self.folder = folder
        self.source = source

    def file(self, text: str, name: str = "calls.csv") -> Path:
        """A file of calls; the first line names the columns, blanks around values are not meant."""
        path = self.folder / name
        rows = [",".join(cell.strip() for cell in line.split(",")) for line in text.strip().splitlines()]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return path

    def import_(self, text: str, name: str = "calls.csv", **options: object) -> ImportRun:
        return import_usage(self.source, self.file(text, name), now=NOON, **options)  # type: ignore[arg-type]


def price_tariff(
    name: str,
    prices: str,
    folder: Path,
    active_from: datetime | None = None,
    settings: TariffSettings | None = None,
) -> None:
    """A new version of a tariff, in EUR and net unless the settings say else."""
    path = folder / f"{name}.csv"
    path.write_text(prices, encoding="utf-8")
    settings = settings or TariffSettings()
    import_tariff_version(
        name=name,
        rates=read_price_list(path, settings=settings).rates,
        settings=settings,
        holidays={},
        active_from=active_from,
        recorded_at=NOON,
        source_name=path.name,
        source_sha256="0" * 64,
    )


def add_customer(code: str, tax_rate: int, accounts: dict[str, int]) -> Customer:
    """A customer in Poland with an account for each number."""
    customer = Customer.objects.create(
        code=code, name=code.title(), currency="EUR", timezone="Europe/Warsaw", tax_rate=tax_rate, country="PL"
    )
    product = Product.objects.get(code="voice")
    for account_code, digits in accounts.items():
        account = Account.objects.create(customer=customer, code=account_code, product=product)
        Number.objects.create(account=account, digits=digits)
    return customer
