"""Which tables and columns this installation has. They come and go between releases."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from tollbook.connectors.errors import NeedsAttention
from tollbook.connectors.postgres import Database

CALLS, DOMAINS, EXTENSIONS = "v_xml_cdr", "v_domains", "v_extensions"
GATEWAYS, DESTINATIONS = "v_gateways", "v_destinations"
TABLES = (CALLS, DOMAINS, EXTENSIONS, GATEWAYS, DESTINATIONS)
_PROBE = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = ANY (current_schemas(false)) AND table_name = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables that the user may read, with the types of their columns."""

    columns: Mapping[str, Mapping[str, str]]

    def has(self, table: str, column: str) -> bool:
        return column in self.columns.get(table, {})

    def kind(self, table: str, column: str) -> str:
        """PostgreSQL's name of the column's type; empty when there is no such column."""
        return self.columns.get(table, {}).get(column, "")

    @property
    def key(self) -> str:
        """The column that identifies a row of calls; very old releases called it otherwise."""
        return "xml_cdr_uuid" if self.has(CALLS, "xml_cdr_uuid") or not self.has(CALLS, "uuid") else "uuid"

    @property
    def generation(self) -> str:
        """Which releases have such tables, for a person."""
        flag = self.kind(EXTENSIONS, "enabled")
        if self.has(CALLS, "call_disposition"):
            return "of 2026 (call_disposition is there)"
        return "5.5 or later (enabled is boolean)" if flag == "boolean" else "5.4 or earlier (enabled is text)"


def probe(database: Database, platform: str) -> Tables:
    """What is there for this user, asked once per visit.

    Raises:
        NeedsAttention: there are no calls to be seen.
        TryAgainLater: no answer.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in database.rows(_PROBE, [list(TABLES)]):
        found[table][column] = kind
    tables = Tables(found)
    if not tables.has(CALLS, tables.key):
        raise NeedsAttention(
            f"the database shows no table {CALLS} to this user; check the setting database, "
            f"or grant there: GRANT SELECT ON {', '.join(TABLES)} TO the user",
            platform=platform,
        )
    return tables


def check_there(tables: Tables, table: str, platform: str) -> None:
    """See that a table may be read.

    Raises:
        NeedsAttention: it may not.
    """
    if table not in tables.columns:
        raise NeedsAttention(
            f"the database shows no table {table} to this user; grant there: GRANT SELECT ON {table} TO the user",
            platform=platform,
        )
