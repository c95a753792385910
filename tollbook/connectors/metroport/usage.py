"""Fetching billing records: which requests to make, and what of the answers becomes evidence.

Each record becomes one line of evidence: `{"asked": …, "type": …, "record": …}`. The record stands there byte for byte
as it came; beside it is what cannot be known from it later: whose records were asked for, and what Metroport's list of
traffic types called its type at that moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from tollbook.connectors.base import Failed, Finished, Piece, Scope, UsageEvent
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.metroport.client import BILLINGS, TRAFFIC_TYPES, Client, LoginRefused
from tollbook.connectors.metroport.options import Options
from tollbook.connectors.metroport.periods import Cursor, Period, periods
from tollbook.connectors.metroport.schemas import Billing, TrafficType, text

FAILURES_BEFORE_A_LOOK = 3  # scopes in a row; then it is looked whether Metroport is there at all
_LINE_ENDS = bytes.maketrans(b"\r\n", b"  ")  # in JSON they stand between values only


def fetch(client: Client, options: Options, scopes: Sequence[Scope]) -> Iterator[UsageEvent]:
    """The events of `Connector.usage`.

    Raises:
        ConnectorError: nobody's records can be had: no way there, no login, no list of traffic types.
    """
    types = traffic_types(client)
    failures = 0
    gone: ConnectorError | None = None
    for scope in scopes:
        if gone is not None:
            yield Failed(scope, gone)
            continue
        try:
            yield from _of_scope(client, options, scope, types)
            failures = 0
        except LoginRefused:
            raise
        except ConnectorError as error:
            yield Failed(scope, error)
            failures += 1
            if failures % FAILURES_BEFORE_A_LOOK == 0:
                gone = _why_gone(client)


def traffic_types(client: Client) -> dict[str, str]:
    """What Metroport calls each type of traffic, by id.

    Raises:
        NeedsAttention: the list is empty, so that no record could be told from another.
    """
    listed = [_decoded(client, row, TrafficType) for row in client.rows(TRAFFIC_TYPES)]
    types = {text(one.id): text(one.type) for one in listed}
    if not types:
        raise NeedsAttention(
            f"GET {TRAFFIC_TYPES}: no traffic types are listed; have Metroport allow the API user to see them",
            platform=client.platform,
        )
    return types


def billings_query(period: Period, *, customer_id: str = "", id_after: int | None = None) -> dict[str, str]:
    query = {"datestart": period.datestart, "dateend": period.dateend}
    if customer_id:
        query["userid"] = customer_id
    if id_after is not None:
        query["id_after"] = str(id_after)
    return query


def _of_scope(
    client: Client, options: Options, scope: Scope, types: Mapping[str, str]
) -> Iterator[Piece | Finished]:
    known = Cursor.read(scope.cursor) if scope.cursor else None
    highest, records = known.id if known else 0, 0
    for period, id_after in _requests(options, scope, known):
        query = billings_query(period, customer_id=scope.customer_id, id_after=id_after)
        lines = []
        for row in client.rows(BILLINGS, query):
            id, line = _line(row, scope.customer_id, types, period)
            highest = max(highest, id)
            lines.append(line)
        lines = list(filter(None, lines))
        records += len(lines)
        if lines:
            yield Piece(b"".join(lines))
    since, until = _begin(options, scope), scope.until
    if known:
        since, until = min(scope.since, known.since), max(until, known.until)
    yield Finished(scope, str(Cursor(highest, since, until)), records)


def _requests(options: Options, scope: Scope, known: Cursor | None) -> Iterator[tuple[Period, int | None]]:
    """The periods to ask for, each with the id after which to begin, if any.

    Days that were read before are asked for what is new among them, and days before those not at all: somebody had a
    reason to begin there. The days since are asked for whole: what was reported last of the days before may have a
    higher id than what happened first after them.
    """
    if known is None:
        yield from ((period, None) for period in _chunks(options, _begin(options, scope), scope.until))
        return
    read_until = min(known.until, scope.since)
    late_since = max(known.since, read_until - timedelta(days=options.overlap_days))
    if options.by_id:
        yield from ((period, known.id) for period in periods(late_since, read_until, options.zone, 0))
        yield from ((period, None) for period in _chunks(options, read_until, scope.until))
    else:
        yield from ((period, None) for period in _chunks(options, min(late_since, read_until), scope.until))


def _begin(options: Options, scope: Scope) -> datetime:
    """Where to begin without a cursor: what was collected by hand left none, and may have had late records since."""
    overlap = timedelta(days=options.overlap_days) if scope.earliest else timedelta(0)
    return max(scope.since - overlap, scope.earliest or scope.since)


def _chunks(options: Options, since: datetime, until: datetime) -> Iterator[Period]:
    return periods(since, until, options.zone, options.chunk_days)


def _line(row: msgspec.Raw, asked: str, types: Mapping[str, str], period: Period) -> tuple[int, bytes]:
    """The record's id as a number (0 when it has none), and its line of evidence; no line for the second after."""
    try:
        record = msgspec.json.decode(row, type=Billing)
    except msgspec.ValidationError:
        record = Billing()  # no record at all: kept, and set aside when it is read
    id = text(record.id)
    head = msgspec.json.encode({"asked": asked, "type": types.get(text(record.traffic_types_id))})
    line = head[:-1] + b',"record":' + bytes(row).translate(_LINE_ENDS) + b"}\n"
    is_next = text(record.calldate) == period.dateend
    return (int(id) if id.isascii() and id.isdigit() else 0), (b"" if is_next else line)


def _why_gone(client: Client) -> ConnectorError | None:
    """Why Metroport answers nothing at all, if it does not: then asking for the others would only take time."""
    try:
        traffic_types(client)
    except ConnectorError as error:
        return error
    return None


def _decoded(client: Client, row: msgspec.Raw, type: type[TrafficType]) -> TrafficType:
    try:
        return msgspec.json.decode(row, type=type)
    except msgspec.ValidationError as error:
        raise NeedsAttention(
            f"GET {TRAFFIC_TYPES}: {error}; the API may have changed", platform=client.platform
        ) from None
