"""A FreeSWITCH that sends its calls to the small operator of `office`."""

from collections.abc import Iterable
from datetime import UTC, datetime

from simulators.freeswitch.calls import Call
from simulators.freeswitch.send import xml_message
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.pushed import Pushed
from tollbook.connectors.secret import Secret
from tollbook.jobs.collect_usage import collect_usage
from tollbook.jobs.take_pushed import PUSHED
from tollbook.usage.models import CollectRun
from tollbook.usage.pushing import keep_message

SECRET = "a-secret-of-the-switch-1"
PASSWORD = "a-password-of-the-switch"
MONDAY = datetime(2017, 6, 19, 10, 0, tzinfo=UTC)


def switch(name: str = "fs", **settings: str) -> Connection:
    """Its account codes are ours."""
    return set_connection(
        name=name,
        kind="freeswitch",
        settings={"push_login": "switch", **settings},
        secrets={"push_secret": Secret(SECRET), "push_password": Secret(PASSWORD)},
        match_by=["account", "number"],
    )


def call(number: int, account: str = "ann-1", *, seconds: float = 60, cld: str = "442079460000") -> Call:
    """An answered call from an account to London unless said otherwise, one minute after the one before."""
    start = int(MONDAY.timestamp() * 1000) + 60_000 * number
    return Call(
        uuid=f"00000000-0000-4000-8000-{number:012d}",
        way="outbound",
        domain="office.example.net",
        accountcode=account,
        caller_id_name="",
        caller_id_number="48221000001",
        destination_number=cld,
        start=start,
        answer=start + 5_000,
        end=start + 5_000 + round(1000 * seconds),
        gateway="carrier-one",
    )


def send(source: Connection, calls: Iterable[Call], at: datetime = MONDAY) -> list[bool]:
    """As the web process keeps what is sent; whether each was new."""
    messages = [xml_message(one.leg) for one in calls]
    return [
        keep_message(
            source.pk,
            Pushed(received_at=at, content_type=one.content_type, query={"uuid": one.uuid}, body=one.body),
        )
        for one in messages
    ]


def take(source: Connection, now: datetime = MONDAY) -> CollectRun:
    return collect_usage(source, now=now, asked_by=PUSHED)
