"""Fetching calls: which windows of time to ask for, and until when nothing can be missing."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tollbook.connectors.base import Failed, Finished, Piece, Scope, UsageEvent
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.kamailio.options import Options
from tollbook.connectors.kamailio.statements import COLUMNS, finished_calls, newest_row, paired_calls
from tollbook.connectors.postgres import Database

HOUR = timedelta(hours=1)
PIECE_BYTES = 1 << 18
_OF_ACC = ("id", "method", "from_tag", "to_tag", "callid", "sip_code", "time")
_OF_CDRS = ("id", "start_time", "end_time", "duration")


def fetch(database: Database, options: Options, scopes: Sequence[Scope], *, platform: str) -> Iterator[UsageEvent]:
    """The events of `Connector.usage`. A scope is everything there is: nobody but us knows Kamailio's customers.

    Raises:
        ConnectorError: the database is away, or the table is not as the settings say.
    """
    columns = columns_of(database, options, platform=platform) if scopes else ()
    for scope in scopes:
        try:
            yield from _of_scope(database, options, scope, columns)
        except ConnectorError as error:
            yield Failed(scope, error)


def columns_of(database: Database, options: Options, *, platform: str) -> Sequence[str]:
    """The table's columns, all of them: what is not read today is evidence tomorrow.

    Raises:
        NeedsAttention: there is no such table, or a column is missing.
    """
    columns = [name for (name,) in database.rows(COLUMNS, [options.table])]
    if not columns:
        raise NeedsAttention(
            f"there is no table {options.table} in database {options.database}; check the settings table, table_name "
            "and database, and the right to USAGE of its schema",
            platform=platform,
        )
    for name in _OF_ACC if options.is_paired else _OF_CDRS:
        if name not in columns:
            raise NeedsAttention(
                f"table {options.table} has no column {name}, as Kamailio's own {_schema(options)} has; check the "
                f"settings table and table_name",
                platform=platform,
            )
    for part in sorted(options.needed):
        if options.columns[part] not in columns:
            raise NeedsAttention(
                f"table {options.table} has no column {options.columns[part]} for the {part}; name the right one by "
                f"the setting {part}_column, or add it to {'db_extra' if options.is_paired else 'cdr_extra'} of "
                "Kamailio's acc module",
                platform=platform,
            )
    return columns


def _schema(options: Options) -> str:
    return "acc" if options.is_paired else "acc_cdrs"


def _of_scope(
    database: Database, options: Options, scope: Scope, columns: Sequence[str]
) -> Iterator[Piece | Finished]:
    records, begin, cursor = 0, _begin(options, scope), _cursor(database, options, scope)
    while begin < scope.until:
        end = min(begin + options.chunk, scope.until)
        since, until = _on_its_clock(begin, end, options.zone)
        if options.is_paired:
            query = paired_calls(options.table, columns, since, until, longest=options.longest)
        else:
            query = finished_calls(options.table, columns, since, until)
        for piece in _pieces(database.json_lines(query)):
            records += piece.body.count(b"\n")
            yield piece
        begin = end
    yield Finished(scope, cursor.isoformat(), records)


def _cursor(database: Database, options: Options, scope: Scope) -> datetime:
    """Where to go on: at the newest row there is, by its own clock. One that is hours behind ours, or of a zone
    that nobody named, hides no calls then.
    """
    _, until = _on_its_clock(scope.since, scope.until, options.zone)
    ((newest,),) = database.rows(newest_row(options.table, until, is_paired=options.is_paired))
    since = datetime.fromisoformat(scope.cursor) if scope.cursor else scope.since
    if not isinstance(newest, datetime):  # there is none
        return since
    return min(max(since, newest.replace(tzinfo=options.zone).astimezone(UTC)), scope.until)


def _pieces(blocks: Iterable[bytes]) -> Iterator[Piece]:
    """Whole lines, many at a time: a block of the database's is hardly more than one."""
    held = bytearray()
    for block in blocks:
        held += block
        if len(held) >= PIECE_BYTES and (end := held.rfind(b"\n") + 1):
            yield Piece(bytes(held[:end]))
            del held[:end]
    if held:
        yield Piece(bytes(held))


def _begin(options: Options, scope: Scope) -> datetime:
    """A row is written a moment after what it tells of, and by another clock than ours."""
    since = datetime.fromisoformat(scope.cursor) if scope.cursor else scope.since
    return since if scope.earliest is None else min(since, max(since - options.overlap, scope.earliest))


def _on_its_clock(since: datetime, until: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What the server's clock showed, without its zone; an hour more where autumn puts it back just then."""

    def wall(moment: datetime) -> datetime:
        return moment.astimezone(zone).replace(tzinfo=None)

    return min(wall(since), wall(since + HOUR) - HOUR), max(wall(until), wall(until - HOUR) + HOUR)
