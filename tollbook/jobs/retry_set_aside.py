"""Try again what was set aside: numbers may have been added, price lists imported, rules mended."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.jobs.post_usage import as_records, charge
from tollbook.jobs.rate_usage import Compiled, PriceBook, Reading, rate_usage
from tollbook.jobs.take_included import take_included
from tollbook.records import USAGE
from tollbook.usage import operations as usage
from tollbook.usage.queries import select_records

BATCH_ROWS = 250_000

# Nothing that could be mended here makes these readable: mend the connection's layout, undo the import and
# import the file again.
DEFECTS = ("unreadable", "bad_time", "unknown_kind")


@dataclass(frozen=True, slots=True)
class Retried:
    """How many records were tried, and how many found their price or became free."""

    tried: int
    charged: int
    free: int


def retry_set_aside(
    source: Connection, *, now: datetime, reason: str | None = None, dry_run: bool = False
) -> Retried:
    """Rate the connection's set-aside records again, in batches that commit whole.

    `dry_run` says what would happen and changes nothing.
    """
    tried = charged = free = 0
    reading = Reading.of(source)
    with usage.one_import_at_a_time(source):
        waiting = _waiting(source, reason, after_id=0)
        if waiting.is_empty():  # as after most collects: then nobody waits for price lists to be compiled
            return Retried(0, 0, 0)
        book = PriceBook.current(source)
        book.compile()
        while not waiting.is_empty():
            rated = rate_usage(_as_usage(waiting), book=book, reading=reading, received_at=now)
            counts = dict(rated["outcome"].value_counts().iter_rows())
            tried += len(waiting)
            charged += counts.get("charged", 0)
            free += counts.get("free", 0)
            if not dry_run:
                _settle(rated, book.compiled, now)
            waiting = _waiting(source, reason, after_id=waiting["id"][-1])
    return Retried(tried, charged, free)


def _waiting(source: Connection, reason: str | None, after_id: int) -> pl.DataFrame:
    condition = "outcome = 'set_aside' AND connection_id = %s AND id > %s AND NOT reason = ANY(%s)"
    params: tuple[object, ...] = (source.pk, after_id, list(DEFECTS))
    if reason is not None:
        condition += " AND reason = %s"
        params = (*params, reason)
    return select_records(condition, params, limit=BATCH_ROWS)


def _as_usage(waiting: pl.DataFrame) -> pl.DataFrame:
    """The records as the connector gave them (USAGE), with what ties them to their place in the table."""
    nothing = pl.lit(None, dtype=pl.String)
    as_written = waiting.with_columns(cli="cli_raw", cld="cld_raw", defect=nothing, defect_detail=nothing)
    kept = ("id", "connection_id", "run_id", "supersedes_id")
    return as_written.select(*USAGE.names(), *kept, was="reason")


@transaction.atomic
def _settle(rated: pl.DataFrame, compiled: Compiled, now: datetime) -> None:
    taken = take_included(rated, compiled=compiled, posted_at=now)
    settled = taken.with_columns(charge(taken, posted_at=now).alias("transaction_id"))
    changed = settled.filter((pl.col("outcome") != "set_aside") | (pl.col("reason") != pl.col("was")))
    if changed.is_empty():
        return
    usage.change_records(as_records(changed, posted_at=now))
    for run_id, outcome, count in changed.group_by("run_id", "outcome").len().iter_rows():
        usage.count_outcomes(run_id, {"set_aside": -count, outcome: count} if outcome != "set_aside" else {})
