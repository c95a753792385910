"""Which connections are sent records, and whom they let in: read from the database every few seconds."""

import threading
import time
from dataclasses import dataclass, field

import structlog

from tollbook.connections.models import Connection
from tollbook.connections.operations import site_of
from tollbook.connectors.push_gate import PushGate, takes_pushes
from tollbook.connectors.registry import CONNECTORS, connector_class
from tollbook.errors import BadInput

KEPT_S = 5.0  # so long a secret that was changed may still be taken

LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a connection."""

    connection_id: int
    gate: PushGate | None  # None: its settings cannot be used now, so nobody can be let in


@dataclass(slots=True)
class Gates:
    """The ways there are, as they were a few seconds ago at most."""

    _ways: dict[str, Way] = field(default_factory=dict)
    _good_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, name: str) -> Way | None:
        """The way to the connection of that name; None when there is none to which records are sent.

        Raises:
            Error, TollbookError: the database is away.
        """
        with self._lock:
            if time.monotonic() >= self._good_until:
                self._ways = {one.name: Way(one.pk, _gate(one)) for one in _sent_to()}
                self._good_until = time.monotonic() + KEPT_S
            return self._ways.get(name)

    def forget(self) -> None:
        """Have them read again."""
        self._good_until = 0.0


def _sent_to() -> list[Connection]:
    return [
        one
        for one in Connection.objects.order_by("pk")
        if one.kind in CONNECTORS and takes_pushes(connector_class(one.kind), one.settings)
    ]


def _gate(connection: Connection) -> PushGate | None:
    try:
        return PushGate.of(site_of(connection))
    except BadInput as error:
        LOG.error("records cannot be taken", connection=connection.name, error=str(error))
        return None


GATES = Gates()
