"""Fifty requests over TLS at the same moment, by the customer themselves, for the last slot of their agreement."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.api.portabilling.conformance.wire import Wire
from tests.api.portabilling.served import PASSWORD, STAFF

MERIDIAN = 46170
RACERS = 50
LIMIT = "Server.Customer.add_customer_extension.agreement_limit_exceeded"


def test_fifty_ask_the_server_for_the_last_slot_and_one_gets_it(admin: Wire, customer: Wire) -> None:
    integrator, meridian = admin.bearer(STAFF, PASSWORD), customer.bearer("meridian", PASSWORD)
    listed = customer.object("Product/get_product_list", {"name": "Auto Attendant"}, headers=meridian)
    (attendant,) = listed.json["product_list"]
    whose, said = {"i_customer": MERIDIAN}, {"i_product": attendant["i_product"], "max_offered_quantity": 1}
    admin.object(
        "Customer/update_agreement_conditions", whose | {"agreement_condition_list": [said]}, headers=integrator
    )
    ready = Barrier(RACERS)

    def ask(number: int) -> str:
        ready.wait(timeout=60)
        asked = {"id": str(700 + number), "i_product": attendant["i_product"]}
        answer = json.loads(customer.object("Customer/add_customer_extension", asked, headers=meridian).body)
        return str(answer.get("faultcode", "done"))

    with ThreadPoolExecutor(RACERS) as racers:
        ended = Counter(racers.map(ask, range(RACERS)))

    assert ended == {"done": 1, LIMIT: RACERS - 1}
    made = customer.object("Customer/get_extensions_list", {"extension": "7__", "get_total": 1}, headers=meridian)
    assert made.json["total"] == 1
    conditions = customer.object("Customer/get_agreement_condition_list", {}, headers=meridian).json
    assert {
        one["name"]: (one["max_offered_quantity"], one["used_quantity"])
        for one in conditions["agreement_condition_list"]
    }["Auto Attendant"] == (1, 1)
