"""What this process was asked: counted for whoever looks at `/health`."""

import threading
from collections import Counter
from dataclasses import dataclass, field

MOST_NAMES = 500  # of methods that are not served; the rest is counted together
OTHERS = "others"


@dataclass(slots=True)
class Counts:
    """Since the process began."""

    calls: int = 0
    faults: Counter[str] = field(default_factory=Counter)  # by code
    unknown: Counter[str] = field(default_factory=Counter)  # Service/method that is not served
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count_call(self) -> None:
        with self._lock:
            self.calls += 1

    def count_fault(self, code: str) -> None:
        with self._lock:
            self.faults[code if code in self.faults or len(self.faults) < MOST_NAMES else OTHERS] += 1

    def count_unknown(self, name: str) -> None:
        with self._lock:
            self.unknown[name if name in self.unknown or len(self.unknown) < MOST_NAMES else OTHERS] += 1


COUNTS = Counts()
