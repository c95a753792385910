"""A great many xDRs, computed when asked for: nothing is kept, so a million of them cost no memory.

Each customer's records are spread evenly over the month by bill time, so a window of time is a range of their numbers,
and a page is made by arithmetic and one template.
"""

import json
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from simulators.portabilling.calls import money
from simulators.portabilling.destinations import DESTINATIONS
from simulators.portabilling.transport import Record

FIRST_XDR = 2_000_000_000
LAST_MINUTES = timedelta(minutes=10)  # at the month's end without records, so that all of them end within it
LONGEST = 599  # seconds
MIX = 2_654_435_761  # Knuth's multiplier: neighbours get unlike durations and destinations

TEMPLATE = (
    '{"i_xdr":%d,"i_customer":%s,"i_account":%d,"account_id":"%s","CLI":"%s","CLD":"%s",'
    '"connect_time":"%s","disconnect_time":"%s","bill_time":"%s","unix_connect_time":%d,"unix_disconnect_time":%d,'
    '"setup_time":1500,"charged_quantity":%d,"used_quantity":%d,"charged_amount":%s,"i_service":3,'
    '"service":"Voice Calls","country":"%s","subdivision":"","description":"%s","i_dest":%d,"disconnect_cause":16,'
    '"disconnect_reason":"Caller hangup","failed":0,"bill_status":"O","bit_flags":4,"call_id":"%x@bulk.example",'
    '"h323_conf_id":"%032X","xdr_type":"CDR"}'
)


class BulkXdrs:
    """Exactly so many outgoing calls, all answered, shared out among the customers by their accounts."""

    def __init__(
        self, count: int, customers: Sequence[Record], accounts: Sequence[Record], since: datetime, until: datetime
    ) -> None:
        self._since = int(since.timestamp())
        self._seconds = int((until - since - LAST_MINUTES).total_seconds())
        self._customers = {int(one["i_customer"]): one for one in customers}
        self._accounts: dict[int, list[Record]] = {}
        for account in accounts:
            if account["billing_model"] == 1 and account["bill_status"] == "O":
                self._accounts.setdefault(int(account["i_customer"]), []).append(account)
        self._first: dict[int, int] = {}
        self._counts = self._shares(count)

    def of(self, i_customer: int, since: str, until: str) -> list[Record]:
        """Those billed in [since, until), all at once: for a filter that needs to see them."""
        first, last = self._range(i_customer, since, until)
        rows: list[Record] = json.loads(b"[" + self._render(i_customer, first, last) + b"]")
        return rows

    def page(self, i_customer: int, since: str, until: str, offset: int, limit: int) -> tuple[bytes, int]:
        """The page's records as the inside of a JSON list, and how many there are on all pages."""
        first, last = self._range(i_customer, since, until)
        begin = min(first + offset, last)
        return self._render(i_customer, begin, min(begin + limit, last)), last - first

    def _shares(self, count: int) -> dict[int, int]:
        weights = {i_customer: len(accounts) for i_customer, accounts in self._accounts.items()}
        total = sum(weights.values())
        counts: dict[int, int] = {}
        seen = given = 0
        for i_customer, weight in weights.items():
            seen += weight
            self._first[i_customer] = given
            counts[i_customer] = count * seen // total - given
            given += counts[i_customer]
        return counts

    def _range(self, i_customer: int, since: str, until: str) -> tuple[int, int]:
        """The numbers of the customer's records billed in [since, until)."""
        count = self._counts.get(i_customer, 0)
        return self._begun_before(count, since), self._begun_before(count, until)

    def _begun_before(self, count: int, until: str) -> int:
        seconds = int(datetime.fromisoformat(f"{until}+00:00").timestamp()) - self._since
        return bisect_right(range(count), seconds - 1, key=lambda nth: nth * self._seconds // count)

    def _render(self, i_customer: int, first: int, last: int) -> bytes:
        if first >= last:
            return b""
        customer, accounts = self._customers[i_customer], self._accounts[i_customer]
        shown = json.dumps(customer["i_customer"])
        base, count, currency = self._first[i_customer], self._counts[i_customer], str(customer["iso_4217"])
        lines = []
        for nth in range(first, last):
            i_xdr = FIRST_XDR + base + nth
            mixed = i_xdr * MIX >> 8
            seconds = mixed % LONGEST + 1
            to = DESTINATIONS[(mixed >> 10) % 11]
            account = accounts[nth % len(accounts)]
            own = account["did_number"] or account["id"].partition("@")[0]
            charged = to.charged_seconds(seconds)
            billed = self._since + nth * self._seconds // count
            began = billed - seconds
            ended = _moment(billed)
            lines.append(
                TEMPLATE
                % (
                    *(i_xdr, shown, account["i_account"], account["id"], own, to.number(mixed >> 5)),
                    *(_moment(began), ended, ended, began, billed),
                    *(charged, seconds, repr(money(to.charge(charged, currency)))),
                    *(to.country, to.description, to.i_dest, i_xdr, i_xdr),
                )
            )
        return ",".join(lines).encode()


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(" ")[:19]  # twice as fast as strftime
