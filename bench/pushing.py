"""Calls pushed to the real processes: how long from the accepted push to the posted charge, and how many a second."""

import http.client
import os
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import polars as pl

from bench import data
from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.office import Office
from bench.rate_command import TOLLBOOK
from bench.workshop import Workshop
from simulators.freeswitch.calls import Call
from simulators.freeswitch.send import Message, headers, xml_message

SOURCE, SECRET = "switch-that-pushes", "a-secret-for-the-benchmark"
RATE, SECONDS = 100, 60  # calls a second, and for how long
RATES, RATE_SECONDS = (200, 300, 400, 600, 800, 1_200), 10
CONNECTIONS = 4  # that the switch keeps
LOOK_EVERY_S = 0.02  # how exactly it is seen when a charge is there
LONGEST_START_S, LONGEST_REST_S = 60, 60
KEPT_UP = 0.95  # of a rate: more is lost to the sender's own pace
LIMIT_S = 2.0

DELAY = Goal(
    name="push-delay",
    what="from an accepted push to the posted charge, the longest of 100 calls/s for a minute",
    limit=LIMIT_S,
    at_most=True,
    unit="s",
    meaning="The processes of `tollbook up` with the embedded server and its durable settings; a switch sends the XML"
    " of each call over kept connections, from 50,000 accounts to 60,000 prefixes. The time begins when the switch has"
    " heard the 200, and ends when another connection to the database sees the charge, which looks every 20 ms."
    " Switch, server and database share the cores.",
)
HIGHEST = Goal(
    name="push-rate",
    what="calls/s pushed so, of which 95 in 100 are charged within 2 s",
    limit=RATE,
    unit="calls/s",
    meaning="The same for 10 seconds at each of some rates; the highest at which every call is accepted at that rate,"
    " and 95 in 100 are charged within 2 seconds.",
)


@dataclass(slots=True)
class Sent:
    """When each call was accepted, and when its charge was seen, by the monotonic clock."""

    seconds: float = 0.0  # from the first to the last
    refused: int = 0
    accepted: dict[str, float] = field(default_factory=dict)
    charged: dict[str, float] = field(default_factory=dict)
    seen: int = 0  # records, charged or not

    def delays(self) -> pl.Series:
        """Seconds, of those that were charged."""
        return pl.Series(
            [self.charged[key] - at for key, at in self.accepted.items() if key in self.charged]
        ).sort()


def pushing(shop: Workshop) -> Iterator[Finding]:
    """A minute at the rate to reach, then higher and higher."""
    shop.say("pushing: making the office")
    office = Office(shop)
    seconds = max(2.0, SECONDS * shop.scale)
    highest = 0.0
    with office.copy("ours"):
        _connect()
        with _processes() as port:
            shop.say(f"pushing: {RATE} calls/s for {seconds:.0f} s")
            calls = _messages(shop, round(RATE * seconds), 0)
            sent = _send(port, calls, RATE)
            delays = sent.delays()
            yield Finding(
                DELAY, _at(delays, 1.0), f"{_words(delays)}; {len(calls):,} calls sent, {len(delays):,} charged"
            )
            first, details = len(calls), [f"{RATE}/s: {_words(delays)}"]
            if _is_sustained(sent, RATE, len(calls)):
                highest = RATE
            for rate in RATES[: 1 if shop.scale < 1 else None]:
                if not highest:
                    break
                shop.say(f"pushing: {rate} calls/s")
                calls = _messages(shop, round(rate * max(2.0, RATE_SECONDS * shop.scale)), first)
                first += len(calls)
                sent = _send(port, calls, rate)
                details.append(
                    f"{rate}/s: {_words(sent.delays())}, accepted {len(sent.accepted) / sent.seconds:.0f}/s"
                )
                if not _is_sustained(sent, rate, len(calls)):
                    break
                highest = rate
    yield Finding(HIGHEST, highest, "; ".join(details))


def _connect() -> None:
    from tollbook.connections.operations import set_connection  # noqa: PLC0415  Django is set up by now
    from tollbook.connectors.secret import Secret  # noqa: PLC0415

    set_connection(
        name=SOURCE, kind="freeswitch", secrets={"push_secret": Secret(SECRET)}, match_by=["account", "number"]
    )


@contextmanager
def _processes() -> Iterator[int]:
    """`tollbook up` on the database in use; its port."""
    from django.db import connection  # noqa: PLC0415  Django is set up by now

    address = connection.get_connection_params()
    where = f"postgresql://{address['user']}@/{address['dbname']}?host={quote(str(address['host']), safe='')}"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [TOLLBOOK, "up", "--port", str(port)],
        env=os.environ | {"DATABASE_URL": where},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + LONGEST_START_S
        while not _answers(port):
            if time.monotonic() > until or process.poll() is not None:
                raise WrongResult("tollbook up does not answer")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_START_S)
        process.kill()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _messages(shop: Workshop, count: int, first: int) -> list[Message]:
    """What the switch sends of so many calls, made beforehand: that is no part of what is measured."""
    calls = data.calls(count, shop.price_list(), accounts=shop.accounts)
    return [_message(row, first + place) for place, row in enumerate(calls.iter_rows(named=True))]


def _message(row: Mapping[str, object], number: int) -> Message:
    start = round(row["start"].timestamp() * 1_000)  # type: ignore[attr-defined]
    talked = int(str(row["duration_us"])) // 1_000
    answer = start + 5_000
    call = Call(
        uuid=str(uuid.UUID(int=number)),
        way="outbound",
        domain="office.example.net",
        accountcode="",
        caller_id_name="",
        caller_id_number=str(row["cli"]),
        destination_number=str(row["cld"]),
        start=start,
        answer=answer if row["answered"] else None,
        end=answer + talked,
        gateway="carrier-one",
    )
    return xml_message(call.leg)


def _send(port: int, messages: Sequence[Message], rate: int) -> Sent:
    """Send at that pace, each connection its share, while somebody looks what is charged."""
    sent = Sent()
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(sent, done))
    watcher.start()
    began = time.monotonic()
    senders = [
        threading.Thread(
            target=_send_share,
            args=(port, messages[place::CONNECTIONS], began + place / rate, CONNECTIONS / rate, sent),
        )
        for place in range(CONNECTIONS)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    sent.seconds = time.monotonic() - began
    until = time.monotonic() + LONGEST_REST_S
    while sent.seen < len(sent.accepted) and time.monotonic() < until:
        time.sleep(LOOK_EVERY_S)
    done.set()
    watcher.join()
    return sent


def _send_share(port: int, messages: Sequence[Message], first: float, pause_s: float, sent: Sent) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for place, message in enumerate(messages):
        time.sleep(max(0.0, first + place * pause_s - time.monotonic()))
        connection.request("POST", f"/push/{SOURCE}/{SECRET}?uuid={message.uuid}", message.body, headers(message))
        with connection.getresponse() as answer:
            answer.read()
        if answer.status == http.client.OK:
            sent.accepted[message.uuid] = time.monotonic()
        else:
            sent.refused += 1
    connection.close()


def _watch(sent: Sent, done: threading.Event) -> None:
    """Note when each record is there for others to see."""
    from django.db import connection  # noqa: PLC0415  Django is set up by now

    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM usage_usagerecord")
        last = cursor.fetchone()[0]
        while not done.wait(LOOK_EVERY_S):
            cursor.execute("SELECT id, record_key, outcome FROM usage_usagerecord WHERE id > %s", [last])
            now = time.monotonic()
            for id, key, outcome in cursor.fetchall():
                last = max(last, id)
                sent.seen += 1
                if outcome == "charged":
                    sent.charged[key] = now
    connection.close()


def _is_sustained(sent: Sent, rate: int, count: int) -> bool:
    is_all = sent.refused == 0 and sent.seen == len(sent.accepted) == count
    return is_all and count / sent.seconds >= KEPT_UP * rate and _at(sent.delays(), 0.95) <= LIMIT_S


def _at(delays: pl.Series, share: float) -> float:
    found = delays.quantile(share, interpolation="higher")
    if found is None:
        raise WrongResult("nothing was charged")
    return float(found)


def _words(delays: pl.Series) -> str:
    return f"half within {_at(delays, 0.5):.2f} s, 95 % {_at(delays, 0.95):.2f} s, all {_at(delays, 1.0):.2f} s"


PUSHING = Comparison("pushing", (DELAY, HIGHEST), pushing)
