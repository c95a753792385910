"""Reading what there is to invoice: transactions that are on no invoice yet, and the records behind them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tollbook.customers.models import Customer
from tollbook.database import copy_out
from tollbook.ledger.models import Transaction
from tollbook.ledger.operations import tax_of
from tollbook.phone import countries
from tollbook.records import INCOMING, UTC_TIME, table

# A call was posted to the month that the customer's zone said then; the zone may be another one now.
OTHER_ZONE = timedelta(days=2)
# Money that only changes hands is on no invoice.
NOT_SOLD = (Transaction.Kind.PAYMENT.value, Transaction.Kind.REFUND.value)
# The shortest numbers with their country code are Niue's: 683 and four digits.
LEAST_DIGITS_ABROAD = 7

UNBILLED = table(
    {
        "transaction_id": pl.Int64,
        "kind": pl.String,  # Transaction.Kind
        "account_id": pl.Int64,
        "month": pl.Date,
        "usage_kind": pl.String,
        "tax_basis_points": pl.Int64,
        "is_gross": pl.Boolean,
        "net_nanos": pl.Int64,
        "tax_nanos": pl.Int64,
    }
)

# What a fee, a charge or a credit is for.
BEHIND_MONEY = table(
    {
        "transaction_id": pl.Int64,
        "subscription_id": pl.Int64,
        "charge_model": pl.String,
        "text": pl.String,
        "what": pl.String,  # FeeKind
        "since": pl.Date,
        "until": pl.Date,
    }
)

CALLS = table(
    {
        "account": pl.String,
        "account_name": pl.String,
        "kind": pl.String,
        "start": UTC_TIME,
        "cli": pl.String,
        "cld": pl.String,
        "destination": pl.String,
        "duration_us": pl.Int64,
        "quantity": pl.Int64,
        "billed": pl.Int64,
        "outcome": pl.String,
        "price_nanos": pl.Int64,
        "transaction_id": pl.Int64,
    }
)


def customers_to_invoice(until: date) -> list[int]:
    """Customers with transactions of months before `until` that are on no invoice, by code."""
    found = copy_out(
        """
        SELECT c.id AS customer_id FROM customers_customer c WHERE EXISTS (
            SELECT FROM ledger_transaction t WHERE t.customer_id = c.id AND t.month < %s AND t.kind <> ALL(%s)
               AND NOT EXISTS (SELECT FROM billing_invoicedtransaction i WHERE i.transaction_id = t.id))
         ORDER BY c.code
        """,
        pl.Schema({"customer_id": pl.Int64}),
        (until, list(NOT_SOLD)),
    )
    return found["customer_id"].to_list()


def unbilled(customer_id: int, currency: str, until: date) -> pl.DataFrame:
    """The customer's transactions of months before `until` that are on no invoice, as UNBILLED."""
    return copy_out(
        """
        SELECT t.id AS transaction_id, t.kind, t.account_id, t.month, t.usage_kind, t.is_gross,
               (t.tax_rate * 100)::bigint AS tax_basis_points,
               -sum(p.amount_nanos) FILTER (WHERE a.kind IN ('revenue', 'rounding')) AS net_nanos,
               coalesce(-sum(p.amount_nanos) FILTER (WHERE a.kind = 'tax'), 0) AS tax_nanos
          FROM ledger_transaction t
          JOIN ledger_posting p ON p.transaction_id = t.id
          JOIN ledger_ledgeraccount a ON a.id = p.ledger_account_id
         WHERE t.customer_id = %s AND t.currency = %s AND t.month < %s AND t.kind <> ALL(%s)
           AND NOT EXISTS (SELECT FROM billing_invoicedtransaction i WHERE i.transaction_id = t.id)
         GROUP BY t.id ORDER BY t.id
        """,
        UNBILLED,
        (customer_id, currency, until, list(NOT_SOLD)),
    )


def behind_money(transactions: pl.Series) -> pl.DataFrame:
    """What the fees, charges and credits among these transactions are for, as BEHIND_MONEY."""
    return copy_out(
        """
        SELECT c.transaction_id, c.subscription_id, p.charge_model,
               coalesce(nullif(p.invoice_text, ''), p.name) AS text, c.what, c.since, c.until
          FROM billing_feecharge c
          JOIN billing_subscription s ON s.id = c.subscription_id
          JOIN catalog_subscriptionplan p ON p.id = s.plan_id
         WHERE c.transaction_id = ANY(%s)
        UNION ALL
        SELECT transaction_id, NULL, NULL, comment, NULL, NULL, NULL
          FROM billing_moneyentry WHERE transaction_id = ANY(%s)
        """,
        BEHIND_MONEY,
        (transactions.to_list(), transactions.to_list()),
    )


def calls_of_customer(
    customer: Customer, months: list[date], month: date, transactions: pl.Series
) -> pl.DataFrame:
    """What the invoice of `month` lists, as CALLS: the records these transactions charged, and the month's free ones.

    Unanswered calls are free too, and left out: nobody expects them on a bill; nor are those that an exclusion hides.

    `months` are those of the transactions: a call that arrived late is from an earlier one.
    """
    zone = ZoneInfo(customer.timezone)
    since, until = midnight(min(months), zone), midnight(next_month(month), zone)
    calls = copy_out(
        """
        SELECT a.code AS account, nullif(a.name, '') AS account_name, u.kind, u.start, u.cli, u.cld, r.destination,
               u.duration_us, u.quantity, u.billed, u.outcome, u.price_nanos, u.transaction_id
          FROM usage_usagerecord u
          JOIN customers_account a ON a.id = u.account_id
          LEFT JOIN catalog_tariffversion v ON v.id = u.tariff_version_id
          LEFT JOIN catalog_rate r ON r.version_id = coalesce(v.base_version_id, v.id) AND r.line = u.rate_line
         WHERE u.account_id IN (SELECT id FROM customers_account WHERE customer_id = %s)
           AND (u.outcome = 'charged' OR u.outcome = 'free' AND u.reason NOT IN ('unanswered', 'hidden'))
           AND u.start >= %s AND u.start < %s
         ORDER BY a.code, u.start, u.id
        """,
        CALLS,
        (customer.pk, since - OTHER_ZONE, until + OTHER_ZONE),
    )
    calls = calls.with_columns(destination=pl.coalesce("destination", destinations(calls, customer.language)))
    of_month = pl.col("start").is_between(midnight(month, zone), until, closed="left")
    is_free = (pl.col("outcome") == "free") & of_month
    return calls.filter(is_free | pl.col("transaction_id").is_in(transactions.implode()))


def destinations(calls: pl.DataFrame, language: str) -> pl.Series:
    """Of records that no rate priced, but the platform or nobody: the country called.

    Data, incoming and internal calls go nowhere, and a short number (112, an extension) is of no country.
    """
    goes_somewhere = ~pl.col("kind").is_in([*INCOMING, "data", "voice_local"])
    goes_somewhere &= pl.col("cld").str.len_chars() >= LEAST_DIGITS_ABROAD
    dialled = calls.select(pl.when(goes_somewhere & pl.col("destination").is_null()).then("cld"))["cld"]
    return countries(dialled, language)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins in a zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def records_behind(calls: pl.DataFrame, transactions: pl.DataFrame) -> pl.DataFrame:
    """Of the calls, those that these transactions charged, with `tax_basis_points`, `net_nanos` and `tax_nanos`."""
    of_transaction = transactions.select("transaction_id", "tax_basis_points", "is_gross")
    price, tax = pl.col("price_nanos"), pl.col("tax_nanos")
    return (
        calls.filter(pl.col("outcome") == "charged")
        .join(of_transaction, on="transaction_id")
        .with_columns(tax_nanos=tax_of(price, pl.col("tax_basis_points"), pl.col("is_gross")))
        .with_columns(net_nanos=pl.when("is_gross").then(price - tax).otherwise(price))
    )


def next_month(month: date) -> date:
    """First day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)
