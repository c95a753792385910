"""Collect from a platform that is asked for the usage of a period."""

from tollbook.connectors.base import Connector
from tollbook.jobs.collect_scopes import Wish, plan_scopes
from tollbook.jobs.fetch_usage import Progress, fetch_usage, reading
from tollbook.jobs.import_usage import COLLECTED_BATCH_ROWS, import_evidence
from tollbook.jobs.spool import file_name, spool
from tollbook.usage.collecting import Visit, move_cursors, note_first_asked
from tollbook.usage.evidence import keep_evidence
from tollbook.usage.models import CollectRun


def collect_period(connector: Connector, run: CollectRun, wish: Wish, progress: Progress) -> Visit:
    """Fetch what is wished for, import it, move the cursors of what is whole.

    Raises:
        BadInput: a chosen customer is not paired; or what was fetched cannot be read at all.
    """
    connection = run.connection
    plan = plan_scopes(connection, connector, wish)
    note_first_asked(connection, plan.scopes, now=wish.now)
    if not plan.scopes:
        return Visit(skipped=plan.skipped)
    with spool(connection) as folder:
        path = folder / evidence_name(run)
        fetched = fetch_usage(connector, plan.scopes, path, progress=progress)
        if fetched.size_bytes:
            import_evidence(
                connector,
                connection,
                keep_evidence(path, received_at=wish.now),
                now=wish.now,
                name=path.name,
                collect=run,
                batch_rows=COLLECTED_BATCH_ROWS,
                progress=reading(fetched.size_bytes, progress),
            )
    whole = [one for one in fetched.finished if one.scope.customer_id not in plan.apart]
    move_cursors(connection, whole, now=wish.now)
    return Visit(
        scopes=len(plan.scopes),
        skipped=plan.skipped,
        succeeded=len(fetched.finished),
        bytes_fetched=fetched.size_bytes,
        problems=fetched.problems,
    )


def evidence_name(run: CollectRun) -> str:
    """As `portabilling-2017-06-01T00:00.jsonl`: where it is from, and when it was collected."""
    return file_name(f"{run.connection.name}-{run.started_at:%Y-%m-%dT%H:%M}.jsonl")
