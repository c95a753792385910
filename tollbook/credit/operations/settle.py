"""What becomes of an order, step by step. Each step is one transaction with its history and its alarm."""

from datetime import datetime

from django.db import transaction

from tollbook.alarms.models import AlarmKind
from tollbook.alarms.operations import clear_alarm, raise_alarm
from tollbook.connectors.base import Standing, Target
from tollbook.credit.models import UNDER_WAY, OrderEvent, OrderState, SuspensionOrder, Wanted
from tollbook.errors import BadInput

JOB = "tollbook"  # who did it, when no person did
KINDS = (AlarmKind.ORDER_FAILED, AlarmKind.ORDER_FOR_A_PERSON, AlarmKind.ORDER_DRIFTED)
MAX_WORD = 40
STANDS = {
    Wanted.SUSPENDED: "suspended",
    Wanted.OUTBOUND_ONLY: "suspended for outgoing calls",
    Wanted.ACTIVE: "active",
}
TO_DO = {
    Wanted.SUSPENDED: "suspend all calls of",
    Wanted.OUTBOUND_ONLY: "stop outgoing calls of",
    Wanted.ACTIVE: "resume",
}


def note(order: SuspensionOrder, what: str, detail: str = "", *, by: str = JOB, now: datetime) -> None:
    """Add to the history."""
    OrderEvent.objects.create(order=order, what=what, detail=detail, by=by[:150], at=now)


@transaction.atomic
def begin_try(order: SuspensionOrder) -> bool:
    """Count a try before it is made, so that one that kills the process ends too; false: it is not wanted any more."""
    if not _is_under_way(order):
        return False
    order.attempts += 1
    order.save(update_fields=["attempts"])
    return True


@transaction.atomic
def begin_telling(order: SuspensionOrder, *, now: datetime, in_steps: bool = False) -> bool:
    """Note that the platform is about to be told: from here on it may know. False: it is not wanted any more.

    `in_steps`: it may know a part of it, and look as if it knew all; then it must be told to the end.
    """
    if not _is_under_way(order):
        return False
    order.state, order.told_at = OrderState.TOLD, now
    order.must_be_told |= in_steps
    order.save(update_fields=["state", "told_at", "must_be_told"])
    note(order, "telling", order.wanted, now=now)
    return True


@transaction.atomic
def end_telling(order: SuspensionOrder, *, now: datetime) -> None:
    """Note that the platform has taken the word. It is not done before it says so itself."""
    SuspensionOrder.objects.filter(pk=order.pk).update(must_be_told=False)
    order.must_be_told = False
    note(order, "told", order.wanted, now=now)


@transaction.atomic
def keep_reading(order: SuspensionOrder, standing: Standing, words: str, *, now: datetime, was_so: bool) -> None:
    """Keep what the platform said. `was_so`: it stood as wanted before anybody told it."""
    order.read_state, order.read_word, order.read_at = (
        standing.state.value,
        standing.state_word[:MAX_WORD],
        now,
    )
    if order.was_so is None and order.told_at is None:
        order.was_so = was_so
    order.save(update_fields=["read_state", "read_word", "read_at", "was_so"])
    note(order, "read", words, now=now)


@transaction.atomic
def try_later(order: SuspensionOrder, reason: str, *, at: datetime, now: datetime, counts: bool = True) -> None:
    """Not yet: say why, and when it is tried again. `counts` false: it is getting on, and was no failure."""
    if not _is_under_way(order):
        return
    order.reason, order.next_try_at = reason, at
    order.attempts -= not counts
    order.save(update_fields=["reason", "next_try_at", "attempts"])
    note(order, "waits", reason, now=now)


@transaction.atomic
def finish(order: SuspensionOrder, detail: str, *, by: str = JOB, now: datetime) -> None:
    """The platform says so, or a person does."""
    below = _held_below(order)
    if not _is_open(order):
        return
    _settle(order, OrderState.DONE, "", now)
    note(order, "done", detail, by=by, now=now)
    for one in below:
        reopen(one, by=JOB, why="its customer was resumed: is it still stopped?", now=now)


def _held_below(order: SuspensionOrder) -> list[SuspensionOrder]:
    """What is held alone of a customer who is resumed: at some platforms that resumes every account they have.

    All of it is locked in the order in which `ask` locks it.
    """
    if order.target != Target.CUSTOMER or order.wanted != Wanted.ACTIVE:
        return []
    current = SuspensionOrder.objects.filter(connection=order.connection_id, customer=order.customer_id)
    locked = list(current.exclude(state=OrderState.SUPERSEDED).order_by("pk").select_for_update())
    done = [one for one in locked if one.state == OrderState.DONE and not one.by_hand and one.pk != order.pk]
    return [one for one in done if one.wanted != Wanted.ACTIVE]


@transaction.atomic
def fail(order: SuspensionOrder, reason: str, *, by: str = JOB, now: datetime) -> None:
    """It is not tried any more, and somebody is told why."""
    if not _is_open(order):
        return
    _settle(order, OrderState.FAILED, reason, now, stays=AlarmKind.ORDER_FAILED)
    note(order, "failed", reason, by=by, now=now)
    step = f"When that is mended: tollbook orders retry {order.pk}"
    _alarm(order, AlarmKind.ORDER_FAILED, f"{_what(order)} failed: {_sentence(reason)} {step}", now)


@transaction.atomic
def hand_over(order: SuspensionOrder, what_to_do: str, *, now: datetime) -> None:
    """Only somebody can do it, and is told once."""
    if not _is_open(order):
        return
    _settle(order, OrderState.FOR_A_PERSON, what_to_do, now, stays=AlarmKind.ORDER_FOR_A_PERSON)
    note(order, "for_a_person", what_to_do, now=now)
    number = order.pk
    step = (
        f"When it is done: tollbook orders done {number}. If it cannot be: tollbook orders failed {number} --why …"
    )
    _alarm(order, AlarmKind.ORDER_FOR_A_PERSON, f"Please {_what(order)}: {_sentence(what_to_do)} {step}", now)


def supersede(order: SuspensionOrder, *, by: str, why: str, now: datetime) -> None:
    """Something else is wanted since. Part of the transaction in which the next order is made."""
    order.state, order.next_try_at, order.drift = OrderState.SUPERSEDED, None, ""
    order.save(update_fields=["state", "next_try_at", "drift"])
    note(order, "superseded", why, by=by, now=now)
    _clear(order, now)


@transaction.atomic
def reopen(order: SuspensionOrder, *, by: str, why: str, now: datetime, must_be_told: bool = False) -> None:
    """Carry it out once more, beginning now.

    Raises:
        BadInput: something else is wanted since, or no connector can do it.
    """
    order.refresh_from_db(from_queryset=SuspensionOrder.objects.select_for_update())
    if order.state == OrderState.SUPERSEDED:
        raise BadInput(f"order {order.pk} was superseded; see `tollbook orders list`")
    if order.by_hand:
        raise BadInput(
            f"order {order.pk} cannot be retried: {order.reason}; do it by hand, then `orders done {order.pk}`"
        )
    if order.state not in UNDER_WAY:
        order.state, order.told_at = OrderState.WAITING, None
    order.attempts, order.next_try_at, order.settled_at = 0, now, None
    order.must_be_told |= must_be_told
    order.save()
    note(order, "asked", why, by=by, now=now)


@transaction.atomic
def find_drift(order: SuspensionOrder, drift: str, *, now: datetime) -> bool:
    """Say how the platform differs from what was done; "" = it agrees. Safe to repeat: only news is history.

    False: it is not what was done any more, as somebody has asked for something else meanwhile.
    """
    order.refresh_from_db(from_queryset=SuspensionOrder.objects.select_for_update())
    if order.state != OrderState.DONE:
        return False
    if order.drift != drift:
        order.drift = drift
        order.save(update_fields=["drift"])
        note(order, "drifted" if drift else "agrees", drift, now=now)
    if drift:
        text = (
            f"{order.connection.name}: {order.target} {order.foreign_id} of {order.customer.code} shall be "
            f"{STANDS[Wanted(order.wanted)]}, asked for by {order.asked_by}, but {_sentence(drift)} "
            f"Ask who changed it there. To tell the platform again: tollbook orders retry {order.pk}"
        )
        _alarm(order, AlarmKind.ORDER_DRIFTED, text, now)
    else:
        clear_alarm(kind=AlarmKind.ORDER_DRIFTED, connection=order.connection, subject=subject_of(order), now=now)
    return True


def subject_of(order: SuspensionOrder) -> str:
    """What its alarms are about."""
    return f"{order.target} {order.foreign_id}"


def warn(order: SuspensionOrder, reason: str, *, now: datetime) -> None:
    """Somebody should know that it takes long; it is still tried."""
    text = (
        f"{_what(order)} is not done yet, after {order.attempts} tries: {_sentence(reason)} It goes on by itself."
    )
    _alarm(order, AlarmKind.ORDER_FAILED, text, now)


def _is_under_way(order: SuspensionOrder) -> bool:
    order.refresh_from_db(from_queryset=SuspensionOrder.objects.select_for_update())
    return order.state in UNDER_WAY


def _is_open(order: SuspensionOrder) -> bool:
    """Whether it is what is wanted, as nobody has said otherwise meanwhile."""
    order.refresh_from_db(from_queryset=SuspensionOrder.objects.select_for_update())
    return order.state != OrderState.SUPERSEDED


def _settle(order: SuspensionOrder, state: OrderState, reason: str, now: datetime, *, stays: str = "") -> None:
    order.state, order.reason, order.settled_at, order.next_try_at = state, reason, now, None
    order.drift = ""
    order.save(update_fields=["state", "reason", "settled_at", "next_try_at", "drift"])
    _clear(order, now, stays=stays)


def _clear(order: SuspensionOrder, now: datetime, *, stays: str = "") -> None:
    """All is well again, but for the alarm that stays: raised once more it would be news."""
    for kind in KINDS:
        if kind != stays:
            clear_alarm(kind=kind, connection=order.connection, subject=subject_of(order), now=now)


def _alarm(order: SuspensionOrder, kind: AlarmKind, text: str, now: datetime) -> None:
    raise_alarm(kind=kind, connection=order.connection, subject=subject_of(order), text=text, now=now)


def _what(order: SuspensionOrder) -> str:
    cut = ", and end those in progress" if order.cuts_calls else ""
    whose = "" if order.by_hand else f" ({order.customer.code})"  # there the id names them
    to_do = TO_DO[Wanted(order.wanted)]
    return f"{to_do} {order.target} {order.foreign_id}{whose} at {order.connection.name}{cut}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
