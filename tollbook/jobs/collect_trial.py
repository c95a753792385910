"""What collecting would bring: fetched, read and rated, and nothing written."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector, Feature
from tollbook.connectors.errors import ConnectorError
from tollbook.connectors.push_gate import takes_pushes
from tollbook.errors import BadInput
from tollbook.jobs.collect_files import fetch_file, new_files
from tollbook.jobs.collect_period import evidence_name
from tollbook.jobs.collect_scopes import Wish, plan_scopes
from tollbook.jobs.corrections import changed
from tollbook.jobs.fetch_usage import FETCHING, Progress, Step, fetch_usage
from tollbook.jobs.import_usage import READ_ROWS
from tollbook.jobs.rate_usage import PriceBook, Reading, rate_usage
from tollbook.jobs.spool import file_name
from tollbook.jobs.take_pushed import refuse_choice, write_calls
from tollbook.usage.collecting import WHOLE_VISIT, Problem, Visit
from tollbook.usage.models import CollectRun
from tollbook.usage.pushing import newest_waiting, waiting_messages
from tollbook.usage.queries import known_keys


def try_collecting(connector: Connector, run: CollectRun, wish: Wish, progress: Progress) -> CollectRun:
    """The run as it would be, not saved: its state, problems, outcomes and sums."""
    counts = TrialCounts(connector, run.connection, wish.now)
    with tempfile.TemporaryDirectory(prefix="tollbook-trial-") as folder:
        try_them = _way_to_try(connector)
        try:
            visit = try_them(connector, run, wish, Path(folder), counts, progress)
        except (ConnectorError, BadInput) as error:
            visit = Visit(problems=[Problem.of(WHOLE_VISIT, error)])
    visit.put_on(run)
    run.finished_at = wish.now
    run.outcomes, run.sums = dict(counts.outcomes), dict(counts.sums)
    return run


def _way_to_try(
    connector: Connector,
) -> Callable[[Connector, CollectRun, Wish, Path, "TrialCounts", Progress], Visit]:
    if takes_pushes(type(connector), connector.site.settings):
        return _try_pushed
    return _try_files if Feature.FILES in connector.offers else _try_period


def _try_pushed(
    connector: Connector, run: CollectRun, wish: Wish, folder: Path, counts: "TrialCounts", _: Progress
) -> Visit:
    """As much as is taken at once."""
    refuse_choice(run, wish)
    path = folder / evidence_name(run)
    with transaction.atomic():
        messages = waiting_messages(run.connection, up_to=newest_waiting(run.connection))
        size = write_calls(connector, run, messages, path)
        transaction.set_rollback(True)
    if size:
        counts.add(path, path.name)
    return Visit(scopes=len(messages), succeeded=len(messages), bytes_fetched=size)


def _try_period(
    connector: Connector, run: CollectRun, wish: Wish, folder: Path, counts: "TrialCounts", progress: Progress
) -> Visit:
    plan = plan_scopes(run.connection, connector, wish)
    path = folder / evidence_name(run)
    fetched = fetch_usage(connector, plan.scopes, path, progress=progress)
    if fetched.size_bytes:
        counts.add(path, path.name)
    return Visit(
        scopes=len(plan.scopes),
        skipped=plan.skipped,
        succeeded=len(fetched.finished),
        bytes_fetched=fetched.size_bytes,
        problems=fetched.problems,
    )


def _try_files(
    connector: Connector, run: CollectRun, wish: Wish, folder: Path, counts: "TrialCounts", progress: Progress
) -> Visit:
    listed = new_files(connector, run.connection, wish)
    visit = listed.visit()
    for place, file in enumerate(listed.files):
        path = folder / file_name(file.name)
        try:
            size = fetch_file(connector, file, path)
            if size:
                counts.add(path, file.name, is_complete=file.is_complete)
            visit.bytes_fetched += size
            visit.succeeded += 1
        except (ConnectorError, BadInput) as error:
            visit.problems.append(Problem.of(file.name, error))
        path.unlink(missing_ok=True)
        progress(Step(doing=FETCHING, done=place + 1, of=len(listed.files), count=visit.bytes_fetched))
    return visit


def rated_file(
    connector: Connector, connection: Connection, path: Path, *, name: str, now: datetime, is_complete: bool = True
) -> Iterator[pl.DataFrame]:
    """The records of a fetched file as an import would rate them now, in batches. Writes nothing."""
    book = PriceBook.current(connection)
    book.compile()
    reading = Reading.of(connection)
    for batch in connector.read_usage(path, name=name, batch_rows=READ_ROWS, is_complete=is_complete):
        yield rate_usage(batch.usage, book=book, reading=reading, received_at=now)


@dataclass(slots=True)
class TrialCounts:
    """What would become of the records read so far."""

    connector: Connector
    connection: Connection
    now: datetime
    outcomes: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)

    def add(self, path: Path, name: str, *, is_complete: bool = True) -> None:
        for records in rated_file(
            self.connector, self.connection, path, name=name, now=self.now, is_complete=is_complete
        ):
            self.take(records)

    def take(self, records: pl.DataFrame) -> pl.DataFrame:
        """Count what would become of rated records; those that would be new come back."""
        new = self._new(records)
        self.outcomes["duplicate"] += len(records) - len(new)
        self.outcomes.update(dict(new["outcome"].value_counts().iter_rows()))
        charged = new.filter(pl.col("outcome") == "charged")
        sums = charged.group_by("currency").agg(pl.col("price_nanos").cast(pl.Int128).sum())
        self.sums.update(dict(sums.iter_rows()))
        self.outcomes += Counter()  # without zeros
        return new

    def _new(self, records: pl.DataFrame) -> pl.DataFrame:
        """Without those that are there already and say nothing new, and without repetitions in the file."""
        once = records.unique("record_key", keep="last", maintain_order=True)
        once = once.filter(~pl.col("record_key").is_in(self.keys))
        self.keys.update(once["record_key"])
        known = known_keys(self.connection.pk, once["record_key"])
        if known.is_empty():
            return once
        fresh = once.join(known, on="record_key", how="anti")
        if not self.connector.key_is_platform_id:
            return fresh
        seen = once.join(known, on="record_key", maintain_order="left")
        return pl.concat([fresh, changed(seen).select(fresh.columns)])
