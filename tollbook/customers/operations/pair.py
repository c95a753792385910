"""Deciding who a platform's customer is here: by hand, by accepting or refusing, and taking it back.

What was decided is kept for ever: a pairing is ended, never changed, and every deed is in the history.
"""

from datetime import datetime

from django.db import models, transaction
from django.db.models import Q

from tollbook.connections.models import Connection
from tollbook.customers.models import (
    Customer,
    ForeignCustomer,
    Pairing,
    PairingDeed,
    PairingEvent,
    Standing,
    Suggestion,
    SuggestionState,
)
from tollbook.database import lock_table
from tollbook.errors import BadInput


@transaction.atomic
def pair(
    *,
    customer: Customer,
    connection: Connection,
    foreign: str,
    by: str,
    why: str,
    now: datetime,
    active_from: datetime | None = None,
    is_shared: bool = False,
) -> Pairing:
    """Say that a customer is this one at the platform. Safe to repeat: an open pairing of both is returned.

    `foreign` is the id there, or else the code. `active_from` null means always, or since the last pairing of this
    id ended. With `is_shared` it may be paired with other customers of ours at the same time.

    Raises:
        BadInput: the platform does not list it, it is paired with somebody else, or the dates overlap.
    """
    _lock()
    foreign_id = foreign_id_of(connection, foreign)
    stored = list(_pairings(connection, foreign_id).select_related("customer").order_by("pk"))
    open_ones = [one for one in stored if one.active_until is None]
    same = next((one for one in open_ones if one.customer_id == customer.pk), None)
    if same is not None:
        if active_from not in (None, same.active_from):
            raise BadInput(
                f"{connection.name}: {foreign_id} is paired with {customer.code} since "
                f"{_moment(same.active_from)}; end that before you pair them from another date"
            )
        return same
    if active_from is None:
        active_from = max((one.active_until for one in stored if one.active_until), default=None)
    others = [
        one for one in stored if one.active_until is None or (active_from or one.active_until) < one.active_until
    ]
    if others and not is_shared:
        raise BadInput(
            f"{connection.name}: {foreign_id} is paired with {others[0].customer} from "
            f"{_moment(others[0].active_from)} to {_moment(others[0].active_until, 'open end')}; end that first "
            "(`tollbook pairing unpair`), or say --shared when both are right"
        )
    made = Pairing.objects.create(
        customer=customer,
        connection=connection,
        foreign_id=foreign_id,
        active_from=active_from,
        decided_at=now,
        decided_by=by,
        why=why[:500],
    )
    listed = ForeignCustomer.objects.filter(connection=connection, foreign_id=foreign_id)
    listed.update(standing=Standing.PAIRED, remark="")
    suggested = Suggestion.objects.filter(foreign__in=listed)
    suggested.filter(customer=customer).update(
        state=SuggestionState.ACCEPTED, decided_at=now, decided_by=by, why=why[:500]
    )
    suggested.filter(state=SuggestionState.OPEN).delete()
    tell(connection, foreign_id, customer, PairingDeed.PAIRED, by=by, why=why, now=now)
    return made


@transaction.atomic
def end_pairing(
    *,
    customer: Customer,
    connection: Connection,
    foreign: str,
    by: str,
    why: str,
    now: datetime,
    at: datetime | None = None,
) -> Pairing:
    """Say that a customer is no longer this one at the platform, from `at` (null = now) on.

    The sync does not pair the two again by itself. Safe to repeat: the pairing that ended last is returned.

    Raises:
        BadInput: they never were paired, or the pairing begins later than that.
    """
    _lock()
    foreign_id = foreign_id_of(connection, foreign)
    of_both = _pairings(connection, foreign_id).filter(customer=customer)
    open_one = of_both.filter(active_until=None).first()
    if open_one is None:
        ended = of_both.order_by("active_until").last()
        if ended is None:
            raise BadInput(
                f"{connection.name}: {foreign_id} is not paired with {customer.code}; see `tollbook pairing list`"
            )
        return ended
    end = at or now
    if open_one.active_from is not None and end <= open_one.active_from:
        raise BadInput(
            f"{connection.name}: {foreign_id} is paired with {customer.code} only from "
            f"{_moment(open_one.active_from)}; give a later date to end it"
        )
    open_one.active_until, open_one.ended_by, open_one.ended_why = end, by, why[:500]
    open_one.save(update_fields=["active_until", "ended_by", "ended_why"])
    if not _pairings(connection, foreign_id).filter(active_until=None).exists():
        ForeignCustomer.objects.filter(connection=connection, foreign_id=foreign_id).update(
            standing=Standing.UNMATCHED, remark=f"was {customer.code} until {_moment(end)}"
        )
    tell(connection, foreign_id, customer, PairingDeed.ENDED, by=by, why=why, now=now)
    return open_one


def accept_suggestion(*, suggestion_id: int, by: str, why: str, now: datetime) -> Pairing:
    """Make a suggestion a pairing. Safe to repeat.

    Raises:
        BadInput: there is no such suggestion, it was refused, or its customers are paired otherwise.
    """
    suggestion = _suggestion(suggestion_id)
    if suggestion.state == SuggestionState.REJECTED:
        raise BadInput(
            f"suggestion {suggestion_id} was refused by {suggestion.decided_by}; if that was wrong, pair them by hand: "
            f"`tollbook pairing pair {suggestion.foreign.connection.quoted} {suggestion.foreign.foreign_id} "
            f"{suggestion.customer.code}`"
        )
    return pair(
        customer=suggestion.customer,
        connection=suggestion.foreign.connection,
        foreign=suggestion.foreign.foreign_id,
        by=by,
        why=why or f"suggestion accepted: {', '.join(suggestion.hints)}",
        now=now,
    )


@transaction.atomic
def reject_suggestion(*, suggestion_id: int, by: str, why: str, now: datetime) -> Suggestion:
    """Say that the two are not the same: neither paired by itself nor suggested again. Safe to repeat.

    Raises:
        BadInput: there is no such suggestion, or the two are paired.
    """
    _lock()
    suggestion = _suggestion(suggestion_id)
    foreign, customer = suggestion.foreign, suggestion.customer
    if suggestion.state == SuggestionState.REJECTED:
        return suggestion
    if suggestion.state == SuggestionState.ACCEPTED:
        raise BadInput(
            f"suggestion {suggestion_id} was accepted: {foreign.foreign_id} is paired with {customer.code}; end that "
            "with `tollbook pairing unpair`"
        )
    suggestion.state, suggestion.why = SuggestionState.REJECTED, why[:500]
    suggestion.decided_at, suggestion.decided_by = now, by
    suggestion.save(update_fields=["state", "why", "decided_at", "decided_by"])
    left = foreign.suggestions.filter(state=SuggestionState.OPEN).exists()
    if foreign.standing == Standing.SUGGESTED and not left:
        foreign.standing, foreign.remark = Standing.UNMATCHED, "what was suggested was refused"
        foreign.save(update_fields=["standing", "remark"])
    tell(foreign.connection, foreign.foreign_id, customer, PairingDeed.REJECTED, by=by, why=why, now=now)
    return suggestion


@transaction.atomic
def set_ignored(
    *, connection: Connection, foreign: str, is_ignored: bool, by: str, why: str, now: datetime
) -> ForeignCustomer:
    """Say that a platform's customer is no customer of ours, so that nobody is asked again; or take that back.

    Raises:
        BadInput: the platform does not list it, or it is paired.
    """
    _lock()
    foreign_id = foreign_id_of(connection, foreign)
    listed = ForeignCustomer.objects.filter(connection=connection, foreign_id=foreign_id).first()
    if listed is None:
        raise _not_listed(connection, foreign)
    if listed.standing == Standing.PAIRED:
        raise BadInput(f"{connection.name}: {listed} is paired; end that first (`tollbook pairing unpair`)")
    if (listed.standing == Standing.IGNORED) == is_ignored:
        return listed
    listed.standing = Standing.IGNORED if is_ignored else Standing.UNMATCHED
    listed.remark = why if is_ignored else "looked at again with the next sync"
    listed.save(update_fields=["standing", "remark"])
    listed.suggestions.filter(state=SuggestionState.OPEN).delete()
    deed = PairingDeed.IGNORED if is_ignored else PairingDeed.NOTICED
    tell(connection, foreign_id, None, deed, by=by, why=why, now=now)
    return listed


def foreign_id_of(connection: Connection, text: str) -> str:
    """The id that a person means: an id there, or else the code of one customer there.

    A platform whose customers were never listed is asked for nothing: the text is the id.

    Raises:
        BadInput: nobody there has it as id or code, or several have it as code.
    """
    listed = ForeignCustomer.objects.filter(connection=connection)
    known = set(listed.filter(Q(foreign_id=text) | Q(code=text)).values_list("foreign_id", flat=True))
    if text in known:
        return text
    if len(known) > 1:
        raise BadInput(
            f"{connection.name}: {', '.join(sorted(known))} all have the code {text!r} there; give the id of one"
        )
    if known:
        return known.pop()
    if listed.exists() and not _pairings(connection, text).exists():
        raise _not_listed(connection, text)
    return text


def tell(
    connection: Connection,
    foreign_id: str,
    customer: Customer | None,
    what: PairingDeed,
    *,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """Add to the history."""
    PairingEvent.objects.create(
        connection=connection, foreign_id=foreign_id, customer=customer, what=what, by=by, why=why[:500], at=now
    )


def _lock() -> None:
    """Two people, or a person and the sync, must not decide at the same time."""
    lock_table(Pairing._meta.db_table)


def _pairings(connection: Connection, foreign_id: str) -> "models.QuerySet[Pairing]":
    return Pairing.objects.filter(connection=connection, foreign_id=foreign_id)


def _suggestion(suggestion_id: int) -> Suggestion:
    found = Suggestion.objects.select_related("foreign__connection", "customer").filter(pk=suggestion_id).first()
    if found is None:
        raise BadInput(f"there is no suggestion {suggestion_id}; see `tollbook pairing suggestions`")
    return found


def _not_listed(connection: Connection, text: str) -> BadInput:
    return BadInput(
        f"{connection.name} lists no customer with the id or code {text!r}; see `tollbook pairing list "
        f"{connection.name}`, or fetch the list again with `tollbook sync {connection.quoted} --customers`"
    )


def _moment(moment: datetime | None, when_none: str = "always") -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else when_none
