"""What can go wrong on the way, ordered beforehand: by a test in Python, by a story over `/_control/`.

`GET /_control/faults` lists what is still to come, `POST /_control/faults` replaces it by a JSON list of faults,
`GET /_control/requests` tells what was asked so far, `POST /_control/reset` forgets both. A platform's own switches are
turned by `POST /_control/<name>` with a JSON object of arguments.
"""

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Any, Literal, get_args
from urllib.parse import unquote_plus, urlencode

from simulators.web import JSON, Answer, Handle, Request

CONTROL = "/_control/"
LOGGED_REQUESTS = 5_000  # the last ones; the counts are of all
LOGGED_BODY = 2_000  # characters
LOGIN_PAGE = "<!DOCTYPE html><html><body><form><input name=login><input name=password></form></body></html>"

Kind = Literal[
    "status",  # answer with the status, do nothing
    "timeout_before",  # wait, then close without having done anything
    "timeout_after",  # do it, wait, then close without an answer
    "truncate",  # do it, and cut the answer's body in the middle
    "wrong_type",  # answer with the page of a login in HTML, do nothing
    "expire_session",  # every session dies before the request is looked at
    "slow",  # wait, then answer as usual
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, with the requests it goes wrong for."""

    kind: Kind
    match: str = ""  # stands in the path, the query or the body, encoded or not; empty matches every request
    after: int = 0  # so many matching requests pass unharmed first
    times: int | None = 1  # so many are hit then; None hits all
    seconds: float = 0.0  # to wait; with a status 429 or 503, what Retry-After says
    status: int = 500
    body: str = ""  # with a status; JSON where it begins with a brace

    def __post_init__(self) -> None:
        HTTPStatus(self.status)  # one that HTTP does not have could not be sent
        if self.kind not in get_args(Kind):
            raise ValueError(f"{self.kind!r} is no kind of fault; there are {', '.join(get_args(Kind))}")


class Faults:
    """The faults still to come, and the log of what was asked."""

    def __init__(
        self,
        *,
        expire_sessions: Callable[[], None] = lambda: None,
        switches: Mapping[str, Callable[..., object]] | None = None,
    ) -> None:
        self._expire_sessions = expire_sessions
        self._switches = switches or {}
        self._lock = threading.Lock()
        self._faults: list[_Armed] = []
        self._counts: Counter[str] = Counter()
        self._log: deque[dict[str, object]] = deque(maxlen=LOGGED_REQUESTS)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(_Armed(fault))

    def set(self, faults: Iterable[Fault]) -> None:
        armed = [_Armed(fault) for fault in faults]
        with self._lock:
            self._faults = armed

    def left(self) -> list[Fault]:
        """What is still to come, as if it were ordered now."""
        with self._lock:
            return [armed.left() for armed in self._faults if not armed.is_spent()]

    def reset(self) -> None:
        with self._lock:
            self._faults.clear()
            self._counts.clear()
            self._log.clear()

    def requests(self) -> dict[str, Any]:
        """`counts` per path, and in `log` the last requests with what became of them."""
        with self._lock:
            return {"counts": dict(self._counts), "log": list(self._log), "cpu_seconds": time.process_time()}

    def guard(self, handle: Handle) -> Handle:
        """The application with these faults before it, and with the control endpoint."""

        def guarded(request: Request) -> Answer:
            if request.path.startswith(CONTROL):
                return self._control(request)
            body = request.body.decode(errors="replace")
            query = urlencode(request.query, doseq=True)
            fault = self._next_fault(f"{request.path}?{query}\n{body}")
            entry: dict[str, object] = {"method": request.method, "path": request.path, "query": query}
            entry["body"] = body[:LOGGED_BODY]
            entry["fault"] = fault.kind if fault else None
            with self._lock:
                self._counts[request.path] += 1
                self._log.append(entry)
            answer = self._spoil(request, handle, fault) if fault else handle(request)
            entry["status"] = None if answer.hang_up else answer.status
            return answer

        return guarded

    def _next_fault(self, text: str) -> Fault | None:
        texts = (text, unquote_plus(text))
        with self._lock:
            hits = [armed for armed in self._faults if armed.counts(texts)]
            hit = next((armed for armed in hits if armed.is_due()), None)
            if hit is None:
                return None
            hit.hits += 1
            return hit.fault

    def _spoil(self, request: Request, handle: Handle, fault: Fault) -> Answer:
        match fault.kind:
            case "status":
                return _refusal(fault)
            case "wrong_type":
                return Answer.text(LOGIN_PAGE, content_type="text/html; charset=UTF-8")
            case "truncate":
                return _truncated(handle(request))
            case "expire_session":
                self._expire_sessions()
                return handle(request)
        return _late(request, handle, fault)

    def _control(self, request: Request) -> Answer:
        name = request.path.removeprefix(CONTROL).rstrip("/")
        try:
            told = self._turn(request.method, name, request.body)
        except KeyError:
            return Answer.json({"error": f"There is no {request.method} {request.path}."}, status=404)
        except (ValueError, TypeError) as error:
            return Answer.json({"error": f"{name} was not changed: {error}"}, status=400)
        return Answer.json(told)

    def _turn(self, method: str, name: str, body: bytes) -> object:
        match method, name:
            case "GET", "requests":
                return self.requests()
            case "GET", "faults":
                pass
            case "POST", "faults":
                self.set([Fault(**fault) for fault in json.loads(body)])
            case "POST", "reset":
                self.reset()
            case "POST", _:
                return {"result": self._switches[name](**json.loads(body or b"{}"))}
            case _:
                raise KeyError(name)
        return [asdict(fault) for fault in self.left()]


class _Armed:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.seen = 0
        self.hits = 0

    def counts(self, texts: Iterable[str]) -> bool:
        """Whether the request is one of its own; if so it is counted."""
        is_match = any(self.fault.match in text for text in texts)
        self.seen += is_match
        return is_match

    def is_due(self) -> bool:
        return self.seen > self.fault.after and not self.is_spent()

    def is_spent(self) -> bool:
        return self.fault.times is not None and self.hits >= self.fault.times

    def left(self) -> Fault:
        times = None if self.fault.times is None else self.fault.times - self.hits
        return replace(self.fault, after=max(self.fault.after - self.seen, 0), times=times)


def _refusal(fault: Fault) -> Answer:
    content_type = JSON if fault.body.startswith("{") else "text/plain; charset=UTF-8"
    headers = [("Content-Type", content_type)]
    if fault.status in {429, 503}:
        headers.append(("Retry-After", str(max(1, round(fault.seconds)))))
    return Answer(fault.status, tuple(headers), (fault.body or f"Status {fault.status}\n").encode())


def _truncated(answer: Answer) -> Answer:
    body = answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)
    return replace(answer, body=body, cut_after=len(body) // 2)


def _late(request: Request, handle: Handle, fault: Fault) -> Answer:
    if fault.kind == "timeout_after":
        handle(request)
    time.sleep(fault.seconds)
    return handle(request) if fault.kind == "slow" else Answer(hang_up=True)
