"""The steps of one run, each with its outcome. One that fails leaves the others to be done."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tollbook.cli.metroport_sync.wish import Wish
from tollbook.cli.run_report import collect_lines
from tollbook.cli.sync_report import report_lines, report_status
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Feature
from tollbook.errors import TollbookError
from tollbook.jobs.collect_usage import collect_usage
from tollbook.jobs.sync import sync
from tollbook.usage.models import CollectState

WHO = "metroport-sync"
NOBODY = (
    "nobody is paired whose records could be asked for; give --customers, or pair them: `tollbook pairing --help`"
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a step came to."""

    is_ok: bool = True  # all of it was done
    is_in: bool = True  # some of it was done
    lines: list[str] = field(default_factory=list)  # all there is to say, the problems with it
    problems: list[str] = field(default_factory=list)  # alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Which steps to take, and for what."""

    price_list: Path | None
    parts: tuple[Feature, ...]  # to synchronise
    records: Wish | None
    customer: str | None  # whose records; None = everybody's
    now: datetime
    dry_run: bool

    def taken(self, connection: Connection) -> Iterator[Outcome]:
        """In the order in which each needs the others: prices, customers, their cards, their records."""
        if self.price_list is not None:
            price_list = self.price_list
            yield _tried("price list", lambda: self._upload(connection, price_list))
        if self.parts:
            yield _tried("sync", lambda: self._sync(connection))
        if self.records is not None:
            wish = self.records
            yield _tried("records", lambda: self._collect(connection, wish))

    def _upload(self, connection: Connection, price_list: Path) -> Outcome:
        if self.dry_run:
            size = price_list.stat().st_size
            return Outcome(lines=[f"{connection.name} price list: {price_list}, {size:,} bytes, would be sent"])
        with closing(open_connector(connection)) as connector:
            answer = connector.upload_price_list(price_list)
        return Outcome(lines=[f"{connection.name} price list: {price_list} was sent; {answer}"])

    def _sync(self, connection: Connection) -> Outcome:
        with closing(open_connector(connection)) as connector:
            reports = sync(connection, connector, now=self.now, by=WHO, parts=self.parts, dry_run=self.dry_run)
        return Outcome(
            is_ok=report_status(reports) == 0,
            is_in=report_status(reports) < 2,
            lines=[line for report in reports for line in report_lines(report)],
            problems=[f"{report.part}: {report.error}" for report in reports if report.error],
        )

    def _collect(self, connection: Connection, wish: Wish) -> Outcome:
        connection.settings = {**connection.settings, **wish.settings}  # for this run, and not saved
        run = collect_usage(
            connection,
            now=self.now,
            asked_by=WHO,
            since=wish.since,
            until=wish.until,
            customers=[self.customer] if self.customer else None,
            again=wish.again,
            dry_run=self.dry_run,
        )
        problems = [": ".join(filter(None, ("records", one["scope"], one["error"]))) for one in run.problems]
        is_for_nobody = not (run.scopes or run.scopes_skipped or problems)
        lines = list(collect_lines(run, is_trial=self.dry_run))
        return Outcome(
            # A rehearsal has paired nobody yet.
            is_ok=run.state == CollectState.DONE and (self.dry_run or not is_for_nobody),
            is_in=run.state != CollectState.FAILED and not is_for_nobody,
            lines=[*lines, f"  {NOBODY}"] if is_for_nobody else lines,
            problems=[*problems, f"records: {NOBODY}"] if is_for_nobody and not self.dry_run else problems,
        )


def exit_status(outcomes: list[Outcome]) -> int:
    """0: all is well. 1: something failed and the rest is in. 2: nothing could be done."""
    if all(outcome.is_ok for outcome in outcomes):
        return 0
    return 1 if any(outcome.is_in for outcome in outcomes) else 2


def _tried(step: str, do: Callable[[], Outcome]) -> Outcome:
    try:
        return do()
    except TollbookError as error:
        return Outcome(is_ok=False, is_in=False, problems=[f"{step}: {error}"])
