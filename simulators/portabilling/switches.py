"""What platforms do to their records behind a client's back."""

from collections.abc import Callable
from datetime import datetime, timedelta

from simulators.portabilling.bulk import BulkXdrs
from simulators.portabilling.calls import VOICE, call, moment
from simulators.portabilling.destinations import DESTINATIONS, UNIT
from simulators.portabilling.kept import KeptXdrs
from simulators.portabilling.month import Month
from simulators.portabilling.transport import Record


class Switches:
    """Turned in Python, or over `POST /_control/<name>` with a JSON object of arguments."""

    def __init__(self, xdrs: KeptXdrs | BulkXdrs, month: Month) -> None:
        self.repeats_at_page_ends = False
        self._xdrs = xdrs
        self._month = month

    def duplicates(self, on: bool = True) -> None:
        """The last record of a first page is the first of the second, as when one came in between."""
        self.repeats_at_page_ends = on

    def late(
        self, count: int = 3, days: int = 5, billed_at: str | None = None, i_customer: int | None = None
    ) -> list[int]:
        """Calls that reach the platform days after they were made. The `i_xdr` of each.

        They are billed when they come, by default at noon of the month's last day; one customer's, or several's.
        """
        kept = self._kept()
        billed = billed_at or moment(self._month.until - timedelta(hours=12))
        came = datetime.fromisoformat(f"{billed}+00:00")
        accounts = [
            one
            for one in self._month.accounts
            if one["billing_model"] == 1 and one["bill_status"] == "O" and _is_of(one, i_customer)
        ]
        currencies = {int(one["i_customer"]): str(one["iso_4217"]) for one in self._month.customers}
        made = []
        for nth in range(count):
            account = accounts[nth * 7 % len(accounts)]
            began = came - timedelta(days=days, minutes=nth)
            currency = currencies[int(account["i_customer"])]
            xdr = call(account, currency, began, 61 + nth, DESTINATIONS[2], nth=nth)
            made.append(kept.add(xdr | {"bill_time": billed}))
        return made

    def correct(self, count: int = 3, i_customer: int | None = None) -> list[int]:
        """The first priced calls, of one customer or of all, cost one unit of currency more. The `i_xdr` of each."""
        kept = self._kept()
        priced = [
            one
            for one in kept.everything()
            if one["i_service"] == VOICE and one["charged_amount"] > 0 and _is_of(one, i_customer)
        ]
        chosen = sorted(priced, key=lambda one: int(one["i_xdr"]))[:count]
        for xdr in chosen:
            units = round(xdr["charged_amount"] * UNIT) + UNIT
            kept.replace(xdr | {"charged_amount": units / UNIT})
        return [int(one["i_xdr"]) for one in chosen]

    def by_name(self) -> dict[str, Callable[..., object]]:
        return {"late": self.late, "duplicates": self.duplicates, "correct": self.correct}

    def _kept(self) -> KeptXdrs:
        if isinstance(self._xdrs, BulkXdrs):
            raise ValueError("In bulk mode every record is computed; leave `records` out to change some.")
        return self._xdrs


def _is_of(row: Record, i_customer: int | None) -> bool:
    return i_customer is None or int(row["i_customer"]) == i_customer
