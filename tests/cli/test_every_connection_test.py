"""Every kind of platform tried out from the command line: well, with a wrong login, and at a wrong port."""

import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from simulators import fusionpbx, kamailio, lesnet, metroport, portabilling, vodia
from simulators.ftp import FtpServer
from tests.connectors.freeswitch.event_socket import PASSWORD, Switch
from tests.connectors.fusionpbx.conftest import server_dsn
from tests.jobs.conftest import open_office
from tollbook.connections.models import Connection
from tollbook.connectors.registry import CONNECTORS
from tollbook.customers.models import Account, AccountMark

Tollbook = Callable[..., Any]
Given = Mapping[str, str]

__all__ = ["server_dsn"]  # a fixture
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
QUICK = {"attempts": "1", "timeout_s": "5"}
GUESSED = "guessed-it-wrong"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """How it is connected as its manual says, and what somebody may get wrong: settings, or secrets in capitals."""

    settings: Given
    secrets: Given
    wrong_login: Given
    wrong_port: Given
    links: tuple[str, ...] = field(default=())  # the files of accounts, where each has its own


@pytest.fixture
def free_port() -> int:
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def files(folder: Path, port: int, _: str) -> Iterator[Platform]:
    (folder / "calls").mkdir()
    (folder / "calls" / "june.csv").write_text("type,direction,start,duration_s,cli,cld\n")
    with FtpServer(folder / "calls") as server:
        where = {"source": "ftp", "host": server.host, "port": str(server.port), "login": server.login}
        yield Platform(
            settings=where,
            secrets={"password": server.password},
            wrong_login={"PASSWORD": GUESSED},
            wrong_port={"port": str(port)},
        )


@contextmanager
def over_http(
    simulator: Any, url: str, port: int, *, named: str = "url", secret: str = "password", **more: str
) -> Iterator[Platform]:
    """A platform asked over HTTP by a login and a password."""
    yield Platform(
        settings={named: url, "login": simulator.login, **QUICK, **more},
        secrets={secret: simulator.password},
        wrong_login={secret.upper(): GUESSED},
        wrong_port={named: f"http://127.0.0.1:{port}"},
    )


@contextmanager
def portabilling_(_folder: Path, port: int, _dsn: str) -> Iterator[Platform]:
    with portabilling.Simulator() as simulator, over_http(simulator, simulator.url(), port) as platform:
        yield platform


@contextmanager
def metroport_(_folder: Path, port: int, _dsn: str) -> Iterator[Platform]:
    with (
        metroport.Simulator() as simulator,
        over_http(simulator, simulator.url, port, named="api_url") as platform,
    ):
        yield platform


@contextmanager
def vodia_(_folder: Path, port: int, _dsn: str) -> Iterator[Platform]:
    with vodia.Simulator() as simulator, over_http(simulator, simulator.url, port) as platform:
        yield platform


@contextmanager
def lesnet_(_folder: Path, port: int, _dsn: str) -> Iterator[Platform]:
    with lesnet.Simulator(auth="basic") as simulator:
        yield Platform(
            settings={"portal": simulator.url, "auth": "basic", "login": simulator.login, **QUICK},
            secrets={"password": simulator.password},
            wrong_login={"PASSWORD": GUESSED},
            wrong_port={"portal": f"http://127.0.0.1:{port}"},
            links=(simulator.link(simulator.peers[0].id),),
        )


@contextmanager
def freeswitch_(_folder: Path, port: int, _dsn: str) -> Iterator[Platform]:
    with Switch() as switch:
        yield Platform(
            settings={"esl_host": "127.0.0.1", "esl_port": str(switch.port), "esl_timeout_s": "5"},
            secrets={"push_secret": "a-secret-of-the-switch-1", "esl_password": PASSWORD},
            wrong_login={"ESL_PASSWORD": GUESSED},
            wrong_port={"esl_port": str(port)},
        )


def by_database(simulator: fusionpbx.Simulator | kamailio.Simulator, port: int, **more: str) -> Platform:
    """The tests' server asks for no password, so here the user is the wrong one."""
    where = {"host": simulator.host, "port": str(simulator.port), "database": simulator.database}
    return Platform(
        settings=where | {"db_user": simulator.user, "sslmode": "disable", **more},
        secrets={"db_password": simulator.password},
        wrong_login={"db_user": "nobody"},
        wrong_port={"port": str(port)},
    )


@contextmanager
def fusionpbx_(_folder: Path, port: int, dsn: str) -> Iterator[Platform]:
    with fusionpbx.Simulator(dsn, name=f"fusionpbx_tried_{WORKER}") as simulator:
        yield by_database(simulator, port, control_user=simulator.control_user)


@contextmanager
def kamailio_(_folder: Path, port: int, dsn: str) -> Iterator[Platform]:
    with kamailio.Simulator(dsn, name=f"kamailio_tried_{WORKER}") as simulator:
        yield by_database(simulator, port)


PLATFORMS = {
    "files": files,
    "freeswitch": freeswitch_,
    "fusionpbx": fusionpbx_,
    "kamailio": kamailio_,
    "lesnet": lesnet_,
    "metroport": metroport_,
    "portabilling": portabilling_,
    "vodia": vodia_,
}


def test_none_is_left_out() -> None:
    assert PLATFORMS.keys() == CONNECTORS.keys()


@pytest.mark.req("W7")
@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_connection_says_that_all_is_well_or_what_is_wrong_and_what_to_do(
    kind: str,
    tollbook: Tollbook,
    server_dsn: str,
    free_port: int,
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_office(tmp_path, settings)

    def connect(given: Given, *options: str) -> None:
        """Small letters are settings, capitals secrets."""
        words = list(options)
        for name, value in given.items():
            if name.isupper():
                monkeypatch.setenv(f"TOLLBOOK_SECRET_{name}", value)
                words += ["--secret", name.lower()]
            else:
                words += ["--set", f"{name}={value}"]
        made = tollbook("connection", "add", "tried", *words)
        assert (made.status, made.stderr) == (0, "")

    def tried() -> tuple[int, list[str]]:
        run = tollbook("connection", "test", "tried")
        assert run.stderr == ""
        return run.status, run.stdout.splitlines()

    with PLATFORMS[kind](tmp_path, free_port, server_dsn) as platform:
        secrets = {name.upper(): value for name, value in platform.secrets.items()}
        connect({**platform.settings, **secrets}, "--kind", kind)
        for link in platform.links:
            tried_one, account = Connection.objects.get(name="tried"), Account.objects.get(code="ann-1")
            AccountMark.objects.create(connection=tried_one, account=account, kind="link", value=link)
        status, lines = tried()
        assert (status, lines[-1]) == (0, "tried: all is well"), lines

        for wrong in (platform.wrong_login, platform.wrong_port):
            connect(wrong, "--change")
            status, lines = tried()

            assert status == 1, lines
            assert re.fullmatch(r"tried: [1-9] of [1-9] checks failed", lines[-1])
            failed = [place for place, line in enumerate(lines) if line.startswith("✗ ")]
            for place in failed:
                assert re.fullmatch(r"✗ \S.*: \S.{5,}", lines[place])
                assert re.fullmatch(r" {4}→ \S.{10,}", lines[place + 1])
            assert not any(value in line for value in (*platform.secrets.values(), GUESSED) for line in lines)
            connect({name: {**platform.settings, **secrets}[name] for name in wrong}, "--change")
        assert tried()[0] == 0
