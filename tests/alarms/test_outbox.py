"""Messages go out at least once, and never again once they are known to have arrived."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from simulators.web import Answer, Request, Server
from tests.alarms.postoffice import PostOffice
from tollbook.alarms.delivery.webhook import signature
from tollbook.alarms.models import AlarmKind, Channel, Message
from tollbook.alarms.operations import raise_alarm, subscribe
from tollbook.alarms.outbox import WAITS, Outcome, send_due
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connectors.secret import Secret

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECRET = "correct horse battery"


def gap(switch: Connection, name: str = "cdr-7.csv") -> None:
    raise_alarm(kind=AlarmKind.GAP, connection=switch, subject=name, text=f"{name} is missing", now=NOW)


@pytest.fixture
def told(switch: Connection, office: PostOffice) -> Connection:
    """Someone is told by mail, and something is wrong."""
    subscribe(channel=Channel.MAIL, address="noc@example.com")
    gap(switch)
    return switch


def test_a_mail_says_what_is_wrong_and_is_sent_once(told: Connection, office: PostOffice) -> None:
    assert send_due(now=NOW) == Outcome(sent=1)
    assert send_due(now=NOW + timedelta(days=3)) == Outcome()

    (mail,) = office.mails
    message = Message.objects.get()
    assert mail["To"] == "noc@example.com"
    assert mail["From"] == "tollbook@example.com"
    assert mail["Subject"] == "[switch] a file or number of a sequence is missing: cdr-7.csv"
    assert mail["Message-ID"] == f"<{message.key}@example.com>"
    assert mail["Date"] == "Mon, 02 Mar 2026 01:00:00 +0000"
    assert mail.get_content().splitlines()[0] == "cdr-7.csv is missing"
    assert (message.sent_at, message.error) == (NOW, "")


def test_while_the_server_is_away_it_is_tried_for_two_days_then_given_up_with_an_alarm(
    told: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLBOOK_SMTP_URL", "smtp://127.0.0.1:1")
    subscribe(channel=Channel.WEBHOOK, address="https://example.com/hook", secret=Secret(SECRET))
    moment, minutes = NOW, [0]
    while send_due(now=moment) == Outcome(delayed=1):
        waiting = Message.objects.get(channel=Channel.MAIL)
        assert waiting.next_attempt_at is not None
        assert send_due(now=waiting.next_attempt_at - timedelta(seconds=1)) == Outcome()
        moment = waiting.next_attempt_at
        minutes.append(int((moment - NOW).total_seconds() // 60))

    # 1 min, then 5, 15, 60, 180, 360, 720 and 1440 minutes later
    assert minutes == [0, 1, 6, 21, 81, 261, 621, 1341, 2781]
    given_up = Message.objects.filter(channel=Channel.MAIL).get()
    assert (given_up.attempts, given_up.next_attempt_at, given_up.sent_at) == (len(WAITS) + 1, None, None)
    alarm = alarms().get(kind=AlarmKind.MESSAGE_FAILED)
    assert alarm.subject == "noc@example.com"
    assert (
        "127.0.0.1:1: [Errno 111] Connection refused; see that it runs and TOLLBOOK_SMTP_URL is right"
        in alarm.text
    )
    # The other subscriber is told of it, not the address that does not work.
    assert Message.objects.filter(next_attempt_at__isnull=False).get().channel == Channel.WEBHOOK


def test_an_address_that_works_again_clears_its_alarm(told: Connection, office: PostOffice) -> None:
    office.to_recipient = "550 no such user"
    send_due(now=NOW)
    office.to_recipient = "250 OK"
    gap(told, "cdr-8.csv")

    assert alarms().filter(kind=AlarmKind.MESSAGE_FAILED).exists()
    send_due(now=NOW)
    assert not alarms().filter(kind=AlarmKind.MESSAGE_FAILED).exists()


@pytest.mark.parametrize(
    ("step", "answer", "expected", "says"),
    [
        ("to_recipient", "451 mailbox busy", Outcome(delayed=1), "noc@example.com: 451 mailbox busy"),
        ("to_recipient", "550 no such user", Outcome(given_up=1), "noc@example.com: 550 no such user"),
        ("to_data", "452 disk full", Outcome(delayed=1), "452 disk full"),
        ("to_data", "554 spam", Outcome(given_up=1), "554 spam"),
        # A sender that may not send is our setting, not the message's fault.
        ("to_sender", "550 who are you", Outcome(delayed=1), "see TOLLBOOK_MAIL_FROM"),
    ],
)
def test_4xx_is_tried_again_and_5xx_is_not(
    told: Connection, office: PostOffice, step: str, answer: str, expected: Outcome, says: str
) -> None:
    setattr(office, step, answer)

    assert send_due(now=NOW) == expected
    assert says in Message.objects.get().error
    assert office.mails == []


def test_without_a_mail_server_it_waits_and_says_what_to_set(
    told: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOLLBOOK_SMTP_URL")

    assert send_due(now=NOW) == Outcome(delayed=1)
    assert Message.objects.get().error.startswith("mail cannot be sent: set TOLLBOOK_SMTP_URL, like smtp://")


def test_one_message_that_fails_does_not_hold_up_the_others(told: Connection, office: PostOffice) -> None:
    Message.objects.update(address="gone@example.com", channel="webhook", subscription=None)
    gap(told, "cdr-8.csv")

    assert send_due(now=NOW) == Outcome(sent=2, given_up=1)  # the second of them tells of the first


class Hook:
    """A receiver of webhooks."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer = Answer(204)

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.answer


@pytest.mark.django_db
def test_a_webhook_is_signed_and_has_an_id(switch: Connection) -> None:
    hook = Hook()
    with Server(hook) as server:
        subscribe(channel=Channel.WEBHOOK, address=f"{server.url}/hook?token=x", secret=Secret(SECRET))
        gap(switch)
        assert send_due(now=NOW) == Outcome(sent=1)

    (request,) = hook.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["Tollbook-Message-Id"] == str(Message.objects.get().key)
    assert request.headers["Tollbook-Timestamp"] == "1772413200"  # 2026-03-02 01:00 UTC
    expected = signature(Secret(SECRET), "1772413200", request.body.decode())
    assert request.headers["Tollbook-Signature"] == f"sha256={expected}"


def test_the_signature_is_hmac_sha256_of_timestamp_dot_body() -> None:
    # printf '1.{}' | openssl dgst -sha256 -hmac key
    assert (
        signature(Secret("key"), "1", "{}") == "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(503), Outcome(delayed=1)),
        (Answer(429), Outcome(delayed=1)),
        (Answer(hang_up=True), Outcome(delayed=1)),
        (Answer(404), Outcome(given_up=1)),
        (Answer(302, (("Location", "https://example.com/"),)), Outcome(given_up=1)),
    ],
)
def test_what_a_receiver_answers_decides(switch: Connection, answer: Answer, expected: Outcome) -> None:
    hook = Hook()
    hook.answer = answer
    with Server(hook) as server:
        subscribe(channel=Channel.WEBHOOK, address=f"{server.url}/hook?token=hidden", secret=Secret(SECRET))
        gap(switch)
        assert send_due(now=NOW) == expected
    assert "hidden" not in Message.objects.get(subject__contains="cdr-7").error


KILLED = """
import os, signal, sys
from datetime import datetime
import django
django.setup()
from tollbook.alarms.outbox import CARRIERS, send_due

def send_then_die(message, now):
    CARRIERS[message.channel](message, now)
    os.kill(os.getpid(), signal.SIGKILL)

send_due(now=datetime.fromisoformat(sys.argv[1]), carriers=dict.fromkeys(CARRIERS, send_then_die))
"""


def test_killed_between_sending_and_noting_it_is_sent_again_with_the_same_id(
    fresh_database: dict[str, str], office: PostOffice
) -> None:
    subscribe(channel=Channel.MAIL, address="noc@example.com")
    gap(Connection.objects.create(name="switch"))

    died = subprocess.run(
        [sys.executable, "-c", KILLED, NOW.isoformat()],
        env=os.environ | fresh_database,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    assert send_due(now=NOW) == Outcome(sent=1)
    assert send_due(now=NOW) == Outcome()

    first, again = office.mails
    assert first["Message-ID"] == again["Message-ID"]


def test_two_that_send_at_once_do_not_send_the_same(fresh_database: dict[str, str], office: PostOffice) -> None:
    subscribe(channel=Channel.MAIL, address="noc@example.com")
    switch = Connection.objects.create(name="switch")
    for number in range(3):
        gap(switch, f"cdr-{number}.csv")
    with psycopg.connect(fresh_database["DATABASE_URL"]) as other:
        taken = other.execute(
            "SELECT key FROM alarms_message ORDER BY next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT 1"
        ).fetchone()
        assert send_due(now=NOW) == Outcome(sent=2)
    assert taken is not None
    assert str(taken[0]) not in {mail["Message-ID"][1:37] for mail in office.mails}
    assert send_due(now=NOW) == Outcome(sent=1)
    assert len({mail["Message-ID"] for mail in office.mails}) == 3
