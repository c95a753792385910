"""The process that takes what switches have sent: it looks twice a second, and keeps compiled tariffs meanwhile.

It asks, and is not told: PostgreSQL lets transactions that notify commit one after the other only, which would hold up
the very messages it tells of.
"""

import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from django.db import InterfaceError, OperationalError, connection

from tollbook.alarms.models import AlarmKind
from tollbook.connections.models import Connection
from tollbook.connectors.push_gate import takes_pushes
from tollbook.connectors.registry import CONNECTORS, connector_class
from tollbook.errors import TollbookError
from tollbook.usage.pushing import connections_with_messages

if TYPE_CHECKING:
    from tollbook.jobs.rate_usage import Compiled

LOOK_EVERY_S = 0.5
FIRST_WAIT_S = 5.0  # after a failure, of the connection that failed; each time twice as long
LONGEST_WAIT_S = 300.0
AWAY = (OperationalError, InterfaceError)  # what is raised when the database does not answer
MOST_COMPILED = 200  # tariff versions kept; then all of them are compiled anew

LOG = structlog.get_logger()


@dataclass(slots=True)
class Taker:
    """Takes what waits. A connection that fails is left alone for a while."""

    compiled: "Compiled" = field(default_factory=dict)
    _waits: dict[int, float] = field(default_factory=dict)
    _not_before: dict[int, float] = field(default_factory=dict)

    def warm_up(self) -> None:
        """Load what is needed where records are sent, so that the first call need not wait for it."""
        sent = [
            one
            for one in Connection.objects.order_by("pk")
            if one.kind in CONNECTORS and takes_pushes(connector_class(one.kind), one.settings)
        ]
        if sent:
            from tollbook.jobs.rate_usage import PriceBook  # noqa: PLC0415

            PriceBook.current(sent[0], self.compiled).compile()

    def take(self) -> None:
        """Take everything that waits now, of every connection."""
        for connection_id in connections_with_messages():
            if time.monotonic() >= self._not_before.get(connection_id, 0.0):
                self._take_from(connection_id)

    def _take_from(self, connection_id: int) -> None:
        # Not before something comes: with what they need a process is several times as large.
        from tollbook.jobs.collect_usage import collect_usage  # noqa: PLC0415
        from tollbook.jobs.take_pushed import PUSHED  # noqa: PLC0415
        from tollbook.up.visits import alarmed, see_that_all_was_collected  # noqa: PLC0415

        source = Connection.objects.get(pk=connection_id)
        if len(self.compiled) > MOST_COMPILED:
            self.compiled.clear()
        try:
            with alarmed(AlarmKind.COLLECT_FAILED, source, is_last=True):
                run = collect_usage(source, now=datetime.now(UTC), asked_by=PUSHED, compiled=self.compiled)
                see_that_all_was_collected(run)
        except AWAY:
            raise
        except Exception as error:  # whatever it is concerns this connection alone
            if not isinstance(error, TollbookError):
                LOG.exception("a defect", connection=source.name)
            wait = self._waits.get(connection_id, FIRST_WAIT_S)
            self._not_before[connection_id] = time.monotonic() + wait
            self._waits[connection_id] = min(2 * wait, LONGEST_WAIT_S)
            LOG.error("records that were sent could not be taken", connection=source.name, again_in_s=wait)
            return
        self._waits.pop(connection_id, None)
        LOG.info("taken", connection=source.name, run=run.pk, messages=run.scopes, **run.outcomes)


def take_all() -> None:
    """Take what comes until told to end; what is being taken is taken to its end."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    taker = Taker()
    is_warm = False
    while not stop.is_set():
        begun = time.monotonic()
        try:
            if not is_warm:
                is_warm = True
                taker.warm_up()
                LOG.info("ready")
            taker.take()
        except (*AWAY, TollbookError) as error:
            connection.close()
            LOG.error("the database does not answer", error=type(error).__name__)
            stop.wait(FIRST_WAIT_S)
        stop.wait(max(0.0, LOOK_EVERY_S - (time.monotonic() - begun)))
