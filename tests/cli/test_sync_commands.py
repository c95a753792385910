"""`tollbook sync` and `tollbook pairing` on the simulated Metroport: what they say, and how they end."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulators.faults import Fault
from simulators.metroport import Simulator
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Customer, Pairing

Tollbook = Callable[..., Any]


@pytest.fixture
def metroport(db: None) -> Iterator[Simulator]:
    with Simulator() as simulator:
        settings = {"api_url": simulator.url, "login": simulator.login, "attempts": "1", "timeout_s": "5"}
        secrets = {"password": Secret(simulator.password)}
        set_connection(name="mvno", kind="metroport", settings=settings, secrets=secrets)
        yield simulator


def test_the_report_in_json_has_every_line(metroport: Simulator, tollbook: Tollbook) -> None:
    run = tollbook("sync", "mvno", "--json")
    customers, accounts = json.loads(run.stdout)
    assert run.status == 0
    assert (customers["part"], customers["listed"], customers["complete"]) == ("customers", 35, True)
    assert customers["counts"] == {"conflict": 2, "unmatched": 33}
    assert len(customers["lines"]) == 35
    assert accounts["skipped"] == {"their customer is not paired": 158}


def test_the_exit_status_says_how_much_was_read(metroport: Simulator, tollbook: Tollbook) -> None:
    metroport.faults.add(Fault("status", match="/Mvno/Mobiles", times=None))
    assert tollbook("sync", "mvno", "--customers").status == 0
    half = tollbook("sync", "mvno")
    assert half.status == 1
    assert "accounts cannot be listed: mvno: " in half.stdout
    assert tollbook("sync", "mvno", "--accounts").status == 2


def test_what_is_made_is_named_by_its_code_and_what_is_not_is_counted_once(
    metroport: Simulator, tollbook: Tollbook
) -> None:
    """Of 158 cards those of the new customers; none is made without a product, and the way out names the connection."""
    tollbook("connection", "add", "mvno", "--change", "--creates-customers", "--customer-default", "currency=PLN")

    lines = tollbook("sync", "mvno").stdout.splitlines()

    assert "  1003 Kawiarnia Trzy Ziarna = customer M71003" in lines
    (cards,) = (line for line in lines if line.startswith("mvno accounts: "))
    counted = re.fullmatch(
        r"mvno accounts: 158 listed, (\d+) not created, 1 unknown state, (\d+) left out \(.* not paired\)", cards
    )
    assert counted is not None, cards
    assert int(counted[1]) + int(counted[2]) + 1 == 158
    assert (
        "    → name one (`tollbook connection add mvno --change --account-product CODE`) and sync again" in lines
    )


def test_a_part_that_the_platform_does_not_offer(metroport: Simulator, tollbook: Tollbook) -> None:
    run = tollbook("sync", "mvno", "--numbers")
    assert (run.status, run.stdout) == (2, "")
    assert run.stderr == "tollbook: mvno: Metroport MVNO lists no numbers\n"


def test_files_have_nothing_to_sync(db: None, tollbook: Tollbook) -> None:
    set_connection(name="office")
    run = tollbook("sync", "office")
    assert run.status == 2
    assert "lists no customers, accounts or numbers to sync" in run.stderr


def test_pairing_is_from_a_day_of_the_customers_zone(metroport: Simulator, tollbook: Tollbook) -> None:
    """Midnight in Warsaw is 22:00 UTC in summer."""
    Customer.objects.create(code="acme", name="Acme", currency="PLN", timezone="Europe/Warsaw")
    tollbook("sync", "mvno", "--customers")
    run = tollbook("pairing", "pair", "mvno", "M70994", "acme", "--from", "2017-06-01")
    assert run.status == 0
    pairing = Pairing.objects.get()
    assert (pairing.foreign_id, f"{pairing.active_from:%Y-%m-%d %H:%M}") == ("994", "2017-05-31 22:00")
    ended = tollbook("pairing", "unpair", "mvno", "994", "acme", "--at", "2017-05-01")
    assert ended.status == 2
    assert "only from 2017-05-31 22:00 UTC; give a later date to end it" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("pair", "mvno", "994", "nobody"), "there is no customer 'nobody'"),
        (("accept", "999999"), "there is no suggestion 999999"),
        (("list", "mvno", "--standing", "lost"), "there is no standing 'lost'"),
        (("list", "nowhere"), "there is no connection 'nowhere'"),
    ],
)
def test_mistakes_are_said(
    metroport: Simulator, tollbook: Tollbook, arguments: tuple[str, ...], says: str
) -> None:
    run = tollbook("pairing", *arguments)
    assert run.status == 2
    assert says in run.stderr
