"""Reading the ledger: balances are sums of postings, exact, and nothing else is kept of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from tollbook.customers.models import Customer
from tollbook.database import Params, stream
from tollbook.money import Money


@dataclass(frozen=True, slots=True)
class CustomerBalance:
    """What one customer owes in one currency; negative is the customer's credit."""

    customer_code: str
    balance: Money


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """A ledger account's sum of postings: positive = debit."""

    kind: str  # LedgerAccount.Kind
    detail: str
    balance: Money


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A transaction as the customer sees it."""

    transaction_id: int
    posted_at: datetime
    kind: str  # Transaction.Kind
    usage_kind: str | None
    month: date  # first day of the customer's month it belongs to
    amount: Money  # owed more (positive) or less (negative)
    balance: Money  # owed after it


def balance(customer: Customer, currency: str) -> Money:
    """What the customer owes; negative is the customer's credit."""
    return _owed(customer, currency, "TRUE", ())


def balances(customer: Customer | None = None) -> Iterator[CustomerBalance]:
    """What every customer (or one) owes, by code; without postings it is nothing, in the customer's own currency."""
    rows = stream(
        """
        SELECT c.code, coalesce(p.currency, c.currency), coalesce(sum(p.amount_nanos), 0)
          FROM customers_customer c
          LEFT JOIN (ledger_transaction t
               JOIN ledger_posting p ON p.transaction_id = t.id AND p.customer_id = t.customer_id)
            ON t.customer_id = c.id
         WHERE c.id = coalesce(%s, c.id)
         GROUP BY c.code, 2 ORDER BY c.code COLLATE "C", 2
        """,
        (customer and customer.pk,),
    )
    return (CustomerBalance(code, Money.from_nanos(int(nanos), currency)) for code, currency, nanos in rows)


def owed_by_customers(customer_ids: Sequence[int]) -> dict[int, Decimal]:
    """What each of them owes in their own currency, in one query; who has no postings is left out."""
    return _sums(
        """
        SELECT c.id, p.nanos
          FROM (SELECT customer_id, currency, sum(amount_nanos) AS nanos FROM ledger_posting
                 WHERE customer_id = ANY(%s) GROUP BY customer_id, currency) AS p
          JOIN customers_customer c ON c.id = p.customer_id AND c.currency = p.currency
        """,
        (list(customer_ids),),
    )


def spent_on_accounts(account_ids: Sequence[int], customer_ids: Sequence[int]) -> dict[int, Decimal]:
    """What of their customers' balances comes from each account, in one query; without postings it is left out."""
    return _sums(
        """
        SELECT t.account_id, sum(p.amount_nanos)
          FROM ledger_transaction t
          JOIN ledger_posting p ON p.transaction_id = t.id AND p.customer_id = t.customer_id
          JOIN customers_customer c ON c.id = t.customer_id AND c.currency = p.currency
         WHERE t.customer_id = ANY(%s) AND t.account_id = ANY(%s)
         GROUP BY t.account_id
        """,
        (list(customer_ids), list(account_ids)),
    )


def trial_balance() -> list[AccountBalance]:
    """Every account of the chart with its sum, in the chart's order. Per currency they come to zero."""
    rows = stream(
        """
        SELECT a.kind, a.detail, a.currency, coalesce(sum(p.amount_nanos), 0)
          FROM ledger_ledgeraccount a LEFT JOIN ledger_posting p ON p.ledger_account_id = a.id
         GROUP BY a.id ORDER BY a.currency COLLATE "C", a.kind COLLATE "C", a.detail COLLATE "C"
        """
    )
    return [
        AccountBalance(kind, detail, Money.from_nanos(int(nanos), currency))
        for kind, detail, currency, nanos in rows
    ]


def statement(customer: Customer, currency: str, *, since: datetime, until: datetime) -> Iterator[StatementLine]:
    """The customer's transactions posted in `[since, until)`, each with the balance after it."""
    owed = _owed(customer, currency, "t.posted_at < %s", (since,))
    rows = stream(
        """
        SELECT t.id, t.posted_at, t.kind, t.usage_kind, t.month, sum(p.amount_nanos)
          FROM ledger_transaction t
          JOIN ledger_posting p ON p.transaction_id = t.id AND p.customer_id = t.customer_id
         WHERE t.customer_id = %s AND p.currency = %s AND t.posted_at >= %s AND t.posted_at < %s
         GROUP BY t.id ORDER BY t.posted_at, t.id
        """,
        (customer.pk, currency, since, until),
    )
    for transaction_id, posted_at, kind, usage_kind, month, nanos in rows:
        amount = Money.from_nanos(int(nanos), currency)
        owed += amount
        yield StatementLine(transaction_id, posted_at, kind, usage_kind, month, amount, owed)


def _sums(query: str, params: Params) -> dict[int, Decimal]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return {whose: Decimal(nanos).scaleb(-9) for whose, nanos in cursor.fetchall()}


def _owed(customer: Customer, currency: str, condition: str, params: Params) -> Money:
    """Found through the customer's transactions: they have an index, and postings need none of their own."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(sum(p.amount_nanos), 0)
              FROM ledger_transaction t
              JOIN ledger_posting p ON p.transaction_id = t.id AND p.customer_id = t.customer_id
             WHERE t.customer_id = %s AND p.currency = %s AND {condition}
            """,
            (customer.pk, currency, *params),
        )
        return Money.from_nanos(int(cursor.fetchone()[0]), currency)
