"""The process that tells webhooks what changed: it looks several times a second, so an event leaves at once."""

import signal
import threading

import structlog
from django.db import InterfaceError, OperationalError, connection

from tollbook.errors import TollbookError
from tollbook.jobs.send_events import Courier

IDLE_S = 0.5  # between two looks while no answer is awaited
WAIT_AFTER_FAILURE_S = 5.0
STOPS_WITHIN_S = 5.0  # for answers that are awaited; what is not answered then is sent again

LOG = structlog.get_logger()


def deliver_all() -> None:
    """Send events until told to end."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    courier = Courier()
    LOG.info("ready")
    while not stop.is_set():
        try:
            under_way = courier.work()
        except (OperationalError, InterfaceError, TollbookError) as error:
            connection.close()
            LOG.error("events are not sent", error=type(error).__name__)
            stop.wait(WAIT_AFTER_FAILURE_S)
            continue
        if not under_way:
            stop.wait(IDLE_S)
    courier.close(within_s=STOPS_WITHIN_S)
