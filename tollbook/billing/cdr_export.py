"""Records of usage as a file for other programs and for spreadsheets: which columns, of whom, of when.

The database writes the rows as CSV itself and they go into the file block by block, so their number needs no memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from tollbook.catalog.price_list import nearest_name
from tollbook.errors import BadInput

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
OUTCOMES = ("charged", "free", "set_aside", "not_usage")
BOM = "\ufeff".encode()  # by which spreadsheets know UTF-8
# What a spreadsheet takes for a formula; a single quotation mark before it makes it a text.
FORMULA = r"^[=+\-@\t\r]"


def _text(value: str) -> str:
    return f"CASE WHEN {value} ~ '{FORMULA}' THEN '''' || {value} ELSE {value} END"


def _amount(nanos: str) -> str:
    return f"trim_scale(({nanos})::numeric / 1000000000)"


# As `ledger.operations.tax_of` computes it, record by record: half up, away from zero.
_BASE = "(10000 + CASE WHEN t.is_gross THEN t.tax_rate * 100 ELSE 0 END)"
_TAX = f"(sign(u.price_nanos) * div(2 * abs(u.price_nanos)::numeric * t.tax_rate * 100 + {_BASE}, 2 * {_BASE}))"
_TAX_NANOS = f"CASE WHEN u.price_nanos = 0 THEN 0 ELSE {_TAX} END"

# Column of the file to how the database says it.
COLUMNS: Mapping[str, str] = {
    "id": "u.id",
    "start": "to_char(u.start, 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM')",
    "date": "to_char(u.start, 'YYYY-MM-DD')",
    "time": "to_char(u.start, 'HH24:MI:SS')",
    "customer": _text("c.code"),
    "customer_name": _text("c.name"),
    "account": _text("a.code"),
    "account_name": _text("a.name"),
    "product": _text("p.code"),
    "kind": "u.kind",
    "cli": _text("u.cli"),
    "cld": _text("u.cld"),
    "prefix": "r.prefix",
    "destination": _text("r.destination"),
    "category": _text("r.category"),
    "duration_s": "ceil(u.duration_us / 1000000.0)::bigint",
    "quantity": "u.quantity",
    "billed": "u.billed",
    "price": _amount("u.price_nanos"),
    "price_net": _amount(f"u.price_nanos - CASE WHEN t.is_gross THEN {_TAX_NANOS} ELSE 0 END"),
    "price_gross": _amount(f"u.price_nanos + CASE WHEN t.is_gross THEN 0 ELSE {_TAX_NANOS} END"),
    "currency": "u.currency",
    "platform_price": _amount("u.platform_price_nanos"),
    "platform_currency": "u.platform_currency",
    "outcome": "u.outcome",
    "reason": "u.reason",
    "tariff": _text("f.name"),
    "tariff_version": "v.number",
    "connection": _text("n.name"),
    "record_key": _text("u.record_key"),
}
DEFAULT_COLUMNS = (
    *("id", "start", "customer", "account", "kind", "cli", "cld", "destination", "category"),
    *("duration_s", "quantity", "billed", "price_net", "price_gross", "currency", "outcome", "reason"),
)
_FROM = """
     FROM usage_usagerecord u
     LEFT JOIN customers_account a ON a.id = u.account_id
     LEFT JOIN customers_customer c ON c.id = a.customer_id
     LEFT JOIN catalog_product p ON p.id = a.product_id
     LEFT JOIN catalog_tariffversion v ON v.id = u.tariff_version_id
     LEFT JOIN catalog_tariff f ON f.id = v.tariff_id
     LEFT JOIN catalog_rate r ON r.version_id = coalesce(v.base_version_id, v.id) AND r.line = u.rate_line
     LEFT JOIN ledger_transaction t ON t.id = u.transaction_id
     LEFT JOIN connections_connection n ON n.id = u.connection_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which records. What an exclusion hides is never among them."""

    since: datetime | None = None  # start, [since, until)
    until: datetime | None = None
    customer_id: int | None = None
    account_id: int | None = None
    kinds: Sequence[str] = ()  # none = every
    category: str | None = None  # of destinations, in any case
    outcomes: Sequence[str] = ("charged", "free")


def read_columns(names: str) -> list[str]:
    """`start,cld,price` as columns.

    Raises:
        BadInput: there is no such column, or one is named twice.
    """
    columns = [name.strip() for name in names.split(",") if name.strip()]
    for name in columns:
        if name not in COLUMNS:
            raise BadInput(
                f"there is no column {name!r}{nearest_name(name, COLUMNS)}; there are {', '.join(COLUMNS)}"
            )
        if columns.count(name) > 1:
            raise BadInput(f"column {name!r} is named twice")
    if not columns:
        raise BadInput(f"which columns? There are {', '.join(COLUMNS)}")
    return columns


def export_calls(
    choice: Choice,
    columns: Sequence[str],
    write: Callable[[bytes], object],
    *,
    timezone: str,
    delimiter: str = ",",
    header: bool = True,
) -> int:
    """Write records in the order of their start, as CSV in UTF-8, all as of one moment; how many they were.

    Args:
        choice: which records.
        columns: of COLUMNS.
        write: takes the file block by block.
        timezone: in which days and times are written.
        delimiter: one of DELIMITERS' values.
        header: a first line that names the columns, and the mark by which spreadsheets know UTF-8.

    Raises:
        BadInput: there is no such delimiter.
    """
    if delimiter not in DELIMITERS.values():
        raise BadInput(f"delimiter {delimiter!r}; there are {', '.join(DELIMITERS)}")
    conditions, params = _conditions(choice)
    selected = ", ".join(f'{COLUMNS[name]} AS "{name}"' for name in columns)
    query = f"SELECT {selected} {_FROM} WHERE {conditions} ORDER BY u.start, u.id"
    shape = f"FORMAT csv, HEADER {str(header).lower()}, DELIMITER E'{delimiter.encode('unicode_escape').decode()}'"
    if header:
        write(BOM)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone'), set_config('TimeZone', %s, true)", [timezone])
        before = cursor.fetchone()[0]
        try:
            with cursor.copy(f"COPY ({query}) TO STDOUT ({shape})", params) as copy:
                for block in copy:
                    write(bytes(block))
            return int(cursor.rowcount)
        finally:
            cursor.execute("SELECT set_config('TimeZone', %s, true)", [before])


def _conditions(choice: Choice) -> tuple[str, tuple[object, ...]]:
    """Who and when, in SQL, and the parameters."""
    conditions = ["u.outcome = ANY(%s)", "u.reason IS DISTINCT FROM 'hidden'"]
    params: list[object] = [list(choice.outcomes)]
    values: list[tuple[str, object]] = [
        ("u.start >= %s", choice.since),
        ("u.start < %s", choice.until),
        ("u.account_id = %s", choice.account_id),
        ("u.account_id IN (SELECT id FROM customers_account WHERE customer_id = %s)", choice.customer_id),
        ("u.kind = ANY(%s)", list(choice.kinds) or None),
        ("lower(r.category) = lower(%s)", choice.category),
    ]
    for condition, value in values:
        if value is not None:
            conditions.append(condition)
            params.append(value)
    return " AND ".join(conditions), tuple(params)
