"""A diary of a switch that sends each call when it ends."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.jobs.books import books
from tests.jobs.office import Office
from tests.jobs.pushing import MONDAY, call, send, switch, take
from tests.jobs.simulated import undone
from tests.jobs.test_collect_killed import dying
from tests.jobs.toy_platform import Killed
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.connections.models import Connection
from tollbook.connections.operations import remove_connection
from tollbook.connectors.freeswitch.connector import FreeSwitchConnector
from tollbook.connectors.pushed import Pushed, unpack
from tollbook.credit.models import Hold, WhenUsedUp
from tollbook.credit.operations import set_funds_policy
from tollbook.customers.models import Customer
from tollbook.errors import BadInput
from tollbook.jobs import import_usage, post_usage, take_pushed, watch_funds
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.collect_usage import collect_usage
from tollbook.jobs.watch_funds import watch_everybody, watch_raised
from tollbook.ledger.models import Transaction
from tollbook.ledger.queries import balance
from tollbook.usage import pushing
from tollbook.usage.evidence import evidence_path
from tollbook.usage.models import CollectRun, Evidence, ImportRun, PushedMessage, UsageRecord
from tollbook.usage.pushing import forget_taken, keep_message


def owed(code: str) -> Decimal:
    return balance(Customer.objects.get(code=code), "EUR").amount


@pytest.fixture
def fs(office: Office) -> Connection:
    del office
    return switch()


def test_what_was_sent_is_kept_then_evidence_then_charged(fs: Connection) -> None:
    assert send(fs, [call(1), call(2, "bob-1", seconds=60.001)]) == [True, True]
    assert not UsageRecord.objects.exists()

    run = take(fs)

    # Ann: one minute at 0.012 and 23 %. Bob: a millisecond begins another minute, two at 0.012 and no tax.
    assert (run.state, run.asked_by, run.scopes, run.outcomes) == ("done", "push", 2, {"charged": 2})
    assert (owed("ann"), owed("bob")) == (Decimal("0.01476"), Decimal("0.024"))
    lines = evidence_path(Evidence.objects.get().sha256).read_bytes().splitlines()
    assert [unpack(line)[0].body[:4] for line in lines] == [b"cdr=", b"cdr="]
    assert set(PushedMessage.objects.values_list("taken_by", "taken_at")) == {(run.pk, MONDAY)}
    assert not any(finding.problems for finding in check_ledger())


@pytest.mark.req("X7")
def test_every_call_sent_twice_and_taken_at_any_time_is_one_call(fs: Connection) -> None:
    calls = [
        call(number, ("ann-1", "ann-2", "bob-1", "nobody")[number % 4], seconds=7 * number) for number in range(12)
    ]

    def once() -> None:
        send(fs, calls)
        take(fs)

    in_peace = undone(once)

    assert send(fs, calls) == [True] * 12
    assert send(fs, calls) == [False] * 12  # while they wait
    take(fs)
    assert books() == in_peace
    assert send(fs, calls) == [False] * 12  # when they have been taken
    take(fs)
    assert books() == in_peace
    forget_taken(now=MONDAY + timedelta(days=8))
    assert send(fs, calls) == [True] * 12  # when they are here no more, but in evidence
    run = take(fs)
    assert run.outcomes == {"duplicate": 12}
    assert books() == in_peace
    assert not any(finding.problems for finding in check_ledger())


def once_they_are_evidence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(take_pushed, "import_evidence", dying())


def in_the_middle_of_the_import(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(import_usage, "READ_ROWS", 2)
    patch.setattr(import_usage, "post_batch", dying(post_usage.post_batch, after=2))


def before_they_are_marked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(take_pushed, "mark_taken", dying())


@pytest.mark.parametrize("death", [once_they_are_evidence, in_the_middle_of_the_import, before_they_are_marked])
def test_killed_anywhere_and_run_again_the_books_are_the_same(
    fs: Connection, death: Callable[[pytest.MonkeyPatch], None]
) -> None:
    calls = [call(number, seconds=10 * number) for number in range(1, 8)]
    later = call(8)

    def in_peace() -> None:
        send(fs, [*calls, later])
        take(fs)

    wanted = undone(in_peace)
    send(fs, calls)
    with pytest.MonkeyPatch.context() as patch:
        death(patch)
        with pytest.raises(Killed):
            take(fs)
    send(fs, [later])

    assert take(fs, MONDAY + timedelta(seconds=1)).state == "done"

    assert books() == wanted
    assert not PushedMessage.objects.filter(taken_by=None).exists()
    assert not CollectRun.objects.filter(state="running").exists()
    assert not any(finding.problems for finding in check_ledger())


def test_what_cannot_be_read_is_kept_and_set_aside(fs: Connection) -> None:
    for body in (b"", b"\x00\xff\x00", b"<cdr><variables>", b'{"variables": {}}', b"cdr=%%%"):
        assert keep_message(fs.pk, Pushed(received_at=MONDAY, query={"uuid": "a\0b"}, body=body))
    send(fs, [call(1)])

    assert take(fs).outcomes == {"charged": 1, "set_aside": 5}

    reasons = UsageRecord.objects.filter(outcome="set_aside").values_list("reason", flat=True)
    assert list(reasons) == ["unreadable"] * 5
    line = evidence_path(Evidence.objects.get().sha256).read_bytes().splitlines()[1]
    assert unpack(line)[0].body == b"\x00\xff\x00"


def test_messages_of_one_call_are_read_together_with_those_taken_before(
    fs: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FreeSwitchConnector, "call_of", lambda _, message: message.query["uuid"][-1])
    first, second, third, other = call(1), call(11), call(21), call(2)
    send(fs, [first, other, second])
    take(fs)
    send(fs, [third])
    take(fs)

    together = [
        [len(unpack(line)) for line in evidence_path(one.sha256).read_bytes().splitlines()]
        for one in Evidence.objects.order_by("pk")
    ]
    assert together == [[2, 1], [3]]


def test_many_are_taken_in_parts_and_those_that_come_meanwhile_later(
    fs: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "MAX_MESSAGES", 3)
    send(fs, [call(number) for number in range(7)])
    import_them = import_usage.import_evidence

    def as_another_comes(*words: object, **named: object) -> ImportRun:
        send(fs, [call(99)])
        return import_them(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(take_pushed, "import_evidence", as_another_comes)
    run = take(fs)

    assert (run.scopes, run.runs.count(), run.outcomes) == (7, 3, {"charged": 7})
    assert PushedMessage.objects.filter(taken_by=None).count() == 1

    monkeypatch.setattr(pushing, "MAX_MESSAGES", 1_000)
    monkeypatch.setattr(pushing, "MAX_BYTES", 1)
    assert take(fs).outcomes == {"charged": 1}  # one at least, however large


def test_a_collect_by_hand_takes_them_too_and_a_trial_leaves_them(fs: Connection) -> None:
    send(fs, [call(1), call(2)])

    trial = collect_usage(fs, now=MONDAY, asked_by="a person", dry_run=True)
    assert (trial.outcomes, trial.scopes) == ({"charged": 2}, 2)
    assert PushedMessage.objects.filter(taken_by=None, call_ref=None).count() == 2
    assert not UsageRecord.objects.exists()

    assert collect_usage(fs, now=MONDAY, asked_by="a person").outcomes == {"charged": 2}
    assert collect_usage(fs, now=MONDAY, asked_by="a person").outcomes == {}

    chosen = collect_usage(fs, now=MONDAY, asked_by="a person", customers=["ann"])
    assert chosen.state == "failed"
    assert "is sent its records" in chosen.problems[0]["error"]


def test_messages_are_kept_for_a_week_after_they_were_taken(fs: Connection) -> None:
    send(fs, [call(1)])
    take(fs)
    send(fs, [call(2)])

    assert forget_taken(now=MONDAY + timedelta(days=7)) == 0
    assert forget_taken(now=MONDAY + timedelta(days=7, seconds=1)) == 1
    assert PushedMessage.objects.get().taken_by is None  # what waits is never forgotten


def test_a_connection_whose_messages_wait_cannot_be_removed(fs: Connection) -> None:
    send(fs, [call(1)])
    with pytest.raises(BadInput, match="1 pushed messages refer to it"):
        remove_connection(fs)


@pytest.mark.req("X11")
def test_a_pushed_call_is_rated_and_the_balance_checked(fs: Connection) -> None:
    """Ann may owe 5 cents. A minute is 1.2 cents and 23 % tax: 1.476 cents; four make 5.904."""
    Customer.objects.filter(code="ann").update(credit_limit=Decimal("0.05"))
    ann = Customer.objects.get(code="ann")
    set_funds_policy(customer=ann, when_used_up=WhenUsedUp.SUSPEND)
    send(fs, [call(1), call(2), call(3), call(1000, "bob-1")])
    take(fs)
    assert not Alarm.objects.exists()

    send(fs, [call(4)])
    take(fs, MONDAY + timedelta(seconds=1))

    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.subject, alarm.cleared_at) == (AlarmKind.FUNDS_USED_UP, "ann", None)
    assert alarm.text == (
        "ann (Ann) owes 0.06 EUR, and the credit limit is 0.05: no funds are left. Have them pay, raise the limit, or "
        "stop their calls"
    )
    assert Transaction.objects.latest("posted_at").posted_at == MONDAY + timedelta(seconds=1)
    assert Hold.objects.get(customer=ann).lifted_at is None

    watch_raised(now=MONDAY + timedelta(minutes=5))
    assert Alarm.objects.get().cleared_at is None
    Customer.objects.filter(code="ann").update(credit_limit=Decimal("0.06"))
    watch_raised(now=MONDAY + timedelta(minutes=10))
    assert Alarm.objects.get().cleared_at == MONDAY + timedelta(minutes=10)
    assert Hold.objects.get(customer=ann).lifted_at is not None


def test_funds_that_are_exactly_used_up_are_none(fs: Connection) -> None:
    Customer.objects.filter(code="ann").update(credit_limit=Decimal("0.01476"))
    send(fs, [call(1)])
    take(fs)
    assert Alarm.objects.get().subject == "ann"


def test_whose_calls_came_another_way_is_seen_at_night(office: Office) -> None:
    office.import_("record_id,start,duration_s,cli,cld\nm1,2017-06-19T08:00:00Z,60,48221000001,442079460000")
    Customer.objects.update(credit_limit=Decimal("0.01"))
    watch_everybody(now=MONDAY)
    assert Alarm.objects.get().subject == "ann"


def test_who_dies_while_funds_are_back_leaves_nobody_held(fs: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Customer.objects.get(code="ann")
    Customer.objects.filter(pk=ann.pk).update(credit_limit=Decimal("0.01"))
    set_funds_policy(customer=ann, when_used_up=WhenUsedUp.SUSPEND)
    send(fs, [call(1)])
    take(fs)
    Customer.objects.filter(pk=ann.pk).update(credit_limit=Decimal(5))

    for name in ("funds_are_back", "clear_alarm"):
        with monkeypatch.context() as patched:
            patched.setattr(watch_funds, name, die)
            with pytest.raises(Died):
                watch_raised(now=MONDAY + timedelta(minutes=1))
    watch_raised(now=MONDAY + timedelta(minutes=2))

    assert Hold.objects.get(customer=ann).lifted_at is not None
    assert Alarm.objects.get().cleared_at == MONDAY + timedelta(minutes=2)


class Died(BaseException):
    """The process ends here."""


def die(*_: object, **__: object) -> None:
    raise Died
