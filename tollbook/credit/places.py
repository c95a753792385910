"""Where a customer or an account must be stopped: what is told at which platform, under which name."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Feature, OrderPowers, Target
from tollbook.credit.models import Hold, Manner, Policy, Wanted
from tollbook.customers.models import Account, AccountLink, AccountMark, AccountState, Customer, MarkKind, Pairing
from tollbook.errors import TollbookError

OF_USE = (MarkKind.ACCOUNT, MarkKind.TRUNK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing at a platform that an order can be about."""

    connection: Connection
    target: Target
    foreign_id: str
    account: Account | None = None  # None: the whole customer
    powers: OrderPowers | None = None  # None: only a person can do it
    for_a_person: str = ""  # why
    carries_customer: bool = True  # a hold on the customer acts here, and not at something above it

    @property
    def key(self) -> tuple[int, str, str]:
        """By which its orders are told apart."""
        return self.connection.pk, self.target.value, self.foreign_id


Told = tuple[OrderPowers | None, str]  # what a platform can be told, and why that is nothing


def places_of(customer: Customer, *, at: datetime, told: dict[int, Told] | None = None) -> list[Place]:
    """Everything of a customer's at every platform, as known then.

    The customer as a whole where the platform can stop that and nobody else is behind it; else each account, by its
    link or its marks; and what no connector can do, for a person. A connection whose settings make no sense is for a
    person, too: the other platforms must not wait for it. `told` keeps what each connection can be told, for who asks
    for many customers.
    """
    told = {} if told is None else told
    accounts = _in_use(customer, at)
    links = list(AccountLink.objects.filter(account__in=accounts, active_until=None).order_by("pk"))
    marks = list(
        AccountMark.objects.filter(_holding(at), account__in=accounts, kind__in=OF_USE).order_by("kind", "pk")
    )
    pairings = list(Pairing.objects.filter(_holding(at), customer=customer).order_by("foreign_id"))
    ids = {one.connection_id for one in links}
    ids |= {one.connection_id for one in marks} | {one.connection_id for one in pairings}
    found: dict[tuple[int, str, str], Place] = {}
    for connection in Connection.objects.filter(pk__in=ids).order_by("name"):
        if connection.pk not in told:
            told[connection.pk] = _what_can_be_told(connection)
        powers, why_none = told[connection.pk]
        here = _Here(
            customer,
            connection,
            powers,
            why_none,
            [one for one in pairings if one.connection_id == connection.pk],
            [one for one in links if one.connection_id == connection.pk],
            [one for one in marks if one.connection_id == connection.pk],
            {one.pk: one for one in accounts},
            at,
        )
        for place in here.places():
            found.setdefault(place.key, place)
    return list(found.values())


def wanted_at(place: Place, holds: Sequence[Hold], policy: Policy) -> tuple[Wanted, bool]:
    """How it shall stand while these holds of its customer hold, and whether calls in progress are cut.

    The strictest hold wins.
    """
    acting = [
        hold
        for hold in holds
        if (place.carries_customer if hold.account_id is None else _is_of(place, hold.account_id))
    ]
    if not acting:
        return Wanted.ACTIVE, False
    manners = {_stopped(hold.manner or policy.manner, place.powers) for hold in acting}
    can_cut = place.powers is None or place.powers.cuts_calls
    cuts = any(policy.cuts_calls if hold.cuts_calls is None else hold.cuts_calls for hold in acting)
    return Wanted.SUSPENDED if Wanted.SUSPENDED in manners else Wanted.OUTBOUND_ONLY, can_cut and cuts


def where_all_would_stop(customer: Customer, account: Account | None, *, at: datetime) -> list[str]:
    """Connections that cannot stop the outgoing calls alone of whom: emergency calls would stop with all others."""
    places = [one for one in places_of(customer, at=at) if account is None or one.account == account]
    wanted = {place.key: _stopped(Manner.OUTBOUND_ONLY, place.powers) for place in places}
    stopping = [place for place in places if keeps_emergency(wanted[place.key], place.powers) is False]
    return sorted({place.connection.name for place in stopping})


def keeps_emergency(wanted: str, powers: OrderPowers | None) -> bool | None:
    """Whether emergency calls go on while it stands so; None: nobody can say."""
    if wanted == Wanted.ACTIVE:
        return True
    if powers is None:
        return None
    return powers.keeps_emergency or wanted == Wanted.OUTBOUND_ONLY


def policy_of(connection: Connection) -> Policy:
    """The connection's, or what is usual."""
    return Policy.objects.filter(connection=connection).first() or Policy(connection=connection)


def powers_of(connection: Connection) -> OrderPowers | None:
    """What the platform can be told; None: nothing. Asks nobody.

    Raises:
        BadInput: the connection's settings or secrets make no sense.
    """
    with closing(open_connector(connection)) as connector:
        return connector.order_powers() if Feature.ORDERS in connector.offers else None


def _stopped(manner: str, powers: OrderPowers | None) -> Wanted:
    """What a manner comes to at a platform. One that cannot stop outgoing calls alone stops all."""
    if powers is None:
        return Wanted.OUTBOUND_ONLY if manner == Manner.OUTBOUND_ONLY else Wanted.SUSPENDED
    if not powers.outbound_only or manner == Manner.SUSPENDED:
        return Wanted.SUSPENDED
    if manner == Manner.KEEP_EMERGENCY and powers.keeps_emergency:
        return Wanted.SUSPENDED
    return Wanted.OUTBOUND_ONLY


def _what_can_be_told(connection: Connection) -> Told:
    try:
        powers = powers_of(connection)
    except TollbookError as error:
        return None, str(error)
    return powers, "" if powers else f"{connection.name} cannot be told by Tollbook"


def _is_of(place: Place, account_id: int) -> bool:
    return place.account is not None and place.account.pk == account_id


def _in_use(customer: Customer, at: datetime) -> list[Account]:
    accounts = customer.accounts.exclude(state=AccountState.TERMINATED).exclude(active_until__lte=at)
    return list(accounts.order_by("code"))


def _holding(at: datetime) -> Q:
    return (Q(active_from=None) | Q(active_from__lte=at)) & (Q(active_until=None) | Q(active_until__gt=at))


@dataclass(frozen=True, slots=True)
class _Here:
    """What a customer has at one connection."""

    customer: Customer
    connection: Connection
    powers: OrderPowers | None
    why_none: str
    pairings: Sequence[Pairing]
    links: Sequence[AccountLink]
    marks: Sequence[AccountMark]
    accounts: dict[int, Account]
    at: datetime

    def places(self) -> Iterator[Place]:
        whole = {one.foreign_id for one in self.pairings if not self._is_shared(one)}
        if self.powers is not None and Target.CUSTOMER not in self.powers.targets:
            whole = set()
        for foreign_id in sorted(whole):
            yield self._place(Target.CUSTOMER, foreign_id, self.why_none)
        reached = set()
        for account in self.accounts.values():
            for place, tenant in self._of_account(account):
                reached.add(tenant)
                is_covered = tenant in whole if tenant else bool(whole)
                yield replace(place, carries_customer=not is_covered)
        for pairing in self.pairings:
            if pairing.foreign_id not in whole | reached and not (reached == {""} and len(self.pairings) == 1):
                yield self._place(Target.CUSTOMER, pairing.foreign_id, self._no_way(pairing))

    def _of_account(self, account: Account) -> Iterator[tuple[Place, str]]:
        """Where an account is, each with whose it is there (`""`: not said)."""
        links = [(one.foreign_id, one.foreign_customer_id) for one in self.links if one.account_id == account.pk]
        of_it = [one for one in self.marks if one.account_id == account.pk]
        marks = [(one.value, one.tenant) for one in of_it if one.kind == MarkKind.ACCOUNT]
        trunks = [(one.value, one.tenant) for one in of_it if one.kind == MarkKind.TRUNK]
        targets = frozenset({Target.ACCOUNT}) if self.powers is None else self.powers.targets
        if Target.ACCOUNT in targets and (links or marks):
            for foreign_id, tenant in (*links, *marks):
                yield self._place(Target.ACCOUNT, foreign_id, self.why_none, account), tenant
        elif trunks:
            for trunk, tenant in trunks:
                yield self._place(Target.TRUNK, trunk, self._why_no_trunk(trunk, account), account), tenant
        else:
            for foreign_id, tenant in (*links, *marks):
                why = f"{self.connection.name} cannot be told to stop a single account"
                yield self._place(Target.ACCOUNT, foreign_id, why, account), tenant

    def _place(self, target: Target, foreign_id: str, why: str, account: Account | None = None) -> Place:
        """One place; with a reason why it is for a person, named so that two customers' never are the same."""
        whose = account.code if account else self.customer.code
        return Place(
            connection=self.connection,
            target=target,
            foreign_id=f"{foreign_id} of {whose}" if why and whose != foreign_id else foreign_id,
            account=account,
            powers=None if why else self.powers,
            for_a_person=why,
        )

    def _is_shared(self, pairing: Pairing) -> bool:
        same = Pairing.objects.filter(_holding(self.at), connection=self.connection, foreign_id=pairing.foreign_id)
        return same.exclude(customer_id=pairing.customer_id).exists()

    def _why_no_trunk(self, trunk: str, account: Account) -> str:
        if self.powers is None:
            return self.why_none
        if Target.TRUNK not in self.powers.targets:
            return f"{self.connection.name} cannot be told to stop a trunk"
        same = AccountMark.objects.filter(
            _holding(self.at), connection=self.connection, kind=MarkKind.TRUNK, value=trunk
        )
        others = same.exclude(account__customer_id=account.customer_id)
        if other := others.select_related("account__customer").first():
            return f"trunk {trunk} carries calls of {other.account.customer.code} too, which must not stop"
        return ""

    def _no_way(self, pairing: Pairing) -> str:
        if self._is_shared(pairing):
            return f"{pairing.foreign_id} is other customers' too, who must not stop, and no account of theirs is known"
        if self.powers is not None and Target.CUSTOMER not in self.powers.targets:
            return f"no account of theirs is known at {self.connection.name}; sync it, then ask again"
        return self.why_none
