"""What is asked of Kamailio's database. Rows come as JSON, every value as text, so that none becomes a float.

A row of acc_cdrs is `{"what": "call", "cdr": {…}}`. Of acc, calls are put together there, where all rows are:
`{"what": …, "invite": {…}, "bye": {…}}`, once each, when it is certain what became of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from psycopg.sql import SQL, Composed, Identifier, Literal

SETTLED = timedelta(minutes=10)  # an INVITE whose row is not there so long after its BYE's is not on its way
_TIMES = frozenset({"start_time", "end_time", "time"})

COLUMNS = (
    "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
    "ORDER BY attnum"
)
READABLE_COLUMNS = (
    "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
    "AND has_column_privilege(attrelid, attnum, 'SELECT')"
)

# The tags of a dialog, whichever end sent the request.
_SAME_DIALOG = SQL(
    "{a}.callid = {b}.callid AND least({a}.from_tag, {a}.to_tag) = least({b}.from_tag, {b}.to_tag)"
    " AND greatest({a}.from_tag, {a}.to_tag) = greatest({b}.from_tag, {b}.to_tag)"
)

# INVITEs inside a dialog (a hold, a session refreshed) have its tags: the first one began it.
_FIRST_INVITE = SQL(
    "(SELECT one.* FROM {table} one WHERE one.method = 'INVITE' AND left(one.sip_code, 1) = '2' AND {same}"
    " ORDER BY one.time, one.id LIMIT 1)"
)
# A BYE that was taken counts before one that was not: that one may have been sent again with a password.
_BETTER_BYE = SQL(
    "EXISTS (SELECT FROM {table} other WHERE other.method = 'BYE' AND {same} AND"
    " (left(other.sip_code, 1) <> '2', other.time, other.id) < (left(bye.sip_code, 1) <> '2', bye.time, bye.id))"
)

_ENDED = SQL(
    "SELECT 'call' AS what, {invite_texts} AS invite, {bye_texts} AS bye FROM {table} bye"
    " CROSS JOIN LATERAL {first_invite} invite"
    " WHERE bye.method = 'BYE' AND bye.time >= {since} AND bye.time < {until} AND NOT {better_bye}"
)
_REFUSED = SQL(
    "SELECT 'refused', {invite_texts}, NULL FROM {table} invite"
    " WHERE invite.method = 'INVITE' AND left(invite.sip_code, 1) <> '2'"
    " AND invite.time >= {since} AND invite.time < {until}"
    " AND NOT EXISTS (SELECT FROM {table} one WHERE one.method = 'INVITE' AND left(one.sip_code, 1) = '2' AND {same})"
)
_NOT_ENDED = SQL(
    "SELECT 'no BYE', {invite_texts}, NULL FROM {table} invite"
    " WHERE invite.method = 'INVITE' AND left(invite.sip_code, 1) = '2'"
    " AND invite.time >= {since} AND invite.time < {until}"
    " AND NOT EXISTS (SELECT FROM {table} one WHERE one.method = 'BYE' AND {same})"
    " AND NOT EXISTS (SELECT FROM {table} one WHERE one.method = 'INVITE' AND left(one.sip_code, 1) = '2' AND {same}"
    " AND (one.time, one.id) < (invite.time, invite.id))"
)
_NOT_BEGUN = SQL(
    "SELECT 'no INVITE', NULL, {bye_texts} FROM {table} bye"
    " WHERE bye.method = 'BYE' AND left(bye.sip_code, 1) = '2'"
    " AND bye.time >= {since} AND bye.time < {until} AND NOT EXISTS {first_invite} AND NOT {better_bye}"
)


def table(name: str) -> Identifier:
    """A table, perhaps with its schema before it."""
    return Identifier(*name.split("."))


def finished_calls(name: str, columns: Sequence[str], since: datetime, until: datetime) -> Composed:
    """Rows of acc_cdrs that were written, at the calls' ends, in `[since, until)` of its own clock."""
    return SQL(
        "SELECT 'call' AS what, {texts} AS cdr FROM {table} cdr WHERE end_time >= {since} AND end_time < {until}"
        " ORDER BY end_time, id"
    ).format(texts=_texts("cdr", columns), table=table(name), since=Literal(since), until=Literal(until))


def newest_row(name: str, until: datetime, *, is_paired: bool) -> Composed:
    """The latest moment before `until` at which something was written, by the table's own clock."""
    return SQL("SELECT max({moment})::timestamp FROM {table} WHERE {moment} < {until}").format(
        moment=Identifier("time" if is_paired else "end_time"), table=table(name), until=Literal(until)
    )


def paired_calls(
    name: str, columns: Sequence[str], since: datetime, until: datetime, *, longest: timedelta
) -> Composed:
    """Calls of acc of which it became certain, in `[since, until)` of its own clock, what they were.

    That is when they ended or were refused; when `longest` has passed since an INVITE that nothing ended; and a
    little after a BYE that nothing began.
    """

    def window(behind: timedelta) -> dict[str, Literal]:
        return {"since": Literal(since - behind), "until": Literal(until - behind)}

    def same(a: str, b: str) -> Composed:
        return _SAME_DIALOG.format(a=Identifier(a), b=Identifier(b))

    parts = {
        "table": table(name),
        "invite_texts": _texts("invite", columns),
        "bye_texts": _texts("bye", columns),
        "first_invite": _FIRST_INVITE.format(table=table(name), same=same("one", "bye")),
        "better_bye": _BETTER_BYE.format(table=table(name), same=same("other", "bye")),
        "same": same("one", "invite"),
    }
    now = timedelta(0)
    kinds = ((_ENDED, now), (_REFUSED, now), (_NOT_ENDED, longest), (_NOT_BEGUN, SETTLED))
    return SQL(" UNION ALL ").join(kind.format(**parts, **window(behind)) for kind, behind in kinds)


def _texts(row: str, columns: Sequence[str]) -> Composed:
    """The row as JSON; times as ISO 8601 writes them, whatever the server's DateStyle."""
    values = [_text(name).format(Identifier(row, name)) for name in columns]
    names = SQL(", ").join(map(Literal, columns))
    return SQL("json_object(ARRAY[{}], ARRAY[{}])").format(names, SQL(", ").join(values))


def _text(name: str) -> SQL:
    if name in _TIMES:
        return SQL("to_char({}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')")
    # A real of a million seconds is written as 1e+06.
    return SQL("{}::text::numeric::text") if name == "duration" else SQL("{}::text")
