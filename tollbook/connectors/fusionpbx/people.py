"""Tenants, extensions and DIDs of the database in our words."""

from collections.abc import Iterator, Sequence

from psycopg.sql import SQL, Identifier

from tollbook.connectors.base import PlatformAccount, PlatformCustomer, PlatformNumber, State
from tollbook.connectors.fusionpbx.holds import Device
from tollbook.connectors.fusionpbx.schema import DESTINATIONS, DOMAINS, EXTENSIONS, Tables, check_there
from tollbook.connectors.fusionpbx.schemas import Domain, Extension, is_yes, written
from tollbook.connectors.postgres import Database

_DOMAINS = """
    SELECT domain_uuid::text, lower(domain_name), domain_enabled::text, domain_description FROM v_domains
    WHERE domain_name <> '' ORDER BY domain_name, domain_uuid
"""
_EXTENSIONS = """
    SELECT lower(d.domain_name), d.domain_enabled::text, e.extension_uuid::text, e.extension, e.enabled::text,
        e.effective_caller_id_name, e.description, e.toll_allow
    FROM v_extensions e JOIN v_domains d USING (domain_uuid)
    WHERE e.extension <> '' AND d.domain_name <> '' AND (%s::text[] IS NULL OR lower(d.domain_name) = ANY (%s::text[]))
    ORDER BY d.domain_name, e.extension, e.extension_uuid
"""


def customer(domain: Domain) -> PlatformCustomer:
    """A tenant. Its name there is what its records and extensions refer to."""
    is_on = is_yes(domain.domain_enabled)
    return PlatformCustomer(
        foreign_id=domain.domain_name,
        name=(domain.domain_description or "").strip() or domain.domain_name,
        state=State.ACTIVE if is_on else State.BLOCKED,
        state_word="enabled" if is_on else "disabled",
    )


def account(extension: Extension, domain: Domain) -> PlatformAccount:
    """An extension. In a tenant that is switched off none of them works."""
    device = Device(
        extension.extension_uuid, is_yes(extension.enabled), extension.description, extension.toll_allow
    )
    word = "enabled"
    if not is_yes(domain.domain_enabled):
        word = "tenant disabled"
    elif not device.is_on:
        word = "disabled"
    elif is_yes(extension.suspended):
        word = "suspended"
    elif device.restricted_by:
        word = "enabled, outgoing calls stopped"
    name = f"{extension.extension}@{domain.domain_name}"
    return PlatformAccount(
        foreign_id=name,
        customer_id=domain.domain_name,
        code=name,
        name=(extension.effective_caller_id_name or "").strip(),
        state=State.ACTIVE if word.startswith("enabled") else State.BLOCKED,
        state_word=word,
    )


def customers(database: Database) -> Iterator[PlatformCustomer]:
    for uuid, name, enabled, description in database.rows(_DOMAINS):
        yield customer(Domain(uuid, name, enabled, description))


def accounts(database: Database, names: Sequence[str] | None) -> Iterator[PlatformAccount]:
    """Each once: an extension that a tenant has twice is the one by its name."""
    wanted = None if names is None else list(names)
    seen = set[str]()
    for domain_name, is_on, uuid, number, enabled, name, description, toll_allow in database.rows(
        _EXTENSIONS, [wanted, wanted]
    ):
        extension = Extension(
            uuid,
            number,
            enabled=enabled,
            effective_caller_id_name=name,
            description=description,
            toll_allow=toll_allow,
        )
        found = account(extension, Domain("", domain_name, is_on))
        if found.foreign_id not in seen:
            seen.add(found.foreign_id)
            yield found


def numbers(
    database: Database, tables: Tables, names: Sequence[str] | None, platform: str
) -> Iterator[PlatformNumber]:
    """DIDs that are in use. On which account one is, is not known: calls to it may go anywhere."""
    for table in (DOMAINS, EXTENSIONS, DESTINATIONS):
        check_there(tables, table, platform)
    parts = ("destination_number", "destination_prefix", "destination_trunk_prefix", "destination_area_code")
    columns = SQL(", ").join(
        SQL("v.{}::text" if tables.has(DESTINATIONS, name) else "NULL AS {}").format(Identifier(name))
        for name in parts
    )
    enabled = SQL("v.destination_enabled::text" if tables.has(DESTINATIONS, "destination_enabled") else "'true'")
    wanted = None if names is None else list(names)
    query = SQL(
        "SELECT lower(coalesce(d.domain_name, '')), {columns}"
        " FROM v_destinations v LEFT JOIN v_domains d USING (domain_uuid)"
        " WHERE coalesce(nullif(v.destination_type, ''), 'inbound') = 'inbound'"
        " AND lower(coalesce({enabled}, 'true')) IN ('true', 't', '1')"
        " AND (%s::text[] IS NULL OR lower(d.domain_name) = ANY (%s::text[]))"
        " ORDER BY 1, v.destination_number, v.destination_uuid"
    ).format(columns=columns, enabled=enabled)
    for domain_name, number, prefix, trunk_prefix, area_code in database.rows(query, [wanted, wanted]):
        did = written(number, prefix=prefix, trunk_prefix=trunk_prefix, area_code=area_code)
        if did:
            yield PlatformNumber(number=did, customer_id=domain_name)
