"""Who calls, and what is theirs: every method reaches customers and accounts through here, and nobody others'."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tollbook.api.portabilling.faults import Fault, denied, missing
from tollbook.customers.actors import Actor, Realm
from tollbook.customers.models import Account, Customer

Look = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Written:
    """Something that a method changed, for the audit."""

    subject: str  # "customer 46170"
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Caller:
    """Somebody whose request is being answered."""

    realm: Realm
    user_id: int  # of access.User; 0 = nobody, before login
    login: str
    customer_id: int | None = None  # in the realms of customer and account
    account_id: int | None = None  # in the realm of the account
    address: str = ""
    session_id: str = ""  # "" = each request brings its password or token
    port_realm: Realm | None = None  # that the port is for; None = any
    permissions: tuple[str, ...] = ("*",)  # patterns of Service/method that the role allows
    now: datetime
    method: str = ""  # Service/name being answered
    written: list[Written] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        """As operations know who wants something."""
        return Actor(
            realm=self.realm,
            name=f"{self.realm} {self.login}",
            customer_id=self.customer_id,
            account_id=self.account_id,
        )

    def own_customer_id(self, i_customer: int | None) -> int | None:
        """Whose things are asked for: the caller's own, whatever is sent; for staff the one named, None = all.

        Raises:
            Fault: another customer than the caller's own is named.
        """
        if self.realm is Realm.STAFF:
            return i_customer
        if i_customer is not None and i_customer != self.customer_id:
            raise denied(self.method)
        return self.customer_id

    def own_account_id(self, i_account: int | None) -> int | None:
        """Which account's things are asked for: in the realm of the account its own; else the one named.

        Whether the account belongs to a customer who asks is seen to by `account` or by filtering by customer.

        Raises:
            Fault: an account names another one.
        """
        if self.realm is not Realm.ACCOUNT:
            return i_account
        if i_account is not None and i_account != self.account_id:
            raise denied(self.method)
        return self.account_id

    def customer(self, i_customer: int | None, *, lock: bool = False) -> Customer:
        """The customer meant; left out in their own realm it is themselves.

        Raises:
            Fault: none is named, or it is not theirs, or there is none. For all but staff the last two are the same.
        """
        own = self.own_customer_id(i_customer)
        if own is None:
            raise missing(self.method, "i_customer")
        rows = Customer.objects.select_for_update() if lock else Customer.objects
        if (found := rows.filter(pk=own).first()) is None:
            raise self._not_there(f"customer {own}")
        return found

    def account(self, i_account: int | None, *, lock: bool = False) -> Account:
        """The account meant, if it is the caller's to see; left out in its own realm it is itself.

        Raises:
            Fault: as `customer`.
        """
        own = self.own_account_id(i_account)
        if own is None:
            raise missing(self.method, "i_account")
        rows = Account.objects.select_for_update(of=("self",)) if lock else Account.objects
        found = rows.select_related("customer", "product").filter(pk=own).first()
        if found is None or (self.customer_id is not None and found.customer_id != self.customer_id):
            raise self._not_there(f"account {own}")
        return found

    def _not_there(self, what: str) -> Fault:
        if self.realm is not Realm.STAFF:
            return denied(self.method)
        return Fault(f"Server.{self.method.replace('/', '.')}.not_found", f"there is no {what}")

    @contextmanager
    def changing(self, subject: str, look: Look) -> Iterator[None]:
        """Note for the audit how something looked before and how it looks after what is done inside."""
        before = dict(look())
        yield
        self.written.append(Written(subject, before, dict(look())))

    def made(self, subject: str, look: Mapping[str, Any]) -> None:
        """Note for the audit something that was not there before."""
        self.written.append(Written(subject, {}, dict(look)))
