"""Rows of v_extensions, read and written whole for accounts that are made there. Pure but for `rows`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from psycopg.sql import SQL, Composed, Identifier

from tollbook.connectors.fusionpbx.holds import Device
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.schema import EXTENSIONS, Tables
from tollbook.connectors.fusionpbx.schemas import is_yes
from tollbook.connectors.fusionpbx.switch import Line
from tollbook.connectors.postgres import Change, Database
from tollbook.connectors.wanted import WantedAccount

PASSWORD_BYTES = 18  # of one that nobody here gave; four characters for three bytes
_ROWS = """
    SELECT e.extension_uuid::text, e.domain_uuid::text, lower(d.domain_name), e.extension, e.enabled::text,
        e.effective_caller_id_name, e.password, e.accountcode, e.description, e.user_context, e.number_alias
    FROM v_extensions e JOIN v_domains d USING (domain_uuid)
    WHERE lower(d.domain_name) = %s ORDER BY e.extension_uuid
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An extension, as far as it is made and changed."""

    device: Device
    line: Line
    domain_uuid: str
    name: str
    password: str
    accountcode: str

    @property
    def id(self) -> str:
        return f"{self.line.extension}@{self.line.domain}"


def rows(database: Database, tenant: str) -> list[Row]:
    """A tenant's."""
    return [
        Row(
            Device(uuid, is_yes(enabled), description),
            Line(extension or "", domain, context or "", alias or ""),
            domain_uuid,
            name or "",
            password or "",
            accountcode or extension or "",
        )
        for (
            uuid,
            domain_uuid,
            domain,
            extension,
            enabled,
            name,
            password,
            accountcode,
            description,
            context,
            alias,
        ) in database.rows(_ROWS, [tenant.lower()])
    ]


def made_uuid(domain_uuid: str, code: str) -> str:
    """What an extension that is made for the account of this code is known by, whoever makes it and how often."""
    return str(uuid5(UUID(domain_uuid), f"tollbook account {code}"))


def new_row(options: Options, wanted: WantedAccount, domain_uuid: str) -> Row:
    """As it is made, on and with everything that a telephone needs to register."""

    def filled(template: str) -> str:
        return template.replace("{tenant}", wanted.customer_id).replace("{extension}", wanted.extension)

    return Row(
        Device(
            made_uuid(domain_uuid, wanted.code), is_on=True, description="", toll_allow=options.made_toll_allow
        ),
        Line(wanted.extension, wanted.customer_id.lower(), filled(options.made_context)),
        domain_uuid,
        wanted.name,
        wanted.secret.reveal() or secrets.token_urlsafe(PASSWORD_BYTES),
        filled(options.made_accountcode),
    )


def insertion(tables: Tables, options: Options, row: Row, wanted: WantedAccount) -> Change:
    """One more row, unless somebody has that extension by now, or that alias."""
    caller_id = options.made_caller_id.replace("{number}", wanted.numbers[0]) if len(wanted.numbers) == 1 else ""
    given = {
        "extension_uuid": row.device.uuid,
        "domain_uuid": row.domain_uuid,
        "extension": row.line.extension,
        "password": row.password,
        "accountcode": row.accountcode,
        "effective_caller_id_name": row.name,
        "effective_caller_id_number": row.line.extension,
        "outbound_caller_id_name": row.name if caller_id else "",
        "outbound_caller_id_number": caller_id,
        "user_context": row.line.context,
        "toll_allow": row.device.toll_allow or "",
        "enabled": "true",
        "description": "",
    }
    given = {name: value for name, value in given.items() if tables.has(EXTENSIONS, name)}
    insert = SQL(
        "INSERT INTO v_extensions ({}) SELECT {} WHERE NOT EXISTS (SELECT FROM v_extensions"
        " WHERE domain_uuid = %s::uuid AND (extension = %s OR number_alias = %s))"
    ).format(
        SQL(", ").join(map(Identifier, given)), SQL(", ").join(_place(tables, EXTENSIONS, name) for name in given)
    )
    return Change(insert, [*given.values(), row.domain_uuid, row.line.extension, row.line.extension])


def update(tables: Tables, row: Row, values: Mapping[str, str]) -> Change:
    """Other values of a row, unless it became another extension meanwhile."""
    sets = SQL(", ").join(
        SQL("{} = {}").format(Identifier(name), _place(tables, EXTENSIONS, name)) for name in values
    )
    statement = SQL("UPDATE v_extensions SET {} WHERE extension_uuid = %s::uuid AND extension = %s").format(sets)
    return Change(statement, [*values.values(), row.device.uuid, row.line.extension])


def _place(tables: Tables, table: str, name: str) -> Composed:
    """A place for a text, of the column's real type: that of `enabled` differs between releases."""
    kind = tables.kind(table, name)
    return SQL("%s::{}").format(SQL({"boolean": "boolean", "uuid": "uuid"}.get(kind, "text")))
