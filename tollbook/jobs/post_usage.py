"""Write one prepared batch: records, identity, postings and the run's counts, whole or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from django.db import transaction

from tollbook.jobs.corrections import corrections, supersede
from tollbook.jobs.price_book import Compiled
from tollbook.jobs.take_included import take_included
from tollbook.ledger.models import LedgerAccount, Transaction
from tollbook.ledger.operations import GROUP, entries_of, post
from tollbook.usage import operations as usage
from tollbook.usage.frames import RECORDS
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import known_keys


@dataclass(frozen=True, slots=True)
class Batch:
    """Rated records of one run (`jobs.rate_usage`), sorted by account and start."""

    run: ImportRun
    records: pl.DataFrame
    may_be_corrected: bool  # keys are the platform's own ids, so the same key can come with other content
    compiled: Compiled = field(default_factory=dict)  # tariffs at hand, for what included usage leaves of a call


def post_batch(batch: Batch, *, posted_at: datetime) -> None:
    """Write what is new, recognise what is not, correct what the platform corrected."""
    usage.ensure_months(batch.records["start"])
    with transaction.atomic():
        for records in _each_key_once(batch.records):
            _post(batch, records, posted_at)
        usage.count_outcomes(batch.run.pk, {"rows_done": len(batch.records)})


def _each_key_once(records: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Nearly always the batch as it is. A key that comes again within it is dealt with after its first record."""
    if records["record_key"].is_unique().all():
        yield records
        return
    occurrence = pl.col("line").rank("ordinal").over("record_key")
    parts = records.with_columns(occurrence=occurrence).partition_by("occurrence", as_dict=True, include_key=False)
    for _, part in sorted(parts.items()):
        yield part


def _post(batch: Batch, records: pl.DataFrame, posted_at: datetime) -> None:
    known = known_keys(batch.run.connection_id, records["record_key"])
    fresh, seen = records, records.clear()
    if not known.is_empty():
        fresh = records.join(known, on="record_key", how="anti", maintain_order="left")
        seen = records.join(known, on="record_key", maintain_order="left")
    corrected = corrections(seen, batch.run) if batch.may_be_corrected and not seen.is_empty() else seen.clear()
    if not corrected.is_empty():
        supersede(corrected["supersedes_id"], posted_at=posted_at)
    added = pl.concat([fresh, corrected.select(fresh.columns)]) if not corrected.is_empty() else fresh
    supersedes = pl.concat([_nulls(len(fresh)), corrected["supersedes_id"]]) if not corrected.is_empty() else None
    counts = {"records_in": len(records), "duplicate": len(seen) - len(corrected)}
    repeated = seen.join(corrected, on="record_key", how="anti") if not corrected.is_empty() else seen
    usage.count_days(batch.run, records["start"], repeated["start"])
    if not added.is_empty():
        written = _write(batch, added, supersedes, posted_at)
        counts.update(written["outcome"].value_counts().iter_rows())
        if not corrected.is_empty():
            usage.repoint_identity(written.filter(pl.col("supersedes_id").is_not_null()))
    usage.count_outcomes(batch.run.pk, counts)


def _nulls(count: int) -> pl.Series:
    return pl.Series([None] * count, dtype=pl.Int64)


def _write(batch: Batch, records: pl.DataFrame, supersedes: pl.Series | None, posted_at: datetime) -> pl.DataFrame:
    run = batch.run
    records = records.with_columns(usage.new_record_ids(len(records)).alias("id"))
    records = take_included(records, compiled=batch.compiled, posted_at=posted_at)
    charged_by = charge(records, posted_at=posted_at)
    rows = records.with_columns(
        charged_by.alias("transaction_id"),
        (supersedes if supersedes is not None else _nulls(len(records))).alias("supersedes_id"),
        pl.lit(run.connection_id, dtype=pl.Int64).alias("connection_id"),
        pl.lit(run.pk, dtype=pl.Int64).alias("run_id"),
    )
    rows = as_records(rows, posted_at=posted_at)
    usage.add_records(rows)
    return rows


def as_records(rows: pl.DataFrame, *, posted_at: datetime) -> pl.DataFrame:
    """Rated rows with the names, and the silences, of the usage table."""
    is_set_aside = pl.col("outcome") == "set_aside"
    is_billed = pl.col("outcome").is_in(["charged", "free"])
    return rows.with_columns(
        detail=pl.when(is_set_aside).then("defect_detail"),
        # Once a record has found its price nobody reads its numbers again.
        cli_raw=pl.when(is_set_aside).then("cli_raw"),
        cld_raw=pl.when(is_set_aside).then("cld_raw"),
        # A price taken from the platform has no rate, and cites its version all the same.
        tariff_version_id=pl.when(pl.col("rate_line").is_not_null() | (pl.col("outcome") == "charged")).then(
            "version_id"
        ),
        currency=pl.when(pl.col("price_nanos").is_not_null()).then("currency"),
        billed_at=pl.when(is_billed).then(pl.lit(posted_at).cast(RECORDS["billed_at"])),
    ).select(RECORDS.names())


def charge(records: pl.DataFrame, *, posted_at: datetime) -> pl.Series:
    """Post the charged records, one transaction per customer, account, month, kind and tax.

    The id of its transaction comes back for each record, null for those that were not charged.
    """
    charged = (
        records.with_row_index("row")
        .filter(pl.col("outcome") == "charged")
        .select("row", *(name for name in GROUP if name != "usage_kind"), "price_nanos", usage_kind="kind")
    )
    if charged.is_empty():
        return _nulls(len(records))
    entries = entries_of(charged)
    ids = post(entries, kind=Transaction.Kind.USAGE, income=LedgerAccount.Kind.REVENUE, posted_at=posted_at)
    by_group = entries.select(*GROUP).with_columns(ids.alias("transaction_id"))
    found = charged.join(by_group, on=GROUP, maintain_order="left").select("row", "transaction_id")
    rows = records.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))
    return rows.join(found, on="row", how="left", maintain_order="left")["transaction_id"]
