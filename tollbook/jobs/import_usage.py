"""Import a file of calls: evidence, records, accounts, prices, postings.

The file is read and rated a batch ahead while the batch before is being written. Each batch commits whole with the
run's cursor, so an import that dies is continued by importing the same file again.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from tollbook.ahead import one_ahead
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector, UsageBatch
from tollbook.errors import BadInput
from tollbook.jobs.post_usage import Batch, post_batch
from tollbook.jobs.rate_usage import Compiled, PriceBook, Reading, rate_usage
from tollbook.usage import operations as usage
from tollbook.usage.evidence import evidence_path, keep_evidence
from tollbook.usage.models import CollectRun, Evidence, ImportRun

BATCH_ROWS = 1_000_000
READ_ROWS = 250_000
# What a platform is asked for comes daily, in a process that runs for years: it stays below 500 MB, and with the few
# accounts of one platform smaller batches cost little.
COLLECTED_BATCH_ROWS = 50_000

Progress = Callable[[int, int], None]  # bytes of the file read, records written


def import_usage(
    source: Connection,
    path: Path,
    *,
    now: datetime,
    is_complete: bool = True,
    batch_rows: int = BATCH_ROWS,
    progress: Progress = lambda _bytes, _records: None,
) -> ImportRun:
    """Read a file into the ledger. Safe to repeat: what is known already is counted as duplicate.

    `is_complete` false: the file may still grow, so a last line without its end is left for the next pass.

    Raises:
        BadInput: the file cannot be read as this connection's layout at all, or nobody has confirmed how it is read.
            Nothing of it was written.
    """
    with closing(open_connector(source)) as connector:
        if doubt := connector.unconfirmed():
            raise BadInput(f"{source.name}: {doubt}")
        evidence = keep_evidence(path, received_at=now)
        return import_evidence(
            connector,
            source,
            evidence,
            now=now,
            is_complete=is_complete,
            batch_rows=batch_rows,
            progress=progress,
            name=path.name,
        )


def import_evidence(
    connector: Connector,
    source: Connection,
    evidence: Evidence,
    *,
    now: datetime,
    name: str,
    is_complete: bool = True,
    batch_rows: int = BATCH_ROWS,
    collect: CollectRun | None = None,
    progress: Progress = lambda _bytes, _records: None,
    compiled: Compiled | None = None,
) -> ImportRun:
    """Read evidence into the ledger, as its connector understands it. Otherwise as `import_usage`.

    `compiled`: tariffs that the caller keeps from one import to the next.
    """
    intake = _Intake(source, connector.key_is_platform_id, Reading.of(source), now, compiled)
    kept = evidence_path(evidence.sha256)
    with usage.one_import_at_a_time(source):
        run = usage.begin_or_continue_run(
            source=source, evidence=evidence, started_at=now, collect=collect, is_complete=is_complete
        )
        unfinished = None
        try:
            read_rows = max(1, min(READ_ROWS, batch_rows // 2))
            pieces = connector.read_usage(kept, name=name, batch_rows=read_rows, is_complete=is_complete)
            for part in one_ahead(intake.rated(growing(pieces, read_rows, batch_rows), run)):
                post_batch(part.batch, posted_at=now)
                run.rows_done += len(part.batch.records)
                progress(part.bytes_read, run.rows_done)
                unfinished = part.unfinished
        except BadInput as error:
            usage.fail_run(run, finished_at=now, error=str(error))
            raise
        usage.finish_run(run, finished_at=now, unfinished=unfinished)
    run.refresh_from_db()
    return run


def growing(pieces: Iterator[UsageBatch], first: int, most: int) -> Iterator[list[UsageBatch]]:
    """The pieces by batches: `first` records, then as many as came before and `first` again, up to `most`.

    Writing begins while little has been read, and soon is done in the large batches that are written fastest. Where
    a batch ends depends on nothing but its place in the file, so a continued import makes the same ones.
    """
    done, waiting = 0, list[UsageBatch]()
    for piece in pieces:
        waiting.append(piece)
        rows = sum(len(one.usage) for one in waiting)
        if piece.is_last or rows >= min(done + first, most):
            yield waiting
            done, waiting = done + rows, []


@dataclass(frozen=True, slots=True)
class _Part:
    batch: Batch
    bytes_read: int
    unfinished: bytes | None


@dataclass(frozen=True, slots=True)
class _Intake:
    """How a connection's records become rated batches."""

    source: Connection
    key_is_platform_id: bool
    reading: Reading
    now: datetime
    compiled: Compiled | None

    def rated(self, parts: Iterator[list[UsageBatch]], run: ImportRun) -> Iterator[_Part]:
        """Rate what of the file is not written yet.

        What prices depend on is read here, at once; the rest touches no database and runs beside the writing.
        """
        book = PriceBook.current(self.source, self.compiled)
        book.compile()
        return self._rated(parts, run, book)

    def _rated(self, parts: Iterator[list[UsageBatch]], run: ImportRun, book: PriceBook) -> Iterator[_Part]:
        to_skip = run.rows_done
        for pieces in parts:
            usage_rows = pl.concat([piece.usage for piece in pieces])
            skipped = min(to_skip, len(usage_rows))
            to_skip -= skipped
            records = rate_usage(
                usage_rows.slice(skipped),
                book=book,
                reading=self.reading,
                received_at=self.now,
            )
            # Sorted by account, a batch is written to few places of the account index.
            records = records.sort("account_id", "start", "line")
            batch = Batch(run, records, self.key_is_platform_id, book.compiled)
            yield _Part(batch, pieces[-1].bytes_read, pieces[-1].unfinished)
