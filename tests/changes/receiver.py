"""A receiver of events: a real web server, which answers as the test says."""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from simulators.web import Answer, Request, Server, Tls

OK = Answer(200)


class Receiver:
    """What came, in order, and what to answer: next, or for a subject."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.events: list[dict[str, Any]] = []
        self.next: deque[Answer] = deque()
        self.of_account: dict[int, Answer] = {}
        self.slow_s = 0.0
        self.most_at_once = 0
        self.at: dict[int, list[float]] = defaultdict(list)
        self.url = ""
        self._lock = threading.Lock()
        self._now = 0

    def handle(self, request: Request) -> Answer:
        event = json.loads(request.body)
        with self._lock:
            self.requests.append(request)
            self.events.append(event)
            self.at[event["variables"]["i_event"]].append(time.monotonic())
            answer = self.next.popleft() if self.next else OK
            answer = self.of_account.get(event["variables"].get("i_account"), answer)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.slow_s)
        with self._lock:
            self._now -= 1
        return answer

    def names(self) -> list[str]:
        return [event["event_type"] for event in self.events]


@contextmanager
def receiver(tls: Tls | None = None) -> Iterator[Receiver]:
    opened = Receiver()
    with Server(opened.handle, tls=tls) as server:
        opened.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.port}/hook"
        yield opened
