"""DIDs of accounts made there, in v_destinations. That list routes no call; the dial plan does, which is not ours.

So a number is a person's, unless the settings say that the list is enough. A number is as wanted when its tenant's list
has it. It is known to be an account's only by the account code in its row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID, uuid5

from psycopg.sql import SQL, Composed, Identifier

from tollbook.connectors.fusionpbx.extension_rows import Row
from tollbook.connectors.fusionpbx.marks import LEAST_DID_DIGITS
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.schema import DESTINATIONS, Tables
from tollbook.connectors.fusionpbx.schemas import is_yes, written
from tollbook.connectors.postgres import Change, Database
from tollbook.connectors.wanted import WantedAccount

_PARTS = ("destination_number", "destination_prefix", "destination_trunk_prefix", "destination_area_code")
_MORE = ("destination_enabled", "destination_accountcode")


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is not as wanted of an account's numbers."""

    missing: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()  # missing, and on the list of another tenant
    left: tuple[tuple[str, str], ...] = ()  # taken off, and still there with the account's code; uuid of its row

    def by_hand(self, *, lists: bool) -> list[str]:
        """What somebody has to do where the list is kept by Tollbook (`lists`), or by nobody."""
        left = [f"{number} belongs to {tenant} there" for number, tenant in self.elsewhere]
        if not lists:
            left += [f"{number} is missing" for number in self.missing]
            left += [f"{number} is left" for number, _ in self.left]
        return left


NOTHING = Numbers()


def look(database: Database, tables: Tables, wanted: WantedAccount, row: Row) -> Numbers:
    if not wanted.numbers and not wanted.taken_off:
        return NOTHING
    listed = list(_listed(database, tables))
    missing, elsewhere, left = list[str](), list[tuple[str, str]](), list[tuple[str, str]]()
    for number in wanted.numbers:
        found = [one for one in listed if one.is_(number)]
        if any(
            one.is_of(row) and (one.uuid != _made(number) or one.accountcode == row.accountcode) for one in found
        ):
            continue
        others = [one.tenant for one in found if not one.is_of(row)]
        if others:
            elsewhere.append((number, others[0] or "every tenant"))
        else:
            missing.append(number)
    for number in wanted.taken_off:
        left += [
            (number, one.uuid)
            for one in listed
            if one.is_(number) and one.is_of(row) and one.accountcode == row.accountcode
        ]
    return Numbers(tuple(missing), tuple(elsewhere), tuple(left))


def changes(tables: Tables, options: Options, numbers: Numbers, row: Row) -> list[Change]:
    """Rows put on the list, and switched off. A row of ours that another account has by now is waited for."""
    flag = SQL("boolean" if tables.kind(DESTINATIONS, "destination_enabled") == "boolean" else "text")
    found = [_listing(tables, options, number, row, flag) for number in numbers.missing]
    off = SQL("UPDATE v_destinations SET destination_enabled = 'false'::{} WHERE destination_uuid = %s::uuid")
    return found + [Change(off.format(flag), [uuid]) for _, uuid in numbers.left]


@dataclass(frozen=True, slots=True)
class _Listed:
    uuid: str
    domain_uuid: str
    tenant: str
    digits: str
    accountcode: str

    def is_(self, number: str) -> bool:
        """Whether it is that number, in its own way of writing."""
        if min(len(self.digits), len(number)) < LEAST_DID_DIGITS:
            return self.digits == number
        return self.digits.endswith(number) or number.endswith(self.digits)

    def is_of(self, row: Row) -> bool:
        return self.domain_uuid == row.domain_uuid


def _listed(database: Database, tables: Tables) -> Iterator[_Listed]:
    """DIDs that are in use, of every tenant."""
    columns = SQL(", ").join(
        SQL("v.{}::text" if tables.has(DESTINATIONS, name) else "NULL AS {}").format(Identifier(name))
        for name in (*_PARTS, *_MORE)
    )
    query = SQL(
        "SELECT v.destination_uuid::text, v.domain_uuid::text, lower(coalesce(d.domain_name, '')), {}"
        " FROM v_destinations v LEFT JOIN v_domains d USING (domain_uuid)"
        " WHERE coalesce(nullif(v.destination_type, ''), 'inbound') = 'inbound' ORDER BY v.destination_uuid"
    ).format(columns)
    for uuid, domain_uuid, tenant, number, prefix, trunk_prefix, area_code, enabled, code in database.rows(query):
        text = written(number, prefix=prefix, trunk_prefix=trunk_prefix, area_code=area_code)
        digits = "".join(character for character in text if character in "0123456789")
        if digits and (enabled is None or is_yes(enabled)):
            yield _Listed(uuid, domain_uuid or "", tenant, digits, code or "")


def _made(number: str) -> str:
    """What a row that Tollbook made for this number is known by, of whatever tenant."""
    return str(uuid5(UUID(int=0), f"tollbook number {number}"))


def _listing(tables: Tables, options: Options, number: str, row: Row, flag: SQL) -> Change:
    given = {
        "destination_uuid": _made(number),
        "domain_uuid": row.domain_uuid,
        "destination_type": "inbound",
        "destination_number": number,
        "destination_context": options.made_number_context,
        "destination_accountcode": row.accountcode,
        "destination_description": row.id,
        "destination_enabled": "true",
    }
    given = {name: value for name, value in given.items() if tables.has(DESTINATIONS, name)}
    kinds = {"destination_uuid": SQL("uuid"), "domain_uuid": SQL("uuid"), "destination_enabled": flag}
    places = SQL(", ").join(SQL("%s::{}").format(kinds.get(name, SQL("text"))) for name in given)
    names: Composed = SQL(", ").join(map(Identifier, given))
    again = SQL(", ").join(SQL("{} = EXCLUDED.{}").format(Identifier(name), Identifier(name)) for name in given)
    insert = SQL(
        "INSERT INTO v_destinations AS v ({}) VALUES ({}) ON CONFLICT (destination_uuid) DO UPDATE SET {}"
        " WHERE lower(v.destination_enabled::text) NOT IN ('true', 't', '1')"
    ).format(names, places, again)
    return Change(insert, list(given.values()))
