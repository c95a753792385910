"""What the platform has in its books, and can change: the month's rows and everything written since."""

import threading
from collections.abc import Iterator

from simulators.portabilling.accounts import closed_id
from simulators.portabilling.bulk import BulkXdrs
from simulators.portabilling.kept import KeptXdrs
from simulators.portabilling.month import Month
from simulators.portabilling.switches import Switches
from simulators.portabilling.transport import Record

ADMIN = "admin"


class Books:
    """Rows by their ids. Who writes holds the lock; who reads goes over a copy of the list of rows."""

    def __init__(self, month: Month, xdrs: KeptXdrs | BulkXdrs, administrator: Record) -> None:
        self.lock = threading.RLock()
        self.month = month
        self.xdrs = xdrs
        self.switches = Switches(xdrs, month)
        self.administrator = administrator
        self.customers = {int(one["i_customer"]): dict(one) for one in month.customers}
        self.accounts = {int(one["i_account"]): dict(one) for one in month.accounts}
        self.numbers = {int(one["i_did_number"]): dict(one) for one in month.numbers}
        self.products = {int(one["i_product"]): dict(one) for one in month.products}
        self.invoices = {int(one["i_invoice"]): dict(one) for one in month.invoices}
        self.blocked_by_administrator: set[int] = set()  # accounts
        self._next_id = 9_000_001

    def new_id(self) -> int:
        with self.lock:
            self._next_id += 1
            return self._next_id

    def add_xdr(self, xdr: Record) -> int | None:
        """Its new `i_xdr`; in bulk mode, where every xDR is computed, it is not kept."""
        return None if isinstance(self.xdrs, BulkXdrs) else self.xdrs.add(xdr)

    def user(self, realm: str, login: str) -> Record | None:
        """The row that holds a login's password and token."""
        if realm == ADMIN:
            return self.administrator if login == self.administrator["login"] else None
        rows = self.accounts if realm == "account" else self.customers
        found = (one for one in tuple(rows.values()) if one.get("login") == login)
        user = next(found, None)
        if user is None or (realm == "reseller") != (user.get("i_customer_type") == 2):
            return None
        return user

    def account_by_id(self, id: str | None) -> Record | None:
        return next((one for one in tuple(self.accounts.values()) if one["id"] == id), None)

    def aliases(self, i_account: int) -> Iterator[Record]:
        return (one for one in tuple(self.accounts.values()) if one["i_master_account"] == i_account)

    def number(self, number: str) -> Record | None:
        return next((one for one in tuple(self.numbers.values()) if one["number"] == number), None)

    def close(self, account: Record, *, releases_numbers: bool = True) -> None:
        """Terminate an account and its aliases; its row stays, under an id that leaves its own free."""
        with self.lock:
            for alias in list(self.aliases(account["i_account"])):
                del self.accounts[alias["i_account"]]
                number = self.number(alias["id"])
                if number is not None and releases_numbers:
                    number |= {"i_customer": None, "i_account": None}
            taken = {str(one["id"]) for one in self.accounts.values()}
            account |= {"bill_status": "C", "id": next(closed_id(str(account["id"]), taken))}
