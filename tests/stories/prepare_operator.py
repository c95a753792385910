"""Run in a process of its own: an operator with a thousand accounts, what is included, and a connection."""

import os
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from tollbook.cli.database import open_database

ACCOUNTS = 1_000
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
PRICES = """\
prefix,destination,price,increment,connect_fee
44,United Kingdom,0.0120,60/60,0
447,United Kingdom mobile,0.0613,30/6,0.0150
48,Poland,0.0307,1/1,0
"""


def prepare(folder: Path) -> None:
    from tollbook.billing.models import Subscription
    from tollbook.catalog.operations import import_tariff_version, plans, set_product
    from tollbook.catalog.operations.tiers import TierPrice, set_tiers
    from tollbook.catalog.price_list import read_price_list
    from tollbook.connections.models import Connection
    from tollbook.customers.models import Account, Customer, Number
    from tollbook.rating.frames import TariffSettings

    path = folder / "prices.csv"
    path.write_text(PRICES, encoding="utf-8")
    settings = TariffSettings(currency="EUR")
    import_tariff_version(
        name="standard",
        rates=read_price_list(path, settings=settings).rates,
        settings=settings,
        holidays={},
        active_from=None,
        recorded_at=JANUARY,
        source_name=path.name,
        source_sha256="0" * 64,
    )
    product = set_product(code="voice", name="Voice", tariffs={"voice_out": "standard"})
    flat = plans.set_plan(code="flat", name="Flat", currency="EUR", fee=Decimal(10))
    plans.set_allowance(plan="flat", name="minutes", kind="voice_out", amount=1_200, carry_over=300)
    plans.set_allowance(plan="flat", name="shared", kind="voice_out", amount=300, is_shared=True)
    plans.set_destination_group(name="Poland", prefixes=["48"])
    steps = [TierPrice(0, Decimal("0.0307")), TierPrice(600, Decimal("0.0211"))]
    set_tiers(product="voice", name="national", kind="voice_out", mode="volume", steps=steps, group="Poland")
    for number in range(ACCOUNTS):
        tax = (0, 23, 8)[number % 3]
        customer = Customer.objects.create(
            code=f"c{number:04d}",
            name=f"Customer {number}",
            currency="EUR",
            timezone="Europe/Warsaw",
            tax_rate=tax,
        )
        account = Account.objects.create(customer=customer, code=f"a{number:04d}", product=product)
        Number.objects.create(account=account, digits=48220000000 + number)
        if number % 2:
            Subscription.objects.create(
                customer=customer, account=account, plan=flat, starts_on=date(2026, 1, 1), created_at=JANUARY
            )
    Connection.objects.create(name="switch", layout="tollbook", match_by=["number"])


if __name__ == "__main__":
    assert "TOLLBOOK_HOME" in os.environ
    open_database()
    prepare(Path(sys.argv[1]))
