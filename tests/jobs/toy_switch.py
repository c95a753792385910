"""A switch in memory that can be told to stop things: what it was told, what really changed, and its bad days."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest

from tollbook.catalog.models import Product
from tollbook.connections.models import Connection
from tollbook.connectors import registry
from tollbook.connectors.base import (
    Connector,
    Feature,
    Order,
    OrderPowers,
    Standing,
    State,
    Target,
    Verb,
)
from tollbook.connectors.errors import NeedsAttention
from tollbook.credit.models import OrderEvent, SuspensionOrder
from tollbook.customers.models import Account, AccountLink, AccountMark, Customer, Pairing

ACTIVE, SUSPENDED, OUTBOUND = "active", "suspended", "outbound_only"
ALL_TARGETS = frozenset(Target)
MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)


Event = BaseException | Callable[[], object] | None  # what happens at a moment


@dataclass
class Switch:
    """How things stand there, what it was told, what really changed, and what happens at which moment."""

    things: dict[str, str] = field(default_factory=dict)  # "account 101@ann" → how it stands
    powers: OrderPowers = field(
        default_factory=lambda: OrderPowers(targets=ALL_TARGETS, outbound_only=True, cuts_calls=True)
    )
    told: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    reads: int = 0
    when_read: deque[Event] = field(default_factory=deque)
    before_telling: deque[Event] = field(default_factory=deque)
    after_telling: deque[Event] = field(default_factory=deque)
    unsettled_reads: int = 0  # so many reads after a change are not settled
    is_deaf: bool = False  # takes every word and does nothing
    is_mute: bool = False  # never says how anything stands
    covers: bool = False  # accounts stand no better than the customers, and resuming a customer resumes them all

    def set(self, thing: str, stands: str) -> None:
        """By hand."""
        self.things[thing] = stands


SWITCHES: dict[str, Switch] = {}  # by the name of the connection


class SwitchConnector(Connector):
    kind = "switch"
    title = "Switch"
    offers: ClassVar[frozenset[Feature]] = frozenset({Feature.ORDERS})

    @property
    def switch(self) -> Switch:
        return SWITCHES[self.site.name]

    def order_powers(self) -> OrderPowers:
        return self.switch.powers

    def carry_out(self, order: Order) -> str:
        switch, thing = self.switch, f"{order.target.value} {order.foreign_id}"
        wanted = ACTIVE if order.verb is Verb.RESUME else OUTBOUND if order.is_outbound_only else SUSPENDED
        _happen(switch.before_telling)
        self._see(thing)
        switch.told.append(f"{thing} {wanted}" + (" cut" if order.cuts_calls else ""))
        if not switch.is_deaf and switch.things[thing] != wanted:
            switch.things[thing] = wanted
            switch.changes.append(f"{thing} {wanted}")
            if switch.covers and order.target is Target.CUSTOMER and wanted == ACTIVE:
                switch.things = dict.fromkeys(switch.things, ACTIVE)
        _happen(switch.after_telling)
        return order.foreign_id

    def standing(self, target: Target, foreign_id: str) -> Standing:
        switch, thing = self.switch, f"{target.value} {foreign_id}"
        _happen(switch.when_read)
        self._see(thing)
        switch.reads += 1
        if switch.is_mute:
            return Standing(state=State.UNKNOWN, says="it never says")
        stands = switch.things[thing]
        if switch.covers and stands == ACTIVE:
            of_customers = [stand for other, stand in switch.things.items() if other.startswith("customer ")]
            stands = next((stand for stand in of_customers if stand != ACTIVE), ACTIVE)
        if stands == "closed":
            return Standing(state=State.CLOSED)
        is_settled = not (switch.changes and switch.unsettled_reads)
        switch.unsettled_reads -= not is_settled
        return Standing(
            state=State.ACTIVE if stands == ACTIVE else State.SUSPENDED,
            is_outbound_only=stands == OUTBOUND,
            is_settled=is_settled,
            says="" if is_settled else "at the next cache expiry",
        )

    def _see(self, thing: str) -> None:
        if thing not in self.switch.things:
            raise NeedsAttention(f"there is no {thing}; correct the link", platform=self.site.name)


class PaperConnector(Connector):
    """A platform that cannot be told anything."""

    kind = "paper"
    title = "Paper"


def _happen(events: deque[Event]) -> None:
    event = events.popleft() if events else None
    if isinstance(event, BaseException):
        raise event
    if event is not None:
        event()


@dataclass
class House:
    """An operator with customers on a switch, minute by minute."""

    now: datetime = MORNING

    def later(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now

    def switch(self, name: str = "pbx", **powers: object) -> Switch:
        Connection.objects.create(name=name, kind="switch")
        SWITCHES[name] = Switch()
        if powers:
            SWITCHES[name].powers = OrderPowers(**{"targets": ALL_TARGETS, **powers})  # type: ignore[arg-type]
        return SWITCHES[name]

    def customer(self, code: str) -> Customer:
        return Customer.objects.create(code=code, name=code.title(), currency="EUR")

    def pair(self, customer: Customer, foreign_id: str, at: str = "pbx") -> None:
        Pairing.objects.create(
            customer=customer,
            connection=Connection.objects.get(name=at),
            foreign_id=foreign_id,
            decided_at=self.now,
            decided_by="a person",
            why="they said so",
        )
        if at in SWITCHES:
            SWITCHES[at].things.setdefault(f"customer {foreign_id}", ACTIVE)

    def account(self, customer: Customer, code: str, *, link: str = "", of: str = "", at: str = "pbx") -> Account:
        product, _ = Product.objects.get_or_create(code="voice", defaults={"name": "Voice"})
        made = Account.objects.create(customer=customer, code=code, product=product)
        if link:
            AccountLink.objects.create(
                account=made,
                connection=Connection.objects.get(name=at),
                foreign_id=link,
                foreign_customer_id=of,
                seen_at=self.now,
            )
            if at in SWITCHES:
                SWITCHES[at].things.setdefault(f"account {link}", ACTIVE)
        return made

    def mark(self, account: Account, kind: str, value: str, *, tenant: str = "", at: str = "pbx") -> None:
        connection = Connection.objects.get(name=at)
        AccountMark.objects.create(account=account, connection=connection, kind=kind, value=value, tenant=tenant)
        if at in SWITCHES:
            SWITCHES[at].things.setdefault(f"{kind} {value}", ACTIVE)


def open_house(monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setitem(registry.CONNECTORS, "switch", "tests.jobs.toy_switch:SwitchConnector")
    monkeypatch.setitem(registry.CONNECTORS, "paper", "tests.jobs.toy_switch:PaperConnector")
    SWITCHES.clear()
    return House()


def orders(*, all_of_them: bool = False) -> list[str]:
    """Every order as `target id wanted state`; those that are superseded only when asked for."""
    found = SuspensionOrder.objects.order_by("pk")
    shown = found if all_of_them else found.exclude(state="superseded")
    return [f"{one.target} {one.foreign_id} {one.wanted}: {one.state}" for one in shown]


def history() -> list[str]:
    """What became of the only order."""
    return list(OrderEvent.objects.order_by("pk").values_list("what", flat=True))
