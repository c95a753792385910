"""Who sees what: administrators, resellers, customers, accounts; and roles that lack a method."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.portabilling import Simulator
from tests.simulators.portabilling.api import JUNE, Client, log_in, send_json

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def customer(platform: Simulator) -> Client:
    return Client(platform, realm="customer", login="c46170", password="Secret46170")


@pytest.fixture
def account(platform: Simulator) -> Client:
    return Client(platform, realm="account", login="a1000800", password="Secret1000800")


def test_each_realm_has_a_port_and_its_own_logins(platform: Simulator) -> None:
    assert len({platform.port(realm) for realm in ("admin", "reseller", "customer", "account")}) == 4
    params = {"params": {"login": "c46170", "password": "Secret46170"}}
    assert send_json(platform, "Session/login", params).fault == "Server.Session.auth_failed"
    assert send_json(platform, "Session/login", params, realm="customer").status == 200


def test_a_session_of_one_realm_is_dead_in_another(platform: Simulator) -> None:
    token = log_in(platform)["access_token"]
    reply = send_json(platform, "Generic/get_version", {"params": {}}, token=token, realm="customer")
    assert reply.fault == "Server.Session.check_auth.auth_failed"


def test_a_customer_need_not_say_who_it_is(customer: Client) -> None:
    assert customer.ask("Customer/get_customer_info")["customer_info"]["i_customer"] == 46170
    assert customer.ask("Customer/get_customer_xdrs", **JUNE)["xdr_list"]
    assert {one["i_customer"] for one in customer.ask("Account/get_account_list")["account_list"]} == {46170}


def test_a_customer_sees_nobody_else(customer: Client) -> None:
    assert len(customer.ask("Customer/get_customer_list")["customer_list"]) == 1
    for method in ("Customer/get_customer_info", "Account/get_account_list"):
        assert customer.fault(method, i_customer=46171).endswith(".access_denied")
    assert customer.ask("Account/get_account_info", id="ph46171x100") == {}
    assert customer.fault("Customer/make_transaction", action="Manual credit", amount=1).endswith(".access_denied")


def test_an_account_need_not_say_who_it_is(account: Client) -> None:
    assert account.ask("Account/get_account_info")["account_info"]["id"] == "ph46170x100"
    assert [one["id"] for one in account.ask("Account/get_alias_list")["alias_list"]] == ["48220000500"]
    listed = account.ask("Account/get_account_list", with_aliases=1)["account_list"]
    assert [one["id"] for one in listed] == ["ph46170x100", "48220000500"]
    assert account.ask("Account/get_account_info", id="ph46170x101") == {}
    xdrs = account.ask("Account/get_xdr_list", **JUNE)["xdr_list"]
    assert {one["account_id"] for one in xdrs} == {"ph46170x100"}
    assert account.fault("Account/get_xdr_list", i_account=1000802, **JUNE).endswith(".access_denied")


def test_a_reseller_sees_its_own_customers(platform: Simulator) -> None:
    reseller = Client(platform, realm="reseller", login="c46209", password="Secret46209")
    listed = reseller.ask("Customer/get_customer_list")["customer_list"]
    assert [one["i_customer"] for one in listed] == [46209, 46210, 46211]
    assert reseller.ask("Customer/get_customer_info", i_customer=46170) == {}


def test_what_the_administrator_has_blocked_the_customer_cannot_unblock(staff: Client, customer: Client) -> None:
    i_account = 1000800
    blocked = {"i_account": i_account, "blocked": "Y"}
    unblocked = {"i_account": i_account, "blocked": "N"}
    customer.ask("Account/update_account", account_info=blocked)
    customer.ask("Account/update_account", account_info=unblocked)
    staff.ask("Account/update_account", account_info=blocked)
    assert customer.fault("Account/update_account", account_info=unblocked) == (
        "Server.Account.update_account.blocked_by_admin"
    )
    staff.ask("Account/update_account", account_info=unblocked)
    assert customer.ask("Account/update_account", account_info=unblocked)


def test_a_role_may_lack_one_method(platform: Simulator, staff: Client) -> None:
    platform.app.denied.add("Customer/get_customer_xdrs")
    assert staff.fault("Customer/get_customer_xdrs", i_customer=46170, **JUNE) == (
        "Server.Customer.get_customer_xdrs.access_denied"
    )
    assert staff.ask("Customer/get_customer_info", i_customer=46170)


@pytest.fixture
def over_tls() -> Iterator[Simulator]:
    with Simulator(https=True) as running:
        yield running


def test_every_realm_speaks_https_when_asked_to(over_tls: Simulator) -> None:
    assert over_tls.url("admin").startswith("https://127.0.0.1:")
    assert over_tls.url("account").startswith("https://127.0.0.1:")


def test_it_runs_by_itself_for_a_demo() -> None:
    program = "from simulators.portabilling import serve; serve(0)"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as running:
        try:
            assert running.stdout is not None
            told = dict(running.stdout.readline().split() for _ in range(7))
            assert set(told) == {"admin", "reseller", "customer", "account", "login", "password", "token"}
            connection = http.client.HTTPConnection(told["admin"].removeprefix("http://"), timeout=10)
            connection.request("POST", "/rest/Session/ping")
            assert connection.getresponse().read() == b'{"user_id": 0}'
        finally:
            running.terminate()
