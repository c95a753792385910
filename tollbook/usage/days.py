"""The intake equation by day: what came in was counted when it came, and is held against what there is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from tollbook.usage.frames import OUTCOMES

# A day anywhere on earth lies inside the UTC day with so much more on both sides.
ZONES_REACH = timedelta(days=1)
EARLIEST, LATEST = date(1900, 1, 1), date(9000, 1, 1)

CAME = """
    SELECT d.day, sum(d.records_in)::bigint, sum(d.duplicate)::bigint
      FROM usage_runday d JOIN usage_importrun r ON r.id = d.run_id
     WHERE r.connection_id = %(connection)s
       AND (d.day >= %(since)s AND d.day < %(until)s OR %(whole)s AND d.day IS NULL)
     GROUP BY 1
"""
# The days of a record are those of the zone in which they were counted, even if the connection has another one now.
BECAME = """
    SELECT * FROM (
        SELECT (u.start AT TIME ZONE r.day_zone)::date AS day, u.outcome, count(*)
          FROM usage_usagerecord u JOIN usage_importrun r ON r.id = u.run_id
         WHERE u.connection_id = %(connection)s
           AND (u.start >= %(first)s AND u.start < %(last)s OR %(whole)s AND u.start IS NULL)
         GROUP BY 1, 2) AS counted
     WHERE day >= %(since)s AND day < %(until)s OR day IS NULL
"""
BROKEN = """
    WITH kept AS (
        SELECT u.run_id, (u.start AT TIME ZONE r.day_zone)::date AS day, count(*) AS records
          FROM usage_usagerecord u JOIN usage_importrun r ON r.id = u.run_id GROUP BY 1, 2)
    SELECT format('run %s, %s: %s records came in and %s were duplicates, there are %s',
                  coalesce(d.run_id, k.run_id), coalesce(d.day::text, k.day::text, 'no day'),
                  coalesce(d.records_in, 0), coalesce(d.duplicate, 0), coalesce(k.records, 0))
      FROM usage_runday d FULL JOIN kept k
        ON k.run_id = d.run_id AND coalesce(k.day, '-infinity') = coalesce(d.day, '-infinity')
     WHERE coalesce(d.records_in - d.duplicate, 0) <> coalesce(k.records, 0) ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayIntake:
    """The intake equation of a day."""

    day: date | None  # None: records whose start could not be read
    records_in: int  # as counted when they came
    became: dict[
        str, int
    ]  # by each of OUTCOMES, as counted now; duplicates, of which nothing is kept, as they came

    @property
    def missing(self) -> int:
        """Records that came in and are nowhere; 0 is what it must be."""
        return self.records_in - sum(self.became.values())


def intake_by_day(connection_id: int, since: date | None = None, until: date | None = None) -> list[DayIntake]:
    """The equation of each day on which there is usage, in `[since, until)`; days are those of the runs' zone.

    Records without a start are the last row, when no period is asked for.
    """
    first, last = since or EARLIEST, until or LATEST
    params = {
        "connection": connection_id,
        "since": first,
        "until": last,
        "first": datetime.combine(first, time(), tzinfo=UTC) - ZONES_REACH,
        "last": datetime.combine(last, time(), tzinfo=UTC) + ZONES_REACH,
        "whole": since is None and until is None,
    }
    came = {day: (records_in, duplicate) for day, records_in, duplicate in _rows(CAME, params)}
    became: dict[date | None, dict[str, int]] = {}
    for day, outcome, count in _rows(BECAME, params):
        became.setdefault(day, {})[outcome] = count
    equations = []
    for day in sorted({*came, *became}, key=lambda day: day or LATEST):
        records_in, duplicate = came.get(day, (0, 0))
        counts = {**became.get(day, {}), "duplicate": duplicate}
        all_counts = {outcome: counts.get(outcome, 0) for outcome in OUTCOMES}
        equations.append(DayIntake(day=day, records_in=records_in, became=all_counts))
    return equations


def broken_days() -> list[str]:
    """Days of runs whose records are not those that came in without being duplicates. Empty is what it must be."""
    return [sentence for (sentence,) in _rows(BROKEN, {})]


def _rows(query: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params or None)
        return list(cursor.fetchall())
