"""One call of a method: its parameters read with the platform's leniency, and who may see what.

Numbers may come as text, an empty text means "not set", and a switch may be true, 1 or "1".
"""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from simulators.portabilling.books import Books
from simulators.portabilling.refusals import Refusal
from simulators.portabilling.sessions import Session, Sessions
from simulators.portabilling.transport import Record
from simulators.web import Answer

MOMENT = "%Y-%m-%d %H:%M:%S"
ON, OFF = (True, 1, "1"), (False, 0, "0")


@dataclass(frozen=True, slots=True)
class Call:
    service: str
    method: str
    realm: str
    params: Record
    auth: Record
    bearer: str | None
    session: Session
    sessions: Sessions
    books: Books
    now: datetime
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str, within: str | None = None) -> str | None:
        value = self._value(name, within)
        return None if value is None else str(value)

    def integer(self, name: str, within: str | None = None) -> int | None:
        value = self._value(name, within)
        try:
            return None if value is None else int(str(value))
        except ValueError:
            self.invalid(name, value)

    def amount(self, name: str, within: str | None = None) -> Decimal | None:
        value = self._value(name, within)
        try:
            return None if value is None else Decimal(str(value))
        except InvalidOperation:
            self.invalid(name, value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._value(name, None)
        if value is None:
            return default
        if value not in ON + OFF:
            self.invalid(name, value)
        return value in ON

    def moment(self, name: str) -> str | None:
        """As the platform writes it: in UTC, without saying so."""
        value = self.text(name)
        if value is None:
            return None
        if value == "now":
            return self.now.strftime(MOMENT)
        try:
            return datetime.strptime(value, MOMENT).replace(tzinfo=UTC).strftime(MOMENT)
        except ValueError:
            self.invalid(name, value)

    def record(self, name: str) -> Record:
        """A structure that must be there."""
        value = self.params.get(name)
        if value is None:
            self.missing(name)
        if not isinstance(value, dict):
            self.invalid(name, value)
        return value

    def must(self, name: str, within: str | None = None) -> str:
        value = self.text(name, within)
        if value is None:
            self.missing(name, within)
        return value

    def must_integer(self, name: str, within: str | None = None) -> int:
        value = self.integer(name, within)
        if value is None:
            self.missing(name, within)
        return value

    def changes(self, row: Record, given: Record, fixed: Set[str]) -> Record:
        """What an update changes: a number that came as text becomes one where the row has a number."""
        changed = {name: value for name, value in given.items() if name not in fixed}
        for name, value in changed.items():
            if isinstance(row.get(name), int) and isinstance(value, str):
                changed[name] = self.integer(name, f"{self.method.rpartition('_')[2]}_info")
        return changed

    def missing(self, name: str, within: str | None = None) -> NoReturn:
        place = f" of '{within}'" if within else ""
        raise Refusal(
            f"Client.{self.service}.{self.method}.{name}.missing", f"Missing mandatory field '{name}'{place}"
        )

    def invalid(self, name: str, value: object) -> NoReturn:
        raise Refusal(
            f"Client.{self.service}.{self.method}.{name}.invalid", f"Invalid value '{value}' of field '{name}'"
        )

    def refuse(self, reason: str, sentence: str) -> NoReturn:
        raise Refusal(f"Server.{self.service}.{self.method}.{reason}", sentence)

    def denied(self) -> NoReturn:
        self.refuse("access_denied", f"Access denied to {self.service}.{self.method}")

    # Who may see what

    def customer_id(self) -> int | None:
        """The customer asked for; in the realms of customers and accounts the own one, asked for or not."""
        asked = self.integer("i_customer")
        if self.realm in {"customer", "account"}:
            if asked not in {None, self.session.i_customer}:
                self.denied()
            return self.session.i_customer
        return asked

    def account_id(self, name: str = "i_account") -> int | None:
        asked = self.integer(name)
        if self.realm == "account":
            if asked not in {None, self.session.i_account}:
                self.denied()
            return self.session.i_account
        return asked

    def customers(self) -> Iterator[Record]:
        for customer in tuple(self.books.customers.values()):
            if self.sees_customer(customer):
                yield customer

    def accounts(self) -> Iterator[Record]:
        for account in tuple(self.books.accounts.values()):
            if self.sees_account(account):
                yield account

    def sees_customer(self, customer: Record) -> bool:
        if self.realm == "admin":
            return True
        own = self.session.i_customer
        return own == int(customer["i_customer"]) or (self.realm == "reseller" and own == customer["i_parent"])

    def sees_account(self, account: Record) -> bool:
        if self.realm == "account":
            return self.session.i_account in {account["i_account"], account["i_master_account"]}
        return self.sees_customer(self.books.customers[int(account["i_customer"])])

    def _value(self, name: str, within: str | None) -> object:
        value = (self.params if within is None else self.record(within)).get(name)
        return None if value == "" else value


Method = Callable[[Call], Record | Answer]
