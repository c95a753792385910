"""Many calls a second over a few kept connections, as a busy switch with a queue, to see what a receiver can bear."""

import http.client
import ssl
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from simulators.freeswitch.calls import Call
from simulators.freeswitch.month import make_month
from simulators.freeswitch.send import Message, address, headers, json_message, xml_message

SECONDS_TO_ANSWER = 15.0
DIFFERENT_CALLS = 200  # made beforehand, then sent again and again with other ids and at other times


@dataclass(frozen=True, slots=True)
class Streamed:
    """`uuids` are those of the calls that were taken; the times from sending to the answer are sorted."""

    sent: int
    uuids: tuple[str, ...]
    seconds: float
    answer_seconds: tuple[float, ...]

    @property
    def taken(self) -> int:
        return len(self.uuids)


def stream(
    url: str,
    calls_per_second: float,
    seconds: float,
    connections: int = 2,
    *,
    form: Literal["xml", "json"] = "xml",
    cred: str = "",
    repeats: int = 1,
    seed: int = 1,
    month: str = "2017-06",
) -> Streamed:
    """Send at an even pace; one that comes late does not make up for it by a burst.

    The same call is sent `repeats` times in a row; the pace counts calls.
    """
    calls = _calls(round(calls_per_second * seconds), seed, month)
    senders = [
        _Sender(url, calls[number::connections], connections / calls_per_second, form, cred, repeats)
        for number in range(connections)
    ]
    began = time.monotonic()
    for number, sender in enumerate(senders):
        sender.first = began + number / calls_per_second
        sender.start()
    for sender in senders:
        sender.join()
    taken = [id for sender in senders for id in sender.taken]
    answers = sorted(answer for sender in senders for answer in sender.answers)
    return Streamed(len(calls) * repeats, tuple(taken), time.monotonic() - began, tuple(answers))


def _calls(count: int, seed: int, month: str) -> list[Call]:
    """Each with an id of its own and a second after the one it repeats."""
    some = make_month(seed, month, DIFFERENT_CALLS)
    rounds = [divmod(number, len(some)) for number in range(count)]
    return [
        some[place].moved(1000 * round_, str(uuid.uuid5(uuid.UUID(some[place].uuid), str(round_))))
        for round_, place in rounds
    ]


class _Sender(threading.Thread):
    def __init__(self, url: str, calls: list[Call], pause_s: float, form: str, cred: str, repeats: int) -> None:
        super().__init__(daemon=True)
        self.first = 0.0  # when to send the first one, by the monotonic clock
        self.taken: list[str] = []
        self.answers: list[float] = []
        self._url = url
        self._calls = calls
        self._pause_s = pause_s
        self._form = form
        self._cred = cred
        self._repeats = repeats
        self._connection = _connection(url)

    def run(self) -> None:
        for number, call in enumerate(self._calls):
            time.sleep(max(0.0, self.first + number * self._pause_s - time.monotonic()))
            message = xml_message(call.leg) if self._form == "xml" else json_message(call.leg)
            if all([self._post(message) for _ in range(self._repeats)]):
                self.taken.append(call.uuid)
        self._connection.close()

    def _post(self, message: Message) -> bool:
        parts = urlsplit(address(self._url, message.uuid))
        path = f"{parts.path or '/'}?{parts.query}"
        began = time.monotonic()
        try:
            self._connection.request("POST", path, message.body, headers(message, self._cred))
            with self._connection.getresponse() as answer:
                answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next one opens it again
            return False
        self.answers.append(time.monotonic() - began)
        return 200 <= answer.status < 300


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER)
    context = ssl._create_unverified_context()
    return http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER, context=context
    )
