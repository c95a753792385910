"""How the numbers of a connection are written, read again from the evidence: what was charged keeps only its digits."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector
from tollbook.customers.queries import frequent_countries
from tollbook.errors import BadInput
from tollbook.jobs.import_usage import READ_ROWS
from tollbook.phone import NumberRules
from tollbook.phone.plans import calling_codes, main_country
from tollbook.usage.evidence import evidence_path
from tollbook.usage.models import ImportRun, RunState
from tollbook.usage.number_fix import Fix, best_fix
from tollbook.usage.quality import Quality, added_up, by_class, judge, numbers_written
from tollbook.usage.queries import lines_that_stand

MOST_COUNTRIES = 3  # of the customers, and as many of the numbers, that the connection's may be among
ADD_UP_EVERY = 4  # batches, so that few millions of rows are held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberQuality:
    """What `number_quality` found."""

    classes: pl.DataFrame  # as `usage.quality.by_class`
    records: int  # numbers as often as they occur
    wanting: int  # of them those that cannot be read, or are unlikely
    left_out: int  # of numbers too rare to be looked at
    country: str  # ours, of which local numbers are; "" = not known
    fix: Fix | None
    unread: tuple[str, ...]  # imports whose evidence could not be read as the connection is set up now


def number_quality(
    connection: Connection, *, since: datetime | None = None, until: datetime | None = None, country: str = ""
) -> NumberQuality:
    """Judge the numbers of all records that count and begin in `[since, until)`. Changes nothing.

    `country`: whose numbers they are if the connection's rules do not say; else that of most customers.

    Raises:
        BadInput: there is no such country.
    """
    parts: list[pl.DataFrame] = []
    unread: list[str] = []
    left_out = 0
    with closing(open_connector(connection)) as connector:
        for run in connection.runs.exclude(state=RunState.UNDONE).select_related("evidence").order_by("pk"):
            try:
                for part in _written(connector, run, since, until):
                    parts.append(part)
                    if len(parts) >= ADD_UP_EVERY:
                        whole, dropped = added_up(parts)
                        parts, left_out = [whole], left_out + dropped
            except BadInput as error:
                unread.append(f"run {run.pk}: {error}")
    written, dropped = added_up(parts)
    rules = NumberRules.from_mapping(connection.number_rules)
    countries = frequent_countries(MOST_COUNTRIES)
    ours = rules.country or country.upper() or next(iter(countries), "")
    home = NumberRules.for_country(ours).country_code if ours else ""
    judged = judge(written, rules, home=home)
    likely = dict.fromkeys([*filter(None, [ours]), *countries, *_countries_of(judged)])
    return NumberQuality(
        classes=by_class(judged),
        records=int(judged["records"].sum()),
        wanting=int(judged.filter(~pl.col("is_well") | (pl.col("quality") == Quality.UNLIKELY))["records"].sum()),
        left_out=left_out + dropped,
        country=ours,
        fix=best_fix(judged, connection.number_rules, countries=list(likely), home=home),
        unread=tuple(unread),
    )


def _written(
    connector: Connector, run: ImportRun, since: datetime | None, until: datetime | None
) -> Iterator[pl.DataFrame]:
    """The numbers of a run's records that count (WRITTEN), a batch at a time."""
    lines = lines_that_stand(run, since, until)
    if lines.is_empty():
        return
    path = evidence_path(run.evidence.sha256)
    for batch in connector.read_usage(
        path, name=run.evidence.name, batch_rows=READ_ROWS, is_complete=run.is_complete
    ):
        yield numbers_written(batch.usage.filter(pl.col("line").is_in(lines.implode())))


def _countries_of(judged: pl.DataFrame) -> list[str]:
    """Of which countries most of the numbers are that could be read."""
    valid = judged.filter(quality=Quality.VALID)
    counted = (
        valid.select("records", code=calling_codes(valid["digits"])).group_by("code").agg(pl.col("records").sum())
    )
    codes = counted.sort("records", "code", descending=[True, False])["code"].head(MOST_COUNTRIES)
    return [country for code in codes if (country := main_country(code))]
