"""Reading usage: what is known already, what waits, what a run did."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl
from django.db import connection

from tollbook.database import copy_out
from tollbook.usage.days import broken_days
from tollbook.usage.frames import OUTCOMES, RECORDS
from tollbook.usage.models import ImportRun

RANGE_PER_KEY = 4  # so many keys are read from a range sooner than one is looked up

KNOWN = pl.Schema({"record_key": pl.String, "known_id": pl.Int64})


def known_keys(connection_id: int, keys: pl.Series) -> pl.DataFrame:
    """Which of these keys exist, with the record each leads to (KNOWN).

    Keys grow with time, so the range they span is empty for new usage and this costs one look at an index. A few
    late records can span years of it: then each key is looked up.
    """
    query = "SELECT key AS record_key, usage_id AS known_id FROM usage_usageidentity WHERE connection_id = %s"
    most = len(keys) * RANGE_PER_KEY
    in_range = (connection_id, keys.min(), keys.max(), most + 1)
    known = copy_out(f"{query} AND key BETWEEN %s AND %s LIMIT %s", KNOWN, in_range)
    if len(known) > most:
        return copy_out(f"{query} AND key = ANY(%s)", KNOWN, (connection_id, keys.unique().to_list()))
    if known.is_empty():
        return known
    return known.join(keys.unique().to_frame("record_key"), on="record_key", how="semi")


def records_by_id(ids: pl.Series) -> pl.DataFrame:
    """The records with these ids, as RECORDS."""
    if ids.is_empty():
        return pl.DataFrame(schema=RECORDS)
    return select_records("id BETWEEN %s AND %s AND id = ANY(%s)", (ids.min(), ids.max(), ids.unique().to_list()))


def select_records(condition: str, params: tuple[object, ...], limit: int | None = None) -> pl.DataFrame:
    """Records under a condition in SQL, in the order of their ids, as RECORDS."""
    query = f"SELECT {', '.join(RECORDS)} FROM usage_usagerecord WHERE {condition} ORDER BY id"
    return copy_out(query if limit is None else f"{query} LIMIT {limit}", RECORDS, params)


def set_aside_by_reason() -> list[tuple[str, str, int, str, str]]:
    """What waits: connection, reason, how many, and the earliest and latest start as ISO dates."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.name, u.reason, count(*),
                   coalesce(min(u.start)::date::text, ''), coalesce(max(u.start)::date::text, '')
              FROM usage_usagerecord u JOIN connections_connection c ON c.id = u.connection_id
             WHERE u.outcome = 'set_aside' GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
            """
        )
        return list(cursor.fetchall())


def outcomes_of(connection_id: int) -> list[tuple[str, str, int, int]]:
    """What became of a connection's records: outcome, reason, how many, and their talked seconds (begun ones count)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT outcome, coalesce(reason, ''), count(*), coalesce(sum(ceil(duration_us / 1000000.0)), 0)::bigint
              FROM usage_usagerecord WHERE connection_id = %s
             GROUP BY 1, 2 ORDER BY array_position(ARRAY['charged', 'free', 'set_aside'], outcome), 3 DESC
            """,
            [connection_id],
        )
        return list(cursor.fetchall())


def broken_equations() -> list[str]:
    """Runs whose stored counts differ from the records that are there. Empty is what it must be."""
    recount = """
        SELECT run_id, outcome, count(*) FROM usage_usagerecord GROUP BY run_id, outcome
    """
    counted: dict[tuple[int, str], int] = {}
    with connection.cursor() as cursor:
        cursor.execute(recount)
        for run_id, outcome, count in cursor.fetchall():
            counted[run_id, outcome] = count
    problems = []
    for run in ImportRun.objects.order_by("pk"):
        for outcome in OUTCOMES:
            stored, there = getattr(run, outcome), counted.pop((run.pk, outcome), 0)
            # A duplicate leaves no record: the one it repeats is the record.
            if outcome != "duplicate" and stored != there:
                problems.append(f"run {run.pk}: {outcome} says {stored}, there are {there} records")
    problems.extend(f"run {run} is missing and has {n} {outcome} records" for (run, outcome), n in counted.items())
    return [*problems, *broken_days()]


def charged_sums(run_ids: Iterable[int]) -> dict[int, dict[str, int]]:
    """What the records of each run charge now: nano-units by currency."""
    sums: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT run_id, currency, sum(price_nanos)::text FROM usage_usagerecord
             WHERE run_id = ANY(%s) AND outcome = 'charged' GROUP BY 1, 2 ORDER BY 1, 2
            """,
            [list(run_ids)],
        )
        for run_id, currency, nanos in cursor.fetchall():
            sums.setdefault(run_id, {})[currency] = int(nanos)
    return sums


def lines_that_stand(run: ImportRun, since: datetime | None, until: datetime | None) -> pl.Series:
    """The lines of a run's evidence whose records count, begun in `[since, until)`: none twice, none taken back."""
    found = copy_out(
        """
        SELECT line FROM usage_usagerecord WHERE run_id = %s AND outcome IN ('charged', 'free', 'set_aside')
           AND (%s::timestamptz IS NULL OR start >= %s) AND (%s::timestamptz IS NULL OR start < %s)
        """,
        pl.Schema({"line": pl.Int64}),
        (run.pk, since, since, until, until),
    )
    return found["line"].sort()
