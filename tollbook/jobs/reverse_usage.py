"""Take charges back by reversing entries. Nothing posted is changed."""

from datetime import datetime

import polars as pl
from django.db import transaction

from tollbook.database import copy_out
from tollbook.jobs.give_back_included import give_back_allowances, take_back_tiers
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import entries_of, post
from tollbook.usage import operations as usage
from tollbook.usage.models import ImportRun, RunState
from tollbook.usage.queries import records_by_id, select_records

BATCH_ROWS = 250_000
HEADS = pl.Schema(
    {
        "transaction_id": pl.Int64,
        "customer_id": pl.Int64,
        "account_id": pl.Int64,
        "month": pl.Date,
        "usage_kind": pl.String,
        "tax_basis_points": pl.Int64,
        "is_gross": pl.Boolean,
    }
)


def reverse_charges(records: pl.DataFrame, *, posted_at: datetime) -> None:
    """Post the opposite of what these records (RECORDS) charged, and give back what they took of what is included.

    The tax of a charge is the sum of its records' taxes, so taking back some records of it is exact.
    """
    give_back_allowances(records)
    charged = records.filter(pl.col("outcome") == "charged").select(
        "id", "transaction_id", "price_nanos", "currency", version_id="tariff_version_id"
    )
    if charged.is_empty():
        return
    heads = copy_out(
        """
        SELECT id AS transaction_id, customer_id, account_id, month, usage_kind,
               (tax_rate * 100)::bigint AS tax_basis_points, is_gross
          FROM ledger_transaction WHERE id = ANY(%s)
        """,
        HEADS,
        (charged["transaction_id"].unique().to_list(),),
    )
    charged = charged.join(heads, on="transaction_id")
    taken_back = entries_of(charged)
    entries = taken_back.with_columns(-pl.col("net_nanos"), -pl.col("tax_nanos"))
    post(entries, kind=Transaction.Kind.USAGE_REVERSAL, income=LedgerAccount.Kind.REVENUE, posted_at=posted_at)
    take_back_tiers(charged, posted_at=posted_at)


def undo_import(run: ImportRun, *, posted_at: datetime) -> int:
    """Take an import back: its charges are reversed, its records marked, its file can be read again.

    Records that it had corrected go to the set-aside list as `correction_undone`, so that they are not lost:
    retrying them charges them as they were. In batches; if interrupted, undo again. Returns how many records.
    """
    undone = 0
    with usage.one_import_at_a_time(run.connection):
        # First of all: were the undoing interrupted, an import must not go on where this one, being undone, had got.
        ImportRun.objects.filter(pk=run.pk).update(state=RunState.UNDONE)
        still_there = "run_id = %s AND outcome <> 'undone'"
        while not (records := select_records(still_there, (run.pk,), limit=BATCH_ROWS)).is_empty():
            with transaction.atomic():
                reverse_charges(records, posted_at=posted_at)
                usage.move_outcome(records, "undone")
                _restore_what_stands(records.filter(pl.col("outcome") != "superseded"))
            undone += len(records)
    run.refresh_from_db()
    return undone


def _restore_what_stands(last: pl.DataFrame) -> None:
    """The keys of these undone records lead to what they corrected and still stands, or are free."""
    while not last.is_empty():
        usage.forget_identity(last.filter(pl.col("supersedes_id").is_null()))
        before = records_by_id(last["supersedes_id"].drop_nulls())
        standing = before.filter(pl.col("outcome") == "superseded")
        usage.move_outcome(standing, "set_aside", "correction_undone")
        usage.repoint_identity(standing)
        last = before.filter(pl.col("outcome") == "undone")
