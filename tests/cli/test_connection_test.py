"""What `connection test` says to somebody who connects a PortaBilling for the first time and gets something wrong."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator

Tollbook = Callable[..., Any]
Connect = Callable[..., list[str]]

CORRECT_IT = (
    "a setting is corrected with `tollbook connection add switch --change --set NAME=VALUE`, "
    "a secret with `tollbook connection add switch --change --secret NAME`"
)


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator(https=True) as simulator:
        yield simulator


@pytest.fixture
def connect(db: None, platform: Simulator, tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Connect it as its manual says, but for what is given; then what the test prints, line by line."""
    assert platform.tls is not None
    settings = {
        "url": platform.url(), "login": platform.login, "verify": platform.tls.certificate, "attempts": "1",
    }  # fmt: skip

    def run(*, password: str = "", token: str = "", **other: object) -> list[str]:
        named = [f"{name}={value}" for name, value in {**settings, **other}.items()]
        secret = "token" if token else "password"
        monkeypatch.setenv(f"TOLLBOOK_SECRET_{secret.upper()}", token or password or platform.password)
        options = [word for pair in named for word in ("--set", pair)]
        added = tollbook("connection", "add", "switch", "--kind", "portabilling", *options, "--secret", secret)
        assert added.status == 0, added.stderr
        return tested()

    def tested() -> list[str]:
        run = tollbook("connection", "test", "switch")
        assert run.stderr == ""
        assert run.status == (0 if run.stdout.endswith("all is well\n") else 1)
        lines: list[str] = run.stdout.splitlines()
        return lines

    return run


def test_all_is_well(connect: Connect) -> None:
    assert connect() == [
        "✓ reach: PortaBilling answers",
        "✓ log in: a session is open",
        "✓ customers: Customer/get_customer_list is allowed",
        "✓ accounts: Account/get_account_list is allowed",
        "✓ numbers: DID/get_number_list is allowed",
        "✓ customer: Customer/get_customer_info is allowed",
        "✓ xDRs: Customer/get_customer_xdrs is allowed",
        "switch: all is well",
    ]


def test_a_wrong_password(connect: Connect) -> None:
    assert connect(password="Mistyped2017") == [
        "✓ reach: PortaBilling answers",
        "✗ log in: Session/login: Server.Session.auth_failed (The login or password is incorrect. Please note: "
        "your password is case sensitive.)",
        "    → check login, and password or token, and whether it is a login of this realm",
        CORRECT_IT,
        "switch: 1 of 2 checks failed",
    ]


@pytest.mark.req("S1")
def test_an_expired_password_is_said_plainly_and_changed_from_here(
    connect: Connect, platform: Simulator, tollbook: Tollbook
) -> None:
    platform.expire_password()

    assert connect() == [
        "✓ reach: PortaBilling answers",
        "✗ log in: the API user's password has expired (Server.Session.alert_You_must_change_password)",
        "    → give it a new one with `tollbook connection password switch`, or use an API token, which does not "
        "expire",
        CORRECT_IT,
        "switch: 1 of 2 checks failed",
    ]

    changed = tollbook("connection", "password", "switch", "--generate")

    assert (changed.status, platform.password != "Simulated2017") == (0, True)
    assert changed.stdout == "connection switch: the platform has the new password, and it is kept here\n"
    assert tollbook("connection", "test", "switch").stdout.endswith("\nswitch: all is well\n")
    # A token logs in beside it, and does not care.
    tollbook("connection", "remove", "switch")
    platform.expire_password()
    assert connect(token=platform.token)[-1] == "switch: all is well"


def test_a_missing_permission(connect: Connect, platform: Simulator) -> None:
    platform.app.denied.add("Customer/get_customer_xdrs")

    assert connect()[-5:] == [
        "✓ customer: Customer/get_customer_info is allowed",
        "✗ xDRs: Customer/get_customer_xdrs is denied: no usage (Server.Customer.get_customer_xdrs.access_denied)",
        "    → grant the API user's role the method Customer/get_customer_xdrs on the platform",
        CORRECT_IT,
        "switch: 1 of 7 checks failed",
    ]


def test_a_wrong_port(connect: Connect) -> None:
    with Simulator() as in_the_clear:
        port = in_the_clear.port()
        assert connect(url=f"https://127.0.0.1:{port}") == [
            f"✗ reach: 127.0.0.1:{port} speaks no TLS that is understood here (WRONG_VERSION_NUMBER)",
            "    → check the port, and whether the address begins with http:// or https://",
            CORRECT_IT,
            "switch: 1 of 1 checks failed",
        ]


def test_a_port_where_nobody_listens(connect: Connect) -> None:
    with Simulator() as gone:
        port = gone.port()

    said = connect(url=f"https://127.0.0.1:{port}")

    assert re.fullmatch(rf"✗ reach: 127\.0\.0\.1:{port} cannot be reached \(.*Connection refused\)", said[0])
    assert said[1] == "    → check host and port, or run again when it is back"


def test_another_realms_port(connect: Connect, platform: Simulator) -> None:
    said = connect(url=platform.url("customer"))

    assert said[2] == "    → check login, and password or token, and whether it is a login of this realm"


def test_http_where_it_should_be_https(connect: Connect, platform: Simulator) -> None:
    said = connect(url=f"http://127.0.0.1:{platform.port()}")

    assert said[1] == "    → check whether the address begins with https://, or run again later"


def test_a_self_signed_certificate_and_the_way_out(
    connect: Connect, platform: Simulator, tollbook: Tollbook
) -> None:
    said = connect(verify="yes")

    assert said[0] == f"✗ reach: the certificate of 127.0.0.1:{platform.port()} is self-signed"
    assert said[1].startswith(
        "    → save it, or the certificate of who signed it, as a file and set `verify` to its path, "
        "or trust just this certificate by `verify=sha256:"
    )
    assert said[1].endswith("`, after comparing that with the certificate on the platform")
    assert said[2:] == [CORRECT_IT, "switch: 1 of 1 checks failed"]
    pinned = re.findall("`(verify=.*?)`", said[1])[0]  # as it stands
    assert tollbook("connection", "add", "switch", "--change", "--set", pinned).status == 0
    assert tollbook("connection", "test", "switch").stdout.endswith("\nswitch: all is well\n")


def test_a_change_that_was_cut_short_is_found_out(
    connect: Connect, platform: Simulator, tollbook: Tollbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect()
    platform.faults.add(Fault("timeout_after", match="change_password"))
    platform.faults.add(Fault("status", status=503, times=None, match="Session/login"))
    monkeypatch.setenv("TOLLBOOK_SECRET_NEW_PASSWORD", "Changed2018")
    assert tollbook("connection", "password", "switch").status == 2
    platform.faults.reset()

    said = tollbook("connection", "test", "switch").stdout.splitlines()
    assert said[-3] == (
        "A change of the password was cut short: the new one may be in force. "
        "`tollbook connection password switch` finds out."
    )
    assert "a new one is pending" in tollbook("connection", "show", "switch").stdout
    found = tollbook("connection", "password", "switch")

    assert found.stdout == (
        "connection switch: an earlier change was cut short; the password that is in force is found, and kept here. "
        "Nothing else was done: run the command again to change it\n"
    )
    assert platform.password == "Changed2018"
    assert tollbook("connection", "test", "switch").status == 0


def test_a_new_password_comes_from_one_place(
    connect: Connect, platform: Simulator, tollbook: Tollbook, tmp_path: Path
) -> None:
    connect()
    (tmp_path / "new").write_text("Written2018\n")
    from_file = ("connection", "password", "switch", "--file", tmp_path / "new")

    assert "give one of them" in tollbook(*from_file, "--generate").stderr
    nobody = tollbook("connection", "password", "switch")
    assert (nobody.status, "TOLLBOOK_SECRET_NEW_PASSWORD, or give --file" in nobody.stderr) == (2, True)
    assert tollbook(*from_file).status == 0
    assert platform.password == "Written2018"
