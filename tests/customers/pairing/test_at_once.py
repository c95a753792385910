"""Two people, or a person and the sync, decide about one platform's customer at the same moment."""

from datetime import UTC, datetime

import pytest

from tests.jobs.platform import NIP, Platform
from tests.jobs.test_at_once import at_once
from tollbook.connections.models import Connection
from tollbook.connectors.base import PlatformCustomer, State
from tollbook.customers.models import Customer, Identity, Pairing
from tollbook.customers.operations import pair
from tollbook.errors import BadInput
from tollbook.jobs.sync_customers import sync_customers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def paired_with(code: str) -> str:
    """`pair` as a person does it, and what came of it."""
    try:
        made = pair(
            customer=Customer.objects.get(code=code),
            connection=Connection.objects.get(),
            foreign="100",
            by=code,
            why="known",
            now=NOW,
        )
    except BadInput as error:
        return str(error)
    return made.customer.code


@pytest.mark.usefixtures("fresh_database")
def test_of_two_people_one_is_told_of_the_other() -> None:
    Connection.objects.create(name="mms")
    for code in ("acme", "beta"):
        Customer.objects.create(code=code, name=code.title(), currency="PLN")
    answers = sorted(map(str, at_once(lambda: paired_with("acme"), lambda: paired_with("beta"))), key=len)
    assert answers[0] in ("acme", "beta")
    assert "mms: 100 is paired with" in answers[1]
    assert Pairing.objects.count() == 1


@pytest.mark.usefixtures("fresh_database")
def test_two_syncs_and_a_person_make_one_pairing() -> None:
    connection = Connection.objects.create(name="mms", kind="memory")
    acme = Customer.objects.create(code="acme", name="Acme", currency="PLN")
    Identity.objects.create(customer=acme, scheme="nip", value=NIP)
    platform = Platform()
    platform.people["100"] = PlatformCustomer(foreign_id="100", state=State.ACTIVE, identities=(("nip", NIP),))
    deeds = [lambda: sync_customers(connection, platform, now=NOW)] * 2
    at_once(*deeds, lambda: paired_with("acme"))
    assert Pairing.objects.count() == 1
