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
    """The scopes to ask for, and how many have nothing new to ask for."""

    scopes: list[Scope]
    skipped: int


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
    scopes = [
        scope
        for foreign_id, paired in sorted(whose.items())
        if (scope := _scope(connection, foreign_id, paired, cursors.get(foreign_id), wish)) is not None
    ]
    return Plan(scopes, len(whose) - len(scopes))


def _scope(
    connection: Connection, foreign_id: str, paired: _Paired, cursor: UsageCursor | None, wish: Wish
) -> Scope | None:
    """What to ask for; None when there is nothing that was not collected."""
    until, text, earliest = wish.end, "", None
    if wish.since is not None:
        since = wish.since
        if not wish.again and cursor is not None and _covers(cursor, since, until):
            return None
    else:
        until = min(until, paired.until or until)
        if cursor is not None and cursor.collected_from is not None and cursor.collected_until is not None:
            since = cursor.collected_from if wish.again else cursor.collected_until
            text = "" if wish.again else cursor.cursor
            earliest = cursor.collected_from
        else:
            since = _beginning(connection, cursor.first_asked_at if cursor else wish.now)
            since = max(since, paired.since or since)
    if since >= until:
        return None
    return Scope(customer_id=foreign_id, since=since, until=until, cursor=text, earliest=earliest)


def _covers(cursor: UsageCursor, since: datetime, until: datetime) -> bool:
    if cursor.collected_from is None or cursor.collected_until is None:
        return False
    return cursor.collected_from <= since and until <= cursor.collected_until


def _beginning(connection: Connection, first_asked_at: datetime) -> datetime:
    """Midnight of the first day wanted of new customers, or of the day before somebody first asked for theirs."""
    if connection.import_from is not None:
        return beginning_of(connection.import_from, connection)
    day_before = first_asked_at.astimezone(zone_of(connection)).date() - timedelta(days=1)
    return beginning_of(day_before, connection)


def _paired(connection: Connection, wish: Wish) -> Mapping[str, _Paired]:
    """Foreign customers that were, are or will be somebody of ours: whole times, even with gaps in them."""
    pairings = list(_chosen(connection, wish.customers))
    whose: dict[str, _Paired] = {}
    for pairing in pairings:
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
    for pairing in pairings:
        if not customers or pairing.customer.code in customers or pairing.foreign_id in customers:
            yield pairing
