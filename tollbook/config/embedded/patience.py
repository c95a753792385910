"""Waiting for the database: a bounded time, and never in silence."""

import sys
import time

from tollbook.config.embedded.errors import DatabaseUnavailable

LONGEST_WAIT_S = 600  # a GB of unwritten changes takes the server about 10 s to repeat, and 4 GB is the most
QUIET_S = 2
BETWEEN_NOTICES_S = 10
STEP_S = 0.02


class Patience:
    """One wait, told on standard error once it is long enough to be noticed."""

    def __init__(self, what: str, *, longest_s: float = LONGEST_WAIT_S) -> None:
        self._what = what
        self._longest_s = longest_s
        self._began = time.monotonic()
        self._next_notice_s = float(QUIET_S)

    def wait(self) -> None:
        """Sleep one step.

        Raises:
            DatabaseUnavailable: the longest wait is over.
        """
        waited = time.monotonic() - self._began
        if waited > self._longest_s:
            raise DatabaseUnavailable(f"gave up after {waited:.0f} s {self._what}")
        if waited > self._next_notice_s:
            self._next_notice_s = waited + BETWEEN_NOTICES_S
            print(f"tollbook: {waited:.0f} s {self._what}", file=sys.stderr, flush=True)
        time.sleep(STEP_S)
