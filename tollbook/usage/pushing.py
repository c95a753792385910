"""Messages that switches send by themselves: kept at once, taken later.

A message is kept before anybody looks into it. Taking it means that it is in evidence and what it says in the ledger;
then it is only here to be seen again with later messages of the same call.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import connection
from django.db.models.functions import Length

from tollbook.connections.models import Connection
from tollbook.connectors.pushed import Pushed
from tollbook.usage.models import CollectRun, PushedMessage

MAX_MESSAGES = 2_000  # taken at once
MAX_BYTES = 64 << 20  # of them
MAX_CALL_REF_BYTES = 500
MAX_OF_A_CALL = 50  # earlier messages of one call that are read again with a new one: the newest
KEPT_AFTER_TAKEN = timedelta(days=7)
FORGOTTEN_AT_ONCE = 10_000

KEEP = """
INSERT INTO usage_pushedmessage (connection_id, received_at, content_type, query, body, sha256)
VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (connection_id, sha256) DO NOTHING"""


def keep_message(connection_id: int, message: Pushed) -> bool:
    """Write a message down as it came; false when just this one is there already.

    It is safe when this returns, unless the caller opened a transaction.
    """
    query = msgspec.json.encode(
        {_plain(name): _plain(value) for name, value in message.query.items()}, order="sorted"
    )
    digest = hashlib.sha256(query + b"\n" + message.body).hexdigest()
    row = (message.received_at, _plain(message.content_type), query.decode(), message.body, digest)
    with connection.cursor() as cursor:
        cursor.execute(KEEP, (connection_id, *row))
        return bool(cursor.rowcount)


def connections_with_messages() -> list[int]:
    """The ids of connections whose messages wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM connections_connection c WHERE EXISTS"
            " (SELECT FROM usage_pushedmessage m WHERE m.connection_id = c.id AND m.taken_by_id IS NULL) ORDER BY id"
        )
        return [row[0] for row in cursor.fetchall()]


def newest_waiting(source: Connection) -> int:
    """The id of the message that came last of those that wait; 0 when none does."""
    waiting = PushedMessage.objects.filter(connection=source, taken_by=None)
    return waiting.order_by("-pk").values_list("pk", flat=True).first() or 0


def waiting_messages(source: Connection, *, up_to: int) -> list[PushedMessage]:
    """Those that came first of what waits, up to that id: as many as are taken at once, one at least."""
    waiting = PushedMessage.objects.filter(connection=source, taken_by=None, pk__lte=up_to).order_by("pk")
    chosen: list[int] = []
    total = 0
    for pk, size in waiting.values_list("pk", Length("body"))[:MAX_MESSAGES]:
        total += size
        if chosen and total > MAX_BYTES:
            break
        chosen.append(pk)
    return list(PushedMessage.objects.filter(pk__in=chosen).order_by("pk"))


def note_calls(calls: Mapping[int, str]) -> None:
    """Write down to which call messages (by id) belong."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE usage_pushedmessage m SET call_ref = c.ref FROM unnest(%s::bigint[], %s::text[]) AS c (id, ref)"
            " WHERE m.id = c.id",
            [list(calls), list(calls.values())],
        )


def earlier_messages(source: Connection, calls: Iterable[str]) -> list[PushedMessage]:
    """Those of some calls that were taken before, in the order they came."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id FROM unnest(%s::text[]) AS c (ref), LATERAL (
                SELECT id FROM usage_pushedmessage
                 WHERE connection_id = %s AND call_ref = c.ref AND taken_by_id IS NOT NULL
                 ORDER BY id DESC LIMIT %s) AS e
            """,
            [sorted(set(calls)), source.pk, MAX_OF_A_CALL],
        )
        ids = [row[0] for row in cursor.fetchall()]
    return list(PushedMessage.objects.filter(pk__in=ids).order_by("pk"))


def mark_taken(messages: Sequence[PushedMessage], *, by: CollectRun, now: datetime) -> None:
    """Say that they are in evidence, and what they say in the ledger."""
    PushedMessage.objects.filter(pk__in=[one.pk for one in messages]).update(taken_by=by, taken_at=now)


def forget_taken(*, now: datetime) -> int:
    """Delete what was taken long ago, in steps that hold up nobody; how many. Their bytes stay in evidence."""
    forgotten = 0
    while deleted := _forget_some(now - KEPT_AFTER_TAKEN):
        forgotten += deleted
    return forgotten


def _forget_some(taken_before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM usage_pushedmessage WHERE id IN"
            " (SELECT id FROM usage_pushedmessage WHERE taken_at < %s ORDER BY id LIMIT %s)",
            [taken_before, FORGOTTEN_AT_ONCE],
        )
        return int(cursor.rowcount)


def as_pushed(kept: PushedMessage) -> Pushed:
    """The message as it came."""
    return Pushed(
        received_at=kept.received_at, content_type=kept.content_type, query=kept.query, body=bytes(kept.body)
    )


def _plain(text: str) -> str:
    """What the database can keep as text: no NUL, no half characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
