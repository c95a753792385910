"""Any record of any service: what a low-code connector for PortaBilling does, and what it would have liked to."""

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any
from urllib.parse import parse_qs

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from simulators.web import Answer, Request, Server
from tests.connectors.portabilling.platform import NAME, connector, methods_called
from tollbook.connectors.base import Site
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.portabilling.client import Client
from tollbook.connectors.portabilling.connector import PortaBillingConnector
from tollbook.connectors.portabilling.faults import PlatformFault, error_of
from tollbook.connectors.portabilling.generic import Generic
from tollbook.connectors.portabilling.naming import naming_of, with_switches
from tollbook.connectors.portabilling.options import options_of
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def generic(platform: Simulator) -> Iterator[Generic]:
    opened = connector(platform)
    yield opened.generic
    opened.close()


def asked(platform: Simulator, method: str) -> list[dict[str, Any]]:
    """The params of each call of a method."""
    log = platform.faults.requests()["log"]
    bodies = [parse_qs(str(entry["body"])) for entry in log if entry["path"] == f"/rest/{method}"]
    return [json.loads(body["params"][0]) for body in bodies]


# --- names


@pytest.mark.req("T2")
@pytest.mark.parametrize(
    ("service", "type_", "lists", "list_key", "creates", "info_key"),
    [
        # By the rule.
        ("Account", "account", "get_account_list", "account_list", "add_account", "account_info"),
        ("Account", "alias", "get_alias_list", "alias_list", "add_alias", "alias_info"),
        ("Customer", "customer", "get_customer_list", "customer_list", "add_customer", "customer_info"),
        ("Product", "product", "get_product_list", "product_list", "add_product", "product_info"),
        ("DID", "number", "get_number_list", "number_list", "add_number", "number_info"),
        ("Invoice", "invoice", "get_invoice_list", "invoice_list", "add_invoice", "invoice_info"),
        ("Nobody", "knows_this", "get_knows_this_list", "knows_this_list", "add_knows_this", "knows_this_info"),
        # By the table of exceptions.
        ("Customer", "xdr", "get_customer_xdrs", "xdr_list", "add_xdr", "xdr_info"),
        ("Customer", "extension", "get_extensions_list", "extensions_list", "add_customer_extension", ""),
        ("Customer", "huntgroup", "get_huntgroup_list", "huntgroup_list", "add_customer_huntgroup", ""),
        ("Account", "transaction", "get_transaction_list", "transaction_list", "make_transaction", ""),
        ("Account", "subscription", "get_subscriptions", "subscriptions", "add_subscription", ""),
    ],
)  # fmt: skip
def test_methods_follow_from_the_names_of_service_and_type(
    service: str, type_: str, lists: str, list_key: str, creates: str, info_key: str
) -> None:
    naming = naming_of(service, type_)
    assert (naming.lists, naming.list_key) == (f"{service}/{lists}", list_key)
    assert (naming.creates, naming.info_key) == (f"{service}/{creates}", info_key)


@pytest.mark.parametrize(
    ("service", "type_"), [("account", "account"), ("Account", "Account"), ("A/b", "x"), ("", "")]
)
def test_what_cannot_be_a_name_is_refused_before_anything_is_sent(service: str, type_: str) -> None:
    with pytest.raises(BadInput, match="are written as"):
        naming_of(service, type_)


def test_the_known_services_and_types_can_be_listed() -> None:
    types = Generic.types()
    assert {"account", "alias"} <= set(types["Account"])
    assert "customer" in types["Customer"]
    for service, names in types.items():
        for name in names:
            naming_of(service, name)


# --- lists


@pytest.mark.req("T4")
def test_a_list_pages_by_itself_as_far_as_it_is_taken(platform: Simulator, generic: Generic) -> None:
    accounts = generic.list("Account", "account", page_size=100)
    assert asked(platform, "Account/get_account_list") == []
    first = list(islice(accounts, 150))
    assert asked(platform, "Account/get_account_list") == [
        {"limit": 100, "offset": 0},
        {"limit": 100, "offset": 100},
    ]
    rest = list(accounts)
    ids = [one["i_account"] for one in first + rest]
    assert ids == [one["i_account"] for one in platform.month.accounts if one["billing_model"] != 2]


def test_filters_go_through_and_a_limit_is_how_many_are_wanted(platform: Simulator, generic: Generic) -> None:
    closed = list(generic.list("Customer", "customer", {"bill_status": "C"}))
    assert [one["i_customer"] for one in closed] == [46182]
    assert len(list(generic.list("Account", "account", {"limit": 120, "offset": "10"}, page_size=50))) == 120
    windows = [(one["offset"], one["limit"]) for one in asked(platform, "Account/get_account_list")]
    assert windows == [(10, 50), (60, 50), (110, 20)]
    with pytest.raises(BadInput, match="limit is 'ten'; it is a whole number"):
        generic.list("Account", "account", {"limit": "ten"})


def test_a_platform_that_gives_less_than_it_is_asked_for_is_read_to_the_end() -> None:
    rows = [{"i_rate": nth} for nth in range(250)]

    def capped(request: Request) -> Answer:
        if "login" in request.path:
            return Answer.json({"session_id": "0" * 32})
        params = json.loads(parse_qs(request.body.decode())["params"][0])
        return Answer.json({"rate_list": rows[params["offset"] :][: min(params["limit"], 100)]})

    assert list(on_server(capped, lambda generic: generic.list("Rate", "rate", page_size=1000))) == rows


def test_a_method_that_knows_no_pages_is_not_asked_for_ever() -> None:
    def stubborn(request: Request) -> Answer:
        return Answer.json(
            {"session_id": "0" * 32} if "login" in request.path else {"thing_list": [{"i": 1}, {"i": 2}]}
        )

    assert on_server(stubborn, lambda generic: list(generic.list("Other", "thing"))) == [{"i": 1}, {"i": 2}]


def test_a_list_under_another_name_is_found_and_none_at_all_is_told() -> None:
    def answers(request: Request) -> Answer:
        if "login" in request.path:
            return Answer.json({"session_id": "0" * 32})
        return Answer.json({"plans": [{"i": 1}]} if "plan" in request.path else {"success": 1})

    assert on_server(answers, lambda generic: list(generic.list("Other", "plan"))) == [{"i": 1}]
    with pytest.raises(NeedsAttention, match="there is no thing_list in the answer, which has success"):
        on_server(answers, lambda generic: list(generic.list("Other", "thing")))


def on_server(handle: Any, use: Any) -> Any:
    with Server(handle) as server:
        options = options_of(Site(name=NAME, settings={"url": server.url, "login": "me"}))
        client = Client(options, platform=NAME, password=Secret("p"), token=Secret(""))
        found = use(Generic(client))
        found = list(found)
        client.close()
    return found


# --- creating


@pytest.mark.req("T3")
def test_attributes_go_through_nested_and_switches_become_what_the_api_wants(
    platform: Simulator, generic: Generic
) -> None:
    attributes = {
        "i_customer": 46170,
        "billing_model": 1,
        "i_product": 315,
        "id": "ph46170x900",
        "blocked": False,
        "published": "Y",
        "sip_status": True,
        "service_features": [
            {"name": "call_recording", "flag_value": "Y", "attributes": [{"name": "auto", "values": [True]}]}
        ],
        "note": None,
    }
    made = generic.create("Account", "account", attributes)
    [sent] = asked(platform, "Account/add_account")
    assert sent["account_info"] == attributes | {
        "blocked": "N",
        "sip_status": 1,
        "service_features": [
            {"name": "call_recording", "flag_value": "Y", "attributes": [{"name": "auto", "values": [1]}]}
        ],
    }
    assert platform.books.accounts[made["i_account"]]["id"] == "ph46170x900"
    assert with_switches({"a": [True, {"hidden": True}], "b": "true", "c": 2}) == {
        "a": [1, {"hidden": "Y"}],
        "b": "true",
        "c": 2,
    }


@pytest.mark.req("T2")
def test_any_record_is_created_listed_and_called_by_the_names_of_the_api(
    platform: Simulator, generic: Generic
) -> None:
    customer = generic.create("Customer", "customer", {"name": "Toy Town", "iso_4217": "EUR"})
    found = next(generic.list("Customer", "customer", {"name": "Toy%"}))
    assert found["i_customer"] == customer["i_customer"]
    alias = generic.create("Account", "alias", {"i_master_account": 1000800, "id": "48220009999"})
    aliases = list(generic.list("Account", "alias", {"i_master_account": 1000800}))
    assert alias["i_account"] in [one["i_account"] for one in aliases]
    payment = {"i_customer": customer["i_customer"], "action": "Manual payment", "amount": "12.50"}
    assert generic.create("Customer", "transaction", payment)["i_payment_transaction"]
    whole = {"customer_info": {"name": "Box Town", "iso_4217": "EUR"}, "generate_web_password": True}
    assert generic.create("Customer", "customer", whole)["i_customer"]
    assert asked(platform, "Customer/add_customer")[1] == whole | {"generate_web_password": 1}
    assert generic.call("Generic", "get_version") == {"version": "MR128"}
    info = generic.call("Customer", "get_customer_info", {"i_customer": customer["i_customer"]})
    assert info["customer_info"]["name"] == "Toy Town"
    assert set(Generic.types()) >= {"Account", "Customer", "Product", "DID", "Invoice", "Tariff", "Rate"}


def test_money_comes_as_decimals(platform: Simulator, generic: Generic) -> None:
    balances = [one["balance"] for one in generic.list("Customer", "customer")]
    assert not any(isinstance(balance, float) for balance in balances)
    assert any(isinstance(balance, Decimal) for balance in balances)


def test_a_creation_is_sent_once_even_when_its_answer_is_lost(platform: Simulator, generic: Generic) -> None:
    platform.faults.add(Fault("timeout_after", match="add_customer"))
    with pytest.raises(TryAgainLater, match="it may have been done all the same: look before doing it again"):
        generic.create("Customer", "customer", {"name": "Toy Town", "iso_4217": "EUR"})
    assert methods_called(platform).count("Customer/add_customer") == 1


# --- refusals


@pytest.mark.req("T5")
def test_a_refusal_comes_whole_with_the_field_that_is_missing_and_its_structure(
    platform: Simulator, generic: Generic
) -> None:
    with pytest.raises(PlatformFault) as caught:
        generic.create("Account", "account", {"i_customer": 46170, "i_product": 315, "id": "ph46170x900"})
    fault = caught.value
    assert fault.code == "Client.Account.add_account.billing_model.missing"
    assert fault.text == "Missing mandatory field 'billing_model' of 'account_info'"
    assert fault.missing == ("account_info.billing_model",)
    assert str(fault) == (
        "north: Account/add_account: Client.Account.add_account.billing_model.missing "
        "(Missing mandatory field 'billing_model' of 'account_info'); missing: billing_model of account_info"
    )


@pytest.mark.parametrize(
    ("method", "params", "code", "missing"),
    [
        # Whatever the code is: what the method is known to need is held against what was sent.
        ("Account/add_account", {"account_info": {"id": "1"}}, "Server.Account.odd",
         ("account_info.i_customer", "account_info.billing_model", "account_info.i_product")),
        ("Customer/add_customer", {"customer_info": {"name": "", "iso_4217": "EUR"}}, "x", ("customer_info.name",)),
        ("Customer/make_transaction", {"i_customer": 1}, "x", ("action", "amount")),
        # A method nobody knows: the code may name the field, the request its only structure.
        ("Trunk/add_trunk", {"trunk_info": {}}, "Client.Trunk.add_trunk.host.missing", ("trunk_info.host",)),
        ("Trunk/get_trunk_list", {"a": 1}, "Server.Trunk.get_trunk_list.broken", ()),
    ],
)  # fmt: skip
def test_missing_fields_are_named_by_structure(
    method: str, params: dict[str, Any], code: str, missing: tuple[str, ...]
) -> None:
    fault = error_of(method, params, code, "Something", platform=NAME)
    assert isinstance(fault, PlatformFault)
    assert fault.missing == missing
    assert f"{method}: {code} (Something)" in str(fault)


def test_the_connector_gives_the_api_as_it_is(platform: Simulator) -> None:
    opened: PortaBillingConnector = connector(platform)
    assert opened.generic.call("Env", "get_env_info")["env_info"]["i_env"] == 1
    with pytest.raises(BadInput, match="is no method"):
        opened.generic.call("Env/../x", "y")
    opened.close()
