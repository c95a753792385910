"""Events reach their receivers: what is sent, what each answer means, in which order, and how fast."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from simulators.web import Answer, self_signed
from tests.changes.receiver import Receiver, receiver
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.changes.models import Auth, Change, Delivery, DeliveryState, Subject, What
from tollbook.changes.operations import WAITS, add_webhook, forget_settled, remove_webhook
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput
from tollbook.jobs.send_events import MOST_AT_ONCE, Courier

NOW = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def home(db: None, tmp_path: Path, settings: LazySettings) -> None:
    settings.TOLLBOOK_HOME = tmp_path  # where the key of secrets is made


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def courier(clock: Clock) -> Iterator[Courier]:
    made = Courier(timeout_s=0.5, clock=clock)
    yield made
    made.close(within_s=5)


_transactions = iter(range(10**9))


def change(what: What = What.UPDATED, subject: Subject = Subject.ACCOUNT, id: int = 7) -> Change:
    """Something changed, in a transaction of its own."""
    return Change.objects.create(
        subject=subject, subject_id=id, what=what, at=NOW, transaction=next(_transactions)
    )


def work(courier: Courier, *, until: int = 0, within_s: float = 10.0) -> None:
    """Let the courier work until nothing is under way any more, and so many deliveries are settled."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        settled = Delivery.objects.exclude(state=DeliveryState.WAITING).count()
        if not courier.work() and settled >= until:
            return


def states() -> list[tuple[str, int, str]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "attempts", "answer"))


def test_names_and_bodies_are_those_that_receivers_know(there: Receiver, courier: Courier) -> None:
    add_webhook(url=there.url)
    customer = change(What.CREATED, Subject.CUSTOMER, 5)
    account = change(What.DELETED, Subject.ACCOUNT, 1000889)
    number = change(What.UPDATED, Subject.NUMBER, 12094555948)
    work(courier, until=3)

    assert sorted(there.events, key=lambda event: str(event["variables"]["i_event"])) == [
        {"event_type": "Customer/Created", "variables": {"i_event": customer.pk, "i_customer": 5}},
        {"event_type": "Subscriber/Deleted", "variables": {"i_event": account.pk, "i_account": 1000889}},
        {"event_type": "DID/Updated", "variables": {"i_event": number.pk, "number": "12094555948"}},
    ]
    assert {request.method for request in there.requests} == {"POST"}
    assert {request.headers["Content-Type"] for request in there.requests} == {"application/json"}
    assert {request.headers["Date"] for request in there.requests} == {"Mon, 01 Jun 2026 08:30:00 GMT"}
    assert {request.headers["Authorization"] for request in there.requests} == {None}


def test_only_events_that_a_webhook_wants_are_sent_to_it(there: Receiver, courier: Courier) -> None:
    add_webhook(url=there.url, patterns=["Customer/*", "Subscriber/Created"])
    change(What.UPDATED)
    change(What.CREATED)
    change(What.DELETED, Subject.CUSTOMER)
    work(courier, until=2)
    assert sorted(there.names()) == ["Customer/Deleted", "Subscriber/Created"]


def test_a_receiver_knows_us_by_what_it_asked_for(there: Receiver, courier: Courier) -> None:
    ways: list[tuple[dict[str, Any], str]] = [
        ({"auth": Auth.BASIC, "auth_word": "tollbook", "secret": Secret("pa:ss")}, "Authorization"),
        ({"auth": Auth.CUSTOM, "auth_word": "Token", "secret": Secret("abc")}, "Authorization"),
        ({"auth": Auth.CUSTOM, "auth_header": "X-Api-Key", "secret": Secret("abc")}, "X-Api-Key"),
        ({"auth": Auth.SIGNATURE, "secret": Secret("0123456789abcdef")}, "Authorization"),
    ]
    for count, (way, _) in enumerate(ways, start=1):
        add_webhook(url=there.url, **way)
        change()
        work(courier, until=count)
    body = there.requests[3].body.decode()
    signed = f"Mon, 01 Jun 2026 08:30:00 GMT.{body}".encode()
    assert [request.headers[name] for request, (_, name) in zip(there.requests, ways, strict=True)] == [
        "Basic " + base64.b64encode(b"tollbook:pa:ss").decode(),
        "Token abc",
        "abc",
        "HMAC-SHA256 " + hmac.new(b"0123456789abcdef", signed, hashlib.sha256).hexdigest(),
    ]


def test_4xx_is_not_sent_again_and_anything_else_but_200_is(
    there: Receiver, courier: Courier, clock: Clock
) -> None:
    add_webhook(url=there.url)
    elsewhere = Answer(302, headers=(("Location", there.url),))
    for answer in (Answer(404), Answer(500), elsewhere, Answer(204), Answer(hang_up=True), Answer(200)):
        there.next.append(answer)
    change(id=1)
    work(courier, until=1)
    change(id=2)
    for wait in WAITS[:5]:
        work(courier)
        clock.now += wait
    assert len(there.events) == 6
    assert states() == [("refused", 1, "answered 404"), ("done", 5, "answered 200")]


def test_a_receiver_that_does_not_answer_in_time_is_asked_again(
    there: Receiver, courier: Courier, clock: Clock
) -> None:
    add_webhook(url=there.url)
    change()
    there.slow_s = 1.0
    work(courier)
    [(state, attempts, answer)] = states()
    assert (state, attempts) == ("waiting", 1)
    assert "timed out" in answer
    there.slow_s = 0.0
    clock.now += WAITS[0]
    work(courier, until=1)
    assert states() == [("done", 2, "answered 200")]
    assert there.events[0] == there.events[1]  # the same i_event, by which the repeat is known


def test_a_certificate_that_is_not_trusted_gets_nothing(tmp_path: Path, courier: Courier, clock: Clock) -> None:
    tls = self_signed(tmp_path)
    with receiver(tls) as there:
        add_webhook(url=there.url)
        change()
        work(courier)
        assert there.events == []
        [(state, attempts, answer)] = states()
        assert (state, attempts) == ("waiting", 1)
        assert "certificate verify failed" in answer

        add_webhook(url=there.url, verify=str(tls.certificate))
        clock.now += WAITS[0]
        work(courier, until=1)
        assert len(there.events) == 1


def test_events_of_a_subject_keep_their_order_and_do_not_hold_up_others(
    there: Receiver, courier: Courier, clock: Clock
) -> None:
    add_webhook(url=there.url)
    there.of_account[1] = Answer(503)
    for what in (What.CREATED, What.UPDATED, What.DELETED):
        change(what, id=1)
    change(What.CREATED, id=2)
    work(courier, until=1)
    assert sorted((event["variables"]["i_account"], event["event_type"]) for event in there.events) == [
        (1, "Subscriber/Created"),
        (2, "Subscriber/Created"),
    ]
    del there.of_account[1]
    clock.now += WAITS[0]
    work(courier, until=4)
    of_first = [event["event_type"] for event in there.events if event["variables"]["i_account"] == 1]
    assert of_first == ["Subscriber/Created", "Subscriber/Created", "Subscriber/Updated", "Subscriber/Deleted"]


def test_ten_a_second_on_average_after_a_first_second_s_worth(there: Receiver, courier: Courier) -> None:
    add_webhook(url=there.url)
    for id in range(25):
        change(id=id)
    began = time.monotonic()
    work(courier, until=25)
    # Ten at once, then fifteen at ten a second: not before 1.4 seconds have gone by.
    assert 1.4 <= time.monotonic() - began < 4
    assert there.most_at_once <= MOST_AT_ONCE
    assert [len(times) for times in there.at.values()] == [1] * 25


def test_what_never_arrives_is_given_up_after_two_days_with_an_alarm(courier: Courier, clock: Clock) -> None:
    add_webhook(url="http://127.0.0.1:1/hook")
    change()
    for wait in WAITS:
        work(courier)
        clock.now += wait
    work(courier, until=1)
    [(state, attempts, answer)] = states()
    assert (state, attempts) == ("given_up", len(WAITS) + 1)
    assert "Connection refused" in answer
    assert clock.now - NOW > timedelta(days=1, hours=22)
    alarm = Alarm.objects.get(kind=AlarmKind.MESSAGE_FAILED)
    assert "Subscriber/Updated" in alarm.text
    assert Delivery.objects.get().next_attempt_at is None


def test_receivers_that_do_not_answer_take_nobody_else_s_place(clock: Clock) -> None:
    patient = Courier(timeout_s=30, clock=clock)
    with ExitStack() as opened:
        hung = [opened.enter_context(receiver()) for _ in range(4)]
        well = opened.enter_context(receiver())
        for one in hung:
            one.slow_s = 4.0
        for one in (*hung, well):
            add_webhook(url=one.url)
        for id in range(20):
            change(id=id)
        end = time.monotonic() + 3
        while len(well.events) < 9 and time.monotonic() < end:
            patient.work()
        patient.close(within_s=0)
        assert len(well.events) >= 9  # it goes on, beyond its own fifth
        assert [len(one.events) for one in hung] == [8] * 4  # a fifth of 40 postings each


def test_one_posting_that_cannot_be_made_does_not_stop_the_others(
    there: Receiver, courier: Courier, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = "http://a..b/hook"  # no name can be so
    add_webhook(url=nobody)
    add_webhook(url=there.url)
    change()
    work(courier, until=1)
    assert sorted(Delivery.objects.values_list("webhook__url", "state", "attempts")) == sorted(
        [(there.url, "done", 1), (nobody, "waiting", 1)]
    )

    def broken(*_: object, **__: object) -> None:
        raise KeyError("what nobody thought of")

    monkeypatch.setattr("tollbook.jobs.send_events.post_event", broken)
    change(id=8)
    courier.work()
    work(courier)
    of_mine = Delivery.objects.get(webhook__url=there.url, subject_id=8)
    assert (of_mine.state, of_mine.attempts) == ("waiting", 1)
    assert "a defect in Tollbook: KeyError" in of_mine.answer


def test_what_waits_for_a_removed_webhook_is_not_sent(there: Receiver, courier: Courier) -> None:
    add_webhook(url=there.url)
    change()
    assert remove_webhook(url=there.url)
    assert not remove_webhook(url=there.url)
    work(courier)
    assert there.events == []


def test_settled_changes_are_forgotten_after_a_month(there: Receiver, courier: Courier, clock: Clock) -> None:
    add_webhook(url=there.url)
    there.of_account[2] = Answer(500)
    change(id=1)
    waiting = change(id=2)
    work(courier, until=1)
    assert forget_settled(now=NOW + timedelta(days=29)) == 0
    assert forget_settled(now=NOW + timedelta(days=31)) == 1
    assert list(Change.objects.values_list("pk", flat=True)) == [waiting.pk]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"url": "example.com"}, "is not a URL"),
        ({"url": "http://a.example", "patterns": ["Account/*"]}, "no event is called"),
        ({"url": "http://a.example", "auth": "basic", "auth_word": "me"}, "needs a secret"),
        ({"url": "http://a.example", "auth": "basic", "secret": Secret("x")}, "needs a login"),
        ({"url": "http://a.example", "auth": "signature", "secret": Secret("x")}, "at least 16"),
        ({"url": "http://a.example", "auth": "custom", "secret": Secret("a\r\nb")}, "printable"),
    ],
)
def test_what_cannot_work_is_refused(told: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        add_webhook(**told)
