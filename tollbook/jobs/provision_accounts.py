"""Make and change accounts at platforms: look how one stands, tell what differs, look again.

It may be killed anywhere, and an answer may be lost after the platform has done what it was told: whoever goes on
asks first, by the account's name when its id there is not known yet, and tells only what is not so. So nothing is made
twice.
"""

import time
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta

from django.db import connection as database

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector
from tollbook.connectors.errors import ForAPerson
from tollbook.connectors.wanted import AccountThere, WantedAccount
from tollbook.errors import TollbookError
from tollbook.jobs.try_order import try_order
from tollbook.provisioning.models import ProvisioningOrder
from tollbook.provisioning.operations import begin_telling, begin_try, fail, finish, hand_over, keep_id, try_later
from tollbook.provisioning.queries import due_orders, is_known
from tollbook.provisioning.wishes import wanted_account

# After each try that did not get on; after the last of them the order has failed, some 16 hours after it was asked for.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480))
ORDERS_PER_RUN = 500  # of one connection
RUN_S = 120.0  # so long a run of one connection takes on further orders
MOST_FAILURES = 3  # in a row: the platform is away, and the others of the run wait


def provision_due(connection: Connection, *, now: datetime) -> int:
    """Carry out the orders of a connection whose time has come; how many were tried. Safe to repeat, and at once."""
    orders = list(due_orders(now=now, connection=connection)[:ORDERS_PER_RUN])
    return provision(orders, now=now) if orders else 0


def provision(orders: Iterable[ProvisioningOrder], *, now: datetime) -> int:
    """Try each of these orders of one connection once; how many were tried. One at a time tells a connection."""
    orders = list(orders)
    if not orders or not _lock(orders[0].connection_id):
        return 0
    try:
        return _try_all(orders, now)
    finally:
        _unlock(orders[0].connection_id)


def _try_all(orders: list[ProvisioningOrder], now: datetime) -> int:
    try:
        connector = open_connector(orders[0].connection)
    except TollbookError as error:
        for order in orders:
            fail(order, str(error), now=now)
        return len(orders)
    until, failures, tried = time.monotonic() + RUN_S, 0, 0
    with closing(connector):
        for order in orders:
            if time.monotonic() > until or failures == MOST_FAILURES:
                break
            tried += 1
            failures = 0 if _try_one(order, connector, now) else failures + 1
    return tried


def _try_one(order: ProvisioningOrder, connector: Connector, now: datetime) -> bool:
    """Try one order once; false: the platform was away."""
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


def _bring_about(order: ProvisioningOrder, connector: Connector, now: datetime) -> None:
    wanted = wanted_account(order)
    there = _look(order, wanted, connector, now)
    if _is_done(wanted, there):
        finish(order, now=now)
        return
    if not begin_telling(order, now=now):
        return
    connector.bring_account(wanted, there)
    there = _look(order, wanted, connector, now)
    if _is_done(wanted, there):
        finish(order, now=now)
        return
    says = "; ".join(there.differs.values()) if there else "there is no such account"
    _again(order, f"it was told, and still the platform says: {says}", now)


def _look(
    order: ProvisioningOrder, wanted: WantedAccount, connector: Connector, now: datetime
) -> AccountThere | None:
    there = connector.account_there(wanted, order.foreign_id)
    if there is None:
        if order.foreign_id and not wanted.is_ended:
            raise ForAPerson(
                f"account {order.foreign_id} is not there any more; if it shall be made again, end its link by a sync, "
                "then ask again",
                platform=connector.site.name,
            )
        return None
    if there.customer_id != wanted.customer_id:
        raise ForAPerson(
            f"account {wanted.code} is there, and belongs to {there.customer_id} instead of {wanted.customer_id}; "
            "see whose it is, and name one of them otherwise",
            platform=connector.site.name,
        )
    if there.differs and not is_known(order):
        raise ForAPerson(
            f"account {wanted.code} is there already, and nobody here knows it ({'; '.join(there.differs.values())}); "
            "sync, so that it is known, or name one of them otherwise, then try again",
            platform=connector.site.name,
        )
    holder = keep_id(order, foreign_id=there.foreign_id, now=now)
    if holder != order.account:
        raise ForAPerson(
            f"account {there.foreign_id} there is account {holder.code} here; give {wanted.code} another code, or end "
            "that link",
            platform=connector.site.name,
        )
    return there


def _is_done(wanted: WantedAccount, there: AccountThere | None) -> bool:
    return not there.differs if there is not None else wanted.is_ended


def _again(order: ProvisioningOrder, reason: str, now: datetime) -> None:
    """Later, or not any more."""
    if order.attempts > len(WAITS):
        fail(order, f"given up after {order.attempts} tries: {reason}", now=now)
    else:
        try_later(order, reason, at=now + WAITS[order.attempts - 1])


def _lock(connection_id: int) -> bool:
    with database.cursor() as cursor:
        key = f"tollbook provisioning {connection_id}"
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        return bool(cursor.fetchone()[0])


def _unlock(connection_id: int) -> None:
    with database.cursor() as cursor:
        key = f"tollbook provisioning {connection_id}"
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
