"""How orders are shown: what is wanted where, what the platform says, and what to do."""

from collections.abc import Iterable, Sequence

import typer

from tollbook.cli.listing import print_list
from tollbook.credit.models import Hold, OrderState, SuspensionOrder, Wanted

ONLY_JSON = ("customer", "asked_at", "told_at", "read_at", "attempts", "next_try_at")

# Exit status, as of a collect: all, some, none.
ALL_DONE, NOT_YET, FAILED = 0, 1, 2


def facts(order: SuspensionOrder) -> dict[str, object]:
    """One order, as a row."""
    return {
        "order": order.pk,
        "connection": order.connection.name,
        "target": order.target,
        "id": order.foreign_id,
        "customer": order.customer.code,
        "account": order.account.code if order.account else "",
        "wanted": order.wanted,
        "state": "differs" if order.drift else order.state,
        "platform_says": order.read_word or order.read_state,
        "emergency_calls": emergency(order),
        "calls_in_progress": in_progress(order),
        "asked_by": order.asked_by,
        "asked_at": order.asked_at,
        "told_at": order.told_at,
        "read_at": order.read_at,
        "attempts": order.attempts,
        "next_try_at": order.next_try_at,
        "why": order.why,
        "next_step": next_step(order),
    }


def print_orders(orders: Sequence[SuspensionOrder], *, as_json: bool, empty: str, with_steps: bool = True) -> None:
    """A table for people, JSON for programs; what to do about each stands below the table."""
    rows = [facts(order) for order in orders]
    hidden = () if as_json else (*ONLY_JSON, "next_step", "why", "asked_by")
    print_list(rows, as_json=as_json, empty=empty, right=("order",), only_json=hidden)
    if with_steps and not as_json:
        for row in rows:
            if row["next_step"]:
                typer.echo(f"order {row['order']}: {row['next_step']}")


def emergency(order: SuspensionOrder) -> str:
    """What becomes of emergency calls."""
    if order.wanted == Wanted.ACTIVE:
        return ""
    if order.keeps_emergency is None:
        return "see the platform"
    return "go on" if order.keeps_emergency else "stop too"


def in_progress(order: SuspensionOrder) -> str:
    """What becomes of calls in progress."""
    if order.wanted == Wanted.ACTIVE:
        return ""
    if order.by_hand:
        return "see the platform"
    return "are cut" if order.cuts_calls else "go on"


def next_step(order: SuspensionOrder) -> str:
    """What is to be done, or waited for, before it is done; "" when it is."""
    number = order.pk
    if order.drift:
        return f"{order.drift}; `tollbook orders retry {number}` tells it again"
    match order.state:
        case OrderState.FOR_A_PERSON:
            by_hand = "do it there by hand" if order.by_hand else "when that is done"
            return f"{order.reason}; {by_hand}: then `tollbook orders done {number}`"
        case OrderState.FAILED:
            again = (
                f"`tollbook orders done {number}`"
                if order.by_hand
                else f"mend it, then `tollbook orders retry {number}`"
            )
            return f"{order.reason}; {again}"
        case OrderState.WAITING | OrderState.TOLD:
            reason = order.reason or "to be told"
            return f"{reason}; tried again by itself from {order.next_try_at:%Y-%m-%d %H:%M} UTC on"
    return ""


def hold_lines(holds: Iterable[Hold]) -> list[str]:
    """Who holds what, and why."""
    return [
        f"held by {one.held_by}: {f'account {one.account.code}' if one.account else 'the whole customer'}, since "
        f"{one.placed_at:%Y-%m-%d %H:%M} UTC by {one.placed_by}" + (f" ({one.why})" if one.why else "")
        for one in holds
    ]


def exit_status(orders: Iterable[SuspensionOrder]) -> int:
    """0: all are done. 2: one has failed. 1: one is under way still, or with a person, or differs."""
    stands = {"differs" if order.drift else order.state for order in orders}
    if OrderState.FAILED in stands:
        return FAILED
    return ALL_DONE if stands <= {OrderState.DONE.value} else NOT_YET
