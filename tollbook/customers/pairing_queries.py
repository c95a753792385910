"""Reading who is who: both sides for the matching, and lists for people."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from tollbook.connections.models import Connection
from tollbook.connectors.base import State
from tollbook.customers.models import (
    Customer,
    CustomerState,
    ForeignCustomer,
    Identity,
    Pairing,
    PairingEvent,
    Standing,
    Suggestion,
    SuggestionState,
)
from tollbook.customers.pairing import Ours, Theirs
from tollbook.errors import BadInput

Pair = tuple[str, int]  # foreign id, customer


def listed_customers(connection: Connection) -> list[Theirs]:
    """The platform's customers as last seen, without those that are gone or to be ignored."""
    found = ForeignCustomer.objects.filter(connection=connection, gone_at=None).exclude(standing=Standing.IGNORED)
    return [
        Theirs(
            foreign_id=one.foreign_id,
            code=one.code,
            name=one.name,
            email=one.email,
            postcode=one.postcode,
            country=one.country,
            identities=tuple((scheme, value) for scheme, value in one.identities),
            is_closed=one.state == State.CLOSED,
            unknown_state=one.state_word if one.state == State.UNKNOWN else "",
        )
        for one in found.order_by("foreign_id").iterator()
    ]


def our_customers() -> list[Ours]:
    """All customers of ours, with their identities."""
    identities: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    known = Identity.objects.order_by("scheme", "value").values_list("customer_id", "scheme", "value")
    for customer_id, scheme, value in known.iterator():
        identities[customer_id].append((scheme, value))
    return [
        Ours(
            id=one.pk,
            code=one.code,
            name=one.name,
            email=one.email,
            postcode=one.postcode,
            country=one.country,
            tax_id=one.tax_id,
            identities=tuple(identities[one.pk]),
            is_closed=one.state == CustomerState.CLOSED,
        )
        for one in Customer.objects.order_by("code").iterator()
    ]


def pairs_decided(connection: Connection) -> tuple[set[Pair], set[Pair]]:
    """Pairs that hold (or will), and pairs that a person refused or ended."""
    pairings = Pairing.objects.filter(connection=connection)
    held = set(pairings.filter(active_until=None).values_list("foreign_id", "customer_id"))
    ended = set(pairings.exclude(active_until=None).values_list("foreign_id", "customer_id"))
    refused = Suggestion.objects.filter(foreign__connection=connection, state=SuggestionState.REJECTED)
    rejected = set(refused.values_list("foreign__foreign_id", "customer_id"))
    return held, (ended | rejected) - held


def payers_of(connection: Connection, *, at: datetime) -> dict[str, list[Pairing]]:
    """Foreign id to the pairings that hold at that moment, each with its customer."""
    found: defaultdict[str, list[Pairing]] = defaultdict(list)
    holding = Pairing.objects.filter(
        Q(active_from=None) | Q(active_from__lte=at),
        Q(active_until=None) | Q(active_until__gt=at),
        connection=connection,
    )
    for pairing in holding.select_related("customer").order_by("customer__code"):
        found[pairing.foreign_id].append(pairing)
    return dict(found)


def pairing_list(connection: Connection, *, standing: str | None = None) -> list[dict[str, object]]:
    """The platform's customers with how they stand, and whom they are paired with now.

    Raises:
        BadInput: there is no such standing.
    """
    if standing is not None and standing not in Standing.values:
        raise BadInput(f"there is no standing {standing!r}; there are {', '.join(Standing.values)}")
    paired: defaultdict[str, list[str]] = defaultdict(list)
    open_ones = Pairing.objects.filter(connection=connection, active_until=None)
    for foreign_id, code in open_ones.order_by("customer__code").values_list("foreign_id", "customer__code"):
        paired[foreign_id].append(code)
    listed = ForeignCustomer.objects.filter(connection=connection).order_by("standing", "foreign_id")
    rows: list[dict[str, object]] = [
        {
            "id": one.foreign_id,
            "code": one.code,
            "name": one.name,
            "state": one.state_word or one.state,
            "standing": one.standing,
            "customer": ", ".join(paired.pop(one.foreign_id, [])),
            "gone": one.gone_at,
            "remark": one.remark,
        }
        for one in listed
    ]
    # Paired by hand before the platform's list was ever fetched, or with one it no longer has.
    unlisted: list[dict[str, object]] = [
        {
            "id": id,
            "code": "",
            "name": "",
            "state": "",
            "standing": "paired",
            "customer": ", ".join(codes),
            "gone": None,
            "remark": "not in the platform's list yet",
        }
        for id, codes in sorted(paired.items())
    ]
    rows += unlisted
    return [row for row in rows if standing in (None, row["standing"])]


def open_suggestions(connection: Connection | None = None) -> Iterator[Suggestion]:
    """What somebody may accept or refuse, the surest first."""
    found = Suggestion.objects.filter(state=SuggestionState.OPEN).select_related("foreign__connection", "customer")
    if connection is not None:
        found = found.filter(foreign__connection=connection)
    return found.order_by(
        "foreign__connection__name", "-score", "foreign__foreign_id", "customer__code"
    ).iterator()


def pairing_history(connection: Connection, foreign_id: str | None = None) -> Iterator[PairingEvent]:
    """Who decided what and why, the oldest first; of one of the platform's customers, or all."""
    found = PairingEvent.objects.filter(connection=connection).select_related("customer")
    if foreign_id is not None:
        found = found.filter(foreign_id=foreign_id)
    return found.order_by("at", "pk").iterator()
