"""What a person says of an order, and how calls are stopped at a connection."""

from datetime import datetime

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.credit.models import OrderState, Policy, SuspensionOrder
from tollbook.credit.operations.settle import fail, finish, reopen
from tollbook.errors import BadInput


@transaction.atomic
def report_done(order: SuspensionOrder, *, by: str, why: str, now: datetime) -> None:
    """Somebody has done it. Safe to repeat.

    Raises:
        BadInput: something else is wanted since.
    """
    _see_that_it_counts(order)
    if order.state != OrderState.DONE:
        finish(order, why or "done by hand", by=by, now=now)


@transaction.atomic
def report_failed(order: SuspensionOrder, *, by: str, why: str, now: datetime) -> None:
    """It cannot be done, says somebody.

    Raises:
        BadInput: no reason is given, or something else is wanted since.
    """
    if not why:
        raise BadInput(f"order {order.pk}: say why it cannot be done: --why …")
    _see_that_it_counts(order)
    fail(order, why, by=by, now=now)


def retry(order: SuspensionOrder, *, by: str, why: str, now: datetime) -> None:
    """Have it carried out once more, beginning now, whatever became of it.

    Raises:
        BadInput: something else is wanted since, or no connector can do it.
    """
    reopen(order, by=by, why=why or "asked for once more", now=now)


def set_policy(
    connection: Connection,
    *,
    manner: str | None = None,
    cuts_calls: bool | None = None,
    on_drift: str | None = None,
) -> Policy:
    """Say how calls are stopped there, and what is done about drift; what is None stays. Safe to repeat.

    Who is suspended already is brought to it by the next check.
    """
    given = {"manner": manner, "cuts_calls": cuts_calls, "on_drift": on_drift}
    policy, _ = Policy.objects.update_or_create(
        connection=connection, defaults={name: value for name, value in given.items() if value is not None}
    )
    return policy


def _see_that_it_counts(order: SuspensionOrder) -> None:
    order.refresh_from_db(from_queryset=SuspensionOrder.objects.select_for_update())
    if order.state == OrderState.SUPERSEDED:
        raise BadInput(
            f"order {order.pk} was superseded: something else is wanted since; see `tollbook orders list`"
        )
