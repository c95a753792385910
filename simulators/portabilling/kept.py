"""The seeded month's xDRs in memory."""

import threading

from simulators.portabilling.month import Month
from simulators.portabilling.transport import Record


class KeptXdrs:
    """The xDRs of one customer at a time, in the order they were billed in."""

    def __init__(self, month: Month) -> None:
        self._lock = threading.RLock()
        self._rows: dict[int, list[Record]] = {}
        self._last = 0
        for xdr in month.xdrs:
            self._rows.setdefault(int(xdr["i_customer"]), []).append(xdr)
            self._last = max(self._last, int(xdr["i_xdr"]))

    def of(self, i_customer: int, since: str, until: str) -> list[Record]:
        """Those billed in [since, until)."""
        with self._lock:
            return [one for one in self._rows.get(i_customer, ()) if since <= str(one["bill_time"]) < until]

    def everything(self) -> list[Record]:
        with self._lock:
            return [one for rows in self._rows.values() for one in rows]

    def add(self, xdr: Record) -> int:
        """Keep it, under the next `i_xdr`."""
        with self._lock:
            self._last += 1
            rows = self._rows.setdefault(int(xdr["i_customer"]), [])
            rows.append({"i_xdr": self._last, **xdr})
            rows.sort(key=lambda one: str(one["bill_time"]))
            return self._last

    def replace(self, changed: Record) -> None:
        with self._lock:
            rows = self._rows[int(changed["i_customer"])]
            at = next(at for at, one in enumerate(rows) if one["i_xdr"] == changed["i_xdr"])
            rows[at] = changed
