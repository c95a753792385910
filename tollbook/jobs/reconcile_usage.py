"""Hold a platform's usage against ours: fetched once more, compared by day and record by record. Changes nothing."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connections.queries import beginning_of, zone_of
from tollbook.connectors.base import Connector, Feature, Scope
from tollbook.errors import BadInput
from tollbook.jobs.collect_scopes import LATE, Wish, plan_scopes
from tollbook.jobs.collect_trial import rated_file
from tollbook.jobs.corrections import CONTENT
from tollbook.jobs.fetch_usage import Progress, fetch_usage, unwatched
from tollbook.records import KINDS, Measure
from tollbook.usage.collecting import Problem
from tollbook.usage.queries import select_records

MOST_NAMED = 1_000  # differing records by name; all are counted
TIMED = [kind for kind, measure in KINDS.items() if measure is Measure.TIME]
SIDES = ("there", "here")
# What makes a line of the comparison: usage by kind; the platform's fees, payments … apart, by reason.
LINE = ("day", "what", "currency")
FIGURES = ("records", "quantity", "amount_nanos")


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that is not the same on both sides."""

    record_key: str
    day: date | None
    what: str  # "missing here", "missing there", "other content"
    detail: str  # of other content: what it is there and here


@dataclass(slots=True, kw_only=True)
class Reconciliation:
    """What came out."""

    usage: pl.DataFrame  # LINE, then FIGURES of each of SIDES, and `charged_nanos`: what customers pay for it
    not_usage: pl.DataFrame  # the same for fees, payments, adjustments and taxes
    totals: pl.DataFrame  # LINE and FIGURES as the platform itself adds up, of SIDES; empty where it does not
    differences: list[Difference]
    different_records: int
    problems: list[Problem] = field(default_factory=list)  # what could not be fetched, and so not compared

    @property
    def agrees(self) -> bool:
        """Whether all could be compared, and is the same."""
        totals_differ = any(
            not (self.totals[f"{name}_there"] == self.totals[f"{name}_here"]).all() for name in FIGURES
        )
        return not self.different_records and not self.problems and not totals_differ


def reconcile_usage(
    connection: Connection, *, since: date, until: date, now: datetime, progress: Progress = unwatched
) -> Reconciliation:
    """Compare the days `[since, until)` of the connection's zone.

    Only what was fetched is compared: customers who are not paired, or could not be asked for, are left out on
    both sides.

    Raises:
        BadInput: the connection gives no usage of a period, or the period is empty.
    """
    begin, end = beginning_of(since, connection), min(beginning_of(until, connection), now)
    if begin >= end:
        raise BadInput(
            f"{connection.name}: there are no days from {since} to {until} up to now; give earlier ones"
        )
    with closing(open_connector(connection)) as connector:
        if Feature.USAGE not in connector.offers:
            raise BadInput(
                f"{connection.name} gives files, not the usage of a period; `tollbook usage days {connection.quoted}` "
                "shows what became of them"
            )
        wish = Wish(now=now, since=begin, until=end + LATE, again=True)
        scopes = plan_scopes(connection, connector, wish).scopes
        there, finished, problems = _fetched(connector, connection, scopes, now, progress)
        totals = _totals(connector, scopes, begin, end) if Feature.TOTALS in connector.offers else None
    whose = None if finished == [""] else finished
    period = pl.col("start").is_between(begin, end, closed="left")
    there = _with_lines(there.filter(period), connection, whose)
    here = _with_lines(_ours(connection, begin, end), connection, whose)
    both = _compared(there, here)
    is_usage = pl.col("is_usage")
    differing = _differing(there, here)
    return Reconciliation(
        usage=both.filter(is_usage).drop("is_usage"),
        not_usage=both.filter(~is_usage).drop("is_usage"),
        totals=_held_against(totals, here)
        if totals is not None
        else both.clear().drop("is_usage", "charged_nanos"),
        differences=list(_named(differing.head(MOST_NAMED))),
        different_records=len(differing),
        problems=problems,
    )


def _fetched(
    connector: Connector, connection: Connection, scopes: list[Scope], now: datetime, progress: Progress
) -> tuple[pl.DataFrame, list[str], list[Problem]]:
    """The platform's records as an import would rate them now, whose they are, and who could not be fetched."""
    with tempfile.TemporaryDirectory(prefix="tollbook-reconcile-") as folder:
        path = Path(folder) / "usage"
        fetched = fetch_usage(connector, scopes, path, progress=progress)
        name = f"{connection.name}.jsonl"
        batches = list(rated_file(connector, connection, path, name=name, now=now))
    records = pl.concat(batches).unique("record_key", keep="last", maintain_order=True)
    return records, [one.scope.customer_id for one in fetched.finished], fetched.problems


def _ours(connection: Connection, begin: datetime, end: datetime) -> pl.DataFrame:
    standing = "connection_id = %s AND start >= %s AND start < %s AND outcome NOT IN ('superseded', 'undone')"
    return select_records(standing, (connection.pk, begin, end))


def _with_lines(records: pl.DataFrame, connection: Connection, whose: list[str] | None) -> pl.DataFrame:
    """What is compared of each record; of some foreign customers, or of all."""
    if whose is not None:
        records = records.filter(pl.col("tenant_ref").is_in(whose) | pl.col("tenant_ref").is_null())
    is_usage = pl.col("outcome") != "not_usage"
    seconds = pl.col("duration_us") // 1_000_000
    return records.select(
        "record_key",
        *CONTENT,
        is_usage=is_usage,
        day=pl.col("start").dt.convert_time_zone(zone_of(connection).key).dt.date(),
        what=pl.when(is_usage).then(pl.col("kind").fill_null("unknown")).otherwise("reason"),
        currency=pl.col("platform_currency").fill_null(""),
        quantity_=pl.when(pl.col("kind").is_in(TIMED)).then(seconds).otherwise("quantity"),
        amount_nanos=pl.col("platform_price_nanos"),
        charged_nanos=pl.when(pl.col("outcome") == "charged").then("price_nanos"),
        charged_currency=pl.when(pl.col("outcome") == "charged").then("currency"),
    )


def _summed(records: pl.DataFrame, side: str) -> pl.DataFrame:
    return records.group_by("is_usage", *LINE).agg(
        pl.len().cast(pl.Int64).alias(f"records_{side}"),
        pl.col("quantity_").sum().alias(f"quantity_{side}"),
        pl.col("amount_nanos").cast(pl.Int128).sum().alias(f"amount_nanos_{side}"),
    )


def _compared(there: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    charged = (
        here.filter(pl.col("charged_currency") == pl.col("currency"))
        .group_by("is_usage", *LINE)
        .agg(pl.col("charged_nanos").cast(pl.Int128).sum())
    )
    keys = ["is_usage", *LINE]
    return (
        _summed(there, "there")
        .join(_summed(here, "here"), on=keys, how="full", coalesce=True, nulls_equal=True)
        .join(charged, on=keys, how="left", nulls_equal=True)
        .with_columns(pl.exclude(keys).fill_null(0))
        .sort(keys)
    )


def _differing(there: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """`record_key`, `day` and `what`, with both contents where the record is on both sides."""
    content = [pl.struct(CONTENT).alias("content")]
    left = there.select("record_key", "day", *content)
    right = here.select("record_key", "day", *content)
    both = left.join(right, on="record_key", how="full", coalesce=True, suffix="_here")
    is_here, is_there = pl.col("content_here").is_not_null(), pl.col("content").is_not_null()
    what = (
        pl.when(~is_here)
        .then(pl.lit("missing here"))
        .when(~is_there)
        .then(pl.lit("missing there"))
        .when(pl.col("content").ne_missing(pl.col("content_here")))
        .then(pl.lit("other content"))
    )
    return (
        both.with_columns(difference=what, day=pl.coalesce("day", "day_here"))
        .filter(pl.col("difference").is_not_null())
        .sort("day", "record_key")
    )


def _named(differing: pl.DataFrame) -> Iterator[Difference]:
    for row in differing.iter_rows(named=True):
        there, here = row["content"] or {}, row["content_here"] or {}
        parts = [
            f"{name} {_said(there[name])} there, {_said(here[name])} here"
            for name in CONTENT
            if there and here and there[name] != here[name]
        ]
        yield Difference(row["record_key"], row["day"], row["difference"], "; ".join(parts))


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)


def _totals(connector: Connector, scopes: list[Scope], begin: datetime, end: datetime) -> pl.DataFrame:
    """What the platform adds up itself, by day, kind and currency."""
    rows = [
        (date.fromisoformat(one.day), one.kind, one.currency, one.records, one.quantity, one.amount_nanos)
        for one in connector.totals(begin, end, [scope.customer_id for scope in scopes])
    ]
    schema = {"day": pl.Date, "what": pl.String, "currency": pl.String, **dict.fromkeys(FIGURES, pl.Int64)}
    return pl.DataFrame(rows, schema=schema, orient="row").group_by(LINE).agg(pl.col(FIGURES).sum())


def _held_against(totals: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """The platform's sums beside ours; where it does not tell kinds apart, ours are added up as well."""
    ours = here.filter("is_usage")
    if (totals["what"] == "").all():
        ours = ours.with_columns(what=pl.lit(""))
    if (totals["currency"] == "").all():
        ours = ours.with_columns(currency=pl.lit(""))
    sums = _summed(ours, "here").drop("is_usage")
    there = totals.rename({name: f"{name}_there" for name in FIGURES})
    return (
        there.join(sums, on=LINE, how="full", coalesce=True).with_columns(pl.exclude(LINE).fill_null(0)).sort(LINE)
    )
