"""What only one platform, or a server of files, can do to a collect: mended, the books are as if nothing had been."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import transaction

from simulators import metroport, portabilling
from simulators.certificate import self_signed
from simulators.faults import Fault, Faults
from simulators.ftp import FtpServer
from simulators.portabilling import refusals
from simulators.sftp import SftpServer
from simulators.web import Answer, Server
from tests.jobs.books import books
from tests.jobs.office import Office
from tests.jobs.simulated import (
    QUICK,
    Simulated,
    simulated_metroport,
    simulated_portabilling,
    undone,
)
from tests.jobs.test_collect_simulated import FAULTS
from tests.jobs.toy_office import at
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connections.password import change_password
from tollbook.connectors.secret import Secret
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectRun

BEFORE, AFTER, LATER = "2017-06-10T01:00", "2017-07-03T12:00", "2017-07-03T13:00"
XDRS, INFO, LOGIN = "Customer/get_customer_xdrs", "Customer/get_customer_info", "Session/login"
WHOLE, BROKEN = {"done"}, {"partial", "failed"}

Switch = Callable[[portabilling.Simulator], object]


def expired(platform: portabilling.Simulator) -> None:
    """The password, and the session that it opened: a token goes on."""
    platform.expire_password()
    platform.sessions.expire_all()


def refused(code: str, *, match: str = "get_customer_xdrs", times: int | None = None) -> Switch:
    return lambda platform: platform.refuse(match, code, times=times, after=0 if match == LOGIN else 2)


PORTABILLING: dict[str, tuple[Switch, set[str]]] = {
    "a code nobody knows": (refused("Server.Customer.something"), BROKEN),
    "a code nobody knows, once": (refused("Server.Customer.something", times=1), BROKEN),
    "the session is over, once": (refused(refusals.SESSION_DEAD, times=1), WHOLE),
    "the token is no good, once": (refused(refusals.BAD_ACCESS_TOKEN, times=1), WHOLE),
    "the session is over again and again": (refused(refusals.SESSION_DEAD), BROKEN),
    "the password must be changed now": (refused(refusals.MUST_CHANGE_PASSWORD), BROKEN),
    "the login is wrong": (refused(refusals.LOGIN_FAILED, match=LOGIN), BROKEN),
    "the login is locked": (refused(refusals.BRUTE_FORCE, match=LOGIN), BROKEN),
    "it reads only": (refused(refusals.STANDALONE), BROKEN),
    "the disaster site": (lambda platform: setattr(platform.app, "standalone", True), WHOLE),
    "xDRs may not be read": (lambda platform: platform.app.denied.add(XDRS), BROKEN),
    "the password has expired, and a token is used": (expired, WHOLE),
    "no session is renewed": (lambda platform: setattr(platform.sessions, "refuses_refresh", True), WHOLE),
    "records stand on two pages": (lambda platform: platform.switches.duplicates(), WHOLE),
    "nobody is there": (lambda platform: platform.stop(), BROKEN),
}


def mend(platform: portabilling.Simulator) -> None:
    platform.stop()
    platform.faults.set([])
    platform.app.standalone = platform.sessions.refuses_refresh = False
    platform.app.denied.clear()
    platform.switches.duplicates(on=False)
    platform.start()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> None:
    settings.TOLLBOOK_HOME = tmp_path


@pytest.mark.django_db
def test_every_switch_of_portabilling_costs_nothing() -> None:
    with simulated_portabilling() as platform:
        platform.collect(BEFORE)
        before, undisturbed = books(), undone(lambda: platform.collect(AFTER))
        assert len(undisturbed["usage"]) > len(before["usage"])
        for name, (turn, expected) in PORTABILLING.items():
            with transaction.atomic():
                turn(platform.simulator)
                run = platform.collect(AFTER)
                assert run.state in expected, (name, run.problems)
                assert set(before["usage"]) <= set(books()["usage"]), name
                mend(platform.simulator)
                assert platform.collect(LATER).state == "done", name
                assert books() == undisturbed, name
                assert [finding for finding in check_ledger() if finding.problems] == [], name
                transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_password_that_expired_is_changed_and_the_month_is_whole() -> None:
    with simulated_portabilling() as platform:
        undisturbed = undone(lambda: platform.collect(AFTER))
        connection = set_connection(
            name=platform.connection.name,
            secrets={"token": Secret(""), "password": Secret(platform.simulator.password)},
            may_change=True,
        )
        platform.simulator.expire_password()
        by_password = Simulated(**{**vars(platform), "connection": connection})

        run = by_password.collect(AFTER)
        assert run.state == "failed"
        assert "has expired" in run.problems[0]["error"]
        assert not run.may_pass
        assert books()["usage"] == []

        change_password(connection, Secret("Another2017"))
        assert by_password.collect(AFTER).state == "done"
        assert books() == undisturbed


@pytest.mark.django_db
def test_every_switch_of_metroport_costs_nothing() -> None:
    def vat(text: str) -> Callable[[metroport.Simulator], object]:
        return lambda platform: platform.write_vat(text)

    switches: dict[str, tuple[Callable[[metroport.Simulator], object], set[str]]] = {
        "VAT in percent": (vat("23"), WHOLE),
        "VAT as a share": (vat("0.23"), WHOLE),
        "the sessions end": (lambda platform: platform.platform.sessions.end_all(), WHOLE),
        "nobody is there": (lambda platform: platform.stop(), BROKEN),
        "the login is wrong": (
            lambda platform: platform.faults.add(Fault("status", match="login", status=401, times=None)),
            BROKEN,
        ),
        "a user's records are lost": (
            lambda platform: platform.faults.add(Fault("status", match="userid=998", times=None)),
            {"partial"},
        ),
    }
    with simulated_metroport() as platform:
        platform.collect(BEFORE)
        before, undisturbed = books(), undone(lambda: platform.collect(AFTER))
        assert len(undisturbed["usage"]) > len(before["usage"])
        for name, (turn, expected) in switches.items():
            with transaction.atomic():
                turn(platform.simulator)
                run = platform.collect(AFTER)
                assert run.state in expected, (name, run.problems)
                assert {row[:2] for row in before["usage"]} <= {row[:2] for row in books()["usage"]}, name
                platform.simulator.stop()
                platform.faults.set([])
                platform.simulator.write_vat("1.23")
                platform.simulator.start()
                assert platform.collect(LATER).state == "done", name
                assert books() == undisturbed, name
                transaction.set_rollback(True)


# --- servers of files

HEAD = "record_id,start,duration_s,cli,cld\n"
FILES = {
    f"cdr-{day}.csv": f"{HEAD}r{day},2017-06-{day}T08:00:00Z,60,4822100000{day % 3 + 1},442079460000\n"
    for day in range(11, 17)
}


@contextmanager
def sftp(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, Callable[[], object]]]]:
    with SftpServer(folder) as server:
        settings = {"source": "sftp", "host": server.host, "port": str(server.port), "folder": "/"}
        yield (
            settings | {"login": server.login, "fingerprint": server.fingerprint},
            {
                "connections are closed": lambda: setattr(server, "refuse", "connection"),
                "logins are refused": lambda: setattr(server, "refuse", "login"),
                "another host key": server.change_host_key,
                "nobody is there": server.stop,
            },
        )


@contextmanager
def ftps(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, Callable[[], object]]]]:
    tls = self_signed(folder.parent / "tls")
    with FtpServer(folder, tls=tls) as server:
        settings = {"source": "ftps", "host": server.host, "port": str(server.port), "folder": "/"}
        yield (
            settings | {"login": server.login, "verify": str(tls.certificate)},
            {"nobody is there": server.stop},
        )


@pytest.mark.parametrize("serve", [sftp, ftps])
def test_a_server_of_files_that_refuses_costs_nothing(office: Office, serve: Any) -> None:
    folder = office.folder / "outgoing"
    folder.mkdir()
    secrets = {"password": Secret(SftpServer.password if serve is sftp else FtpServer.password)}

    def collect(connection: Connection, now: str = AFTER) -> CollectRun:
        return collect_usage(connection, now=at(now), asked_by="a test")

    def put(names: list[str]) -> None:
        for name in names:
            (folder / name).write_text(FILES[name])

    kinds: list[str] = []
    with serve(folder) as (_, ways):
        kinds += ways
    undisturbed = None
    for way in [None, *kinds]:
        for left in folder.iterdir():
            left.unlink()
        put(list(FILES)[:2])
        with transaction.atomic(), serve(folder) as (settings, ways):
            drop = set_connection(
                name="drop", settings={**settings, **QUICK, "minimum_age_s": "0"}, secrets=secrets
            )
            assert collect(drop).state == "done"
            before = books()
            put(list(FILES)[2:])
            if way is not None:
                ways[way]()
                run = collect(drop)
                assert run.state == "failed", (way, run.problems)
                assert books() == before, way
            # Mended: it is the same folder behind a server that is well.
            with serve(folder) as (again, _):
                drop = set_connection(name="drop", settings={**again, **QUICK}, may_change=True)
                assert collect(drop, LATER).state == "done"
            undisturbed = undisturbed or books()
            assert books() == undisturbed, way
            assert len(books()["usage"]) == len(FILES)
            transaction.set_rollback(True)


def test_any_fault_of_a_web_server_costs_nothing(office: Office) -> None:
    texts = [FILES["cdr-11.csv"]]
    faults = Faults()
    with Server(faults.guard(lambda _: Answer.text(texts[-1], content_type="text/csv"))) as server:
        source = {"source": "http", "url": f"{server.url}/cdr.csv", **QUICK}
        drop = set_connection(name="drop", settings=source)

        def collect(now: str) -> CollectRun:
            return collect_usage(drop, now=at(now), asked_by="a test")

        assert collect(BEFORE).state == "done"
        before = books()
        texts.append("".join([HEAD, *(text.removeprefix(HEAD) for text in FILES.values())]))
        undisturbed = undone(lambda: collect(AFTER))
        assert len(undisturbed["usage"]) == len(FILES)
        for fault in FAULTS:
            with transaction.atomic():
                faults.set([Fault(fault.kind, times=None, seconds=fault.seconds, status=fault.status)])
                run = collect(AFTER)
                assert run.state == ("done" if fault.kind in {"slow", "expire_session"} else "failed"), fault
                if run.state == "failed":
                    assert books() == before, fault
                faults.set([])
                assert collect(LATER).state == "done", fault
                assert books() == undisturbed, fault
                transaction.set_rollback(True)
