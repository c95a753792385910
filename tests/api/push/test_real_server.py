"""Records sent to the real processes: over sockets, by HTTPS, while the database is away."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection as database

from simulators.freeswitch import make_month, send_json, send_xml
from tests.cli.test_up import Up, wait_for
from tests.jobs.books import books
from tests.jobs.conftest import open_office
from tests.jobs.pushing import PASSWORD, SECRET, send, switch, take
from tests.jobs.simulated import undone
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.catalog.models import Product
from tollbook.connections.models import Connection
from tollbook.credit.models import Hold, WhenUsedUp
from tollbook.credit.operations import set_funds_policy
from tollbook.customers.models import Account, Customer
from tollbook.usage.models import CollectRun, PushedMessage, UsageRecord

CALLS = make_month(count=12)
CALLS_OF_A_MINUTE = make_month(count=60)
WITHIN_S = (
    10.0  # on a machine whose two cores run other tests, too; docs/benchmarks.md has the figure of an idle one
)


def is_listening(up: Up) -> bool:
    try:
        socket.create_connection(("127.0.0.1", up.port)).close()
    except OSError:
        return False
    return True


def said(up: Up, *parts: bytes) -> bytes:
    """What the server answers to raw bytes, until it says no more for a while."""
    with socket.create_connection(("127.0.0.1", up.port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
        return connection.recv(4_096)


@contextmanager
def away(home: dict[str, str]) -> Iterator[None]:
    """The database lets nobody in, and ends whoever is."""
    name = urlsplit(home["DATABASE_URL"]).path[1:]
    where = database.get_connection_params()
    database.close()
    with psycopg.connect(host=where["host"], port=where["port"], user=where["user"], dbname="postgres") as server:
        server.autocommit = True
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def switch_of_ann(folder: Path, settings: LazySettings) -> Connection:
    """A switch all of whose accounts are Ann's, whose calls have a price."""
    evidence_in = settings.TOLLBOOK_HOME
    open_office(folder, settings)
    settings.TOLLBOOK_HOME = evidence_in
    ann, voice = Customer.objects.get(code="ann"), Product.objects.get(code="voice")
    for code in {call.accountcode for call in CALLS_OF_A_MINUTE}:
        Account.objects.create(customer=ann, code=code, product=voice)
    return switch()


def test_from_a_switch_to_the_books(start: Callable[..., Up], home: dict[str, str]) -> None:
    fs = switch()
    up = start(home)
    wait_for(lambda: up.health()[0])  # the port is open before who answers there has been loaded
    url = f"http://127.0.0.1:{up.port}/push"

    # The switch waits for a 100 before it sends the body, but no longer than a second.
    [posted] = send_xml(f"{url}/fs/{SECRET}", CALLS[0]).posted
    assert (posted.status, posted.was_asked_to_continue) == (200, True)
    [posted] = send_json(f"{url}/fs", CALLS[1], cred=f"switch:{PASSWORD}", encode="base64").posted
    assert (posted.status, posted.was_asked_to_continue) == (200, True)
    # Whoever is not let in is not even asked for it.
    [posted] = send_xml(f"{url}/fs/another-secret-entirely", CALLS[2]).posted
    assert (posted.status, posted.has_sent_body) == (404, False)
    # Nor for a body that is too large, or sent in chunks that never end.
    head = f"POST /push/fs/{SECRET} HTTP/1.1\r\nHost: a\r\n".encode()
    assert said(up, head, b"Content-Length: 99999999\r\nExpect: 100-continue\r\n\r\n").startswith(b"HTTP/1.1 413")
    chunk = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
    assert said(up, head, b"Transfer-Encoding: chunked\r\n\r\n", chunk * 65).startswith(b"HTTP/1.1 413")
    assert said(up, head, b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\n<a>\r\n0\r\n\r\n").startswith(
        b"HTTP/1.1 200"
    )

    wait_for(lambda: UsageRecord.objects.count() == 3)
    assert not PushedMessage.objects.filter(taken_by=None).exists()
    assert {run.asked_by for run in CollectRun.objects.filter(connection=fs)} == {"push"}
    assert up.end() == 0
    log = "\n".join(str(line) for line in up.lines())
    assert "/push/fs/•••" in log
    assert SECRET not in log
    assert PASSWORD not in log
    assert "another-secret" not in log


def test_nothing_is_lost_while_the_database_is_away(start: Callable[..., Up], home: dict[str, str]) -> None:
    switch()
    up = start(home)
    wait_for(lambda: is_listening(up))
    url = f"http://127.0.0.1:{up.port}/push/fs/{SECRET}"
    assert send_xml(url, CALLS[0]).is_taken

    with away(home):
        assert [send_xml(url, call).posted[0].status for call in CALLS[1:5]] == [503] * 4
    assert [send_xml(url, call).posted[0].status for call in CALLS] == [200] * 12

    wait_for(lambda: UsageRecord.objects.count() == 12)
    assert up.end() == 0


def test_by_https(start: Callable[..., Up], home: dict[str, str]) -> None:
    switch()
    up = start(home, "--tls-trial")
    wait_for(lambda: is_listening(up))
    assert send_xml(f"https://127.0.0.1:{up.port}/push/fs/{SECRET}", CALLS[0]).is_taken
    assert not send_xml(f"http://127.0.0.1:{up.port}/push/fs/{SECRET}", CALLS[1]).is_taken
    certificate = f"{home['TOLLBOOK_HOME']}/trial.crt"
    trusting = ssl.create_default_context(cafile=certificate)
    with socket.create_connection(("127.0.0.1", up.port)) as plain:
        assert trusting.wrap_socket(plain, server_hostname="127.0.0.1").version() in {"TLSv1.2", "TLSv1.3"}
    assert up.end() == 0


@pytest.mark.req("X7")
def test_every_request_twice_changes_nothing(
    start: Callable[..., Up], home: dict[str, str], tmp_path: Path, settings: LazySettings
) -> None:
    """The books are those of the same calls taken once, in one go."""
    fs = switch_of_ann(tmp_path, settings)

    def once() -> None:
        send(fs, CALLS_OF_A_MINUTE)
        take(fs, datetime(2017, 7, 1, tzinfo=UTC))

    wanted = undone(once)
    assert len(wanted["usage"]) == 60
    assert wanted["ledger"]
    up = start(home)
    wait_for(lambda: is_listening(up))

    url = f"http://127.0.0.1:{up.port}/push/fs/{SECRET}"
    answers = [send_xml(url, call) for call in CALLS_OF_A_MINUTE for _ in range(2)]
    assert all(answer.is_taken for answer in answers)
    wait_for(lambda: UsageRecord.objects.count() == 60)
    again = [send_xml(url, call) for call in reversed(CALLS_OF_A_MINUTE)]
    assert all(answer.is_taken for answer in again)
    PushedMessage.objects.all().delete()  # as after a week
    again = [send_json(url, call) for call in CALLS_OF_A_MINUTE for _ in range(2)]
    assert all(answer.is_taken for answer in again)
    wait_for(lambda: not PushedMessage.objects.filter(taken_by=None).exists())
    assert PushedMessage.objects.count() == 60

    assert up.end() == 0
    assert books() == wanted


@pytest.mark.req("X11")
def test_funds_that_a_pushed_call_uses_up_stop_the_customer_within_seconds(
    start: Callable[..., Up], home: dict[str, str], tmp_path: Path, settings: LazySettings
) -> None:
    switch_of_ann(tmp_path, settings)
    Customer.objects.filter(code="ann").update(credit_limit=Decimal(0))
    set_funds_policy(customer=Customer.objects.get(code="ann"), when_used_up=WhenUsedUp.SUSPEND)
    up = start(home)
    wait_for(lambda: is_listening(up))

    sent = time.monotonic()
    assert all(send_xml(f"http://127.0.0.1:{up.port}/push/fs/{SECRET}", call).is_taken for call in CALLS)
    wait_for(lambda: Hold.objects.filter(customer__code="ann", lifted_at=None).exists())

    assert time.monotonic() - sent < WITHIN_S
    assert Alarm.objects.get(kind=AlarmKind.FUNDS_USED_UP).subject == "ann"
    assert up.end() == 0
