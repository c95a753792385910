"""The usage table as a table: its columns in their order, and what can become of a record."""

import polars as pl

from tollbook.records import UTC_TIME, table

# Each is a count of `ImportRun`; together they are the records that came in. A duplicate leaves no record.
OUTCOMES = ("charged", "free", "set_aside", "duplicate", "not_usage", "superseded", "undone")

RECORDS = table(
    {
        "id": pl.Int64,
        "connection_id": pl.Int64,
        "run_id": pl.Int64,
        "line": pl.Int64,
        "record_key": pl.String,
        "kind": pl.String,
        "start": UTC_TIME,
        "answered": pl.Boolean,
        "duration_us": pl.Int64,
        "quantity": pl.Int64,
        "cli": pl.String,
        "cld": pl.String,
        "cli_raw": pl.String,
        "cld_raw": pl.String,
        "account_ref": pl.String,
        "tenant_ref": pl.String,
        "trunk_ref": pl.String,
        "display_text": pl.String,
        "account_id": pl.Int64,
        "customer_id": pl.Int64,
        "outcome": pl.String,
        "reason": pl.String,
        "detail": pl.String,
        "tariff_version_id": pl.Int64,
        "rate_line": pl.Int64,
        "billed": pl.Int64,
        "exact_sixtieths": pl.Int64,
        "price_nanos": pl.Int64,
        "currency": pl.String,
        "platform_price_nanos": pl.Int64,
        "platform_currency": pl.String,
        "transaction_id": pl.Int64,
        "supersedes_id": pl.Int64,
        "billed_at": UTC_TIME,
    }
)
