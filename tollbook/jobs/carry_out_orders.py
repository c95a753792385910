"""Bring platforms to what is wanted: look how it stands, tell, look again. It is done when the platform says so.

It may be killed anywhere. That a platform is about to be told is written down before it is; whoever goes on looks
first how it stands, and tells only what does not stand so. Nothing gets stuck: every order ends in done, in failed
with a reason, or with a person.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

from django.db import connection as database

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector, Order, Standing, Target, Verb
from tollbook.credit.models import OrderState, SuspensionOrder, Wanted
from tollbook.credit.operations.settle import (
    begin_telling,
    begin_try,
    end_telling,
    fail,
    finish,
    hand_over,
    keep_reading,
    try_later,
    warn,
)
from tollbook.credit.queries import due_orders, is_stopped_as_a_whole
from tollbook.credit.verdict import Verdict, in_words, verdict
from tollbook.errors import TollbookError
from tollbook.jobs.try_order import try_order

# After each try that did not get on; after the last of them the order has failed, some 16 hours after it was asked for.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
WARNED_AFTER = 3  # tries: somebody should know
SETTLES_WITHIN = timedelta(hours=24)  # what a platform has accepted; then it has failed
FIRST_LOOK, LAST_LOOK = timedelta(minutes=1), timedelta(minutes=15)  # apart, until it is settled
ORDERS_PER_RUN = 500  # of one connection
RUN_S = 120.0  # so long a run of one connection takes on further orders
MOST_FAILURES = 3  # in a row: the platform is away, and the others of the run wait
WAIT_FOR_OTHER_S = 30.0  # for another process that tells the same thing
LOOK_FOR_OTHER_S = 0.05

Clock = Callable[[], float]


def carry_out_due(connection: Connection, *, now: datetime, clock: Clock = time.monotonic) -> int:
    """Carry out the orders of a connection whose time has come; how many were tried. Safe to repeat, and at once."""
    return carry_out(list(due_orders(now=now, connection=connection)[:ORDERS_PER_RUN]), now=now, clock=clock)


def carry_out(
    orders: Iterable[SuspensionOrder], *, now: datetime, patience_s: float = 0.0, clock: Clock = time.monotonic
) -> int:
    """Try each of these orders once; how many were tried. What is not due, or at work elsewhere, is left alone.

    `patience_s`: so long another process that tells the same thing is waited for.
    """
    by_connection: dict[int, list[SuspensionOrder]] = {}
    for order in orders:
        by_connection.setdefault(order.connection_id, []).append(order)
    tried = 0
    for of_connection in by_connection.values():
        tried += _of_connection(of_connection, now, patience_s, clock)
    return tried


def _of_connection(orders: list[SuspensionOrder], now: datetime, patience_s: float, clock: Clock) -> int:
    try:
        connector = open_connector(orders[0].connection)
    except TollbookError as error:
        for order in orders:
            with only_one_at(order, patience_s) as is_mine:
                if is_mine and _is_due(order, now):
                    fail(order, str(error), now=now)
        return len(orders)
    until, failures, tried = clock() + RUN_S, 0, 0
    with closing(connector):
        for order in orders:
            if clock() > until or failures == MOST_FAILURES:
                break
            with only_one_at(order, patience_s) as is_mine:
                if is_mine and _is_due(order, now):
                    tried += 1
                    failures = 0 if carry_out_order(order, connector, now=now) else failures + 1
    return tried


def carry_out_order(order: SuspensionOrder, connector: Connector, *, now: datetime) -> bool:
    """Try one order once, alone; false: the platform was away."""
    if not begin_try(order):
        return True
    return try_order(
        lambda: _bring_about(order, connector, now),
        again=lambda why: _again(order, why, now),
        hand_over=lambda why: hand_over(order, why, now=now),
        fail=lambda why: fail(order, why, now=now),
        order=order.pk,
        platform=connector.site.name,
    )


def _bring_about(order: SuspensionOrder, connector: Connector, now: datetime) -> None:
    standing = _read(order, connector, now)
    found = verdict(order.wanted, standing)
    if not order.must_be_told and found is not Verdict.UNKNOWN and _settled(order, found, standing, now):
        return
    if not begin_telling(order, now=now, in_steps=connector.order_powers().is_told_in_steps):
        return
    connector.carry_out(_as_told(order))
    end_telling(order, now=now)
    standing = _read(order, connector, now)
    found = verdict(order.wanted, standing)
    if _settled(order, found, standing, now):
        return
    says = in_words(standing)
    if found is Verdict.UNKNOWN:
        hand_over(order, f"it was told, but the platform does not say how it stands ({says}); look there", now=now)
    elif order.wanted == Wanted.ACTIVE and is_stopped_as_a_whole(order):
        finish(order, "told; its customer is suspended there still", now=now)
    else:
        _again(order, f"it was told, and still the platform says: {says}", now)


def _settled(order: SuspensionOrder, found: Verdict, standing: Standing, now: datetime) -> bool:
    """Whether there is nothing to be told, and what is to be noted then has been."""
    says = in_words(standing)
    match found:
        case Verdict.SO:
            before = "" if order.told_at or not order.was_so else "it stood so before: "
            finish(order, before + says, now=now)
        case Verdict.NOT_YET:
            _look_again(order, says, now)
        case Verdict.OVER:
            fail(order, f"it is {says} there, and cannot be resumed", now=now)
        case _:
            return False
    return True


def _read(order: SuspensionOrder, connector: Connector, now: datetime) -> Standing:
    standing = connector.standing(Target(order.target), order.foreign_id)
    is_so = verdict(order.wanted, standing) in (Verdict.SO, Verdict.NOT_YET)
    keep_reading(order, standing, in_words(standing), now=now, was_so=is_so)
    return standing


def _as_told(order: SuspensionOrder) -> Order:
    return Order(
        verb=Verb.RESUME if order.wanted == Wanted.ACTIVE else Verb.SUSPEND,
        target=Target(order.target),
        foreign_id=order.foreign_id,
        is_outbound_only=order.wanted == Wanted.OUTBOUND_ONLY,
        cuts_calls=order.cuts_calls,
    )


def _again(order: SuspensionOrder, reason: str, now: datetime) -> None:
    """Later, or not any more."""
    if order.attempts > len(WAITS):
        fail(order, f"given up after {order.attempts} tries: {reason}", now=now)
        return
    try_later(order, reason, at=now + WAITS[order.attempts - 1], now=now)
    if order.attempts >= WARNED_AFTER and order.state != OrderState.SUPERSEDED:
        warn(order, reason, now=now)


def _look_again(order: SuspensionOrder, says: str, now: datetime) -> None:
    since = order.told_at or order.asked_at
    if now - since > SETTLES_WITHIN:
        hours = SETTLES_WITHIN.total_seconds() / 3600
        fail(order, f"accepted, and not carried out after {hours:g} hours: {says}", now=now)
        return
    wait = max(FIRST_LOOK, min(LAST_LOOK, (now - since) / 4))
    try_later(order, f"accepted, and not carried out everywhere yet: {says}", at=now + wait, now=now, counts=False)


def _is_due(order: SuspensionOrder, now: datetime) -> bool:
    order.refresh_from_db()
    return order.next_try_at is not None and order.next_try_at <= now


@contextmanager
def only_one_at(order: SuspensionOrder, patience_s: float = 0.0) -> Iterator[bool]:
    """Let nobody else tell or ask about the same thing meanwhile: whether that is so.

    Words of two orders must not pass each other on their way. The lock goes with the process, however it ends.
    """
    key = f"tollbook order {order.connection_id} {order.target} {order.foreign_id}"
    until = time.monotonic() + patience_s
    with database.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
            is_mine = bool(cursor.fetchone()[0])
            if is_mine or time.monotonic() > until:
                break
            time.sleep(LOOK_FOR_OTHER_S)
    try:
        yield is_mine
    finally:
        if is_mine:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
