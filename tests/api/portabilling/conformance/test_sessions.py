"""Logging in, going on, and logging out."""

import time
from datetime import UTC, datetime

import pytest

from tests.api.portabilling.conformance.wire import DATE_TIME, HEX_32, Wire, token_parts
from tests.api.portabilling.served import PASSWORD, STAFF, TOKEN, Served

CLAIMS = {"exp", "iat", "i_user", "i_env", "login", "realm", "jti", "aud", "scopes", "is_super_user"}


@pytest.mark.req("P7")
def test_a_login_gives_all_five(admin: Wire) -> None:
    given = admin.login(STAFF, PASSWORD)
    assert {"session_id", "access_token", "refresh_token", "expires_at", "expires_in"} <= set(given)
    assert HEX_32.fullmatch(given["session_id"])
    assert HEX_32.fullmatch(given["refresh_token"])
    assert DATE_TIME.fullmatch(given["expires_at"])
    assert isinstance(given["expires_in"], int)
    assert given["expires_in"] > 0


@pytest.mark.req("P7")
def test_the_token_is_a_jwt_that_clients_can_read(admin: Wire) -> None:
    given = admin.login(STAFF, PASSWORD)
    header, payload = token_parts(given["access_token"])
    assert header["alg"] == "RS256"
    assert set(payload) >= CLAIMS
    assert (payload["login"], payload["realm"], payload["jti"]) == (STAFF, "admin", given["session_id"])
    assert payload["aud"] == ["portabilling-api", "portasip-api", "espf-api"]
    assert payload["is_super_user"] in (0, 1)
    assert isinstance(payload["scopes"], str)
    expires = datetime.fromtimestamp(payload["exp"], UTC)
    assert expires.strftime("%Y-%m-%d %H:%M:%S") == given["expires_at"]
    assert payload["exp"] - payload["iat"] == given["expires_in"]


def test_a_token_of_the_web_interface_stands_in_for_a_password(admin: Wire) -> None:
    assert HEX_32.fullmatch(admin.form("Session/login", {"login": STAFF, "token": TOKEN}).json["session_id"])


@pytest.mark.req("P7")
def test_renewing_gives_another_pair_and_no_session_id(admin: Wire) -> None:
    first = admin.login(STAFF, PASSWORD)
    time.sleep(1.1)  # a token of the same second could be the same text
    renewed = admin.form("Session/refresh_access_token", {"refresh_token": first["refresh_token"]}).json
    assert set(renewed) == {"access_token", "refresh_token", "expires_at", "expires_in"}
    assert renewed["access_token"] != first["access_token"]
    assert HEX_32.fullmatch(renewed["refresh_token"])
    bearer = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert admin.object("Customer/get_customer_list", {}, headers=bearer).json["customer_list"]


def test_ping_says_who_lives(admin: Wire) -> None:
    given = admin.login(STAFF, PASSWORD)
    by_token = admin.form("Session/ping", {"access_token": given["access_token"]}).json
    by_id = admin.form("Session/ping", {"session_id": given["session_id"]}).json
    assert by_token == by_id
    assert by_token["user_id"] > 0
    dead = admin.form("Session/ping", {"session_id": "0" * 32})
    assert dead.json == {"user_id": 0}
    assert admin.form("Session/ping", {"access_token": "no.such.token"}).json == {"user_id": 0}


@pytest.mark.parametrize("by", ["access_token", "session_id"])
def test_after_a_logout_nothing_goes(admin: Wire, by: str) -> None:
    given = admin.login(STAFF, PASSWORD)
    assert admin.form("Session/logout", {by: given[by]}).json == {"success": 1}
    assert admin.form("Session/ping", {"session_id": given["session_id"]}).json == {"user_id": 0}
    auth = {"session_id": given["session_id"]}
    assert admin.form("Customer/get_customer_list", {}, auth).fault == "Server.Session.check_auth.auth_failed"
    bearer = {"Authorization": f"Bearer {given['access_token']}"}
    assert (
        admin.object("Customer/get_customer_list", {}, headers=bearer).fault
        == "Server.Session.check_auth.auth_failed"
    )
    refused = admin.form("Session/refresh_access_token", {"refresh_token": given["refresh_token"]})
    assert refused.fault == "Server.Session.refresh_access_token.refresh_failed"


@pytest.mark.req("P7")
def test_the_codes_that_clients_switch_on(admin: Wire, served: Served) -> None:
    ask = "Customer/get_customer_list"
    wrong = admin.form("Session/login", {"login": STAFF, "password": "Wrong12345"})
    assert wrong.fault == "Server.Session.auth_failed"
    assert "incorrect" in wrong.faultstring
    assert admin.form("Session/login", {"login": "nobody", "password": "Wrong12345"}).fault == wrong.fault
    assert admin.form("Session/login", {"login": STAFF, "token": "f" * 32}).fault == wrong.fault
    assert admin.form(ask, {}).fault == "Client.check_auth.envelope_missed"
    assert admin.form(ask, {}, {"session_id": "0" * 32}).fault == "Server.Session.check_auth.auth_failed"
    for broken in ("nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."):
        said = admin.object(ask, {}, headers={"Authorization": f"Bearer {broken}"})
        assert said.fault == "Client.Session.check_auth.failed_to_process_access_token"
    loose = admin.form("Session/logout", {"access_token": "nonsense"})
    assert loose.fault == "Client.Session.logout.failed_to_process_access_token"
    stale = admin.form("Session/refresh_access_token", {"refresh_token": "0" * 32})
    assert stale.fault == "Server.Session.refresh_access_token.refresh_failed"
    served.forget_failures()


def test_an_expired_password_must_be_changed_first(admin: Wire, served: Served) -> None:
    login = served.staff_with_expired_password()
    said = admin.form("Session/login", {"login": login, "password": PASSWORD})
    assert said.fault == "Server.Session.alert_You_must_change_password"
    change = {"login": login, "old_password": PASSWORD, "new_password": "Another12345"}
    assert admin.form("Session/change_password", change).json["success"] == 1
    assert HEX_32.fullmatch(admin.login(login, "Another12345")["session_id"])


def test_a_password_that_is_too_simple_is_refused_with_the_field(admin: Wire, served: Served) -> None:
    bearer = admin.bearer(STAFF, PASSWORD)
    for simple in ("a1b2c", "onlyletters", "12345678", "a1" * 17):
        change = {"login": STAFF, "old_password": PASSWORD, "new_password": simple}
        said = admin.object("Session/change_password", change, headers=bearer).json
        assert said["success"] == 0
        assert said["errors"]["new_password"]
    change = {"login": STAFF, "old_password": "Wrong12345", "new_password": "Another12345"}
    assert admin.object("Session/change_password", change, headers=bearer).json["errors"]["old_password"]
    served.forget_failures()


def test_guessing_is_stopped(admin: Wire, served: Served) -> None:
    codes = []
    for _ in range(40):
        codes.append(admin.form("Session/login", {"login": "guessed", "password": "Wrong12345"}).fault)
        if codes[-1] != "Server.Session.auth_failed":
            break
    assert codes[-1] == "Server.Session.cannot_login_brute_force_activity"
    served.forget_failures()


def test_each_port_is_a_realm(admin: Wire, customer: Wire, account: Wire) -> None:
    own = customer.login("meridian", PASSWORD)
    assert token_parts(own["access_token"])[1]["realm"] == "customer"
    one = account.login("ext101", PASSWORD)
    payload = token_parts(one["access_token"])[1]
    assert payload["realm"] == "account"
    assert payload["i_account"] > 0
    # What opens one door opens no other.
    assert (
        admin.form("Session/login", {"login": "meridian", "password": PASSWORD}).fault
        == "Server.Session.auth_failed"
    )
    assert (
        customer.form("Session/login", {"login": STAFF, "password": PASSWORD}).fault
        == "Server.Session.auth_failed"
    )
    auth = {"session_id": own["session_id"]}
    assert admin.form("Customer/get_customer_list", {}, auth).fault == "Server.Session.check_auth.auth_failed"


def test_in_its_own_realm_nobody_names_themselves(customer: Wire, account: Wire) -> None:
    bearer = customer.bearer("meridian", PASSWORD)
    assert (
        customer.object("Customer/get_customer_info", {}, headers=bearer).json["customer_info"]["i_customer"]
        == 46170
    )
    assert customer.object("Customer/get_extensions_list", {}, headers=bearer).json["extensions_list"]
    own = account.bearer("ext101", PASSWORD)
    assert account.object("Account/get_account_info", {}, headers=own).json["account_info"]["id"] == "ph46170x101"
    assert "alias_list" in account.object("Account/get_alias_list", {}, headers=own).json
    window = {"from_date": "2017-06-01 00:00:00", "to_date": "2017-07-01 00:00:00"}
    assert "xdr_list" in account.object("Account/get_xdr_list", window, headers=own).json
