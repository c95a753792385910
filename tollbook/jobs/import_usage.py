"""Import a file of calls: evidence, records, accounts, prices, postings.

The file is read and rated a batch ahead while the batch before is being written. Each batch commits whole with the
run's cursor, so an import that dies is continued by importing the same file again.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tollbook.ahead import one_ahead
from tollbook.connectors.files.layout import Layout
from tollbook.connectors.files.layout_data import layout_from_mapping, load_layout
from tollbook.connectors.files.limits import Limits
from tollbook.connectors.files.reader import UsageBatch, read_usage
from tollbook.connectors.files.stored import check_whole
from tollbook.errors import BadInput
from tollbook.jobs.post_usage import Batch, post_batch
from tollbook.jobs.rate_usage import PriceBook, rate_usage
from tollbook.phone import NumberRules
from tollbook.usage import operations as usage
from tollbook.usage.evidence import evidence_path, keep_evidence
from tollbook.usage.models import Connection, ImportRun

BATCH_ROWS = 1_000_000

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
        BadInput: the file cannot be read as this connection's layout at all. Nothing of it was written.
    """
    intake = _Intake(source, connection_layout(source), NumberRules.from_mapping(source.number_rules), now)
    evidence = keep_evidence(path, received_at=now)
    kept = evidence_path(evidence.sha256)
    with usage.one_import_at_a_time(source):
        run = usage.begin_or_continue_run(source=source, evidence=evidence, started_at=now)
        unfinished = None
        try:
            check_whole(kept, compression=intake.layout.file.compression, name=path.name, limits=Limits())
            pieces = read_usage(kept, intake.layout, batch_rows=batch_rows, complete=is_complete, name=path.name)
            for piece in one_ahead(intake.rated(pieces, run)):
                post_batch(piece.batch, posted_at=now)
                run.rows_done += len(piece.batch.records)
                progress(piece.bytes_read, run.rows_done)
                unfinished = piece.unfinished
        except BadInput as error:
            usage.fail_run(run, finished_at=now, error=str(error))
            raise
        usage.finish_run(run, finished_at=now, unfinished=unfinished)
    run.refresh_from_db()
    return run


@dataclass(frozen=True, slots=True)
class _Piece:
    batch: Batch
    bytes_read: int
    unfinished: bytes | None


@dataclass(frozen=True, slots=True)
class _Intake:
    """How a connection's records become rated batches."""

    source: Connection
    layout: Layout
    rules: NumberRules
    now: datetime

    def rated(self, pieces: Iterator[UsageBatch], run: ImportRun) -> Iterator[_Piece]:
        """Rate each piece of the file that is not written yet.

        What prices depend on is read here, at once; the rest touches no database and runs beside the writing.
        """
        book = PriceBook.current()
        book.compile()
        return self._rated(pieces, run, book)

    def _rated(self, pieces: Iterator[UsageBatch], run: ImportRun, book: PriceBook) -> Iterator[_Piece]:
        to_skip = run.rows_done
        for piece in pieces:
            skipped = min(to_skip, len(piece.usage))
            to_skip -= skipped
            records = rate_usage(
                piece.usage.slice(skipped),
                book=book,
                rules=self.rules,
                ways=self.source.match_by,
                received_at=self.now,
            )
            # Sorted by account, a batch is written to few places of the account index.
            records = records.sort("account_id", "start", "line")
            batch = Batch(run, records, may_be_corrected=self.layout.key_is_platform_id)
            yield _Piece(batch, piece.bytes_read, piece.unfinished)


def connection_layout(source: Connection) -> Layout:
    """The connection's layout: a built-in one by name, or its own mapping; with the connection's zone for times."""
    if "\n" in source.layout:
        layout = layout_from_mapping(tomllib.loads(source.layout), name=source.name)
    else:
        layout = load_layout(source.layout)
    return layout.in_zone(source.timezone) if source.timezone else layout
