"""Logging in, staying in, being thrown out."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from tests.simulators.portabilling.api import Client, Clock, log_in, send_form, send_json

HEX = re.compile("[0-9a-f]{32}")
DEAD = "Server.Session.check_auth.auth_failed"


def claims(token: str) -> dict[str, Any]:
    _, payload, _ = token.split(".")
    return dict(json.loads(base64.urlsafe_b64decode(payload + "==")))


def try_login(platform: Simulator, **credentials: str) -> str:
    return send_json(platform, "Session/login", {"params": credentials}).fault


def test_login_gives_all_five_and_a_token_that_can_be_read(platform: Simulator) -> None:
    session = log_in(platform, login=platform.login, password=platform.password)
    assert set(session) == {"session_id", "access_token", "refresh_token", "expires_at", "expires_in"}
    assert HEX.fullmatch(session["session_id"])
    assert HEX.fullmatch(session["refresh_token"])
    assert (session["expires_in"], session["expires_at"]) == (172_800, "2017-07-04 00:00:00")
    inside = claims(session["access_token"])
    assert datetime.fromtimestamp(inside["exp"], UTC) == datetime(2017, 7, 4, tzinfo=UTC)
    assert inside["login"] == platform.login
    assert inside["realm"] == "admin"
    assert inside["jti"] == session["session_id"]
    assert inside["aud"] == ["portabilling-api", "portasip-api", "espf-api"]
    assert {"iat", "i_user", "i_env", "scopes", "is_super_user"} <= set(inside)


def test_login_sets_cookies_that_open_nothing(platform: Simulator) -> None:
    params = {"login": platform.login, "token": platform.token}
    cookies = send_json(platform, "Session/login", {"params": params}).headers.get_all("Set-Cookie") or []
    assert [cookie.partition("=")[0] for cookie in cookies] == ["session_id", "access_token"]


def test_a_token_does_instead_of_a_password(platform: Simulator) -> None:
    assert log_in(platform, login=platform.login, token=platform.token)["session_id"]


@pytest.mark.parametrize("wrong", [{"password": "no"}, {"token": "no"}, {"password": ""}, {}])
def test_what_is_wrong_at_login_is_not_told(platform: Simulator, wrong: dict[str, str]) -> None:
    assert try_login(platform, login=platform.login, **wrong) == "Server.Session.auth_failed"
    assert try_login(platform, login="stranger", password="Simulated2017") == "Server.Session.auth_failed"


def test_login_and_password_or_token_may_go_with_every_call(platform: Simulator) -> None:
    for auth in ({"password": platform.password}, {"token": platform.token}):
        envelope = {"auth_info": {"login": platform.login, **auth}, "params": {}}
        assert send_form(platform, "Generic/get_version", envelope).json == {"version": "MR128"}


def test_a_session_ends_with_its_time(platform: Simulator, clock: Clock) -> None:
    staff = Client(platform)
    auth = {"auth_info": {"session_id": staff.session["session_id"]}}
    clock.now += 172_799
    assert staff.ask("Generic/get_version")
    assert send_form(platform, "Generic/get_version", auth).status == 200
    clock.now += 1
    assert staff.fault("Generic/get_version") == DEAD
    assert send_form(platform, "Generic/get_version", auth).fault == DEAD


def test_a_deployment_may_give_fifteen_minutes(clock: Clock) -> None:
    with Simulator(clock=clock, session_seconds=900) as platform:
        assert log_in(platform)["expires_in"] == 900


def test_refreshing_prolongs_the_session_and_spends_the_refresh_token(platform: Simulator, clock: Clock) -> None:
    staff = Client(platform)
    clock.now += 172_000
    old = staff.session["refresh_token"]
    fresh = send_json(platform, "Session/refresh_access_token", {"params": {"refresh_token": old}}).json
    assert set(fresh) == {"access_token", "refresh_token", "expires_at", "expires_in"}
    clock.now += 10_000
    assert staff.fault("Generic/get_version") == DEAD
    staff.session |= fresh
    assert staff.ask("Generic/get_version")
    again = send_json(platform, "Session/refresh_access_token", {"params": {"refresh_token": old}})
    assert again.fault == "Server.Session.refresh_access_token.refresh_failed"


def test_a_refresh_can_be_refused_and_can_come_too_late(platform: Simulator, clock: Clock) -> None:
    staff = Client(platform)
    params = {"params": {"refresh_token": staff.session["refresh_token"]}}
    platform.sessions.refuses_refresh = True
    refused = send_json(platform, "Session/refresh_access_token", params).fault
    platform.sessions.refuses_refresh = False
    clock.now += 345_600
    late = send_json(platform, "Session/refresh_access_token", params).fault
    assert refused == late == "Server.Session.refresh_access_token.refresh_failed"


def test_a_token_that_somebody_changed_cannot_be_processed(platform: Simulator) -> None:
    staff = Client(platform)
    head, payload, signature = staff.session["access_token"].split(".")
    forged = base64.urlsafe_b64encode(json.dumps(claims(staff.session["access_token"]) | {"i_user": 1}).encode())
    for token in (f"{head}.{forged.decode().rstrip('=')}.{signature}", "garbage", f"{head}.{payload}"):
        reply = send_json(platform, "Generic/get_version", {"params": {}}, token=token)
        assert reply.fault == "Client.Session.check_auth.failed_to_process_access_token"


def test_ping_tells_the_living_from_the_dead_and_always_answers_200(platform: Simulator) -> None:
    session = log_in(platform)
    for name in ("access_token", "session_id"):
        assert send_json(platform, "Session/ping", {"params": {name: session[name]}}).json == {"user_id": 17}
        assert send_json(platform, "Session/ping", {"params": {name: "0" * 32}}).json == {"user_id": 0}


def test_logout_ends_a_session(platform: Simulator) -> None:
    staff = Client(platform)
    token = {"params": {"access_token": staff.session["access_token"]}}
    assert send_json(platform, "Session/logout", token).json == {"success": 1}
    assert staff.fault("Generic/get_version") == DEAD
    bad = send_json(platform, "Session/logout", {"params": {"access_token": "garbage"}})
    assert bad.fault == "Client.Session.logout.failed_to_process_access_token"


def test_sessions_can_die_in_the_middle_of_a_run(platform: Simulator) -> None:
    staff = Client(platform)
    platform.faults.add(Fault("expire_session", match="get_customer_list", after=1))
    assert staff.ask("Customer/get_customer_list", limit=1)
    assert staff.fault("Customer/get_customer_list", limit=1, offset=1) == DEAD
    assert Client(platform).ask("Customer/get_customer_list", limit=1, offset=1)


def test_an_expired_password_must_be_changed_and_the_token_goes_on(platform: Simulator) -> None:
    old = platform.password
    platform.expire_password()
    assert try_login(platform, login=platform.login, password=old) == (
        "Server.Session.alert_You_must_change_password"
    )
    assert log_in(platform, login=platform.login, token=platform.token)
    change = {"login": platform.login, "old_password": old, "new_password": "Better2017"}
    assert send_json(platform, "Session/change_password", {"params": change}).json == {"success": 1}
    assert platform.password == "Better2017"
    assert log_in(platform, login=platform.login, password="Better2017")
    assert try_login(platform, login=platform.login, password=old) == "Server.Session.auth_failed"


def test_passwords_expire_by_age_where_it_is_so_configured(clock: Clock) -> None:
    with Simulator(clock=clock, password_seconds=30 * 86_400) as platform:
        clock.now += 30 * 86_400 - 1
        assert log_in(platform, login=platform.login, password=platform.password)
        clock.now += 1
        assert try_login(platform, login=platform.login, password=platform.password) == (
            "Server.Session.alert_You_must_change_password"
        )


@pytest.mark.parametrize(
    ("old", "new", "blamed"),
    [
        ("Simulated2017", "short", {"new_password"}),
        ("Simulated2017", "lettersonly", {"new_password"}),
        ("Simulated2017", "1234567", {"new_password"}),
        ("Simulated2017", "a1" * 17, {"new_password"}),
        ("Simulated2017", "Simulated2017", {"new_password"}),
        ("wrong", "Better2017", {"old_password"}),
        ("wrong", "short", {"old_password", "new_password"}),
    ],
)
def test_a_bad_change_of_password_says_which_field_is_bad(
    platform: Simulator, staff: Client, old: str, new: str, blamed: set[str]
) -> None:
    answer = staff.ask("User/change_password", old_password=old, new_password=new)
    assert answer["success"] == 0
    assert set(answer["errors"]) == blamed
    assert platform.password == "Simulated2017"


def test_five_wrong_passwords_lock_the_login_for_five_minutes(platform: Simulator, clock: Clock) -> None:
    for _ in range(5):
        assert try_login(platform, login=platform.login, password="guess") == "Server.Session.auth_failed"
    locked = "Server.Session.cannot_login_brute_force_activity"
    assert try_login(platform, login=platform.login, password=platform.password) == locked
    clock.now += 300
    assert log_in(platform, login=platform.login, password=platform.password)
