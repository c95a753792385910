"""A platform's customers as last seen: kept, marked gone, and how each stands."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connectors.base import PlatformCustomer
from tollbook.customers.models import ForeignCustomer, Pairing, PairingDeed, PairingEvent, Standing
from tollbook.database import lock_table

ROWS_PER_STATEMENT = 5_000
SEEN_FIELDS = (
    "code",
    "name",
    "state",
    "state_word",
    "identities",
    "email",
    "street",
    "postcode",
    "city",
    "country",
    "currency",
    "timezone",
)
MAX_WORD = 40

Standings = Mapping[str, tuple[Standing, str]]  # foreign id → standing, remark


@transaction.atomic
def keep_listed(
    *, connection: Connection, listed: Iterable[PlatformCustomer], now: datetime, by: str
) -> list[str]:
    """Store what the platform lists. The ids of those that had been gone come back.

    One that is listed twice, because pages shifted while they were fetched, is kept as it came last.
    """
    rows = {one.foreign_id: one for one in listed}
    gone = ForeignCustomer.objects.filter(connection=connection, foreign_id__in=list(rows)).exclude(gone_at=None)
    returned = list(gone.order_by("foreign_id").values_list("foreign_id", flat=True))
    ForeignCustomer.objects.bulk_create(
        [_row(connection, one, now) for one in rows.values()],
        batch_size=ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["connection", "foreign_id"],
        update_fields=[*SEEN_FIELDS, "seen_at", "gone_at"],
    )
    _tell(connection, returned, PairingDeed.RETURNED, "listed again", now=now, by=by)
    return returned


def _row(connection: Connection, one: PlatformCustomer, now: datetime) -> ForeignCustomer:
    seen = {name: getattr(one, name) for name in SEEN_FIELDS}
    seen |= {"identities": [list(pair) for pair in one.identities], "state_word": one.state_word[:MAX_WORD]}
    return ForeignCustomer(
        connection=connection, foreign_id=one.foreign_id, first_seen_at=now, seen_at=now, gone_at=None, **seen
    )


@transaction.atomic
def mark_gone(*, connection: Connection, seen: set[str], now: datetime, by: str) -> list[ForeignCustomer]:
    """Mark those that a complete list no longer has. Nothing else becomes of them, nor of their pairings."""
    there = ForeignCustomer.objects.filter(connection=connection, gone_at=None).order_by("foreign_id")
    gone = [one for one in there if one.foreign_id not in seen]
    ForeignCustomer.objects.filter(pk__in=[one.pk for one in gone]).update(gone_at=now)
    _tell(connection, [one.foreign_id for one in gone], PairingDeed.GONE, "no longer listed", now=now, by=by)
    return gone


@transaction.atomic
def pair_by_keys(
    *, connection: Connection, pairs: Iterable[tuple[str, int, str]], now: datetime, by: str
) -> list[Pairing]:
    """Pair those whom their keys prove to be the same: (foreign id, customer, why), each not paired yet."""
    lock_table(Pairing._meta.db_table)
    wanted = list(pairs)
    taken = set(
        Pairing.objects.filter(connection=connection, active_until=None).values_list("foreign_id", flat=True)
    )
    made = Pairing.objects.bulk_create(
        [
            Pairing(
                connection=connection,
                foreign_id=id,
                customer_id=customer,
                decided_at=now,
                decided_by=by,
                why=why[:500],
            )
            for id, customer, why in wanted
            if id not in taken
        ],
        batch_size=ROWS_PER_STATEMENT,
    )
    PairingEvent.objects.bulk_create(
        [
            PairingEvent(
                connection=connection,
                foreign_id=one.foreign_id,
                customer_id=one.customer_id,
                what=PairingDeed.PAIRED,
                by=by,
                why=one.why,
                at=now,
            )
            for one in made
        ],
        batch_size=ROWS_PER_STATEMENT,
    )
    return made


@transaction.atomic
def set_standings(*, connection: Connection, standings: Standings) -> None:
    """Write how the platform's customers stand, where that is not what is written."""
    changed = []
    for one in ForeignCustomer.objects.filter(connection=connection):
        standing, remark = standings.get(one.foreign_id, (Standing(one.standing), one.remark))
        if (one.standing, one.remark) != (standing, remark):
            one.standing, one.remark = standing, remark
            changed.append(one)
    # An insert that finds its row is many times faster than bulk_update, which writes a CASE for each field.
    ForeignCustomer.objects.bulk_create(
        changed,
        batch_size=ROWS_PER_STATEMENT,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["standing", "remark"],
    )


def _tell(
    connection: Connection, ids: Iterable[str], what: PairingDeed, why: str, *, now: datetime, by: str
) -> None:
    PairingEvent.objects.bulk_create(
        PairingEvent(connection=connection, foreign_id=id, what=what, by=by, why=why, at=now) for id in ids
    )
