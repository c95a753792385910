"""The call list of a customer or account for a month, invoiced or not: each call with its price, or why it is free."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from tollbook.billing.documents.call_list import decimal_text, harmless
from tollbook.billing.queries import destinations, midnight, next_month
from tollbook.customers.models import Account, Customer
from tollbook.database import copy_out
from tollbook.records import UTC_TIME, table

CALLS_OF_MONTH = table(
    {
        "account": pl.String,
        "account_name": pl.String,
        "kind": pl.String,
        "start": UTC_TIME,
        "cli": pl.String,
        "cld": pl.String,
        "destination": pl.String,
        "duration_us": pl.Int64,  # talked
        "quantity": pl.Int64,
        "billed": pl.Int64,  # seconds or units
        "price_nanos": pl.Int64,
        "currency": pl.String,
        "free_because": pl.String,  # a reason of the rating engine; null when charged
    }
)
US_PER_S = 1_000_000


def calls_of_month(customer: Customer, month: date, *, account: Account | None = None) -> pl.DataFrame:
    """What a customer, or one of their accounts, used in a month of their zone (CALLS_OF_MONTH), by account and time.

    Charged and free calls. What an exclusion hides is never listed, and what is set aside has no price to show.
    """
    since, until = _period(customer, month)
    calls = copy_out(
        """
        SELECT a.code AS account, nullif(a.name, '') AS account_name, u.kind, u.start, u.cli, u.cld, r.destination,
               u.duration_us, u.quantity, u.billed, u.price_nanos, coalesce(u.currency, %s) AS currency,
               CASE WHEN u.outcome = 'free' THEN u.reason END AS free_because
          FROM usage_usagerecord u
          JOIN customers_account a ON a.id = u.account_id
          LEFT JOIN catalog_tariffversion v ON v.id = u.tariff_version_id
          LEFT JOIN catalog_rate r ON r.version_id = coalesce(v.base_version_id, v.id) AND r.line = u.rate_line
         WHERE u.account_id = ANY(%s) AND u.start >= %s AND u.start < %s
           AND (u.outcome = 'charged' OR u.outcome = 'free' AND u.reason <> 'hidden')
         ORDER BY a.code, u.start, u.id
        """,
        CALLS_OF_MONTH,
        (customer.currency, _accounts(customer, account), since, until),
    )
    return calls.with_columns(destination=pl.coalesce("destination", destinations(calls, customer.language)))


def set_aside_of_month(customer: Customer, month: date, *, account: Account | None = None) -> int:
    """How many records of the month wait for a price, of those whose account is known."""
    counted = copy_out(
        """
        SELECT count(*) AS records FROM usage_usagerecord
         WHERE account_id = ANY(%s) AND start >= %s AND start < %s AND outcome = 'set_aside'
        """,
        pl.Schema({"records": pl.Int64}),
        (_accounts(customer, account), *_period(customer, month)),
    )
    return int(counted["records"][0])


def calls_csv(calls: pl.DataFrame, customer: Customer, to: Path) -> None:
    """Write CALLS_OF_MONTH as CSV, as the call list of an invoice is: `start` in the customer's zone, prices exact."""
    start = pl.col("start").dt.convert_time_zone(customer.timezone).dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
    calls.select(
        harmless(pl.col("account")),
        harmless(pl.col("account_name")),
        "kind",
        start,
        *(harmless(pl.col(name)) for name in ("cli", "cld", "destination")),
        talked_seconds(),
        "quantity",
        "billed",
        decimal_text(pl.col("price_nanos")).alias("price"),
        "currency",
        "free_because",
    ).write_csv(to, include_bom=True)


def talked_seconds() -> pl.Expr:
    """Begun seconds count, as on the invoice."""
    return ((pl.col("duration_us") + (US_PER_S - 1)) // US_PER_S).alias("duration_s")


def _accounts(customer: Customer, account: Account | None) -> list[int]:
    return [account.pk] if account else list(customer.accounts.values_list("pk", flat=True))


def _period(customer: Customer, month: date) -> tuple[datetime, datetime]:
    zone = ZoneInfo(customer.timezone)
    return midnight(month, zone), midnight(next_month(month), zone)
