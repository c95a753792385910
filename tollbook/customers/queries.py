"""Reading customers: the directory in which usage is matched."""

from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from django.db.models import Count, Prefetch, Q

from tollbook.connections.models import Connection
from tollbook.customers.models import Account, AccountMark, Customer, Number
from tollbook.customers.products_over_time import PRODUCT_SPANS, product_spans
from tollbook.database import copy_out
from tollbook.errors import BadInput
from tollbook.records import UTC_TIME, table

ACCOUNTS = table(
    {
        "account_id": pl.Int64,
        "account_code": pl.String,
        "product_id": pl.Int64,
        "account_from": UTC_TIME,
        "account_until": UTC_TIME,
        "customer_id": pl.Int64,
        "customer_currency": pl.String,
        "customer_timezone": pl.String,
        "tax_basis_points": pl.Int64,  # 23 % is 2300
    }
)
NUMBERS = table({"digits": pl.String, "account_id": pl.Int64, "number_from": UTC_TIME, "number_until": UTC_TIME})
# What the platform calls accounts and customers, at one connection.
LINKS = table({"account_ref": pl.String, "account_id": pl.Int64, "link_from": UTC_TIME, "link_until": UTC_TIME})
PAIRINGS = table(
    {"tenant_ref": pl.String, "paired_customer_id": pl.Int64, "paired_from": UTC_TIME, "paired_until": UTC_TIME}
)
MARKS = table(
    {
        "mark_kind": pl.String,
        "mark_tenant": pl.String,  # "" = of any
        "mark_value": pl.String,
        "account_id": pl.Int64,
        "mark_from": UTC_TIME,
        "mark_until": UTC_TIME,
    }
)
# Codes that an account gave up when it ended, and whose each was when.
SHARED_CODES = table(
    {"account_ref": pl.String, "account_id": pl.Int64, "code_from": UTC_TIME, "code_until": UTC_TIME}
)


@dataclass(frozen=True, slots=True)
class Directory:
    """Every account and every number as they are now, with the times at which they hold."""

    accounts: pl.DataFrame  # ACCOUNTS
    numbers: pl.DataFrame  # NUMBERS
    links: pl.DataFrame  # LINKS
    pairings: pl.DataFrame  # PAIRINGS
    marks: pl.DataFrame  # MARKS
    spans: pl.DataFrame = field(default_factory=PRODUCT_SPANS.to_frame)
    shared_codes: pl.DataFrame = field(default_factory=SHARED_CODES.to_frame)


def directory(connection_id: int | None = None) -> Directory:
    """The whole directory: a few bytes a line, so a million lines are some hundred megabytes.

    Links, pairings and marks are those of one connection; without one there are none.
    """
    accounts = copy_out(
        """
        SELECT a.id AS account_id, a.code AS account_code, a.product_id, a.active_from AS account_from,
               a.active_until AS account_until, a.customer_id, c.currency AS customer_currency,
               c.timezone AS customer_timezone, (c.tax_rate * 100)::bigint AS tax_basis_points
          FROM customers_account a JOIN customers_customer c ON c.id = a.customer_id
        """,
        ACCOUNTS,
    )
    numbers = copy_out(
        "SELECT digits, account_id, active_from AS number_from, active_until AS number_until FROM customers_number",
        NUMBERS,
    )
    links = copy_out(
        """
        SELECT foreign_id AS account_ref, account_id, active_from AS link_from, active_until AS link_until
          FROM customers_accountlink WHERE connection_id = %s
        """,
        LINKS,
        (connection_id,),
    )
    pairings = copy_out(
        """
        SELECT foreign_id AS tenant_ref, customer_id AS paired_customer_id, active_from AS paired_from,
               active_until AS paired_until
          FROM customers_pairing WHERE connection_id = %s
        """,
        PAIRINGS,
        (connection_id,),
    )
    marks = copy_out(
        """
        SELECT kind AS mark_kind, tenant AS mark_tenant, value AS mark_value, account_id, active_from AS mark_from,
               active_until AS mark_until
          FROM customers_accountmark WHERE connection_id = %s
        """,
        MARKS,
        (connection_id,),
    )
    return Directory(accounts, numbers, links, pairings, marks, product_spans(), _shared_codes())


def _shared_codes() -> pl.DataFrame:
    """As SHARED_CODES: one that has ended had its code until then; the last one for ever, unless there is a next."""
    return copy_out(
        """
        SELECT f.code AS account_ref, f.account_id, lag(f.until) OVER of_code AS code_from,
               CASE WHEN a.id IS NOT NULL OR lead(f.until) OVER of_code IS NOT NULL THEN f.until END AS code_until
          FROM customers_formercode f LEFT JOIN customers_account a ON a.code = f.code
        WINDOW of_code AS (PARTITION BY f.code ORDER BY f.until, f.id)
        UNION ALL
        SELECT a.code, a.id, max(f.until), NULL
          FROM customers_formercode f JOIN customers_account a ON a.code = f.code
         GROUP BY a.code, a.id
        """,
        SHARED_CODES,
    )


def customer_list() -> list[dict[str, object]]:
    """Every customer by code, with how many accounts they have."""
    columns = ("code", "name", "city", "country", "currency", "tax_rate", "timezone", "is_prepaid", "credit_limit")
    counted = Customer.objects.order_by("code").values(*columns, "state", account_count=Count("accounts"))
    return list(counted)


def account_list(*, customer: str | None, at: datetime) -> list[dict[str, object]]:
    """Accounts by code, with the numbers they have at that moment; all, or one customer's.

    Raises:
        BadInput: no customer has that code.
    """
    accounts = Account.objects.select_related("customer", "product").order_by("code")
    if customer is not None:
        if not Customer.objects.filter(code=customer).exists():
            raise BadInput(f"there is no customer {customer!r}; see `tollbook customers list`")
        accounts = accounts.filter(customer__code=customer)
    held = Number.objects.filter(
        Q(active_from=None) | Q(active_from__lte=at), Q(active_until=None) | Q(active_until__gt=at)
    ).order_by("digits")
    return [
        {
            "customer": account.customer.code,
            "code": account.code,
            "name": account.name,
            "product": account.product.code,
            "state": account.state,
            "numbers": " ".join(f"+{number.digits}" for number in account.numbers.all()),
            "active_from": account.active_from,
            "active_until": account.active_until,
        }
        for account in accounts.prefetch_related(Prefetch("numbers", queryset=held))
    ]


def mark_list(*, connection: Connection | None = None, account: Account | None = None) -> list[dict[str, object]]:
    """Marks by connection, kind and value; all, or one connection's, or one account's."""
    marks = AccountMark.objects.select_related("connection", "account__customer")
    if connection is not None:
        marks = marks.filter(connection=connection)
    if account is not None:
        marks = marks.filter(account=account)
    return [
        {
            "connection": mark.connection.name,
            "kind": mark.kind,
            "value": mark.value,
            "tenant": mark.tenant,
            "account": mark.account.code,
            "customer": mark.account.customer.code,
            "from": mark.active_from,
            "until": mark.active_until,
        }
        for mark in marks.order_by("connection__name", "kind", "value", "pk")
    ]


def frequent_countries(limit: int) -> list[str]:
    """The countries (ISO 3166) that most customers are in, the most frequent first."""
    counted = Customer.objects.exclude(country="").values("country").annotate(customers=Count("pk"))
    return [row["country"] for row in counted.order_by("-customers", "country")[:limit]]
