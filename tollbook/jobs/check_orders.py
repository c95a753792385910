"""See whether platforms still stand as they were brought to, and whether all who are held are stopped.

Somebody enables a gateway by hand, a customer gets a new account: nobody tells us. So what was done is read back again
and again, and the connection's policy says what becomes of a difference.
"""

import logging
import time
from contextlib import closing
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F, Q, QuerySet

from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector
from tollbook.connectors.base import Connector, Feature, Standing, Target
from tollbook.connectors.errors import TryAgainLater
from tollbook.credit.models import OnDrift, OrderEvent, OrderState, SuspensionOrder, Wanted
from tollbook.credit.operations.accept import accept_as_found
from tollbook.credit.operations.ask import ask
from tollbook.credit.operations.settle import JOB, find_drift, finish, reopen
from tollbook.credit.places import Told, policy_of
from tollbook.credit.queries import current_orders, customers_to_ask, is_stopped_as_a_whole
from tollbook.credit.verdict import Verdict, in_words, verdict
from tollbook.customers.models import Customer
from tollbook.errors import TollbookError
from tollbook.jobs.carry_out_orders import MOST_FAILURES, carry_out_order, only_one_at

LOG = logging.getLogger(__name__)

READ_PER_RUN = 200  # of one connection: those read longest ago
RUN_S = 120.0  # so long a run of one connection takes on further orders
PAUSE_S = 0.05  # between two questions: a platform has other things to do
RESUMED_WATCHED = timedelta(days=30)  # what was resumed longer ago is nobody's doing of ours
MOST_ENFORCED, ENFORCED_WITHIN = 3, timedelta(days=1)  # then somebody else enforces the contrary: it is reported
ENFORCED = "enforced"
SETTLED = (OrderState.DONE, OrderState.FAILED, OrderState.FOR_A_PERSON)


def keep_holds(*, now: datetime) -> list[SuspensionOrder]:
    """Ask for what is not asked for yet: accounts that are new, or somebody else's by now. Safe to repeat."""
    asked: list[SuspensionOrder] = []
    told: dict[int, Told] = {}
    for customer in customers_to_ask():
        with transaction.atomic():
            customer.refresh_from_db(from_queryset=Customer.objects.select_for_update())
            asked += ask(customer, by=JOB, why="held already", now=now, told=told)
    return asked


def check_orders(connection: Connection, *, now: datetime) -> list[SuspensionOrder]:
    """Read back what was done, and what somebody else may have done meanwhile; those that differ come back.

    A platform that is away is asked next time. Safe to repeat.
    """
    orders = list(_to_read(connection, now)[:READ_PER_RUN])
    differing: list[SuspensionOrder] = []
    if not orders:
        return differing
    until, failures = time.monotonic() + RUN_S, 0
    with closing(open_connector(connection)) as connector:
        if Feature.ORDERS not in connector.offers:
            return differing
        for order in orders:
            if time.monotonic() > until or failures == MOST_FAILURES:
                break
            with only_one_at(order) as is_mine:
                if not is_mine:
                    continue
                failures = 0 if _check(order, connector, now) else failures + 1
            if order.drift:
                differing.append(order)
            time.sleep(PAUSE_S)
    return differing


def _to_read(connection: Connection, now: datetime) -> QuerySet[SuspensionOrder]:
    orders = current_orders().filter(connection=connection, by_hand=False)
    orders = orders.filter(state__in=SETTLED)
    is_watched = ~Q(wanted=Wanted.ACTIVE) | Q(settled_at__gt=now - RESUMED_WATCHED) | ~Q(drift="")
    return orders.filter(is_watched).order_by(F("read_at").asc(nulls_first=True), "pk")


def _check(order: SuspensionOrder, connector: Connector, now: datetime) -> bool:
    """Read one back, and settle what differs; false: the platform was away."""
    order.refresh_from_db()
    if order.state not in SETTLED:
        return True
    try:
        standing = connector.standing(Target(order.target), order.foreign_id)
    except DatabaseError:
        raise
    except Exception as error:
        _keep(order, order.read_state, order.read_word, now)  # so that the others have their turn
        if isinstance(error, TryAgainLater):
            return False
        if not isinstance(error, TollbookError):
            LOG.exception("order %s", order.pk)
        find_drift(
            order, f"it cannot be read: {error if isinstance(error, TollbookError) else repr(error)}", now=now
        )
        return True
    _keep(order, standing.state.value, standing.state_word, now)
    _hold_against(order, standing, connector, now)
    return True


def _hold_against(order: SuspensionOrder, standing: Standing, connector: Connector, now: datetime) -> None:
    found, says = verdict(order.wanted, standing), in_words(standing)
    if order.state != OrderState.DONE:
        if found is Verdict.SO and not order.must_be_told:
            finish(order, f"somebody saw to it: {says}", now=now)
    elif found is Verdict.UNKNOWN:
        return  # a person said that it was done, and the platform cannot contradict
    elif found is Verdict.NOT_SO and not (order.wanted == Wanted.ACTIVE and is_stopped_as_a_whole(order)):
        _settle_drift(order, connector, f"the platform says: {says}", now)
    else:
        find_drift(order, "", now=now)


def _keep(order: SuspensionOrder, state: str, word: str, now: datetime) -> None:
    """What was read, without a line of history each time it is the same."""
    order.read_state, order.read_word, order.read_at = state, word[:40], now
    order.save(update_fields=["read_state", "read_word", "read_at"])


def _settle_drift(order: SuspensionOrder, connector: Connector, drift: str, now: datetime) -> None:
    on_drift = policy_of(order.connection).on_drift
    if on_drift == OnDrift.ENFORCE and _may_enforce(order, now):
        if _begin_enforcing(order, drift, now):
            carry_out_order(order, connector, now=now)
        return
    if on_drift == OnDrift.ACCEPT and accept_as_found(order, drift, now=now):
        return
    find_drift(order, drift, now=now)


@transaction.atomic
def _begin_enforcing(order: SuspensionOrder, drift: str, now: datetime) -> bool:
    """Open it again; false: something else is wanted since it was read."""
    if not find_drift(order, drift, now=now):
        return False
    OrderEvent.objects.create(order=order, what=ENFORCED, detail=drift, by=JOB, at=now)
    reopen(order, by=JOB, why="to be told again", now=now)
    return True


def _may_enforce(order: SuspensionOrder, now: datetime) -> bool:
    lately = OrderEvent.objects.filter(order=order, what=ENFORCED, at__gt=now - ENFORCED_WITHIN)
    return lately.count() < MOST_ENFORCED
