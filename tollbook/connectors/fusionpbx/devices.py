"""Extensions, gateways and tenants of the database, read and changed for orders."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Composable, Composed, Identifier

from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.fusionpbx.holds import Device
from tollbook.connectors.fusionpbx.schema import EXTENSIONS, GATEWAYS, Tables
from tollbook.connectors.fusionpbx.schemas import is_yes
from tollbook.connectors.fusionpbx.switch import Line
from tollbook.connectors.postgres import Database

_KEYS = {EXTENSIONS: "extension_uuid", GATEWAYS: "gateway_uuid"}
_TENANT = "SELECT domain_uuid::text, domain_enabled::text FROM v_domains WHERE lower(domain_name) = %s"
_OF_TENANT = """
    SELECT e.extension_uuid::text, e.enabled::text, e.description, e.toll_allow, e.extension, e.user_context,
        e.number_alias
    FROM v_extensions e WHERE e.domain_uuid = %s::uuid AND (%s::text IS NULL OR e.extension = %s::text)
    ORDER BY e.extension, e.extension_uuid
"""


@dataclass(frozen=True, slots=True)
class Tenant:
    uuid: str
    name: str
    is_on: bool


@dataclass(frozen=True, slots=True)
class Extension:
    device: Device
    line: Line


@dataclass(frozen=True, slots=True)
class Gateway:
    device: Device
    domain_uuid: str  # "" = everybody's
    profile: str
    hostname: str


def tenant(database: Database, name: str, platform: str) -> Tenant:
    """Raises NeedsAttention: there is none of that name."""
    rows = database.rows(_TENANT, [name.lower()])
    if not rows:
        raise NeedsAttention(
            f"there is no domain {name!r}; pair the customer with the one it is now", platform=platform
        )
    uuid, is_on = rows[0]
    return Tenant(uuid, name, is_yes(is_on))


def extensions(database: Database, of: Tenant, number: str | None = None) -> list[Extension]:
    """A tenant's, or the one of that number (which a tenant may have twice)."""
    return [
        Extension(
            Device(uuid, is_yes(enabled), description, toll_allow),
            Line(extension, of.name, context or "", alias or ""),
        )
        for uuid, enabled, description, toll_allow, extension, context, alias in database.rows(
            _OF_TENANT, [of.uuid, number, number]
        )
    ]


def gateways(database: Database, tables: Tables, *, of: Tenant | None = None, uuid: str = "") -> list[Gateway]:
    """A tenant's own, or the one with that uuid."""
    names = ("description", "profile", "hostname")
    columns = SQL(", ").join(
        SQL("{}" if tables.has(GATEWAYS, name) else "NULL AS {}").format(Identifier(name)) for name in names
    )
    query = SQL(
        "SELECT gateway_uuid::text, domain_uuid::text, enabled::text, {} FROM v_gateways"
        " WHERE (%s::text IS NULL OR domain_uuid::text = %s) AND (%s = '' OR gateway_uuid::text = %s)"
        " ORDER BY gateway_uuid"
    ).format(columns)
    owner = of.uuid if of else None
    return [
        Gateway(Device(id, is_yes(enabled), description), domain_uuid or "", profile or "", hostname or "")
        for id, domain_uuid, enabled, description, profile, hostname in database.rows(
            query, [owner, owner, uuid, uuid]
        )
    ]


def write(
    database: Database, tables: Tables, table: str, changes: Sequence[tuple[Device, Device]], platform: str
) -> None:
    """Make each device what it shall be, all in one statement; only where it still is what it was.

    Raises:
        TryAgainLater: somebody changed one of them meanwhile; what nobody touched is done.
        NeedsAttention: this user may not.
    """
    changes = [(before, after) for before, after in changes if before != after]
    if not changes:
        return
    values = [
        [before.uuid for before, _ in changes],
        ["true" if after.is_on else "false" for _, after in changes],
        ["true" if before.is_on else "false" for before, _ in changes],
        [after.description for _, after in changes],
        [before.description for before, _ in changes],
        [after.toll_allow for _, after in changes],
        [before.toll_allow for before, _ in changes],
    ]
    if database.change(_update(tables, table), values) != len(changes):
        raise TryAgainLater(
            f"somebody changed {table} at the same moment; run again, and it is looked at anew", platform=platform
        )


def switch_tenant(database: Database, of: Tenant, *, is_on: bool) -> None:
    database.change("UPDATE v_domains SET domain_enabled = %s WHERE domain_uuid = %s::uuid", [is_on, of.uuid])


def _update(tables: Tables, table: str) -> Composed:
    """`enabled` is written as the column's real type, which differs between releases."""
    kind = SQL("boolean" if tables.kind(table, "enabled") == "boolean" else "text")
    sets: list[Composable] = [SQL("enabled = n.is_on::{}").format(kind)]
    holds: list[Composable] = [SQL("(lower(t.enabled::text) IN ('true', 't', '1', 'yes')) = n.was_on::boolean")]
    for name in ("description", "toll_allow"):
        if tables.has(table, name):
            column, was = Identifier(name), Identifier(f"was_{name}")
            sets.append(SQL("{} = n.{}").format(column, column))
            holds.append(SQL("t.{} IS NOT DISTINCT FROM n.{}").format(column, was))
    return SQL(
        "UPDATE {table} t SET {sets} FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[]) AS n(id, is_on, was_on, description, was_description, toll_allow, was_toll_allow)"
        " WHERE t.{key} = n.id AND {holds}"
    ).format(
        table=Identifier(table),
        sets=SQL(", ").join(sets),
        key=Identifier(_KEYS[table]),
        holds=SQL(" AND ").join(holds),
    )
