"""Reading customers: the directory in which usage is matched."""

from dataclasses import dataclass

import polars as pl

from tollbook.database import copy_out
from tollbook.records import UTC_TIME

ACCOUNTS = pl.Schema(
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
NUMBERS = pl.Schema(
    {"digits": pl.String, "account_id": pl.Int64, "number_from": UTC_TIME, "number_until": UTC_TIME}
)


@dataclass(frozen=True, slots=True)
class Directory:
    """Every account and every number as they are now, with the times at which they hold."""

    accounts: pl.DataFrame  # ACCOUNTS
    numbers: pl.DataFrame  # NUMBERS


def directory() -> Directory:
    """The whole directory: a few bytes a line, so a million lines are some hundred megabytes."""
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
    return Directory(accounts, numbers)
