"""Our own server of PortaBilling's API: real processes by HTTPS, one for each realm, over a small operator's books.

Meridian (46170) and Nordlicht (46171) make calls all through June 2017, billed day by day; Prepaid Pete pays before.
"""

import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
from django.conf import settings

from tests.api.portabilling.conformance.wire import Wire
from tests.jobs.office import price_tariff
from tollbook.access.models import ApiSession, LoginFailure, RealmName, User
from tollbook.access.operations import add_user, set_login
from tollbook.access.passwords import token_hash
from tollbook.billing.models import MoneyAction
from tollbook.billing.operations import set_seller
from tollbook.billing.operations.money import enter_money
from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.catalog.operations import set_product
from tollbook.connections.operations import set_connection
from tollbook.customers.actors import staff
from tollbook.customers.models import Account, Customer, StockNumber
from tollbook.customers.operations.agreements import set_agreement
from tollbook.customers.operations.extensions import add_extension
from tollbook.customers.operations.numbers import add_to_stock, assign_number, give_number
from tollbook.jobs.import_usage import import_usage
from tollbook.jobs.issue_invoices import issue_invoices
from tollbook.jobs.open_account import open_account
from tollbook.rating.frames import TariffSettings
from tollbook.up.certificate import trial_certificate
from tollbook.up.child import WEB, command

CHECKOUT = Path(__file__).parents[3]
PATIENCE_S = 40
STAFF, PASSWORD, TOKEN = "integrator", "Right12345", "0123456789abcdef0123456789abcdef"
JUNE = datetime(2017, 6, 1, tzinfo=UTC)
DAYS = 30
CALLS_A_DAY = 8  # of each customer; the last of them nobody answers
CALLS = DAYS * CALLS_A_DAY
XDRS_OF_MERIDIAN = CALLS + 2  # the fees of two lines, charged when they were opened
CUSTOMERS, ACCOUNTS, NUMBERS = 3, 4, 6
PRICES = "prefix,destination,price,increment\n44,United Kingdom,0.0120,60/60\n48,Poland,0.0300,1/1\n"
AGREED = ("Cloud PBX", "Auto Attendant", "Fax")
REALMS = ("admin", "customer", "account")


@dataclass(frozen=True, slots=True)
class Served:
    """The running server, and what tests do behind its back."""

    certificate: Path
    ports: dict[str, int]

    def wire(self, realm: str) -> Wire:
        return Wire(self.ports[realm], self.certificate)

    @staticmethod
    def forget_failures() -> None:
        LoginFailure.objects.all().delete()

    @staticmethod
    def end_all_sessions() -> None:
        ApiSession.objects.update(ended_at=datetime.now(UTC))

    @staticmethod
    def product(name: str) -> int:
        return Product.objects.get(name=name).pk

    @staticmethod
    def staff_with_expired_password() -> str:
        login = f"late{User.objects.count()}"
        add_user(realm=RealmName.STAFF, login=login, password=PASSWORD, now=datetime(2016, 1, 1, tzinfo=UTC))
        return login


@contextmanager
def serve(environment: dict[str, str]) -> Iterator[Served]:
    """The processes, until the end; `environment` says which database."""
    folder = Path(tempfile.mkdtemp(prefix="tollbook-served-"))
    settings.TOLLBOOK_HOME, home = folder, settings.TOLLBOOK_HOME
    try:
        open_for_business(folder)
        pair = trial_certificate(folder=folder, host="127.0.0.1")
        served = Served(pair[0], {})
        with ExitStack() as processes:
            for realm in REALMS:
                port = served.ports[realm] = free_port()
                words = command(WEB, host="127.0.0.1", port=port, stop_s=5, tls=pair, realm=realm)
                process = subprocess.Popen(
                    words,
                    env=os.environ | environment | {"TOLLBOOK_HOME": str(folder)},
                    cwd=CHECKOUT,
                    stdin=subprocess.PIPE,
                )
                processes.callback(_end, process)
            for port in served.ports.values():
                _wait_for(port, pair[0])
            yield served
    finally:
        settings.TOLLBOOK_HOME = home
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(port: int, certificate: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    with httpx.Client(verify=ssl.create_default_context(cafile=str(certificate)), trust_env=False) as client:
        while True:
            try:
                client.post(f"https://127.0.0.1:{port}/rest/Session/ping", data={"params": "{}"})
                return
            except httpx.TransportError:
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.1)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def open_for_business(folder: Path) -> None:
    """The operator's books."""
    now = datetime.now(UTC)
    boss = staff("boss")
    price_tariff("Retail", PRICES, folder, settings=TariffSettings(currency="USD"))
    plan = SubscriptionPlan.objects.create(code="pbx", name="Cloud PBX", currency="USD", fee=Decimal(6))
    for code, name in (("pbx", "Cloud PBX"), ("aa", "Auto Attendant"), ("fax", "Fax")):
        set_product(code=code, name=name, tariffs={"voice_out": "Retail", "voice_in": None})
    Product.objects.filter(code="pbx").update(plan=plan)
    products = {one.name: one for one in Product.objects.all()}
    add_user(realm=RealmName.STAFF, login=STAFF, password=PASSWORD, now=now)
    User.objects.filter(login=STAFF).update(token_hash=token_hash(TOKEN))

    meridian, nordlicht, pete = (
        Customer.objects.create(
            pk=pk, code=code, name=name, currency="USD", timezone="UTC", is_prepaid=is_prepaid,
            credit_limit=Decimal(0) if is_prepaid else None, created_at=JUNE, country="US",
        )
        for pk, code, name, is_prepaid in (
            (46170, "Meridian", "Meridian Cargo", False),
            (46171, "Nordlicht", "Nordlicht Optik", False),
            (46172, "Prepaid Pete", "Pete", True),
        )
    )  # fmt: skip
    set_login(realm=RealmName.CUSTOMER, customer=meridian, login="meridian", password=PASSWORD, by="boss", now=now)
    for customer in (meridian, nordlicht):
        set_agreement(customer=customer, conditions={products[name]: None for name in AGREED}, by="boss", now=now)
    accounts = [
        _line(meridian, products["Cloud PBX"], "101", 12025550101),
        _line(meridian, products["Cloud PBX"], "102", 12025550102),
        _line(nordlicht, products["Fax"], "201", 12025550201),
        _line(nordlicht, products["Fax"], "202", None),
    ]
    set_login(realm=RealmName.ACCOUNT, account=accounts[0], login="ext101", password=PASSWORD, by="boss", now=now)
    for digits, owner, account in (
        (12094555948, meridian, None),
        (12094555949, nordlicht, accounts[3]),
        (12094555950, None, None),
    ):
        number = add_to_stock(digits=digits, by="boss", now=now)
        if owner:
            give_number(number=number, customer=owner, by="boss", now=now)
        if account:
            assign_number(actor=boss, account=account, digits=digits, now=now)
    assert StockNumber.objects.count() == NUMBERS
    _make_calls(folder, ("ph46170x101", "ph46171x201"))
    enter_money(customer=pete, action=MoneyAction.PAYMENT, amount=Decimal(25), comment="cash", by="boss", now=now)
    seller = set_seller(name="Operator", country="US", logo=None)
    issue_invoices(seller=seller, month=date(2017, 6, 1), issued_on=date(2017, 7, 1), now=now)


def _line(customer: Customer, product: Product, extension: str, digits: int | None) -> Account:
    """An extension's account as it was on the first of June."""
    boss = staff("boss")
    if digits is not None:
        number = add_to_stock(digits=digits, by="boss", now=JUNE)
        give_number(number=number, customer=customer, by="boss", now=JUNE)
    account = open_account(
        actor=boss,
        customer=customer,
        product=product,
        extension=extension,
        name=f"Desk {extension}",
        numbers=[digits] if digits else [],
        now=JUNE,
    )
    if not hasattr(account, "extension"):
        add_extension(actor=boss, customer=customer, number=extension, account=account, now=JUNE)
    return account


def _make_calls(folder: Path, codes: tuple[str, ...]) -> None:
    """Day by day, each day's calls billed at its end."""
    source = set_connection(
        name="switch", layout="tollbook", timezone="UTC", number_rules={"country": "US"}, match_by=["account"]
    )
    for day in range(DAYS):
        begin = JUNE + timedelta(days=day)
        rows = ["record_id,start,duration_s,cld,cli,account,answered"]
        for code in codes:
            for nth in range(CALLS_A_DAY):
                start = begin + timedelta(hours=8 + nth, minutes=day)
                is_answered = nth < CALLS_A_DAY - 1
                rows.append(
                    f"{code}-{day}-{nth},{start:%Y-%m-%dT%H:%M:%SZ},{(nth + 1) * 17 if is_answered else 0},"
                    f"44207946{nth:04d},12025550101,{code},{'yes' if is_answered else 'no'}"
                )
        path = folder / f"day{day}.csv"
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        import_usage(source, path, now=begin + timedelta(hours=23))
