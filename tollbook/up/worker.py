"""The processes that do jobs: the worker visits platforms, the scheduler keeps house and asks for what is due."""

import asyncio

import structlog
from procrastinate.contrib.django import app

from tollbook.up.child import WORKER
from tollbook.up.queues import HOUSE, ORDER_LANES, PLATFORMS

LOG = structlog.get_logger()
AT_ONCE = {PLATFORMS: 3, HOUSE: ORDER_LANES + 2}  # jobs; those of one connection are done one after the other
HEARTBEAT_S = 10.0
POLL_S = 5.0  # a new job is told of at once; this finds those whose time has come


def work(role: str, *, stop_s: float) -> None:
    """Do jobs until told to end; then those that run have so many seconds to finish."""
    queue = PLATFORMS if role == WORKER else HOUSE
    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        asyncio.run(_work(role, queue, stop_s))


async def _work(role: str, queue: str, stop_s: float) -> None:
    app.perform_import_paths()  # type: ignore[no-untyped-call]
    async with app.open_async():
        LOG.info("ready", queue=queue, at_once=AT_ONCE[queue])
        await app.run_worker_async(
            queues=[queue],
            name=role,
            concurrency=AT_ONCE[queue],
            fetch_job_polling_interval=POLL_S,
            shutdown_graceful_timeout=stop_s,
            update_heartbeat_interval=HEARTBEAT_S,
            delete_jobs="successful",  # what they did is on record where it belongs: runs, alarms, messages
        )
