"""Trying a connection out, step by step; nothing is changed there."""

from collections.abc import Callable, Iterator

from psycopg.sql import SQL, Identifier, Literal

from tollbook.connectors.base import Check, failed_check
from tollbook.connectors.errors import ConnectorError, NeedsAttention
from tollbook.connectors.fusionpbx.options import Options
from tollbook.connectors.fusionpbx.rest import Client
from tollbook.connectors.fusionpbx.schema import DESTINATIONS, DOMAINS, EXTENSIONS, GATEWAYS, TABLES, Tables, probe
from tollbook.connectors.fusionpbx.switch import AT_EXPIRY, Switch
from tollbook.connectors.postgres import Database

_WRITTEN = {
    EXTENSIONS: ("enabled", "description", "toll_allow"),
    GATEWAYS: ("enabled", "description"),
    DOMAINS: ("domain_enabled",),
}
_OUTGOING = {
    True: "can be stopped alone if routes test toll_allow, as the settings say: try it with one extension",
    False: "cannot be stopped alone, so a suspension cuts emergency calls too (toll_allow_routes is no)",
}


def try_database(
    platform: str, options: Options, database: Database, control: Database, switch: Switch | None
) -> Iterator[Check]:
    """Reach, log in, each table, the rights that orders need, and the switch."""
    found: list[Tables] = []

    def step(name: str, look: Callable[[], str]) -> Check:
        try:
            return Check(name, is_ok=True, says=look())
        except ConnectorError as error:
            return failed_check(name, error, platform=platform)

    def schema() -> str:
        found.append(probe(database, platform))
        return f"tables {found[0].generation}"

    log_in = step("log in", lambda: f"PostgreSQL {database.rows('SHOW server_version')[0][0]} lets us in")
    yield log_in
    if not log_in.is_ok:
        return
    yield step("schema", schema)
    for table in TABLES:
        yield step(table, lambda table=table: _readable(database, table))  # type: ignore[misc]
    if found:
        for table, columns in _WRITTEN.items():
            there = [name for name in columns if found[0].has(table, name)]
            yield step(
                f"orders: {table}",
                lambda table=table, there=there: _writable(control, table, there, platform),  # type: ignore[misc]
            )
    yield Check("outgoing calls only", is_ok=True, says=_OUTGOING[options.has_toll_allow_routes])
    if switch is None:
        yield Check("event socket", is_ok=True, says=f"not set: an order {AT_EXPIRY}")
    else:
        yield step("event socket", lambda: f"the switch answers: {switch.reach()}")


def try_rest(platform: str, client: Client) -> Iterator[Check]:
    """Reach and log in; then what is read of one tenant."""
    try:
        domains = list(client.domains())
    except ConnectorError as error:
        yield failed_check("log in", error, platform=platform)
        return
    yield Check("log in", is_ok=True, says=f"FS PBX lists {len(domains)} domains")
    if not domains:
        yield Check(
            "domains",
            is_ok=False,
            says="no domain is listed",
            next_step="give the token's user the permission to see all domains",
        )
        return
    first = domains[0]
    parts: dict[str, Callable[[], object]] = {
        "extensions": lambda: next(client.extensions(first), None),
        "numbers": lambda: next(client.numbers(first), None),
        "calls": lambda: next(client.rows(f"/domains/{first.domain_uuid}/cdrs", "xml_cdr_uuid"), None),
        "active calls": lambda: next(client.rows(f"/domains/{first.domain_uuid}/active-calls", "call_uuid"), None),
    }
    for name, look in parts.items():
        try:
            look()
        except ConnectorError as error:
            yield failed_check(name, error, platform=platform)
        else:
            yield Check(name, is_ok=True, says=f"those of {first.domain_name} may be read")


def _readable(database: Database, table: str) -> str:
    database.rows(SQL("SELECT FROM {} LIMIT 1").format(Identifier(table)))
    return f"{table} may be read" if table != DESTINATIONS else f"{table} (the DIDs) may be read"


def _writable(control: Database, table: str, columns: list[str], platform: str) -> str:
    rights = SQL(", ").join(
        SQL("has_column_privilege({}, {}, 'UPDATE')").format(Literal(table), Literal(name)) for name in columns
    )
    (may,) = control.rows(SQL("SELECT {}").format(rights))
    missing = [name for name, is_allowed in zip(columns, may, strict=True) if not is_allowed]
    if missing:
        raise NeedsAttention(
            f"{', '.join(missing)} of {table} may not be changed, so orders would fail; "
            f"GRANT UPDATE ({', '.join(missing)}) ON {table} TO the user, or set control_user and control_password",
            platform=platform,
        )
    return f"{', '.join(columns)} of {table} may be changed"
