"""Fetching calls from the database: which rows, with what beside them, as lines of evidence.

Beside the row's own columns a line has what it takes to read it without the database: the tenant's name, the extensions
that its uuid, account code, caller and forwarding stand for, and whether the first leg of its ring group has a row. All
values are text, so that a column's type, which differs between releases, makes no difference.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from psycopg.sql import SQL, Composable, Composed, Identifier

from tollbook.connectors.base import Failed, Finished, Piece, Scope, UsageEvent
from tollbook.connectors.errors import ConnectorError
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.schema import (
    CALLS,
    DESTINATIONS,
    DOMAINS,
    EXTENSIONS,
    Tables,
    check_there,
    probe,
)
from tollbook.connectors.postgres import Database
from tollbook.errors import BadInput

NOTE = b'{"note":'
WANTED = (
    *("direction", "leg", "accountcode", "caller_id_name", "caller_id_number", "caller_destination"),
    *(
        "source_number",
        "destination_number",
        "start_epoch",
        "start_stamp",
        "answer_epoch",
        "end_epoch",
        "end_stamp",
    ),
    *("billsec", "billmsec", "hangup_cause", "hangup_cause_q850", "sip_hangup_disposition", "status"),
    *("call_disposition", "last_app", "last_arg", "sip_call_id", "bridge_uuid", "originating_leg_uuid"),
    *("domain_uuid", "extension_uuid", "insert_date"),
)
LEAST_DID_DIGITS = 7  # that must agree at the end of two numbers for them to be the same one
_MOMENTS = ("insert_date", "end_stamp", "end_epoch", "start_stamp", "start_epoch")
# What is no moment of a calendar would have PostgreSQL refuse the whole query, or hide the row for ever.
_OF_EPOCH = "CASE WHEN {c} > 0 AND {c} < 4102444800 THEN to_timestamp({c}::double precision) END"
_OF_STAMP = "CASE WHEN {c} > '1970-01-02' AND {c} < '2100-01-01' THEN {c} END"
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def fetch(database: Database, options: Options, scopes: Sequence[Scope], platform: str) -> Iterator[UsageEvent]:
    """The events of `Connector.usage`.

    Raises:
        ConnectorError: no way there, no login, or tables that may not be read.
    """
    tables = probe(database, platform)
    for table in (DOMAINS, EXTENSIONS, DESTINATIONS):
        check_there(tables, table, platform)
    for scope in scopes:
        try:
            yield from _of_scope(database, tables, options, scope)
        except ConnectorError as error:
            yield Failed(scope, error)


def _of_scope(database: Database, tables: Tables, options: Options, scope: Scope) -> Iterator[UsageEvent]:
    """Rows in the order in which they were written. The last one's moment is where to go on."""
    begin = _begin(options.overlap if tables.has(CALLS, "insert_date") else options.undated_overlap, scope)
    yield Piece(_note(tables))
    records, last, rest = 0, b"", b""
    for block in database.json_lines(calls_query(tables), [begin, scope.until]):
        lines, end, rest = (rest + block).rpartition(b"\n")
        if lines:
            records += lines.count(b"\n") + 1
            last = lines[lines.rfind(b"\n") + 1 :]
            yield Piece(lines + end)
    cursor = scope.cursor or scope.since.isoformat()
    if last and (newest := msgspec.json.decode(last)["moment"]):
        cursor = max(_moment(cursor), datetime.fromisoformat(newest)).isoformat()
    yield Finished(scope, cursor, records)


def _begin(overlap: timedelta, scope: Scope) -> datetime:
    """An overlap before where reading left off: rows are seen only after they are written, in any order."""
    since = _moment(scope.cursor) if scope.cursor else scope.since
    if scope.earliest is None and not scope.cursor:
        return since
    return max(since - overlap, min(scope.earliest or scope.since, since))


def _moment(cursor: str) -> datetime:
    try:
        return datetime.fromisoformat(cursor).astimezone(UTC)
    except ValueError:
        raise BadInput(
            f"{cursor!r} is not where reading of FusionPBX's calls left off; collect the period again by its days"
        ) from None


def _note(tables: Tables) -> bytes:
    """Which columns there were, so that nobody has to guess later why one is missing."""
    columns = [name for name in (tables.key, *WANTED) if tables.has(CALLS, name)]
    missing = [name for name in WANTED if name not in columns]
    return msgspec.json.encode({"note": "columns", "columns": columns, "missing": missing}) + b"\n"


def calls_query(tables: Tables) -> Composed:
    """One row for each row of calls written in `[%s, %s)`, in that order; before them those of no moment at all."""
    own = {name: SQL("c.{}::text").format(Identifier(name)) for name in WANTED if tables.has(CALLS, name)}
    beside: dict[str, Composable] = {
        "key": SQL("c.{}::text").format(Identifier(tables.key)),
        "moment": SQL("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')").format(
            _written_at(tables)
        ),
        "tenant": SQL("lower(d.domain_name)"),
        "extension": SQL("e.extension"),
        "code_extension": SQL("a.extension"),
        "caller_extension": SQL("coalesce(n.extension, l.extension)"),
        "forwarder_extension": SQL("f.extension"),
        "parent_is_there": SQL("(p.key IS NOT NULL)::text"),
        "is_did": SQL("CASE WHEN coalesce(c.direction, '') = '' THEN {} END").format(_IS_DID),
    }
    if tables.has(CALLS, "domain_name"):
        beside["tenant"] = SQL("lower(coalesce(d.domain_name, c.domain_name))")
    columns = SQL(", ").join(
        SQL("{} AS {}").format(what, Identifier(name)) for name, what in (beside | own).items()
    )
    return SQL(
        "SELECT {columns} FROM {calls} c {joins} WHERE {at} >= %s AND {at} < %s OR {at} IS NULL "
        "ORDER BY {at} NULLS FIRST, c.{key}"
    ).format(
        columns=columns,
        calls=Identifier(CALLS),
        joins=_joins(tables),
        at=_written_at(tables),
        key=Identifier(tables.key),
    )


def _written_at(tables: Tables) -> Composed:
    """When the row was written: `insert_date`, else the nearest there is to it."""
    moments = []
    for name in _MOMENTS:
        if tables.has(CALLS, name):
            is_epoch = name.endswith("_epoch")
            moment = SQL(_OF_EPOCH if is_epoch else _OF_STAMP)
            moments.append(moment.format(c=Identifier("c", name)))
    return SQL("coalesce({})").format(SQL(", ").join(moments))


def _joins(tables: Tables) -> Composed:
    """Each gives at most one row, so that no call is told twice."""
    key = Identifier(tables.key)
    parts: list[Composable] = [SQL(_PEOPLE)]
    originating = SQL("c.originating_leg_uuid") if tables.has(CALLS, "originating_leg_uuid") else SQL("NULL::uuid")
    parts.append(
        SQL("LEFT JOIN (SELECT {key} AS key FROM {calls}) p ON p.key = {originating} AND p.key <> c.{key}").format(
            key=key, calls=Identifier(CALLS), originating=originating
        )
    )
    parts.append(
        SQL(
            "LEFT JOIN {calls} b ON b.domain_uuid = c.domain_uuid AND b.direction = 'inbound' AND b.{key} ="
            " CASE WHEN c.bridge_uuid::text ~ {pattern} THEN c.bridge_uuid::text::uuid END"
            " LEFT JOIN v_extensions f ON f.extension_uuid = b.extension_uuid"
        ).format(calls=Identifier(CALLS), key=key, pattern=_UUID)
    )
    return SQL(" ").join(parts)


# The extension by its uuid; by the account code (bare, or with the tenant's name); by the caller's number or its alias.
_PEOPLE = """
    LEFT JOIN v_domains d ON d.domain_uuid = c.domain_uuid
    LEFT JOIN v_extensions e ON e.extension_uuid = c.extension_uuid AND e.domain_uuid = c.domain_uuid
    LEFT JOIN (SELECT DISTINCT domain_uuid, extension FROM v_extensions) a ON a.domain_uuid = c.domain_uuid
        AND a.extension = CASE WHEN lower(split_part(c.accountcode, '@', 2)) IN ('', lower(d.domain_name))
            THEN split_part(c.accountcode, '@', 1) END
    LEFT JOIN (SELECT DISTINCT domain_uuid, extension FROM v_extensions) n
        ON n.domain_uuid = c.domain_uuid AND n.extension = c.caller_id_number
    LEFT JOIN (SELECT domain_uuid, number_alias, min(extension) AS extension FROM v_extensions
            WHERE number_alias <> '' GROUP BY domain_uuid, number_alias) l
        ON l.domain_uuid = c.domain_uuid AND l.number_alias = c.caller_id_number
"""
# A DID of the tenant: the shorter of the two numbers is the end of the longer one.
_IS_DID = SQL(
    """(SELECT bool_or(right(dialled, n) = right(own, n) AND n >= {least}) FROM (
        SELECT dialled, own, least(length(dialled), length(own)) AS n FROM (
            SELECT regexp_replace(coalesce(nullif(c.caller_destination, ''), c.destination_number), '[^0-9]', '', 'g')
                AS dialled,
                regexp_replace(concat(v.destination_area_code, v.destination_number), '[^0-9]', '', 'g') AS own
            FROM v_destinations v WHERE v.domain_uuid = c.domain_uuid
                AND coalesce(nullif(v.destination_type, ''), 'inbound') = 'inbound'
        ) each_one) both_ends)::text"""
).format(least=LEAST_DID_DIGITS)
