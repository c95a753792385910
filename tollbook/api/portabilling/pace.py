"""How many calls somebody may make: a bucket for each address and each user, filled evenly."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tollbook.access.options import options
from tollbook.api.portabilling.faults import TOO_MANY_CALLS, Fault

BURST_S = 10.0  # so many seconds' calls may come at once
MOST_BUCKETS = 10_000


@dataclass(slots=True)
class Pace:
    """The calls of this process."""

    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)  # calls left, as of when
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, who: str) -> None:
        """One more call of somebody.

        Raises:
            Fault: they made too many.
        """
        per_s = options().calls_per_minute / 60
        most = max(per_s * BURST_S, 1.0)
        now = self.clock()
        with self._lock:
            left, then = self._buckets.pop(who, (most, now))
            left = min(most, left + (now - then) * per_s)
            if len(self._buckets) >= MOST_BUCKETS:
                del self._buckets[next(iter(self._buckets))]  # who has not called for the longest time
            self._buckets[who] = (max(left - 1, 0) if left >= 1 else left, now)
        if left < 1:
            raise Fault(
                TOO_MANY_CALLS, f"more than {options().calls_per_minute} calls within a minute; call more slowly"
            )


PACE = Pace()
