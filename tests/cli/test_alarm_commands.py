"""What a person sees of alarms, and how somebody is told."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.alarms.postoffice import PostOffice, post_office
from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.alarms.outbox import send_due
from tollbook.connections.models import Connection

Tollbook = Callable[..., Any]
NIGHT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def switch(tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    return Connection.objects.create(name="switch")


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    with post_office() as opened:
        monkeypatch.setenv("TOLLBOOK_SMTP_URL", f"smtp://127.0.0.1:{opened.port}")
        monkeypatch.setenv("TOLLBOOK_MAIL_FROM", "tollbook@example.com")
        yield opened


def gap(switch: Connection) -> int:
    text = "switch: cdr-7.csv is missing, though later files have come"
    return raise_alarm(kind=AlarmKind.GAP, connection=switch, subject="cdr-7.csv", text=text, now=NIGHT).pk


def test_an_alarm_is_listed_acknowledged_and_gone_when_its_cause_is(
    tollbook: Tollbook, switch: Connection
) -> None:
    assert tollbook("alarms", "list").stdout == "there are no alarms\n"
    number = gap(switch)
    line = f"{number}: gap at switch (cdr-7.csv), since 2026-03-02 01:00 UTC"
    text = "  switch: cdr-7.csv is missing, though later files have come\n"

    assert tollbook("alarms", "list").stdout == f"{line}\n{text}"
    assert (
        tollbook("alarms", "acknowledge", number, "--by", "ann").stdout == f"alarm {number}: acknowledged by ann\n"
    )
    assert tollbook("alarms", "list").stdout == f"{line}, acknowledged by ann\n{text}"
    clear_alarm(kind=AlarmKind.GAP, connection=switch, subject="cdr-7.csv", now=NIGHT)
    assert tollbook("alarms", "list").stdout == "there are no alarms\n"
    assert tollbook("alarms", "list", "--cleared").stdout == f"{line}, cleared 2026-03-02 01:00\n{text}"


def test_as_json(tollbook: Tollbook, switch: Connection) -> None:
    gap(switch)

    (facts,) = json.loads(tollbook("alarms", "list", "--json").stdout)
    assert (facts["kind"], facts["connection"], facts["cleared_at"]) == ("gap", "switch", None)


def test_whoever_is_subscribed_is_told(tollbook: Tollbook, switch: Connection, office: PostOffice) -> None:
    said = tollbook("alarms", "subscribe", "noc@example.com", "--kind", "gap", "--kind", "errors")
    assert said.stdout == "noc@example.com: told of gap, errors\n"
    gap(switch)
    assert '"waiting": 1' in tollbook("alarms", "subscriptions", "--json").stdout

    send_due(now=NIGHT)

    assert [mail["To"] for mail in office.mails] == ["noc@example.com"]
    (facts,) = json.loads(tollbook("alarms", "subscriptions", "--json").stdout)
    assert facts == {
        "address": "noc@example.com",
        "channel": "mail",
        "kinds": "gap, errors",
        "sent": 1,
        "waiting": 0,
        "given_up": 0,
        "error": "",
    }
    assert tollbook("alarms", "unsubscribe", "noc@example.com").stdout == "noc@example.com: told no more\n"
    assert tollbook("alarms", "unsubscribe", "noc@example.com").stdout == "noc@example.com: was not subscribed\n"
    assert tollbook("alarms", "subscriptions").stdout.startswith("nobody is told; add an address")


def test_a_webhook_needs_a_secret_from_the_environment(
    tollbook: Tollbook, switch: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = tollbook("alarms", "subscribe", "https://example.com/hook")
    assert refused.status == 2
    assert refused.stderr.startswith("tollbook: set TOLLBOOK_WEBHOOK_SECRET")

    monkeypatch.setenv("TOLLBOOK_WEBHOOK_SECRET", "correct horse battery")
    done = tollbook("alarms", "subscribe", "https://example.com/hook")
    assert done.stdout == "https://example.com/hook: told of all alarms\n"


def test_a_test_mail_arrives_or_says_why_not(tollbook: Tollbook, office: PostOffice) -> None:
    done = tollbook("alarms", "test-mail", "me@example.com")
    assert (done.status, done.stdout) == (0, "127.0.0.1 has taken a mail to me@example.com; see that it arrives\n")
    assert office.mails[0]["Subject"] == "[tollbook] a test"

    office.to_recipient = "550 no such user"
    failed = tollbook("alarms", "test-mail", "me@example.com")
    assert failed.status == 1
    assert failed.stderr == f"tollbook: 127.0.0.1:{office.port}: me@example.com: 550 no such user\n"


def test_a_sequence_is_named_and_forgotten(tollbook: Tollbook, switch: Connection) -> None:
    done = tollbook("alarms", "sequence", "switch", "cdr-{number}.csv")
    assert done.stdout == "switch: a gap in cdr-{number}.csv raises an alarm\n"
    switch.refresh_from_db()
    assert switch.sequence_pattern == "cdr-{number}.csv"

    assert tollbook("alarms", "sequence", "switch", "cdr.csv").status == 2
    assert tollbook("alarms", "sequence", "switch", "").stdout == "switch: gaps raise no alarm\n"
