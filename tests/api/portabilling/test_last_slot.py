"""Fifty requests at the same moment for the last slot of an agreement: one gets it, the others hear why not."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from tests.api.portabilling.callers import customer as caller_of
from tests.jobs.agreed import JUNE_11, customer, product
from tollbook.api.portabilling.method import invoke
from tollbook.api.portabilling.refusals import fault_of
from tollbook.customers.agreement_queries import agreement_of
from tollbook.customers.models import Customer, Extension
from tollbook.errors import TollbookError

RACERS = 50
LIMIT = "Server.Customer.add_customer_extension.agreement_limit_exceeded"


@pytest.mark.usefixtures("fresh_database")
def test_fifty_requests_for_the_last_slot_and_one_succeeds() -> None:
    pbx = product("pbx")
    acme = customer(pbx=1)
    ready = Barrier(RACERS)

    def ask(number: int) -> str:
        caller = caller_of(Customer.objects.get(pk=acme.pk), now=JUNE_11)
        ready.wait(timeout=60)
        name = "Customer/add_customer_extension"
        try:
            with transaction.atomic():  # as the transport does for what writes
                invoke(name, caller, {"id": str(100 + number), "i_product": pbx.pk})
        except TollbookError as error:
            return fault_of(error, name).code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(RACERS) as racers:
        ended = Counter(racers.map(ask, range(RACERS)))

    assert ended == {"done": 1, LIMIT: RACERS - 1}
    assert [(one.used, one.quantity) for one in agreement_of(acme)] == [(1, 1)]
    assert Extension.objects.count() == 1
