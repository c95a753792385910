"""From holds to orders: what each platform shall be told."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from tollbook.connections.models import Connection
from tollbook.connectors.base import Target
from tollbook.credit.models import Hold, OrderState, Policy, SuspensionOrder, Wanted
from tollbook.credit.operations.settle import hand_over, note, reopen, supersede
from tollbook.credit.places import Place, Told, keeps_emergency, places_of, policy_of, wanted_at
from tollbook.credit.queries import current_orders, holds_of
from tollbook.customers.models import Account, Customer, Pairing

MAX_WHY = 500

Key = tuple[int, str, str]  # connection, target, foreign id


def ask(
    customer: Customer,
    *,
    account: Account | None = None,
    is_by_name: bool = False,
    by: str,
    why: str,
    now: datetime,
    told: dict[int, Told] | None = None,
) -> list[SuspensionOrder]:
    """Bring the orders of a customer (or of one account) into line with what holds; those that matter come back.

    Part of the transaction that is open, in which the customer's row is locked. Safe to repeat: what is wanted
    already is not asked for twice. `is_by_name`: somebody asks just now, so it is tried at once, and what the
    platform itself stopped is resumed too. `told`: as `places_of` has it.
    """
    holds = holds_of(customer)
    places = {place.key: place for place in places_of(customer, at=now, told=told)}
    known = _known(customer, places.values())
    asked = _Asked(by=by, why=why[:MAX_WHY], now=now, is_by_name=is_by_name)
    orders: list[SuspensionOrder | None] = []
    for key, place in places.items():
        if account is None or (place.account is not None and place.account.pk == account.pk):
            # Asked for by name is the customer as a whole, or the account: not each account of a customer.
            is_named = is_by_name and (account is not None or place.target is Target.CUSTOMER)
            orders.append(asked.at_place(customer, place, holds, known.get(key), is_named=is_named))
    for key, order in known.items():
        if key not in places and (account is None or order.account_id == account.pk):
            orders.append(asked.left_behind(order, holds))
    return [order for order in orders if order is not None]


def _known(customer: Customer, places: Iterable[Place]) -> dict[Key, SuspensionOrder]:
    """The customer's orders, and those of others about what is the customer's now; locked."""
    at = Q(customer=customer)
    for connection in {place.connection for place in places}:
        at |= Q(
            connection=connection,
            foreign_id__in=[one.foreign_id for one in places if one.connection == connection],
        )
    found = {_key(order): order for order in current_orders().filter(at).select_for_update(of=("self",))}
    here = {place.key for place in places}
    return {key: order for key, order in found.items() if order.customer_id == customer.pk or key in here}


class _Asked:
    """Who asks, why and when."""

    def __init__(self, *, by: str, why: str, now: datetime, is_by_name: bool) -> None:
        self._by, self._why, self._now, self._is_by_name = by, why, now, is_by_name
        self._policies: dict[int, Policy] = {}

    def _policy(self, connection: Connection) -> Policy:
        if connection.pk not in self._policies:
            self._policies[connection.pk] = policy_of(connection)
        return self._policies[connection.pk]

    def at_place(
        self,
        customer: Customer,
        place: Place,
        holds: Sequence[Hold],
        known: SuspensionOrder | None,
        *,
        is_named: bool,
    ) -> SuspensionOrder | None:
        wanted, cuts_calls = wanted_at(place, holds, self._policy(place.connection))
        if wanted == Wanted.ACTIVE and _is_under_its_customer(place, holds):
            return known
        if known is None and wanted == Wanted.ACTIVE and not is_named:
            return None
        sought = (wanted, cuts_calls, bool(place.for_a_person))
        if known is not None and (known.wanted, known.cuts_calls, known.by_hand) == sought:
            return self._again(known)
        if known is not None and wanted == Wanted.ACTIVE and known.was_so and not is_named:
            supersede(known, by=self._by, why="left as it was before: stopped, and not by us", now=self._now)
            return None
        must_be_told, was_so = cuts_calls, None
        if known is not None:
            if Wanted.ACTIVE not in (known.wanted, wanted):
                was_so = known.was_so
            # Its telling may still be on the way: the last word must be ours.
            must_be_told |= known.state == OrderState.TOLD
            supersede(known, by=self._by, why=self._why, now=self._now)
        order = SuspensionOrder.objects.create(
            connection=place.connection,
            target=place.target.value,
            foreign_id=place.foreign_id,
            customer=customer,
            account=place.account,
            wanted=wanted,
            cuts_calls=cuts_calls,
            keeps_emergency=keeps_emergency(wanted, place.powers),
            by_hand=bool(place.for_a_person),
            state=OrderState.FOR_A_PERSON if place.for_a_person else OrderState.WAITING,
            reason=place.for_a_person,
            asked_by=self._by,
            asked_at=self._now,
            why=self._why,
            next_try_at=None if place.for_a_person else self._now,
            must_be_told=must_be_told,
            was_so=was_so,
        )
        note(order, "asked", self._why, by=self._by, now=self._now)
        if place.for_a_person:
            hand_over(order, place.for_a_person, now=self._now)
        return order

    def _again(self, known: SuspensionOrder) -> SuspensionOrder:
        """It is wanted so already. Who asks by name has it looked at now."""
        if self._is_by_name and not known.by_hand:
            reopen(known, by=self._by, why=self._why, now=self._now)
        return known

    def left_behind(self, order: SuspensionOrder, holds: Sequence[Hold]) -> SuspensionOrder | None:
        """An order for what the customer no longer has: no way there any more, or moved, or ended."""
        if order.by_hand and order.state == OrderState.FOR_A_PERSON:
            supersede(order, by=self._by, why="there is another way now", now=self._now)
            return None
        is_held = any(hold.account_id in (None, order.account_id) for hold in holds)
        if order.wanted == Wanted.ACTIVE or (is_held and not _is_theirs(order)):
            return None
        by_hand = order.reason or f"{order.connection.name} cannot be told by Tollbook"
        place = Place(
            connection=order.connection,
            target=Target(order.target),
            foreign_id=order.foreign_id,
            account=order.account,
            for_a_person=by_hand if order.by_hand else "",
        )
        return self.at_place(order.customer, place, [], order, is_named=False)


def _is_under_its_customer(place: Place, holds: Sequence[Hold]) -> bool:
    """The customer is stopped as a whole: to resume one of their accounts might undo that. It follows the customer."""
    return not place.carries_customer and any(hold.account_id is None for hold in holds)


def _is_theirs(order: SuspensionOrder) -> bool:
    """A customer there that still is this one, and yet no place: somebody else's too by now, who must not stop."""
    pairings = Pairing.objects.filter(connection=order.connection, foreign_id=order.foreign_id, active_until=None)
    return order.target == Target.CUSTOMER and pairings.filter(customer=order.customer).exists()


def _key(order: SuspensionOrder) -> Key:
    return order.connection_id, order.target, order.foreign_id
