"""Logging in, staying logged in, and being shut out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from simulators.web import Answer, Request, Server
from tests.connectors.portabilling.platform import NAME, connector, methods_called
from tollbook.connectors.base import Check, Site
from tollbook.connectors.errors import ConnectorError, NeedsAttention, PasswordExpired, TryAgainLater
from tollbook.connectors.portabilling.client import Client
from tollbook.connectors.portabilling.connector import PortaBillingConnector
from tollbook.connectors.portabilling.faults import (
    LOCKED,
    PASSWORD_EXPIRED,
    SESSION_FAULTS,
    LoginRefused,
    PlatformFault,
    SiteReadOnly,
)
from tollbook.connectors.portabilling.options import options_of
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

ONE = {"limit": 1}
LIST = "Customer/get_customer_list"


class Clock:
    """The platform's and ours; they need not agree."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


def client_of(
    platform: Simulator, *, clock: Clock | None = None, token: str | None = None, **settings: str
) -> Client:
    given = {"url": platform.url(), "login": platform.login, "retry_wait_s": "0", **settings}
    return Client(
        options_of(Site(name=NAME, settings=given)),
        platform=NAME,
        password=Secret(platform.password),
        token=Secret(platform.token if token is None else token),
        **({"monotonic": clock} if clock else {}),
    )


def failed(opened: PortaBillingConnector) -> Check:
    """The first check that fails."""
    found = next(check for check in opened.test() if not check.is_ok)
    opened.close()
    return found


@pytest.mark.parametrize("encoding", ["form", "json"])
@pytest.mark.parametrize("secret", ["token", "password"])
def test_either_secret_opens_a_session_which_serves_every_call(
    platform: Simulator, encoding: str, secret: str
) -> None:
    opened = connector(platform, secrets={secret: getattr(platform, secret)}, encoding=encoding)
    assert all(check.is_ok for check in opened.test())
    assert methods_called(platform).count("Session/login") == 1
    opened.close()


@pytest.mark.req("T1")
def test_the_realm_decides_the_port(platform: Simulator) -> None:
    ports = {"admin": 443, "reseller": 8442, "customer": 8444, "account": 8445}
    for realm, port in ports.items():
        site = Site(name=NAME, settings={"url": "https://billing.example.com/", "realm": realm})
        assert options_of(site).url == f"https://billing.example.com:{port}"
    assert (
        options_of(Site(name=NAME, settings={"url": "billing.example.com"})).url
        == "https://billing.example.com:443"
    )
    assert options_of(Site(name=NAME, settings={"url": platform.url()})).url == platform.url()
    # With its token, in its realm, a customer sees itself, and an administrator's login is nobody there.
    customer = platform.books.customers[46170]
    customer["api_token"] = "customers-token"
    opened = connector(platform, realm="customer", login=customer["login"], secrets={"token": "customers-token"})
    assert [one.foreign_id for one in opened.customers()] == ["46170"]
    opened.close()
    stranger = connector(platform, realm="customer")
    with pytest.raises(LoginRefused):
        list(stranger.customers())
    stranger.close()


def test_without_any_secret_nobody_is_asked(platform: Simulator) -> None:
    check = failed(connector(platform, secrets={}))
    assert check.next_step == "give the API user's token"
    assert methods_called(platform) == []


# --- the life of a session


@pytest.mark.parametrize(("lifetime", "days"), [(172_800, 7), (900, 1)], ids=["48 hours", "15 minutes"])
def test_a_session_is_renewed_before_it_ends(lifetime: int, days: int) -> None:
    platforms, ours = Clock(1_500_000_000), Clock(77.0)
    with Simulator(clock=platforms, session_seconds=lifetime, refresh_seconds=2 * lifetime) as platform:
        client = client_of(platform, clock=ours)
        steps = days * 86_400 // 600
        for _ in range(steps):
            client.call(LIST, ONE)
            platforms.at += 600
            ours.at += 600
        called = methods_called(platform)
        assert called.count("Session/login") == 1
        # A minute before its end a session is renewed. With a call every ten minutes, one of 15 minutes is renewed
        # every 20, one of 48 hours every 48.
        calls_in_a_life = -(-(lifetime - 60) // 600)
        assert called.count("Session/refresh_access_token") == (steps - 1) // calls_in_a_life
        client.close()


def test_refused_a_renewal_it_logs_in_again(platform: Simulator) -> None:
    platform.sessions.refuses_refresh = True
    ours = Clock(0.0)
    client = client_of(platform, clock=ours)
    client.call(LIST, ONE)
    ours.at = 172_800.0
    client.call(LIST, ONE)
    assert methods_called(platform) == [
        "Session/login",
        LIST,
        "Session/refresh_access_token",
        "Session/login",
        LIST,
    ]
    client.close()


@pytest.mark.parametrize("code", sorted(SESSION_FAULTS))
def test_told_that_the_session_is_over_it_logs_in_once_and_repeats_once(platform: Simulator, code: str) -> None:
    client = client_of(platform)
    client.call(LIST, ONE)
    platform.refuse(LIST, code)
    assert client.call(LIST, ONE)["customer_list"]
    assert methods_called(platform) == ["Session/login", LIST, LIST, "Session/login", LIST]
    platform.refuse(LIST, code, times=None)
    with pytest.raises(LoginRefused, match="a session that was opened a moment ago is refused"):
        client.call(LIST, ONE)
    assert methods_called(platform)[5:] == [LIST, "Session/login", LIST]
    client.close()


def test_a_write_refused_for_its_session_was_not_done_and_is_repeated(platform: Simulator) -> None:
    client = client_of(platform)
    client.log_in()
    platform.sessions.expire_all()
    change = {"account_info": {"i_account": 1000800, "blocked": "Y"}}
    client.call("Account/update_account", change)
    assert methods_called(platform).count("Account/update_account") == 2
    assert platform.books.accounts[1000800]["blocked"] == "Y"
    client.close()


def test_a_write_whose_answer_was_lost_is_not_repeated(platform: Simulator) -> None:
    client = client_of(platform)
    payment = {"i_customer": 46170, "action": "Manual payment", "amount": 10}
    platform.faults.add(Fault("timeout_after", match="make_transaction"))
    with pytest.raises(TryAgainLater, match="it may have been done all the same"):
        client.call("Customer/make_transaction", payment)
    assert methods_called(platform).count("Customer/make_transaction") == 1
    client.close()


def test_an_older_release_without_access_tokens_is_spoken_to_by_session_id() -> None:
    asked: list[Request] = []

    def old(request: Request) -> Answer:
        asked.append(request)
        return Answer.json({"session_id": "0123456789abcdef" * 2} if "login" in request.path else {"xs": []})

    with Server(old) as server:
        given = {"url": server.url, "login": "me"}
        client = Client(
            options_of(Site(name=NAME, settings=given)), platform=NAME, password=Secret("p"), token=Secret("")
        )
        client.call(LIST, {})
        client.close()
    assert b"auth_info=%7B%22session_id%22%3A+%220123456789abcdef" in asked[1].body
    assert asked[1].headers.get("Authorization") is None


# --- shut out


def test_a_wrong_token_is_tried_once_however_many_threads_ask(platform: Simulator) -> None:
    opened = connector(platform, secrets={"token": "wrong"}, parallel="10")
    check = failed(opened)
    assert check.name == "log in"
    assert "Server.Session.auth_failed (The login or password is incorrect." in check.says
    assert check.next_step == "check login, and password or token, and whether it is a login of this realm"
    client = client_of(platform, token="wrong")
    for _ in range(3):
        with pytest.raises(LoginRefused):
            client.call(LIST, ONE)
    assert methods_called(platform) == ["Session/login"] * 2
    client.close()


def test_a_locked_login_is_told_to_wait(platform: Simulator) -> None:
    platform.refuse("Session/login", LOCKED)
    check = failed(connector(platform))
    assert LOCKED in check.says
    assert check.next_step.startswith("the platform has locked the login after wrong tries: wait some minutes")


def test_an_expired_password_is_said_plainly_and_changed_and_used_from_then_on(platform: Simulator) -> None:
    platform.expire_password()
    old = platform.password
    opened = connector(platform, secrets={"password": old})
    with pytest.raises(PasswordExpired) as caught:
        list(opened.customers())
    assert str(caught.value) == (
        f"north: the API user's password has expired ({PASSWORD_EXPIRED}); give it a new one with "
        "`tollbook connection password north`, or use an API token, which does not expire"
    )
    opened.change_password(Secret("Fresh2018"))
    assert platform.password == "Fresh2018"
    assert next(opened.customers()).foreign_id == "46170"
    opened.close()


def test_a_token_is_not_troubled_by_an_expired_password(platform: Simulator) -> None:
    platform.expire_password()
    opened = connector(platform)
    assert next(opened.customers()).foreign_id == "46170"
    opened.close()


def test_a_new_password_that_is_refused_leaves_the_old_one(platform: Simulator) -> None:
    old = platform.password
    opened = connector(platform, secrets={"password": old})
    with pytest.raises(NeedsAttention) as caught:
        opened.change_password(Secret("short"))
    assert "A password has 6 to 32 characters" in str(caught.value)
    assert "short" not in str(caught.value)
    assert platform.password == old
    assert next(opened.customers())
    opened.close()


def test_a_password_that_is_not_known_cannot_be_changed(platform: Simulator) -> None:
    opened = connector(platform)
    with pytest.raises(NeedsAttention, match="the old password is not known"):
        opened.change_password(Secret("Fresh2018"))
    opened.close()


def test_the_disaster_site_reads_and_refuses_writes(platform: Simulator) -> None:
    platform.app.standalone = True
    client = client_of(platform)
    assert client.call(LIST, ONE)["customer_list"]
    with pytest.raises(SiteReadOnly, match="standalone mode and only reads: run again when the main site is back"):
        client.call("Account/update_account", {"account_info": {"i_account": 1000800, "blocked": "Y"}})
    client.close()


# --- whatever else may answer


def test_a_page_where_json_was_expected_is_told(platform: Simulator) -> None:
    platform.faults.add(Fault("wrong_type"))
    check = failed(connector(platform))
    assert "the answer is text/html, not JSON" in check.says
    assert check.next_step.startswith("check that host and port are the API's")


def test_a_plain_error_500_is_tried_again_and_one_of_the_platforms_own_is_not(platform: Simulator) -> None:
    client = client_of(platform)
    platform.faults.add(Fault("status", match=LIST))
    assert client.call(LIST, ONE)["customer_list"]
    platform.refuse(LIST, "Server.Customer.something")
    with pytest.raises(
        PlatformFault, match=r"Server\.Customer\.something \(Simulated Server\.Customer\.something\)"
    ):
        client.call(LIST, ONE)
    assert methods_called(platform) == ["Session/login", LIST, LIST, LIST]
    client.close()


def test_a_wrong_port_and_a_self_signed_certificate_say_what_to_do(platform: Simulator, tmp_path: Path) -> None:
    nobody = failed(connector(platform, url="http://127.0.0.1:9"))
    assert "127.0.0.1:9 cannot be reached" in nobody.says
    assert nobody.next_step.startswith("check host and port")
    with Simulator(https=True, folder=tmp_path) as secure:
        untrusted = failed(connector(secure))
        assert "is self-signed" in untrusted.says
        assert "set `verify` to its path" in untrusted.next_step
        trusting = connector(secure, verify=str(tmp_path / "simulator.crt"))
        assert all(check.is_ok for check in trusting.test())
        trusting.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"parallel": "11"},
        {"page_size": "0"},
        {"overlap_hours": "x"},
        {"with_unsuccessful": "perhaps"},
        {"customer_types": "retail"},
        {"change_password_method": "change"},
        {"url": "https://"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(platform: Simulator, wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput, match=f"{NAME}: .*") as caught:
        connector(platform, **wrong)  # type: ignore[arg-type]
    assert next(iter(wrong)) in str(caught.value) or "is no address" in str(caught.value)


def test_the_log_of_requests_shows_that_no_secret_travels_in_an_address(platform: Simulator) -> None:
    opened = connector(platform)
    list(opened.test())
    opened.close()
    for entry in platform.faults.requests()["log"]:
        assert platform.token not in json.dumps([entry["path"], entry["query"]])


def test_every_error_is_one_of_ours(platform: Simulator) -> None:
    client = client_of(platform)
    with pytest.raises(ConnectorError):
        client.call("Nothing/get_nothing", {})
    client.close()
