"""What to ask a platform for: whose usage, from when, until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tollbook.connections.models import Connection
from tollbook.connections.queries import beginning_of, zone_of
from tollbook.connectors.base import Connector, Scope
from tollbook.customers.models import Pairing
from tollbook.errors import BadInput
from tollbook.usage.models import UsageCursor

EVERYTHING = ""  # the scope of platforms that give the usage of all customers at once
# Some platforms select by when a call was billed, which may be long after it was made. For so long they are asked for
# more: of a customer whose pairing has ended, and when a period is compared.
LATE = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody, or the schedule, wants collected."""

    now: datetime
    since: datetime | None = None  # None = where it left off
    until: datetime | None = None  # None = now
    customers: tuple[str, ...] = ()  # codes of customers of ours, or foreign ids; none = all
    again: bool = False  # also what was collected before

    @property
    def end(self) -> datetime:
        """Nothing is asked of the future: what is not there yet would count as collected."""
        return min(self.until or self.now, self.now)


@dataclass(frozen=True, slots=True)
class Plan:
    """The scopes to ask for, and how many have nothing new to ask for.

    `apart`: customers of whom nothing is collected yet, asked for a period that begins after the moment from which
    their usage is wanted. It counts as collected only once what is before it is.
    """

    scopes: list[Scope]
    skipped: int
    apart: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Paired:
    """When a foreign customer is somebody of ours; None = always was, open end."""

    since: datetime | None
    until: datetime | None


def plan_scopes(connection: Connection, connector: Connector, wish: Wish) -> Plan:
    """One scope for each foreign customer that is paired, or one for everything. Changes nothing.

    Raises:
        BadInput: customers were chosen who are not paired, or at a platform that cannot be asked for some only.
    """
    if connector.usage_by_customer:
        whose = _paired(connection, wish)
    elif wish.customers:
        raise BadInput(f"{connection.name} gives the usage of all customers at once; leave the choice of them out")
    else:
        whose = {EVERYTHING: _Paired(None, None)}
    cursors = {cursor.scope: cursor for cursor in UsageCursor.objects.filter(connection=connection)}
    scopes, apart = list[Scope](), set[str]()
    for foreign_id, paired in sorted(whose.items()):
        cursor = cursors.get(foreign_id)
        wanted_since = _wanted_since(connection, paired, cursor.first_asked_at if cursor else wish.now)
        scope = _scope(foreign_id, paired, cursor, wish, wanted_since)
        if scope is not None:
            scopes.append(scope)
            if scope.since > wanted_since and (cursor is None or cursor.collected_from is None):
                apart.add(foreign_id)
    return Plan(scopes, len(whose) - len(scopes), frozenset(apart))


def _scope(
    foreign_id: str, paired: _Paired, cursor: UsageCursor | None, wish: Wish, wanted_since: datetime
) -> Scope | None:
    """What to ask for; None when there is nothing that was not collected."""
    until, text, earliest = wish.end, "", None
    if paired.until is not None:
        until = min(until, paired.until + LATE)
    if wish.since is not None:
        since = max(wish.since, paired.since or wish.since)
        if not wish.again and cursor is not None and _covers(cursor, since, until):
            return None
    elif cursor is not None and cursor.collected_from is not None and cursor.collected_until is not None:
        since = cursor.collected_from if wish.again else cursor.collected_until
        text = "" if wish.again else cursor.cursor
        earliest = cursor.collected_from
    else:
        since = wanted_since
    if since >= until:
        return None
    return Scope(customer_id=foreign_id, since=since, until=until, cursor=text, earliest=earliest)


def _covers(cursor: UsageCursor, since: datetime, until: datetime) -> bool:
    if cursor.collected_from is None or cursor.collected_until is None:
        return False
    return cursor.collected_from <= since and until <= cursor.collected_until


def _wanted_since(connection: Connection, paired: _Paired, first_asked_at: datetime) -> datetime:
    """Midnight of the first day wanted of new customers, or of the day before somebody first asked for theirs.

    Before they are paired they are nobody's.
    """
    first = connection.import_from
    if first is None:
        first = first_asked_at.astimezone(zone_of(connection)).date() - timedelta(days=1)
    since = beginning_of(first, connection)
    return max(since, paired.since or since)


def _paired(connection: Connection, wish: Wish) -> Mapping[str, _Paired]:
    """Foreign customers that were, are or will be somebody of ours: whole times, even with gaps in them.

    Whoever is chosen, all that a foreign customer ever was is asked for: what is collected is remembered by its id.
    """
    whose: dict[str, _Paired] = {}
    for pairing in _chosen(connection, wish.customers):
        since, until = pairing.active_from, pairing.active_until
        if (other := whose.get(pairing.foreign_id)) is not None:
            since = min(since, other.since) if since and other.since else None
            until = max(until, other.until) if until and other.until else None
        whose[pairing.foreign_id] = _Paired(since, until)
    return whose


def _chosen(connection: Connection, customers: tuple[str, ...]) -> Iterator[Pairing]:
    pairings = list(Pairing.objects.filter(connection=connection).select_related("customer"))
    for name in customers:
        if not any(name in (pairing.customer.code, pairing.foreign_id) for pairing in pairings):
            raise BadInput(
                f"customer {name!r} is not paired at {connection.name}; see `tollbook customers list` for codes, "
                f"and pair with `tollbook pairing pair`"
            )
    chosen = {one.foreign_id for one in pairings if {one.customer.code, one.foreign_id} & set(customers)}
    yield from (one for one in pairings if not customers or one.foreign_id in chosen)
