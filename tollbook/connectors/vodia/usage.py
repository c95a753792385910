"""Fetching calls of a tenant, page by page, while new ones push the others down.

A line of evidence is a record byte for byte as it came. Before a tenant's records stands a note of its accounts, DIDs
and trunks as they were then: a record does not say which way the call went, and reading it asks nobody.

Records are chosen by the end of the call: that is when they appear. The list begins with the newest, so it is read down
to what ended before the period; then the first page is looked at again, and whatever arrived meanwhile is read too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from itertools import pairwise

import msgspec

from tollbook.connectors.base import Failed, Finished, Piece, Scope, UsageEvent
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.vodia.client import Client, LoginRefused, NotThere, Refused, domain_path
from tollbook.connectors.vodia.options import Options
from tollbook.connectors.vodia.people import People, Text, text
from tollbook.connectors.vodia.reading import note_line
from tollbook.errors import BadInput

MAX_PAGES = 20_000  # of one tenant
MAX_ROUNDS = 20  # so often the beginning of the list is read again because calls arrived
SAME_PAGES = 3  # so many alike in a row: the PBX does not turn pages
FAILURES_BEFORE_A_LOOK = 3  # tenants in a row; then it is looked whether the PBX is there at all
ONE_DAY = timedelta(days=1)
HASH_BYTES = 16
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")  # in JSON they stand between values only


class Listed(msgspec.Struct):
    """What is looked at of a record while it is fetched; the rest is read from the evidence."""

    end: Text = None


@dataclass(frozen=True, slots=True)
class Row:
    """A record of a page. Without an end, or with one that is no number, it is wanted, whenever it was."""

    key: bytes
    end: Decimal | None
    body: bytes


@dataclass(slots=True)
class Window:
    """Which records are wanted: those that ended in `[since, until)`, in Unix seconds; and which came already."""

    since: Decimal
    until: Decimal
    seen: set[bytes] = field(default_factory=set)

    def take(self, page: Sequence[Row]) -> list[bytes]:
        """The lines of those that are wanted and new."""
        new = [row for row in page if row.key not in self.seen]
        self.seen.update(row.key for row in new)
        return [row.body for row in new if row.end is None or self.since <= row.end < self.until]

    def is_behind(self, page: Sequence[Row]) -> bool:
        """Whether all of the page ended before the window."""
        return all(row.end is not None and row.end < self.since for row in page)


def fetch(client: Client, options: Options, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
    """The events of `Connector.usage`.

    Raises:
        ConnectorError: nobody's calls can be had: no way there, no login.
    """
    client.probe()
    client.log_in()
    people = People(client, options.account_types)
    failures = 0
    gone: ConnectorError | None = None
    for scope in scopes:
        if gone is not None:
            yield Failed(scope, gone)
            continue
        try:
            yield from _of_scope(client, people, options, scope)
            failures = 0
        except LoginRefused:
            raise
        except ConnectorError as error:
            yield Failed(scope, error)
            failures += 1
            if failures % FAILURES_BEFORE_A_LOOK == 0:
                gone = _why_gone(client)


def window_of(scope: Scope, options: Options) -> tuple[datetime, datetime]:
    """Which ends of calls are asked for: with the overlap, but nothing before collecting began.

    Raises:
        BadInput: the cursor is none of ours.
    """
    try:
        since = datetime.fromisoformat(scope.cursor) if scope.cursor else scope.since
    except ValueError:
        raise BadInput(
            f"{scope.cursor!r} is not where reading of Vodia's calls left off; collect the period again by its days"
        ) from None
    if scope.earliest is not None:
        since = max(since - options.overlap, scope.earliest)
    if options.rest_since is not None:
        since = max(since, options.rest_since)
    return since, scope.until


def _of_scope(client: Client, people: People, options: Options, scope: Scope) -> Iterator[UsageEvent]:
    since, until = window_of(scope, options)
    tenant = people.tenant(scope.customer_id)
    window = Window(_seconds(since), _seconds(until))
    is_noted, records = False, 0
    for lines in _pages(client, options, scope.customer_id, window, (since, until)):
        if lines:
            note = b"" if is_noted else note_line(tenant)
            yield Piece(note + b"".join(lines))
            is_noted, records = True, records + len(lines)
    yield Finished(scope, cursor=until.isoformat(), records=records)


def _pages(
    client: Client, options: Options, tenant: str, window: Window, period: tuple[datetime, datetime]
) -> Iterator[list[bytes]]:
    """Lines, page by page: once down the list, then its beginning until nothing has arrived on top."""
    book = _Book(client, options, tenant, period)
    first_page = book.first_number()
    for round_number in range(MAX_ROUNDS):
        top: bytes | None = None
        last: list[bytes] = []
        alike = 1
        for number in range(first_page, first_page + MAX_PAGES):
            page = book.page(number)
            keys = [row.key for row in page]
            if number == first_page:
                top = keys[0] if keys else None
                book.check_order(page)
            is_known = window.seen.issuperset(keys)
            alike = alike + 1 if keys == last else 1
            last = keys
            if page and alike >= SAME_PAGES:
                raise book.is_stuck(number)
            yield window.take(page)
            if not page or (options.is_newest_first and window.is_behind(page)):
                break
            if round_number and is_known and options.is_newest_first:
                break
        else:
            raise book.has_no_end()
        again = book.page(first_page)
        if (again[0].key if again else None) == top:
            return
    # Calls arrive faster than they are read: those on top end later than what was asked for, or are asked for again.


class _Book:
    """The list of a tenant's calls."""

    def __init__(self, client: Client, options: Options, tenant: str, period: tuple[datetime, datetime]) -> None:
        self._client = client
        self._options = options
        self._path = domain_path(tenant, "cdrs")
        self._days: dict[str, str] = {}
        if (
            options.sends_days
        ):  # by whose clock, and whether by begin or end, nobody says: a day more on both sides
            since, until = period
            self._days = {
                "start": f"{since - options.overlap - ONE_DAY:%Y%m%d}",
                "end": f"{until + ONE_DAY:%Y%m%d}",
            }

    def page(self, number: int) -> list[Row]:
        query = {"page": str(number), "size": str(self._options.page_size), **self._days}
        return [self._row(raw) for raw in self._client.rows(self._path, query)]

    def first_number(self) -> int:
        """Whether pages are counted from 0 or from 1. Where 0 and 1 are the same page, it is read twice, no more."""
        if self._options.first_page is not None:
            return self._options.first_page
        try:
            return 0 if self.page(0) else 1
        except (Refused, NotThere):
            return 1

    def check_order(self, page: Sequence[Row]) -> None:
        """See that the newest is on top, as the setting says: else what is new would never be reached."""
        ends = [row.end for row in page if row.end is not None]
        if not self._options.is_newest_first or len(ends) < 2:
            return
        later = sum(one > other for one, other in pairwise(ends))
        if ends[0] < ends[-1] and later * 2 < len(ends) - 1:
            raise NeedsAttention(
                f"GET {self._path}: the list does not begin with the newest call; set order to any, then all pages are "
                "read each time",
                platform=self._client.platform,
            )

    def is_stuck(self, number: int) -> NeedsAttention:
        return NeedsAttention(
            f"GET {self._path}: pages {number - SAME_PAGES + 1} to {number} are the same, so older calls cannot be "
            "had; set page_size to 500 and collect more often, or have calls pushed",
            platform=self._client.platform,
        )

    def has_no_end(self) -> NeedsAttention:
        return NeedsAttention(
            f"GET {self._path}: more than {MAX_PAGES:,} pages; set page_size to 500, or collect fewer days at once",
            platform=self._client.platform,
        )

    def _row(self, raw: msgspec.Raw) -> Row:
        body = bytes(raw).translate(_LINE_ENDS) + b"\n"
        # By all of it: two records that share an id, or one that has changed meanwhile, are two to read.
        key = blake2b(body, digest_size=HASH_BYTES).digest()
        try:
            listed = msgspec.json.decode(raw, type=Listed)
        except msgspec.ValidationError:
            return Row(key, None, body)  # kept, and set aside when it is read
        return Row(key, _number(text(listed.end)), body)


def _seconds(moment: datetime) -> Decimal:
    since_1970 = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(since_1970 // timedelta(microseconds=1)) / 1_000_000


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def _why_gone(client: Client) -> ConnectorError | None:
    """Why the PBX answers nothing at all, if it does not: then asking for the others would only take time."""
    try:
        client.probe()
    except ConnectorError as error:
        return error
    return None
