"""Writing usage: records with their identity, and the counts of the run they came with.

Every function here is part of the database transaction that its caller opened, so that records, identity,
postings and counts of a batch are written together or not at all.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import polars as pl
from django.db import connection, transaction
from django.db.models import F

from tollbook.connections.models import Connection
from tollbook.connections.queries import zone_of
from tollbook.database import allocate_ids, copy_in
from tollbook.phone import MIN_E164_DIGITS
from tollbook.usage.exclusions import read_patterns
from tollbook.usage.frames import RECORDS
from tollbook.usage.models import CollectRun, Evidence, ImportRun, RunState, UsageIdentity, UsageRecord

COLUMNS = RECORDS.names()
LOG = logging.getLogger(__name__)


def set_exclusions(source: Connection, *, shown: str | None = None, hidden: str | None = None) -> None:
    """Say what of a connection costs nothing, each list anew; None leaves it as it is. Safe to repeat.

    What came before is not touched: `usage reprocess` reads it again.

    Raises:
        BadInput: a pattern that is none (`usage.exclusions` says what they are).
    """
    kept = {
        is_hidden: [one for one in source.exclusions if one["is_hidden"] is is_hidden]
        for is_hidden in (False, True)
    }
    for is_hidden, text in ((False, shown), (True, hidden)):
        if text is not None:
            kept[is_hidden] = [{"pattern": one, "is_hidden": is_hidden} for one in read_patterns(text)]
    exclusions = kept[False] + kept[True]
    if exclusions != source.exclusions:
        source.exclusions = exclusions
        source.save(update_fields=["exclusions"])


@contextmanager
def one_import_at_a_time(source: Connection) -> Iterator[None]:
    """Hold the connection's lock: a second import of it waits. Freed when the process ends, however it ends."""
    with _alone(f"tollbook import {source.pk}", f"works on the usage of connection {source.name}"):
        yield


def no_import_meanwhile(source: Connection) -> bool:
    """Take the same lock until the transaction that is open ends; False, at once, when an import has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [f"tollbook import {source.pk}"])
        return bool(cursor.fetchone()[0])


@contextmanager
def one_collect_at_a_time(source: Connection) -> Iterator[None]:
    """As `one_import_at_a_time`, for visits to the platform: files may be imported by hand meanwhile."""
    with _alone(f"tollbook collect {source.pk}", f"collects from {source.name}"):
        yield


@contextmanager
def _alone(key: str, what: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [key])
        if not cursor.fetchone()[0]:
            LOG.warning("waiting for another command that %s", what)
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [key])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [key])


def begin_or_continue_run(
    *,
    source: Connection,
    evidence: Evidence,
    started_at: datetime,
    collect: CollectRun | None = None,
    is_complete: bool = True,
) -> ImportRun:
    """The run to work on: the one that was interrupted, if there is one, else a new one."""
    run, _ = ImportRun.objects.get_or_create(
        connection=source,
        evidence=evidence,
        state=RunState.RUNNING,
        defaults={
            "started_at": started_at,
            "collect": collect,
            "is_complete": is_complete,
            "day_zone": zone_of(source).key,
        },
    )
    return run


def finish_run(run: ImportRun, *, finished_at: datetime, unfinished: bytes | None) -> None:
    """Close a run whose file has been read to its end."""
    run.state = RunState.DONE
    run.finished_at = finished_at
    run.left_for_next_pass = (unfinished or b"").decode(errors="replace").replace("\0", "\ufffd")
    run.save(update_fields=["state", "finished_at", "left_for_next_pass"])


def fail_run(run: ImportRun, *, finished_at: datetime, error: str) -> None:
    """Close a run whose file turned out to be unreadable. What was written of it stays, and its counts are true."""
    run.state = RunState.FAILED
    run.finished_at = finished_at
    run.error = error
    run.save(update_fields=["state", "finished_at", "error"])


def ensure_months(starts: pl.Series) -> None:
    """Make the partitions for these starts. In a transaction of its own: it locks the table for a moment."""
    months = starts.drop_nulls().dt.date().dt.month_start().unique()
    with transaction.atomic(), connection.cursor() as cursor:
        # PostgreSQL looks whether a table exists before it waits for who is just making it, and fails after.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('usage_ensure_month'))")
        for month in months:
            cursor.execute("SELECT usage_ensure_month(%s)", [month])


def add_records(records: pl.DataFrame) -> None:
    """Write records (all COLUMNS) and their identity.

    Raises:
        IntegrityError: a record key is there already. Callers look first (`queries.known_keys`); this is the
            backstop that makes a mistake there roll back instead of charging twice.
    """
    # Keys grow along the file, and a tree that is filled in the order of its keys is filled several times faster.
    fresh = records.filter(pl.col("supersedes_id").is_null()).sort("line")
    copy_in(UsageIdentity._meta.db_table, fresh.select("connection_id", key="record_key", usage_id="id"))
    copy_in(UsageRecord._meta.db_table, records.select(COLUMNS))


def new_record_ids(count: int) -> pl.Series:
    """Ids for so many records, in a row."""
    first = allocate_ids("usage_record_id", count)
    return pl.int_range(first, first + count, dtype=pl.Int64, eager=True)


def count_outcomes(run_id: int, change: Mapping[str, int]) -> None:
    """Move the run's counts: `{"set_aside": -3, "charged": 3}`. A constraint keeps the intake equation."""
    ImportRun.objects.filter(pk=run_id).update(
        **{name: F(name) + delta for name, delta in change.items() if delta}
    )


def count_days(run: ImportRun, starts: pl.Series, repeated: pl.Series) -> None:
    """Add to what the run brought of each day: records with these starts, and of them the duplicates' starts."""
    came = _by_day(starts, run.day_zone, "records_in").join(
        _by_day(repeated, run.day_zone, "duplicate"), on="day", how="left", nulls_equal=True
    )
    rows = [(run.pk, *row) for row in came.with_columns(pl.col("duplicate").fill_null(0)).iter_rows()]
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO usage_runday AS d (run_id, day, records_in, duplicate) VALUES (%s, %s, %s, %s)
            ON CONFLICT (run_id, day) DO UPDATE
               SET records_in = d.records_in + excluded.records_in, duplicate = d.duplicate + excluded.duplicate
            """,
            rows,
        )


def _by_day(starts: pl.Series, zone: str, counted: str) -> pl.DataFrame:
    days = starts.dt.convert_time_zone(zone).dt.date().alias("day").to_frame()
    return days.group_by("day").agg(pl.len().cast(pl.Int64).alias(counted)).sort("day")


def change_records(records: pl.DataFrame) -> None:
    """Give records that exist another outcome: every column of COLUMNS is written, found by `id`.

    Only records without postings, or whose postings have just been reversed, may be changed.
    """
    names = [name for name in COLUMNS if name not in {"id", "start"}]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE changed (LIKE usage_usagerecord) ON COMMIT DROP")
        copy_in("changed", records.select(COLUMNS))
        cursor.execute(
            f"""
            UPDATE usage_usagerecord AS u SET {", ".join(f"{name} = c.{name}" for name in names)}
              FROM changed AS c
             WHERE u.id = c.id AND u.start IS NOT DISTINCT FROM c.start
               AND u.id BETWEEN (SELECT min(id) FROM changed) AND (SELECT max(id) FROM changed)
            """
        )
        if cursor.rowcount != len(records):
            raise AssertionError(f"{len(records)} records to change, {cursor.rowcount} found")
        cursor.execute("DROP TABLE changed")


def repoint_identity(records: pl.DataFrame) -> None:
    """A corrected record's key now leads to the correction (columns `connection_id`, `record_key`, `id`)."""
    with connection.cursor() as cursor:
        cursor.execute(
            'CREATE TEMP TABLE repointed (connection_id integer, key text COLLATE "C", usage_id bigint) ON COMMIT DROP'
        )
        copy_in("repointed", records.select("connection_id", key="record_key", usage_id="id"))
        cursor.execute(
            "UPDATE usage_usageidentity i SET usage_id = r.usage_id FROM repointed r"
            " WHERE i.connection_id = r.connection_id AND i.key = r.key"
        )
        cursor.execute("DROP TABLE repointed")


def forget_identity(records: pl.DataFrame) -> None:
    """Free the keys of undone records (`connection_id`, `record_key`), so that their file can be read again."""
    with connection.cursor() as cursor:
        cursor.execute('CREATE TEMP TABLE forgotten (connection_id integer, key text COLLATE "C") ON COMMIT DROP')
        copy_in("forgotten", records.select("connection_id", key="record_key"))
        cursor.execute(
            "DELETE FROM usage_usageidentity i USING forgotten f"
            " WHERE i.connection_id = f.connection_id AND i.key = f.key"
        )
        cursor.execute("DROP TABLE forgotten")


def move_outcome(records: pl.DataFrame, outcome: str, reason: str | None = None) -> None:
    """Mark records (as they are now) `superseded`, `undone` or `set_aside`, and move the counts of their runs.

    Their postings, if they had any, must have been reversed. What they charged stays on record, except when they
    are set aside: a record that waits has no price.
    """
    changed = records.with_columns(outcome=pl.lit(outcome), reason=pl.lit(reason, dtype=pl.String))
    if outcome == "set_aside":
        nothing = (
            "price_nanos",
            "billed",
            "exact_sixtieths",
            "currency",
            "transaction_id",
            "tariff_version_id",
            "rate_line",
            "billed_at",
        )
        changed = changed.with_columns(
            *(pl.lit(None, dtype=records.schema[name]).alias(name) for name in nothing),
            cli_raw=pl.coalesce("cli_raw", _as_international("cli")),
            cld_raw=pl.coalesce("cld_raw", _as_international("cld")),
        )
    change_records(changed)
    for run_id, was, count in records.group_by("run_id", "outcome").len().iter_rows():
        count_outcomes(run_id, {was: -count, outcome: count})


def _as_international(number: str) -> pl.Expr:
    """Digits that were read before, written so that every country's rules read them the same again.

    Short numbers and what is no number at all, as `anonymous`, stand as they were.
    """
    is_e164 = pl.col(number).str.contains(rf"^[0-9]{{{MIN_E164_DIGITS},}}$")
    return pl.when(is_e164).then(pl.lit("+") + pl.col(number)).otherwise(number)
