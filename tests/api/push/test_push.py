"""What a switch hears when it sends a record, and what is kept then."""

import base64
import time
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.db import connection as database
from django.test import Client

from tests.jobs.pushing import PASSWORD, SECRET, switch
from tollbook.api import body
from tollbook.api.push import gates, views
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.usage.models import PushedMessage
from tollbook.usage.pushing import KEPT_AFTER_TAKEN

BODY = b"<cdr><variables><uuid>1</uuid></variables></cdr>"
WRONG = "another-secret-entirely"


@pytest.fixture
def fs(db: None, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    made = switch()
    gates.GATES.forget()
    return made


def push(path: str, body: bytes = BODY, **more: Any) -> Any:
    """As the web server hands it on: what is read is what came."""
    more = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body)), **more}
    return Client().post(f"/push/{path}", body, content_type="text/xml", **more)


def basic(login: str, password: str) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(f'{login}:{password}'.encode()).decode()}"}


def set_(connection: Connection, **settings: str) -> None:
    set_connection(name=connection.name, settings=settings, may_change=True)
    gates.GATES.forget()


def test_a_record_is_kept_as_it_came(fs: Connection) -> None:
    answer = push(f"fs/{SECRET}?uuid=a_1&x=%00", b"\x00\xff not even text")

    assert (answer.status_code, answer.content) == (200, b"kept\n")
    kept = PushedMessage.objects.get()
    assert (kept.connection, bytes(kept.body)) == (fs, b"\x00\xff not even text")
    assert (kept.content_type, kept.query) == ("text/xml", {"uuid": "a_1", "x": "\ufffd"})
    assert (kept.taken_by, kept.call_ref) == (None, None)


def test_the_same_again_is_welcome_and_not_kept_twice(fs: Connection) -> None:
    paths = [f"fs/{SECRET}?uuid=1", f"fs/{SECRET}?uuid=1", f"fs/{SECRET}?uuid=2"]
    assert [push(path).status_code for path in paths] == [200, 200, 200]
    assert PushedMessage.objects.filter(connection=fs).count() == 2


@pytest.mark.parametrize(
    ("path", "login", "status"),
    [
        (f"fs/{SECRET}", None, 200),
        (f"fs/{WRONG}", None, 404),
        ("fs/", None, 404),
        (f"fs/{SECRET}/more", None, 404),
        (f"nobody/{SECRET}", None, 404),
        (f"drop/{SECRET}", None, 404),  # there is such a connection, and nobody sends it anything
        (f"fs/{PASSWORD}", None, 404),
        ("fs", ("switch", PASSWORD), 200),
        ("fs", ("switch", WRONG), 401),
        ("fs", ("Switch", PASSWORD), 401),
        ("fs", ("", ""), 401),
        ("fs", None, 401),
        ("nobody", ("switch", PASSWORD), 401),
        ("nobody", None, 401),
        (f"nobody/{'-' * 32}", None, 404),
        ("nobody", ("-", "-" * 32), 401),
    ],
)
def test_who_is_not_let_in_does_not_hear_why(
    fs: Connection, path: str, login: tuple[str, str] | None, status: int
) -> None:
    set_connection(name="drop", settings={"source": "local", "folder": "/tmp"})
    more: dict[str, Any] = basic(*login) if login else {}
    answer = push(path, **more)

    assert answer.status_code == status
    assert answer.content == {200: b"kept\n", 404: b"not found\n", 401: b"login and password, please\n"}[status]
    assert PushedMessage.objects.filter(connection=fs).count() == (status == 200)


@pytest.mark.parametrize("header", ["Basic", "Basic ===", "Basic /w==", "Bearer abc", "Basic " + "A" * 5000])
def test_a_login_that_is_none(fs: Connection, header: str) -> None:
    assert push(fs.name, HTTP_AUTHORIZATION=header).status_code == 401


def test_what_is_not_set_lets_nobody_in(db: None, tmp_path: Path, settings: LazySettings) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    made = switch("bare")
    Connection.objects.filter(pk=made.pk).update(secrets="", settings={})
    gates.GATES.forget()
    # Nobody can be let in; the sender keeps its records until somebody has set the secret.
    assert push(f"bare/{SECRET}").status_code == 503
    assert push("bare", **basic("", "")).status_code == 503


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("192.0.2.7", "", 200),
        ("198.51.100.200", "", 200),
        ("2001:db8::5", "", 200),
        ("::ffff:192.0.2.7", "", 200),
        ("192.0.2.8", "", 404),
        ("192.0.2.8", "192.0.2.7", 404),  # whoever says so is no proxy of ours
        ("10.0.0.1", "192.0.2.7", 200),
        ("10.0.0.1", "192.0.2.7, 203.0.113.9", 404),  # the last is what the proxy saw
        ("10.0.0.1", "203.0.113.9, 192.0.2.7", 200),
        ("10.0.0.1", "192.0.2.7, 10.0.0.2", 200),  # two proxies
        ("10.0.0.1", "", 404),
        ("10.0.0.1", "nonsense", 404),
        ("", "", 404),
    ],
)
def test_only_addresses_on_the_list_may_send(fs: Connection, peer: str, forwarded: str, status: int) -> None:
    set_(fs, push_from="192.0.2.7 198.51.100.0/24,2001:db8::/32", push_proxies="10.0.0.0/8")
    more: dict[str, Any] = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    answer = push(f"fs/{SECRET}", REMOTE_ADDR=peer, **more)
    assert answer.status_code == status


def test_other_methods_keep_nothing(fs: Connection) -> None:
    for method in ("get", "head", "put", "delete", "options"):
        answer = getattr(Client(), method)(f"/push/{fs.name}/{SECRET}")
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not PushedMessage.objects.exists()


def test_a_body_has_a_largest_size(fs: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_BODY_BYTES", 100)
    monkeypatch.setattr(body, "BLOCK_BYTES", 7)
    assert push(f"{fs.name}/{SECRET}", b"a" * 100).status_code == 200
    assert push(f"{fs.name}/{SECRET}", b"b" * 101).status_code == 413
    assert PushedMessage.objects.count() == 1


def test_a_body_in_chunks_announces_no_length(fs: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAX_BODY_BYTES", 100)
    assert push(f"{fs.name}/{SECRET}", b"a" * 100, CONTENT_LENGTH="").status_code == 200
    assert push(f"{fs.name}/{SECRET}", b"b" * 101, CONTENT_LENGTH="").status_code == 413
    assert bytes(PushedMessage.objects.get().body) == b"a" * 100


def test_half_a_body_is_not_kept(fs: Connection) -> None:
    answer = push(f"{fs.name}/{SECRET}", BODY, CONTENT_LENGTH=str(len(BODY) + 1))
    assert answer.status_code == 400
    assert push(f"{fs.name}/{SECRET}", BODY, CONTENT_LENGTH="many").status_code == 400
    assert not PushedMessage.objects.exists()


def test_while_the_database_is_away_the_sender_is_asked_to_send_it_again(
    fs: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise OperationalError("the server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(views, "keep_message", away)
        patch.setattr(database, "close", lambda: None)  # the test's own transaction is in it
        answer = push(f"{fs.name}/{SECRET}")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert push(f"{fs.name}/{SECRET}").status_code == 200


def test_a_connection_to_the_database_that_has_died_costs_no_record(
    fs: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([OperationalError("terminating connection due to administrator command"), None])

    def dead_once(*words: Any) -> None:
        if problem := next(answers):
            raise problem

    monkeypatch.setattr(views, "keep_message", dead_once)
    monkeypatch.setattr(database, "close", lambda: None)
    assert push(f"{fs.name}/{SECRET}").status_code == 200


def test_a_changed_secret_holds_after_a_few_seconds(fs: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert push(f"fs/{SECRET}").status_code == 200
    Connection.objects.filter(pk=fs.pk).update(settings={"push_login": "switch", "push_from": "192.0.2.1"})
    assert push(f"fs/{SECRET}").status_code == 200
    now[0] += gates.KEPT_S
    assert push(f"fs/{SECRET}").status_code == 404


def test_what_is_taken_is_kept_for_a_week() -> None:
    assert timedelta(days=7) == KEPT_AFTER_TAKEN
