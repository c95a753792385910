"""Senders that fall silent in the middle of a body, as a switch does that loses its power.

The web server cannot give up a body that is being read, and each one keeps a thread for as long as the sender's
connection looks open, which may be for ever. So the process ends when too many threads are lost, and is started again;
whoever was not answered sends again.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import structlog

LONGEST_BODY_S = 30.0
MOST_SILENT = 4  # of the web server's threads
LOOK_EVERY_S = 5.0

LOG = structlog.get_logger()


@dataclass(slots=True)
class Bodies:
    """Those that are being read now, each with when that began."""

    clock: Callable[[], float] = time.monotonic
    _begun: dict[int, float] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _watching: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One more, until it is left."""
        if self._watching.acquire(blocking=False):  # kept for ever: one thread watches
            threading.Thread(target=self._watch, name="silent senders", daemon=True).start()
        number = next(self._numbers)
        self._begun[number] = self.clock()
        try:
            yield
        finally:
            del self._begun[number]

    def are_too_silent(self) -> bool:
        """Whether too many have taken too long."""
        now = self.clock()
        return sum(now - begun > LONGEST_BODY_S for begun in list(self._begun.values())) >= MOST_SILENT

    def _watch(self) -> None:
        while not self.are_too_silent():
            time.sleep(LOOK_EVERY_S)
        LOG.critical(
            "senders fell silent in the middle of records; the web process begins anew", senders=MOST_SILENT
        )
        os._exit(1)


BODIES = Bodies()
