"""Login, cookie, expiry, and the connection that stays open."""

import http.client
import json
import time

import httpx
import pytest

from simulators.metroport import Simulator
from simulators.web import self_signed
from tests.simulators.metroport.conftest import log_in, logged_in


def test_a_login_gives_the_session_cookie(metroport: Simulator) -> None:
    with httpx.Client(base_url=metroport.url) as client:
        answer = log_in(client, metroport)
    assert answer.status_code == 200
    assert len(answer.cookies["sess_ci"]) == 32
    assert len(answer.headers.get_list("set-cookie")) == 2


@pytest.mark.parametrize(
    "path", ["/Users/users", "/Mvno/Mobiles", "/Mvno/Billings", "/Mvno/Billings/TrafficTypes"]
)
def test_without_the_cookie_nothing_is_told(metroport: Simulator, path: str) -> None:
    assert httpx.get(metroport.url + path).status_code == 401
    assert httpx.get(metroport.url + path, headers={"Cookie": "sess_ci=0"}).status_code == 401


def test_a_wrong_password_gives_no_cookie(metroport: Simulator) -> None:
    answer = httpx.post(f"{metroport.url}/admins/Auth/login", json={"login": metroport.login, "password": "wrong"})
    assert (answer.status_code, dict(answer.cookies)) == (401, {})


@pytest.mark.parametrize("path", ["/admins/Auth/login", "/Admins/Auth/login", "/admins/auth/login"])
def test_all_three_spellings_of_the_login_work(metroport: Simulator, path: str) -> None:
    answer = httpx.post(metroport.url + path, json={"login": metroport.login, "password": metroport.password})
    assert "sess_ci" in answer.cookies


@pytest.mark.parametrize("path", ["/mvno/mobiles", "/MVNO/Mobiles", "/Mvno/mobiles/"])
def test_other_routes_do_not_mind_case_either(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_session_ends_by_itself_and_a_new_login_goes_on() -> None:
    with Simulator(session_seconds=0.3) as metroport, logged_in(metroport) as client:
        assert client.get("/Mvno/Mobiles").status_code == 200
        time.sleep(0.35)
        assert client.get("/Mvno/Mobiles").status_code == 401
        log_in(client, metroport)
        assert client.get("/Mvno/Mobiles").status_code == 200


def test_the_body_of_a_get_is_read_and_the_connection_goes_on(metroport: Simulator) -> None:
    login = json.dumps({"login": metroport.login, "password": metroport.password})
    connection = http.client.HTTPConnection("127.0.0.1", int(metroport.url.rpartition(":")[2]), timeout=10)
    connection.request("POST", "/admins/Auth/login", login, {"Content-Type": "application/json; charset=utf-8"})
    answer = connection.getresponse()
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    answer.read()
    socket = connection.sock
    for _ in range(3):
        connection.request("GET", "/Mvno/Billings/TrafficTypes", login, {"Cookie": f"{cookie}; lang=pl"})
        assert len(json.loads(connection.getresponse().read())) == 5
    assert connection.sock is socket
    connection.close()


def test_it_also_speaks_tls(tmp_path_factory: pytest.TempPathFactory) -> None:
    import ssl

    tls = self_signed(tmp_path_factory.mktemp("tls"))
    trusted = ssl.create_default_context(cafile=str(tls.certificate))
    with Simulator(tls=tls) as metroport, httpx.Client(base_url=metroport.url, verify=trusted) as client:
        assert metroport.url.startswith("https://")
        assert log_in(client, metroport).status_code == 200


def test_what_it_does_not_know_it_says(client: httpx.Client) -> None:
    assert client.get("/Iptv/Accounts").status_code == 404
    assert client.get("/Users/users/5").status_code == 404
    assert client.get("/Mvno/Billings", params={"datestart": "2017-06-01"}).status_code == 400
    assert client.get("/Mvno/Mobiles", params={"userid": "M70986"}).status_code == 400
