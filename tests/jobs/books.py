"""What is true of usage and ledger, without the numbers that rows happen to have got: two of them can be compared."""

from typing import Any

from django.db import connection

# A record that was replaced or undone, and what reversed its charge, come to nothing.
USAGE = """
    SELECT c.name, u.record_key, u.kind, u.start, u.duration_us, u.quantity, u.cli, u.cld, a.code, u.outcome, u.reason,
           u.billed, u.exact_sixtieths, u.price_nanos, u.currency, u.platform_price_nanos
      FROM usage_usagerecord u JOIN connections_connection c ON c.id = u.connection_id
      LEFT JOIN customers_account a ON a.id = u.account_id
     WHERE u.outcome NOT IN ('superseded', 'undone') ORDER BY 1, 2
"""
IDENTITY = """
    SELECT c.name, i.key FROM usage_usageidentity i JOIN connections_connection c ON c.id = i.connection_id
     ORDER BY 1, 2
"""
LEDGER = """
    SELECT o.code, a.code, t.month, t.usage_kind, t.tax_rate, l.kind, l.detail, p.currency, sum(p.amount_nanos)
      FROM ledger_transaction t JOIN ledger_posting p ON p.transaction_id = t.id
      JOIN ledger_ledgeraccount l ON l.id = p.ledger_account_id
      JOIN customers_customer o ON o.id = t.customer_id LEFT JOIN customers_account a ON a.id = t.account_id
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(p.amount_nanos) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
"""

Books = dict[str, list[tuple[Any, ...]]]


def books() -> Books:
    """Every record that stands, every key, and what every customer and account owes for what."""
    return {"usage": _rows(USAGE), "identity": _rows(IDENTITY), "ledger": _rows(LEDGER)}


def _rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
