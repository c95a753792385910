"""Read an import again as the connection is set up now: its layout, zone or number rules have been mended."""

from contextlib import closing
from datetime import datetime

from tollbook.connections.operations import open_connector
from tollbook.errors import BadInput
from tollbook.jobs.import_usage import BATCH_ROWS, READ_ROWS, Progress, import_evidence
from tollbook.jobs.reverse_usage import undo_import
from tollbook.usage import operations as usage
from tollbook.usage.evidence import evidence_path
from tollbook.usage.models import ImportRun


def reprocess_usage(
    run: ImportRun, *, now: datetime, progress: Progress = lambda _bytes, _records: None
) -> ImportRun:
    """Undo the import and read the same evidence once more; the run that did comes back.

    Safe to repeat, also when it was interrupted: what is undone stays so, and the reading goes on where it was.

    Raises:
        BadInput: the evidence cannot be read this way at all, or nobody has confirmed how it is read. Nothing was
            undone then.
    """
    connection, evidence = run.connection, run.evidence
    with closing(open_connector(connection)) as connector, usage.one_import_at_a_time(connection):
        if doubt := connector.unconfirmed():
            raise BadInput(f"{connection.name}: {doubt}")
        path = evidence_path(evidence.sha256)
        for _ in connector.read_usage(path, name=evidence.name, batch_rows=READ_ROWS, is_complete=run.is_complete):
            pass  # to its end: a file that stops making sense half way shall be found out before it is undone
        undo_import(run, posted_at=now)
        return import_evidence(
            connector,
            connection,
            evidence,
            now=now,
            name=evidence.name,
            is_complete=run.is_complete,
            batch_rows=BATCH_ROWS,
            collect=run.collect,
            progress=progress,
        )
