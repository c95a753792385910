"""Whose usage is it? Tables in, tables out.

A way of matching answers with the accounts it finds for a record at its start. The connection says which ways are
tried, in order; the first that finds any decides. More ways (tenant and extension, trunk, display text) are further
functions in WAYS.
"""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from tollbook.customers.queries import Directory
from tollbook.errors import BadInput
from tollbook.records import INCOMING

# Records in (with `row`, `kind`, `start`, `cli`, `cld`, `account_ref` …), pairs of `row` and `account_id` out.
Way = Callable[[pl.DataFrame, Directory], pl.DataFrame]


def own_number() -> pl.Expr:
    """The number on our side: the CLI of outgoing usage, the DID called of incoming."""
    return pl.when(pl.col("kind").is_in(INCOMING)).then("cld").otherwise("cli")


def other_number() -> pl.Expr:
    """The number at the far end."""
    return pl.when(pl.col("kind").is_in(INCOMING)).then("cli").otherwise("cld")


def by_account(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account whose code the platform wrote in the record."""
    codes = directory.accounts.select("account_id", account_ref="account_code")
    return records.select("row", "account_ref").join(codes, on="account_ref").select("row", "account_id")


def by_number(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """The account that had the number on our side at the start of the call."""
    return owners(records.select("row", "start", digits=own_number()), directory)


def owners(numbers: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """Who had each number at that moment: `row`, `start`, `digits` in, pairs of `row` and `account_id` out."""
    held = pl.col("number_from").is_null() | (pl.col("number_from") <= pl.col("start"))
    not_given_up = pl.col("number_until").is_null() | (pl.col("start") < pl.col("number_until"))
    pairs = numbers.join(directory.numbers, on="digits").filter(held & not_given_up)
    return pairs.select("row", "account_id")


WAYS: Mapping[str, Way] = {"account": by_account, "number": by_number}
DEFAULT_WAYS = ("account", "number")


def match_accounts(records: pl.DataFrame, directory: Directory, ways: Sequence[str] = ()) -> pl.DataFrame:
    """The records in their order, with what the directory knows of their account (ACCOUNTS), and `match_reason`.

    `match_reason` is null, or why there is no account: `no_account`, `ambiguous_account` (several), or
    `account_closed` (not active at the start). No record is dropped, none appears twice.

    Raises:
        BadInput: an unknown way.
    """
    records = records.with_row_index("row")
    found = _first_way_that_finds(records, directory, ways or DEFAULT_WAYS)
    counted = found.group_by("row").agg(pl.col("account_id").first(), accounts=pl.col("account_id").n_unique())
    matched = records.join(counted, on="row", how="left", maintain_order="left").join(
        directory.accounts, on="account_id", how="left", maintain_order="left"
    )
    begun = pl.col("account_from").is_null() | (pl.col("account_from") <= pl.col("start"))
    not_ended = pl.col("account_until").is_null() | (pl.col("start") < pl.col("account_until"))
    reason = (
        pl.when(pl.col("accounts").is_null())
        .then(pl.lit("no_account"))
        .when(pl.col("accounts") > 1)
        .then(pl.lit("ambiguous_account"))
        .when(~(begun & not_ended))
        .then(pl.lit("account_closed"))
    )
    matched = matched.with_columns(match_reason=reason)
    # Several accounts are as good as none: naming the first would be a guess.
    several = pl.col("accounts") > 1
    return matched.with_columns(
        pl.when(several).then(None).otherwise(pl.col(name)).alias(name) for name in directory.accounts.columns
    ).drop("accounts", "row")


def _first_way_that_finds(records: pl.DataFrame, directory: Directory, ways: Sequence[str]) -> pl.DataFrame:
    found = pl.DataFrame(schema={"row": pl.UInt32, "account_id": pl.Int64})
    open_records = records
    for way in ways:
        if way not in WAYS:
            raise BadInput(f"unknown way to find an account: {way!r}; ways are {', '.join(WAYS)}")
        pairs = WAYS[way](open_records, directory)
        found = pl.concat([found, pairs])
        if len(pairs) == 0:
            continue
        open_records = open_records.join(pairs, on="row", how="anti")
        if open_records.is_empty():
            break
    return found
