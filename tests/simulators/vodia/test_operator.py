"""The operator's customers and the fields of their services, against what the switch has."""

import csv

from simulators.vodia import operator
from simulators.vodia.people import UNKNOWN_TO_OPERATOR, tenants

CUSTOMERS = {row["code"]: row for row in csv.DictReader(operator.customers_csv().splitlines())}


def parts(service: dict[str, str]) -> list[str]:
    return [part.strip() for part in service["domain"].split("|")]


def test_five_customers_pay_dollars_or_pounds() -> None:
    assert {code: row["currency"] for code, row in CUSTOMERS.items()} == {
        "harbourlights": "CAD",
        "maplelane": "CAD",
        "northpine": "CAD",
        "quaystreet": "GBP",
        "oldmill": "CAD",
    }


def test_one_tenant_is_nobodys() -> None:
    known = {parts(service)[0] for service in operator.services()}
    assert {tenant.name for tenant in tenants()} - known == {UNKNOWN_TO_OPERATOR}


def test_all_services_belong_to_a_customer() -> None:
    assert {service["customer"] for service in operator.services()} == CUSTOMERS.keys()
    assert len({service["account"] for service in operator.services()}) == len(operator.services()) == 6


def test_a_service_names_its_tenant_then_dids_and_extensions() -> None:
    legal = next(one for one in operator.services() if one["customer"] == "maplelane")
    assert legal["domain"].startswith("maplelane.example.ca|16045550198|16045550199|16045550100|")
    assert legal["domain"].endswith("|600|700|8300|8301|8302|8303|8304|8305")
    assert legal["username"] == "8300"
    assert legal["profile_first_name"] == "Bram | Odile | Tariq | Moira | Anselm | Priya"
    assert legal["inbound_search"] == "Front Desk"


def test_together_they_name_every_number_of_their_tenant_once() -> None:
    for tenant in tenants():
        named = [part for one in operator.services() if parts(one)[0] == tenant.name for part in parts(one)[1:]]
        assert len(set(named)) == len(named)
        if named:
            own = [did for account in tenant.accounts for did in account.dids]
            assert len(named) == len(tenant.accounts) + len(own)


def test_people_type_the_bar_and_the_numbers_in_their_own_ways() -> None:
    domains = [service["domain"] for service in operator.services()]
    assert {domain.removeprefix(parts({"domain": domain})[0])[:4].strip("0123456789+") for domain in domains} == {
        " | ",
        "|",
        "  | ",
        " |",
        "| ",
    }
    assert {len(parts({"domain": domain})[1]) for domain in domains} == {10, 11, 12}
