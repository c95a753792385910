"""An operator at a carrier that gives a file of calls for each account, refreshed at six in the morning."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulators.lesnet import Simulator
from tests.jobs.office import NOON, price_tariff
from tests.jobs.simulated import QUICK
from tests.jobs.toy_office import at
from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, set_connection
from tollbook.connectors.lesnet.connector import LesNetConnector
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations import describe_account
from tollbook.jobs.account_links import follow_links
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectRun

RED_RIVER, PRAIRIE_DOG = "D4E3CD2BFC791", "A09F61B7722E4"
DIDS = "12045550121, 12045550122, 12045550123"
# Canada 6 cents a minute begun, London 12. What comes in costs nothing.
PRICES = "prefix,destination,price,increment\n1,Canada,0.0600,60/60\n44,United Kingdom,0.1200,60/60\n"
CENTS_PER_MINUTE = {"1": 6, "4": 12}  # by the first digit of the number called


@dataclass
class Carrier:
    """What the diary says: on this day it was collected, and this is what became of it."""

    connection: Connection
    simulator: Simulator

    def collect(self, now: str) -> CollectRun:
        return collect_usage(self.connection, now=at(now), asked_by="a test")

    def link(self, peer: str = RED_RIVER) -> str:
        return self.simulator.link(peer)

    def confirm(self) -> None:
        """Somebody has looked at the preview, and says that it is right."""
        connector = open_connector(self.connection)
        follow_links(connector, self.connection, now=NOON)
        settings = connector.preview().settings
        self.connection = set_connection(name="carrier", settings=settings, may_change=True)


@contextmanager
def carrier(folder: Path, *, port: int = 0, month: str = "2017-06", **settings: str) -> Iterator[Carrier]:
    """Red River Rowing and Prairie Dog Couriers with a peer each; nobody has confirmed anything yet."""
    price_tariff("north", PRICES, folder)
    set_product(code="trunk", name="Trunk", tariffs={"voice_out": "north", "voice_in": None})
    with Simulator(month=month, port=port) as simulator:
        given = {**QUICK, "portal": simulator.url, "incoming_to": DIDS, **settings}
        connection = set_connection(name="carrier", kind="lesnet", settings=given)
        for code, peer in (("redriver", RED_RIVER), ("prairiedog", PRAIRIE_DOG)):
            describe(connection, code, peer, simulator.link(peer))
        yield Carrier(connection, simulator)


def describe(connection: Connection, code: str, peer: str, link: str, **fields: str) -> Account:
    """A customer with one account, as their service is written down in the billing system."""
    product, _ = Product.objects.get_or_create(code="trunk")
    customer = Customer.objects.create(code=code, name=code.title(), currency="EUR", timezone="America/Winnipeg")
    account = Account.objects.create(customer=customer, code=f"{code}-trunk", product=product)
    marks = LesNetConnector.marks({"peer_id": peer, "cdr_link": link, **fields})
    describe_account(account=account, connection=connection, marks=marks, by="a test", now=at("2017-05-31T12:00"))
    return account
