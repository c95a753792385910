"""Three ways to log in, three scopes, and how each of them ends."""

import hashlib
import time

import httpx
import pytest

from simulators.faults import Fault
from simulators.vodia import Simulator
from tests.simulators.vodia.conftest import MAPLE, QUAY, system_admin

SESSION = "/rest/system/session"


def token_for(simulator: Simulator, domain: str, username: str, by: tuple[str, str]) -> httpx.Response:
    body = {"name": "3rd", "domain": domain, "username": username, "admin": True}
    return httpx.post(simulator.url + SESSION, json=body, auth=by)


def cookie_for(simulator: Simulator, token: str) -> httpx.Response:
    return httpx.post(simulator.url + SESSION, json={"name": "session", "value": token})


def old_login(simulator: Simulator, name: str, password: str) -> httpx.Response:
    hashed = hashlib.md5(password.encode()).hexdigest()
    return httpx.put(simulator.url + SESSION, json={"name": "auth", "value": f"{name} {hashed}"})


def asked(simulator: Simulator, path: str, key: str) -> int:
    return httpx.get(simulator.url + path, headers={"Cookie": f"session={key}"}).status_code


def test_the_system_administrator_may_ask_for_everything(client: httpx.Client) -> None:
    assert client.get("/rest/system/domains").status_code == 200
    assert client.get(f"/rest/domain/{MAPLE}/settings").status_code == 200


def test_a_tenant_administrator_stays_in_the_tenant(vodia: Simulator) -> None:
    with httpx.Client(base_url=vodia.url, auth=vodia.tenant_login(MAPLE)) as client:
        assert client.get(f"/rest/domain/{MAPLE}/cdrs").status_code == 200
        assert client.get(f"/rest/domain/{QUAY}/cdrs").status_code == 403
        assert client.get("/rest/system/domains").status_code == 403


def test_an_extension_sees_its_own_settings_only(vodia: Simulator) -> None:
    with httpx.Client(base_url=vodia.url, auth=vodia.extension_login(MAPLE, "8301")) as client:
        own = client.get(f"/rest/domain/{MAPLE}/user_settings/8301")
        assert own.json()["account"] == "8301"
        assert client.get(f"/rest/domain/{MAPLE}/user_settings/8300").status_code == 403
        assert client.get(f"/rest/domain/{MAPLE}/cdrs").status_code == 403


def test_a_wrong_password_is_a_401(vodia: Simulator) -> None:
    answer = httpx.get(f"{vodia.url}/rest/system/domains", auth=("admin", "guessed"))
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Vodia PBX"')


def test_an_administrator_without_access_to_the_api_gets_403_everywhere(
    fresh: Simulator, admin: httpx.Client
) -> None:
    fresh.denies_api()
    assert admin.get("/rest/system/domains").status_code == 403
    assert admin.get(f"/rest/domain/{MAPLE}/cdrs").status_code == 403
    fresh.denies_api(False)
    assert admin.get("/rest/system/domains").status_code == 200


def test_the_probe_needs_no_login_and_opens_no_session(vodia: Simulator) -> None:
    answer = httpx.get(vodia.url + SESSION)
    assert answer.json()["version"] == "70.3"
    assert "Set-Cookie" not in answer.headers


def test_two_steps_give_a_cookie() -> None:
    with Simulator(login="session") as simulator:
        token = token_for(simulator, MAPLE, "admin", (simulator.login, simulator.password)).json()
        answer = cookie_for(simulator, token)
        assert len(token) == 20
        assert answer.json() is True
        name_and_key, *marks = answer.headers["Set-Cookie"].split("; ")
        assert {"HttpOnly", "Secure", "SameSite=Strict"} <= set(marks)
        key = name_and_key.removeprefix("session=")
        assert asked(simulator, f"/rest/domain/{MAPLE}/cdrs", key) == 200
        assert asked(simulator, "/rest/system/domains", key) == 403
        assert cookie_for(simulator, token).json() is False, "a token is good for once"


def test_a_token_lives_ten_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(login="session") as simulator:
        me = (simulator.login, simulator.password)
        early, late = (token_for(simulator, "", "admin", me).json() for _ in range(2))
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + 9.0)
        assert cookie_for(simulator, early).json() is True
        monkeypatch.setattr(time, "monotonic", lambda: now + 10.5)
        assert cookie_for(simulator, late).json() is False


def test_nobody_gets_a_token_for_who_stands_above() -> None:
    with Simulator(login="session") as simulator:
        assert token_for(simulator, "", "admin", simulator.tenant_login(MAPLE)).status_code == 403
        me = (simulator.login, simulator.password)
        assert token_for(simulator, MAPLE, "9999", me).status_code == 403, "nobody has this name"
        assert token_for(simulator, MAPLE, "admin", ("admin", "guessed")).status_code == 401


def test_where_a_session_is_wanted_basic_is_not_enough() -> None:
    with Simulator(login="session") as simulator, system_admin(simulator) as client:
        assert client.get("/rest/system/domains").status_code == 401


def test_the_old_way_gives_a_key() -> None:
    with Simulator(login="old") as simulator:
        key = old_login(simulator, simulator.login, simulator.password).json()
        assert asked(simulator, "/rest/system/domains", key) == 200
        assert old_login(simulator, simulator.login, "guessed").json() is False


def test_a_session_ends_by_itself_by_logging_out_and_by_a_fault() -> None:
    with Simulator(login="old", session_seconds=0.0) as simulator:
        key = old_login(simulator, simulator.login, simulator.password).json()
        assert asked(simulator, "/rest/system/domains", key) == 401
    with Simulator(login="old") as simulator:
        key = old_login(simulator, simulator.login, simulator.password).json()
        httpx.delete(simulator.url + SESSION, headers={"Cookie": f"session={key}"})
        assert asked(simulator, "/rest/system/domains", key) == 401
        key = old_login(simulator, simulator.login, simulator.password).json()
        simulator.faults.add(Fault("expire_session", after=1))
        assert asked(simulator, "/rest/system/domains", key) == 200
        assert asked(simulator, "/rest/system/domains", key) == 401
