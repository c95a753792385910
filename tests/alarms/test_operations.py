"""An alarm is one alarm however often it is seen, and its subscribers are told once."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tollbook.alarms.models import Alarm, AlarmKind, Channel, Message
from tollbook.alarms.operations import (
    acknowledge_alarm,
    clear_alarm,
    raise_alarm,
    settle_alarms,
    subscribe,
    unsubscribe,
)
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
SECRET = Secret("correct horse battery")


def stale(switch: Connection | None, now: datetime, text: str = "nothing new since Sunday") -> Alarm:
    return raise_alarm(kind=AlarmKind.STALE_SOURCE, connection=switch, subject="", text=text, now=now)


def test_seen_again_it_is_the_same_alarm_and_told_once(switch: Connection) -> None:
    subscribe(channel=Channel.MAIL, address="noc@example.com")

    first, again = stale(switch, MONDAY), stale(switch, TUESDAY, "nothing new for two days")

    assert first == again
    assert (again.raised_at, again.seen_at, again.text) == (MONDAY, TUESDAY, "nothing new for two days")
    assert Message.objects.count() == 1


def test_an_alarm_of_no_connection_is_one_too(switch: Connection) -> None:
    assert stale(None, MONDAY) == stale(None, TUESDAY) != stale(switch, TUESDAY)


def test_what_comes_back_is_a_new_alarm(switch: Connection) -> None:
    subscribe(channel=Channel.MAIL, address="noc@example.com")

    first = stale(switch, MONDAY)
    assert clear_alarm(kind=AlarmKind.STALE_SOURCE, connection=switch, subject="", now=TUESDAY)
    assert not clear_alarm(kind=AlarmKind.STALE_SOURCE, connection=switch, subject="", now=TUESDAY)
    assert list(alarms()) == []
    second = stale(switch, WEDNESDAY)

    assert first != second
    assert list(alarms()) == [second]
    assert list(alarms(with_cleared=True)) == [second, first]
    assert Message.objects.count() == 2


def test_settling_raises_what_is_found_and_clears_the_rest_of_that_kind_and_connection(switch: Connection) -> None:
    other = Connection.objects.create(name="other")
    stale(switch, MONDAY)
    settle_alarms(kind=AlarmKind.GAP, connection=other, found={"9.csv": "9.csv is missing"}, now=MONDAY)

    settle_alarms(kind=AlarmKind.GAP, connection=switch, found={"2.csv": "is missing", "5.csv": "too"}, now=MONDAY)
    settle_alarms(kind=AlarmKind.GAP, connection=switch, found={"5.csv": "still"}, now=TUESDAY)

    open_ones = {(alarm.kind, alarm.connection and alarm.connection.name, alarm.subject) for alarm in alarms()}
    assert open_ones == {("stale_source", "switch", ""), ("gap", "other", "9.csv"), ("gap", "switch", "5.csv")}


def test_the_first_to_acknowledge_stays_on_record(switch: Connection) -> None:
    alarm = stale(switch, MONDAY)

    acknowledge_alarm(alarm_id=alarm.pk, by="ann", now=TUESDAY)
    seen = acknowledge_alarm(alarm_id=alarm.pk, by="bob", now=WEDNESDAY)

    assert (seen.acknowledged_by, seen.acknowledged_at) == ("ann", TUESDAY)
    assert stale(switch, WEDNESDAY).acknowledged_by == "ann"  # still there, and still known
    with pytest.raises(BadInput, match="no alarm 999999; see `tollbook alarms list`"):
        acknowledge_alarm(alarm_id=999_999, by="ann", now=TUESDAY)


def test_each_is_told_what_they_asked_for(switch: Connection) -> None:
    subscribe(channel=Channel.MAIL, address="all@example.com")
    subscribe(channel=Channel.MAIL, address="gaps@example.com", kinds=[AlarmKind.GAP])
    subscribe(channel=Channel.WEBHOOK, address="https://hooks.example.com/t", secret=SECRET)

    alarm = stale(switch, MONDAY)

    mail, webhook = Message.objects.order_by("pk")
    assert (mail.address, mail.subject) == (
        "all@example.com",
        "[switch] nothing new for longer than the connection allows",
    )
    assert mail.body.splitlines()[0] == "nothing new since Sunday"
    assert json.loads(webhook.body) == {
        "id": str(webhook.key),
        "alarm": alarm.pk,
        "kind": "stale_source",
        "connection": "switch",
        "subject": "",
        "text": "nothing new since Sunday",
        "raised_at": "2026-03-02T01:00:00+00:00",
    }


def test_subscribing_again_changes_the_kinds(switch: Connection) -> None:
    subscribe(channel=Channel.MAIL, address="noc@example.com")
    subscribe(channel=Channel.MAIL, address="noc@example.com", kinds=[AlarmKind.GAP])
    stale(switch, MONDAY)
    assert Message.objects.count() == 0

    assert unsubscribe(address="noc@example.com") == 1
    assert unsubscribe(address="noc@example.com") == 0


@pytest.mark.parametrize(
    ("channel", "address", "secret", "says"),
    [
        ("mail", "nobody", None, "'nobody' is not a mail address"),
        ("mail", "a@b.c\nBcc: everybody@example.com", None, "is not a mail address"),
        ("mail", "Ann <a@b.c>", None, "is not a mail address"),
        ("webhook", "ftp://example.com", SECRET, "is not a URL to post to"),
        ("webhook", "https://example.com:port/", SECRET, "is not a URL to post to"),
        ("webhook", "https://example.com/", None, "needs a secret of at least 16 characters"),
        ("webhook", "https://example.com/", Secret("short"), "needs a secret of at least 16 characters"),
    ],
)
def test_what_cannot_be_an_address_is_refused(
    switch: Connection, channel: str, address: str, secret: Secret | None, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        subscribe(channel=channel, address=address, secret=secret)


def test_an_unknown_kind_is_refused(switch: Connection) -> None:
    with pytest.raises(BadInput, match="no kind of alarm 'gpa'; there are stale_source, gap"):
        subscribe(channel=Channel.MAIL, address="noc@example.com", kinds=["gpa"])
