"""Of many who want the last slot of an agreement at the same moment, one gets it."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from tests.jobs.agreed import JUNE_1, JUNE_11, customer, product, themselves
from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.errors import AgreementExceeded
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput
from tollbook.jobs.change_account import change_account
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account

RACERS = 50


def at_once(deeds: list[Callable[[], object]]) -> Counter[str]:
    """All of these begin at the same moment, each with a connection of its own; how they ended."""
    ready = Barrier(len(deeds))

    def begin(deed: Callable[[], object]) -> str:
        connection.ensure_connection()
        ready.wait(timeout=60)
        try:
            deed()
        except BadInput as refused:
            return type(refused).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(deeds)) as racers:
        return Counter(racers.map(begin, deeds))


@pytest.mark.usefixtures("fresh_database")
@pytest.mark.req("P1")
def test_fifty_at_once_want_the_last_slot_and_one_gets_it() -> None:
    pbx = product("pbx")
    acme = customer(pbx=10)
    for extension in range(9):
        open_account(actor=themselves(acme), customer=acme, product=pbx, extension=f"{extension}", now=JUNE_1)

    def want(extension: int) -> Callable[[], object]:
        own = Customer.objects.get(pk=acme.pk)
        return lambda: open_account(
            actor=themselves(own), customer=own, product=pbx, extension=f"{extension}", now=JUNE_11
        )

    ended = at_once([want(100 + number) for number in range(RACERS)])

    assert ended == {"done": 1, AgreementExceeded.__name__: RACERS - 1}
    assert [(one.used, one.quantity) for one in agreement_of(acme)] == [(10, 10)]


@pytest.mark.usefixtures("fresh_database")
def test_whichever_way_they_come_no_more_get_in_than_agreed() -> None:
    """New accounts, changes of product and add-ons switched on, while others leave."""
    pbx, basic = product("pbx"), product("basic")
    product("recording", is_addon=True)
    acme = customer(pbx=5, basic=None, recording=3)
    me = themselves(acme)
    recording = agreement_of(acme)[-1].product
    lines = [
        open_account(actor=me, customer=acme, product=basic, extension=f"{number}", now=JUNE_1)
        for number in range(16)
    ]
    leaving = [
        open_account(actor=me, customer=acme, product=pbx, extension=f"9{number}", now=JUNE_1)
        for number in range(2)
    ]

    def change(line: Account, **wanted: Any) -> Callable[[], object]:
        own = Account.objects.select_related("customer", "product").get(pk=line.pk)
        return lambda: change_account(actor=me, account=own, now=JUNE_11, **wanted)

    def leave(line: Account) -> Callable[[], object]:
        own = Account.objects.select_related("customer", "product").get(pk=line.pk)
        return lambda: terminate_account(actor=me, account=own, now=JUNE_11)

    def come(extension: str) -> Callable[[], object]:
        own = Customer.objects.get(pk=acme.pk)
        return lambda: open_account(
            actor=me, customer=own, product=pbx, extension=extension, addons=[recording], now=JUNE_11
        )

    deeds = [
        *(leave(line) for line in leaving),
        *(change(line, product=pbx) for line in lines[:8]),
        *(change(line, addons=[recording]) for line in lines[8:]),
        *(come(f"8{number}") for number in range(8)),
    ]
    ended = at_once(deeds)

    used = {one.product.code: one.used for one in agreement_of(acme)}
    assert used["pbx"] <= 5
    assert used["recording"] == 3
    assert ended["done"] + ended[AgreementExceeded.__name__] == len(deeds)
    assert ended["done"] >= 2 + 3 + 3 - 2  # those who leave; three who fit at any time, and three recordings


@pytest.mark.usefixtures("fresh_database")
def test_fifty_attendants_at_once_have_fifty_numbers() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)

    def want() -> Callable[[], object]:
        own = Customer.objects.get(pk=acme.pk)
        return lambda: open_account(
            actor=themselves(own), customer=own, product=pbx, is_auto_attendant=True, now=JUNE_1
        )

    ended = at_once([want() for _ in range(RACERS)])

    assert ended == {"done": RACERS}
    codes = set(Account.objects.values_list("code", flat=True))
    assert codes == {f"ph{acme.pk}aa{number}" for number in range(1, RACERS + 1)}
