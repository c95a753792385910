"""xDRs of many customers at a time: a few threads fetch pages, whoever takes them sets the pace.

Selection is by the time of billing, which may come long after the call. So each fetch goes some hours back behind the
end of the last one; what comes twice is known by its id.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from tollbook.connectors.base import Failed, Finished, Piece, Scope, UsageEvent
from tollbook.connectors.errors import ConnectorError, NeedsAttention, PasswordExpired, TryAgainLater
from tollbook.connectors.portabilling.client import Client, Params
from tollbook.connectors.portabilling.faults import AccessDenied, LoginRefused
from tollbook.connectors.portabilling.mapping import TIME_FORMAT
from tollbook.connectors.portabilling.options import Options
from tollbook.connectors.portabilling.reading import note_line
from tollbook.connectors.portabilling.schemas import CustomerAnswer, XdrPage

METHOD = "Customer/get_customer_xdrs"
PAGES_WAITING = 8  # pages that are fetched and not taken yet
FAILURES_IN_A_ROW = 5  # after so many scopes without an answer the others are left for the next run
STOP_SECONDS = 5.0  # how long closing waits for all requests that are under way
TICK_S = 0.1

T = TypeVar("T")

# What is wrong with the login is wrong for every scope.
_FOR_ALL = (LoginRefused, PasswordExpired)


def fetch_usage(client: Client, options: Options, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
    """Pieces of each scope in order, those of several scopes mixed; after each scope whether it was read to its end.

    Raises:
        NeedsAttention: the login is refused. TryAgainLater: the platform cannot be reached at all.
    """
    if not scopes:
        return
    client.log_in()
    fetching = _Fetching(client, options, scopes)
    try:
        yield from fetching.events()
    finally:
        fetching.stop()


class _Fetching:
    """Threads that take scopes from one queue and put events into another, which is never long."""

    def __init__(self, client: Client, options: Options, scopes: Sequence[Scope]) -> None:
        self._client = client
        self._options = options
        self._to_do: queue.SimpleQueue[Scope] = queue.SimpleQueue()
        for scope in scopes:
            self._to_do.put(scope)
        self._left = len(scopes)
        self._done: queue.Queue[UsageEvent | BaseException] = queue.Queue(maxsize=PAGES_WAITING)
        self._stop = threading.Event()
        self._failures = 0  # scopes in a row that got no answer
        count = min(options.parallel, len(scopes))
        self._threads = [threading.Thread(target=self._work, daemon=True, name="xDRs") for _ in range(count)]

    def events(self) -> Iterator[UsageEvent]:
        for thread in self._threads:
            thread.start()
        while self._left:
            event = self._done.get()
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, (Finished, Failed)):
                self._left -= 1
            yield event

    def stop(self) -> None:
        """No request is begun after this. A thread that sleeps until its next try finds out when it wakes, and ends."""
        self._stop.set()
        until = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(until - time.monotonic(), 0))

    def _work(self) -> None:
        with suppress(_Stopped, queue.Empty):
            while not self._stop.is_set():
                scope = self._to_do.get_nowait()
                try:
                    event: UsageEvent | BaseException = self._scope(scope)
                except _FOR_ALL as error:
                    event = error
                except ConnectorError as error:
                    event = Failed(scope, error)
                except _Stopped:
                    return
                except BaseException as error:  # a defect of ours: whoever takes the events must see it
                    event = error
                self._give(event)

    def _scope(self, scope: Scope) -> UsageEvent:
        if self._failures >= FAILURES_IN_A_ROW:
            raise TryAgainLater(
                f"customer {scope.customer_id} was not asked for: {FAILURES_IN_A_ROW} customers before got no answer; "
                "run again later",
                platform=self._client.platform,
            )
        try:
            finished = read_scope(self._client, self._options, scope, self._give)
        except TryAgainLater:
            self._failures += 1
            raise
        except ConnectorError:
            self._failures = 0
            raise
        self._failures = 0
        return finished

    def _give(self, event: UsageEvent | BaseException) -> None:
        """Wait until there is room, or nobody wants it any more."""
        while not self._stop.is_set():
            try:
                return self._done.put(event, timeout=TICK_S)
            except queue.Full:
                continue
        raise _Stopped


class _Stopped(Exception):
    """Nobody takes events any more."""


def read_scope(client: Client, options: Options, scope: Scope, give: Callable[[UsageEvent], None]) -> Finished:
    """All pages of one customer, each given as it comes.

    The list is read until a page is empty, or short with as many records read as the platform counts: a short page
    alone is no end, since a platform may give less than it is asked for.

    Raises:
        ConnectorError: it could not be read to its end. TryAgainLater if it changed meanwhile.
    """
    asked = {**_question(client, options, scope), "limit": options.page_size, "get_total": 1}
    currency = _currency(client, scope)
    read, total = 0, None
    while True:
        page = _page(client, {**asked, "offset": read})
        total = page.total if total is None else total
        if page.xdr_list and not read and currency:  # a note without records would be evidence of nothing
            give(Piece(note_line(scope.customer_id, currency)))
        if page.xdr_list:
            give(Piece(b"".join(_line(bytes(raw)) for raw in page.xdr_list)))
        read += len(page.xdr_list)
        is_short = len(page.xdr_list) < options.page_size
        if not page.xdr_list or (is_short and total is not None and read >= total):
            break
    if total is not None and read < total:
        raise TryAgainLater(
            f"customer {scope.customer_id}: {read} of {total} xDRs came, the list has changed while it was read; "
            "run again",
            platform=client.platform,
        )
    return Finished(scope, cursor=_written(scope.until), records=read)


def _question(client: Client, options: Options, scope: Scope) -> Params:
    if not scope.customer_id:
        raise NeedsAttention("xDRs are given customer by customer; name the customers", platform=client.platform)
    since = scope.since
    if scope.cursor or scope.earliest:  # a period that somebody collected by hand leaves no cursor
        read_until = _moment(scope.cursor, client.platform) if scope.cursor else scope.since
        since = read_until - timedelta(hours=options.overlap_hours)
        since = max(since, scope.earliest or since)
    question: dict[str, object] = {
        "i_customer": customer_number(scope.customer_id, client.platform),
        "from_date": _written(since),
        "to_date": _written(scope.until),
    }
    if options.with_unsuccessful:
        question["show_unsuccessful"] = 1
    return question


def customer_number(foreign_id: str, platform: str) -> int:
    """The API's own form of an id.

    Raises:
        NeedsAttention: no id of this platform.
    """
    if not foreign_id.isdecimal():
        raise NeedsAttention(
            f"{foreign_id!r} is no id of PortaBilling's, which are numbers; correct the pairing or the link",
            platform=platform,
        )
    return int(foreign_id)


def _currency(client: Client, scope: Scope) -> str:
    """The currency of the customer's amounts; "" where the API user may not see customers.

    Raises:
        NeedsAttention: there is no such customer.
    """
    params = {"i_customer": customer_number(scope.customer_id, client.platform)}
    try:
        answer = client.call_raw("Customer/get_customer_info", params)
    except AccessDenied:
        return ""
    info = decoded(answer, CustomerAnswer, "Customer/get_customer_info", client.platform).customer_info
    if info is None:
        raise NeedsAttention(
            f"there is no customer {scope.customer_id}, or the API user may not see it; correct the pairing",
            platform=client.platform,
        )
    return info.iso_4217 or ""


def _page(client: Client, params: Params) -> XdrPage:
    return decoded(client.call_raw(METHOD, params), XdrPage, METHOD, client.platform)


def decoded(body: bytes, type_: type[T], method: str, platform: str) -> T:
    """An answer as what it should be.

    Raises:
        NeedsAttention: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=type_, strict=False)
    except msgspec.MsgspecError as error:
        raise NeedsAttention(
            f"{method}: the answer is not of the documented shape ({error}); the platform's release may have changed "
            "its API",
            platform=platform,
        ) from None


def _line(xdr: bytes) -> bytes:
    """A record's bytes as a line. Inside texts JSON has no line ends, so those there are can go."""
    if b"\n" in xdr or b"\r" in xdr:
        xdr = xdr.replace(b"\n", b" ").replace(b"\r", b" ")
    return xdr + b"\n"


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(TIME_FORMAT)


def _moment(cursor: str, platform: str) -> datetime:
    try:
        return datetime.strptime(cursor, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise NeedsAttention(
            f"cursor {cursor!r} is no moment; collect the period again", platform=platform
        ) from None
