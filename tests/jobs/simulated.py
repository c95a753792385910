"""An operator who buys from a simulated platform: some of its customers are ours, and pay what it says."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from simulators import metroport, portabilling
from simulators.faults import Faults
from tests.jobs.books import Books, books
from tests.jobs.office import NOON
from tests.jobs.toy_office import at
from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_platform_tariff, set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, AccountLink, Customer, Number, Pairing
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectRun

JUNE = date(2017, 6, 1)
QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}
BILLED = ("voice_out", "sms_out", "mms_out", "data", "video_out")


@dataclass(frozen=True)
class Simulated:
    """A connection to a simulator, and the simulator's switches."""

    connection: Connection
    faults: Faults
    usage_path: str  # stands in every request for usage
    late: Callable[[], object]  # calls of days long past are written down now
    correct: Callable[[], object]  # the first calls of the month are given another price
    simulator: Any  # for switches that only one of them has

    def collect(self, now: str, *, since: str = "", until: str = "", **wish: Any) -> CollectRun:
        return collect_usage(
            self.connection,
            now=at(now),
            asked_by="a test",
            since=at(since) if since else None,
            until=at(until) if until else None,
            **wish,
        )


def undone(do: Callable[[], object]) -> Books:
    """The books after that; then everything is as it was."""
    with transaction.atomic():
        do()
        found = books()
        transaction.set_rollback(True)
    return found


@contextmanager
def simulated_metroport() -> Iterator[Simulated]:
    """Five users, one of them with many cards; late records and corrections are found as far back as 40 days."""
    with metroport.Simulator() as simulator:
        connection = set_connection(
            name="mvno",
            kind="metroport",
            settings={"api_url": simulator.url, "login": simulator.login, "incremental": "time", **QUICK},
            secrets={"password": Secret(simulator.password)},
            timezone="Europe/Warsaw",
            import_from=JUNE,
        )
        _take_customers(connection, ("986", "992", "998", "1001", "1012"))
        paid = [record for record in simulator.records if record.kind == "call" and record.price > 0]
        ours = next(record for record in paid if record.userid in {986, 992, 998, 1001, 1012})
        yield Simulated(
            connection,
            simulator.faults,
            "Mvno/Billings",
            late=lambda: simulator.late(40),
            correct=lambda: simulator.correct(ours.id, "7.77"),
            simulator=simulator,
        )


@contextmanager
def simulated_portabilling() -> Iterator[Simulated]:
    """Five customers in two currencies, one with an id above 2^31. What changes within two days is found."""
    with portabilling.Simulator() as simulator:
        connection = set_connection(
            name="north",
            kind="portabilling",
            settings={
                "url": simulator.url(),
                "login": simulator.login,
                "page_size": "100",
                "overlap_hours": "48",
                **QUICK,
            },
            secrets={"token": Secret(simulator.token)},
            timezone="Europe/Warsaw",
            import_from=JUNE,
        )
        _take_customers(connection, ("46170", "46176", "46184", "46192", "2147490001"))
        yield Simulated(
            connection,
            simulator.faults,
            "get_customer_xdrs",
            late=lambda: simulator.switches.late(i_customer=46170, billed_at="2017-06-20 12:00:00"),
            correct=lambda: simulator.switches.correct(i_customer=46170),
            simulator=simulator,
        )


def _take_customers(connection: Connection, foreign_ids: tuple[str, ...]) -> None:
    """Make these customers ours, with all their accounts."""
    with closing(open_connector(connection)) as connector:
        theirs = {one.foreign_id: one for one in connector.customers() if one.foreign_id in foreign_ids}
        accounts = list(connector.accounts(foreign_ids))
    assert set(theirs) == set(foreign_ids)
    owners = {}
    for foreign_id, one in theirs.items():
        currency = one.currency or "PLN"
        owner = Customer.objects.create(
            code=foreign_id, name=one.name, currency=currency, timezone="Europe/Warsaw", tax_rate=23
        )
        owners[foreign_id] = (owner, _product(currency))
        Pairing.objects.create(
            customer=owner,
            connection=connection,
            foreign_id=foreign_id,
            decided_at=NOON,
            decided_by="a person",
            why="they said so",
        )
    for account in accounts:
        owner, product = owners[account.customer_id]
        made = Account.objects.create(
            customer=owner, product=product, code=f"{connection.name}-{account.foreign_id}"
        )
        AccountLink.objects.create(
            account=made,
            connection=connection,
            foreign_id=account.foreign_id,
            seen_at=datetime(2017, 7, 1, tzinfo=UTC),
        )
        for number in account.numbers:
            if number.isdecimal() and not Number.objects.filter(digits=int(number)).exists():
                Number.objects.create(account=made, digits=int(number))


def _product(currency: str) -> Product:
    name = f"as they say in {currency}"
    if not Product.objects.filter(code=currency).exists():
        set_platform_tariff(name=name, currency=currency, recorded_at=NOON)
    return set_product(code=currency, name=name, tariffs={**dict.fromkeys(BILLED, name), "voice_in": None})
