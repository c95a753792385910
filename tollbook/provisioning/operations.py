"""What becomes of orders to make and change accounts. Each step is one transaction, with its alarm."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.changes.models import Subject
from tollbook.changes.operations import set_listener
from tollbook.connections.models import Connection
from tollbook.connectors.base import Feature
from tollbook.connectors.registry import connector_class
from tollbook.customers.models import Account, AccountEvent, AccountLink
from tollbook.errors import BadInput
from tollbook.provisioning.models import UNDER_WAY, Policy, ProvisioningOrder, State, Verb
from tollbook.provisioning.wishes import Wish, wishes

LISTENER = "provisioning"
KINDS = (AlarmKind.ORDER_FAILED, AlarmKind.ORDER_FOR_A_PERSON)


@transaction.atomic
def set_policy(
    *, connection: Connection, is_on: bool | None = None, products: Mapping[str, str] | None = None
) -> Policy:
    """Whether accounts of paired customers are made and changed there, and under which products. Safe to repeat.

    What is None stays; a product that is "" is taken out.

    Raises:
        BadInput: its connector cannot do that.
    """
    connector = connector_class(connection.kind)
    if is_on and Feature.MAKE_ACCOUNTS not in connector.offers:
        raise BadInput(f"{connection.name}: accounts cannot be made at {connector.title}; make them there by hand")
    policy, _ = Policy.objects.select_for_update().get_or_create(connection=connection)
    policy.is_on = policy.is_on if is_on is None else is_on
    policy.products = {ours: there for ours, there in {**policy.products, **(products or {})}.items() if there}
    policy.save()
    is_needed = Policy.objects.filter(is_on=True).exists()
    set_listener(LISTENER, [Subject.ACCOUNT] if is_needed else [])
    return policy


def ask_for_accounts(account_ids: Iterable[int], *, by: str, now: datetime) -> list[ProvisioningOrder]:
    """Ask for these accounts to be at the platforms as they are here; orders that are new. Safe to repeat."""
    ids = sorted(set(account_ids))
    accounts = Account.objects.filter(pk__in=ids).select_related("customer", "product", "extension").order_by("pk")
    made = [_ask(wish, by, now) for wish in wishes(list(accounts), now=now)]
    return [order for order in made if order is not None]


@transaction.atomic
def _ask(wish: Wish, by: str, now: datetime) -> ProvisioningOrder | None:
    Account.objects.select_for_update(no_key=True).get(pk=wish.account.pk)
    orders = ProvisioningOrder.objects.filter(connection=wish.connection, account=wish.account)
    current = orders.exclude(state=State.SUPERSEDED).first()
    if current is not None:
        same = current.wanted == wish.wanted and current.secret_mark == wish.secret_mark
        if same and (current.state in UNDER_WAY or current.state == State.DONE):
            return None
        ProvisioningOrder.objects.filter(pk=current.pk).update(state=State.SUPERSEDED, next_try_at=None)
    order = ProvisioningOrder.objects.create(
        connection=wish.connection,
        account=wish.account,
        verb=wish.verb,
        wanted=wish.wanted,
        secret_mark=wish.secret_mark,
        foreign_id=wish.foreign_id or (current.foreign_id if current else ""),
        asked_by=by,
        asked_at=now,
        next_try_at=now,
    )
    if wish.obstacle:
        hand_over(order, wish.obstacle, now=now)
    return order


@transaction.atomic
def begin_try(order: ProvisioningOrder) -> bool:
    """Count a try before it is made; false: it is not wanted any more."""
    if not _is_under_way(order):
        return False
    order.attempts += 1
    order.save(update_fields=["attempts"])
    return True


@transaction.atomic
def begin_telling(order: ProvisioningOrder, *, now: datetime) -> bool:
    """Note that the platform is about to be told: from here on it may know. False: it is not wanted any more."""
    if not _is_under_way(order):
        return False
    order.state, order.told_at = State.TOLD, now
    order.save(update_fields=["state", "told_at"])
    return True


@transaction.atomic
def keep_id(order: ProvisioningOrder, *, foreign_id: str, now: datetime) -> Account:
    """Note which account there it is, so that a sync takes it for ours; whose it is here: another's stays theirs."""
    order.foreign_id, order.read_at = foreign_id, now
    order.save(update_fields=["foreign_id", "read_at"])
    link, is_new = AccountLink.objects.get_or_create(
        connection=order.connection,
        foreign_id=foreign_id,
        active_until=None,
        defaults={
            "account": order.account,
            "foreign_customer_id": order.wanted["customer_id"],
            "active_from": now if order.verb == Verb.CREATE else None,
            "numbers": [int(number) for number in order.wanted["numbers"]],
            "seen_at": now,
        },
    )
    if is_new:
        detail = f"is {foreign_id} at {order.connection.name}"
        AccountEvent.objects.create(account=order.account, what="provisioned", detail=detail, by=LISTENER, at=now)
    return link.account


@transaction.atomic
def finish(order: ProvisioningOrder, *, now: datetime) -> None:
    """The platform says that it is as wanted."""
    _settle(order, State.DONE, "", now)
    for kind in KINDS:
        clear_alarm(kind=kind, connection=order.connection, subject=subject(order), now=now)


@transaction.atomic
def fail(order: ProvisioningOrder, reason: str, *, now: datetime) -> None:
    """It is not tried any more, and somebody is told why."""
    if _settle(order, State.FAILED, reason, now):
        _warn(AlarmKind.ORDER_FAILED, order, reason, now)


@transaction.atomic
def hand_over(order: ProvisioningOrder, reason: str, *, now: datetime) -> None:
    """Only a person can do it."""
    if _settle(order, State.FOR_A_PERSON, reason, now):
        _warn(AlarmKind.ORDER_FOR_A_PERSON, order, reason, now)


@transaction.atomic
def try_later(order: ProvisioningOrder, reason: str, *, at: datetime) -> None:
    """Not yet: say why, and when it is tried again."""
    if _is_under_way(order):
        order.reason, order.next_try_at = reason, at
        order.save(update_fields=["reason", "next_try_at"])


@transaction.atomic
def try_again(order: ProvisioningOrder, *, by: str, now: datetime) -> ProvisioningOrder:
    """Try one that has failed, or waits, now; the order that is tried. It is another one where the account, its
    customer's pairing or the policy was put right since, so that something else is wanted.

    Raises:
        BadInput: something else is wanted since, or it is done.
    """
    locked = ProvisioningOrder.objects.select_for_update().get(pk=order.pk)
    if locked.state in (State.SUPERSEDED, State.DONE):
        raise BadInput(f"order {order.pk} is {locked.state}; there is nothing to try")
    for wish in wishes([locked.account], now=now):
        if wish.connection == locked.connection and wish.wanted != locked.wanted and (new := _ask(wish, by, now)):
            return new
    locked.state = locked.state if locked.state in UNDER_WAY else State.WAITING
    locked.attempts, locked.next_try_at, locked.settled_at = 0, now, None
    locked.save()
    return locked


def subject(order: ProvisioningOrder) -> str:
    """What its alarms are about."""
    return f"account {order.account.code}"


def _settle(order: ProvisioningOrder, state: State, reason: str, now: datetime) -> bool:
    if not _is_under_way(order):
        return False
    order.state, order.reason, order.settled_at, order.next_try_at = state, reason, now, None
    order.save(update_fields=["state", "reason", "settled_at", "next_try_at"])
    return True


def _is_under_way(order: ProvisioningOrder) -> bool:
    """Locked, as it is now: it may have been superseded since it was read."""
    order.refresh_from_db(from_queryset=ProvisioningOrder.objects.select_for_update())
    return order.state in UNDER_WAY


def _warn(kind: AlarmKind, order: ProvisioningOrder, reason: str, now: datetime) -> None:
    text = f"{order.verb} account {order.account.code} at {order.connection.name} (order {order.pk}): {reason}"
    raise_alarm(kind=kind, connection=order.connection, subject=subject(order), text=text, now=now)
