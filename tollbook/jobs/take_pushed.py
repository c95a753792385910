"""Take the messages that a switch has sent: bind them by call, keep them as evidence, import that.

It may be killed anywhere: what was not wholly taken still waits, and is taken again. Its records are known by their
keys then.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tollbook.connectors.base import Connector
from tollbook.connectors.pushed import pack
from tollbook.errors import BadInput
from tollbook.jobs.collect_scopes import Wish
from tollbook.jobs.fetch_usage import FETCHING, Progress, Step
from tollbook.jobs.import_usage import COLLECTED_BATCH_ROWS, import_evidence
from tollbook.jobs.rate_usage import Compiled
from tollbook.jobs.spool import file_name, spool
from tollbook.jobs.watch_funds import watch_funds
from tollbook.usage.collecting import Visit
from tollbook.usage.evidence import keep_evidence
from tollbook.usage.models import CollectRun, PushedMessage
from tollbook.usage.pushing import (
    MAX_CALL_REF_BYTES,
    as_pushed,
    earlier_messages,
    mark_taken,
    newest_waiting,
    note_calls,
    waiting_messages,
)

PUSHED = "push"  # who asked for the collect, when messages came


def take_pushed(
    connector: Connector, run: CollectRun, wish: Wish, progress: Progress, compiled: Compiled | None = None
) -> Visit:
    """Take all that waits now, part by part; what comes meanwhile is for the next visit.

    Raises:
        BadInput: a period or customers were wished for.
    """
    refuse_choice(run, wish)
    visit = Visit()
    last = newest_waiting(run.connection)
    with spool(run.connection) as folder:
        while messages := waiting_messages(run.connection, up_to=last):
            path = folder / file_name(
                f"{run.connection.name}-{run.started_at:%Y-%m-%dT%H:%M}-{run.pk}-{messages[0].pk}.jsonl"
            )
            size = write_calls(connector, run, messages, path)
            taken = import_evidence(
                connector,
                run.connection,
                keep_evidence(path, received_at=wish.now),
                now=wish.now,
                name=path.name,
                collect=run,
                batch_rows=COLLECTED_BATCH_ROWS,
                compiled=compiled,
            )
            path.unlink()
            mark_taken(messages, by=run, now=wish.now)
            watch_funds(taken, now=wish.now)
            visit.scopes += len(messages)
            visit.succeeded += len(messages)
            visit.bytes_fetched += size
            progress(Step(doing=FETCHING, done=visit.scopes, of=visit.scopes, count=visit.bytes_fetched))
    return visit


def refuse_choice(run: CollectRun, wish: Wish) -> None:
    """There is nothing to choose in what comes by itself.

    Raises:
        BadInput: somebody chose.
    """
    if wish.since or wish.until or wish.customers:
        raise BadInput(
            f"{run.connection.name} is sent its records, and is not asked for those of a period or of customers; "
            "`tollbook usage reprocess` reads a run's again"
        )


def write_calls(connector: Connector, run: CollectRun, messages: Sequence[PushedMessage], path: Path) -> int:
    """Write a line for each call of the messages, with what was sent of it before; how many bytes that is."""
    refs = {one.pk: _call_of(connector, one) for one in messages if one.call_ref is None}
    note_calls(refs)
    for one in messages:
        one.call_ref = refs.get(one.pk, one.call_ref)
    lines = b"".join(pack([as_pushed(one) for one in call]) for call in _by_call(run, messages))
    path.write_bytes(lines)
    return len(lines)


def _call_of(connector: Connector, message: PushedMessage) -> str:
    """As the connector reads it; a message that it cannot read is alone."""
    ref = connector.call_of(as_pushed(message)).replace("\0", "\ufffd")
    return ref.encode("utf-8", "replace")[:MAX_CALL_REF_BYTES].decode("utf-8", "ignore")


def _by_call(run: CollectRun, messages: Sequence[PushedMessage]) -> Iterator[list[PushedMessage]]:
    """The messages of each call, earlier ones first; calls as the first of their new messages came."""
    calls: dict[str, list[PushedMessage]] = {}
    for one in messages:
        calls.setdefault(one.call_ref or f"\0{one.pk}", []).append(one)
    earlier: dict[str, list[PushedMessage]] = {}
    for one in earlier_messages(run.connection, [ref for ref in calls if not ref.startswith("\0")]):
        earlier.setdefault(one.call_ref or "", []).append(one)
    return ([*earlier.get(ref, []), *of_call] for ref, of_call in calls.items())
