"""A great many records, for a benchmark: exactly as many as ordered, and the same however they are asked for."""

from collections.abc import Iterator
from typing import Any

import pytest

from simulators.portabilling import Simulator
from tests.simulators.portabilling.api import JUNE, Client

COUNT = 20_011


@pytest.fixture(scope="module")
def bulk() -> Iterator[Simulator]:
    with Simulator(records=COUNT) as running:
        yield running


@pytest.fixture(scope="module")
def client(bulk: Simulator) -> Client:
    return Client(bulk)


def everything(client: Client, i_customer: object, **more: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    given = {"i_customer": i_customer, "limit": 1000, **JUNE, **more}
    while page := client.ask("Customer/get_customer_xdrs", offset=len(found), **given)["xdr_list"]:
        found += page
    return found


def test_the_count_is_exact_and_every_record_is_another(bulk: Simulator, client: Client) -> None:
    found = [one for customer in bulk.month.customers for one in everything(client, customer["i_customer"])]
    assert len(found) == COUNT
    assert len({one["i_xdr"] for one in found}) == COUNT
    assert {one["i_service"] for one in found} == {3}
    assert len({one["account_id"] for one in found}) > 250


def test_totals_pages_and_windows_agree(client: Client) -> None:
    whole = everything(client, 46173)
    total = client.ask("Customer/get_customer_xdrs", i_customer=46173, limit=1, get_total=1, **JUNE)["total"]
    middle = whole[len(whole) // 2]["bill_time"]
    first = everything(client, 46173, to_date=middle)
    second = everything(client, 46173, from_date=middle)
    assert total == len(whole)
    assert first + second == whole
    assert all(one["bill_time"] < middle for one in first)


def test_a_record_looks_the_same_to_a_filter(client: Client) -> None:
    whole = everything(client, 46173)
    wanted = whole[77]
    given = {"i_customer": 46173, "call_id": wanted["call_id"], **JUNE}
    assert client.ask("Customer/get_customer_xdrs", **given)["xdr_list"] == [wanted]
    own = client.ask("Account/get_xdr_list", i_account=wanted["i_account"], limit=10_000, **JUNE)["xdr_list"]
    assert own == [one for one in whole if one["i_account"] == wanted["i_account"]]


def test_it_looks_like_the_seeded_month(client: Client, reader: Client) -> None:
    given = {"i_customer": 46173, "i_service": 3, "limit": 1, **JUNE}
    bulk = client.ask("Customer/get_customer_xdrs", **given)["xdr_list"][0]
    seeded = reader.ask("Customer/get_customer_xdrs", **given)["xdr_list"][0]
    assert list(bulk) == list(seeded)
    assert client.ask("Customer/get_customer_xdrs", **given | {"i_service": 1})["xdr_list"] == []


def test_ten_million_cost_no_more_than_ten() -> None:
    with Simulator(records=10_000_000) as platform:
        xdrs = Client(platform).ask(
            "Customer/get_customer_xdrs", i_customer=2147490001, limit=3, offset=400_000, get_total=1, **JUNE
        )
    assert len(xdrs["xdr_list"]) == 3
    assert xdrs["total"] > 400_000
