"""A platform's customers, fetched, kept as last seen, and paired with ours where keys prove who they are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector, PlatformCustomer, State
from tollbook.customers.models import ForeignCustomer, Pairing, Standing
from tollbook.customers.operations.foreign_customers import keep_listed, mark_gone, pair_by_keys, set_standings
from tollbook.customers.operations.make_customer import checked_defaults, make_customers, why_not_made
from tollbook.customers.operations.suggest import set_suggestions
from tollbook.customers.pairing import Conflict, ConflictKind, Decisions, Ours, Theirs, decide
from tollbook.customers.pairing_queries import listed_customers, our_customers, pairs_decided
from tollbook.database import lock_table
from tollbook.jobs.sync_listing import Listing, nothing_written
from tollbook.jobs.sync_report import Deed, SyncLine, SyncReport

SYNC = "sync"  # who decided, where nobody did
NOTHING_LISTED = "lists no customers at all, though it had some; that is not believed, see what its user may list"


def sync_customers(
    connection: Connection,
    connector: Connector,
    *,
    now: datetime,
    by: str = SYNC,
    dry_run: bool = False,
) -> SyncReport:
    """Fetch every customer of the platform, and pair those whose keys prove it.

    A list that breaks off is kept as far as it came, but nobody is marked gone and nobody is paired by it: the rest
    might hold a twin. Safe to repeat: a second run changes nothing. A dry run reports the same and writes nothing.

    Raises:
        BadInput: the connection's customer_defaults make no sense.
    """
    listing = Listing(connector.customers, is_held=dry_run)
    with nothing_written(dry_run):
        return take_customers(connection, listing, now=now, by=by, dry_run=dry_run)


def take_customers(
    connection: Connection, listing: Listing[PlatformCustomer], *, now: datetime, by: str, dry_run: bool
) -> SyncReport:
    """What `sync_customers` does with a list."""
    defaults = checked_defaults(connection)
    report = SyncReport(connection.name, "customers", dry_run=dry_run)
    seen: set[str] = set()
    for batch in listing.batches():
        seen |= {one.foreign_id for one in batch}
        for foreign_id in keep_listed(connection=connection, listed=batch, now=now, by=by):
            report.add(Deed.RETURNED, foreign_id, "is listed again")
    report.listed, report.error = len(seen), listing.error
    if not seen and report.is_complete and ForeignCustomer.objects.filter(connection=connection).exists():
        report.error = f"{connection.name} {NOTHING_LISTED}"
    if report.is_complete:
        _report_gone(connection, seen, report, now=now, by=by)
        _decide(connection, defaults, report, now=now, by=by)
    return report


def _report_gone(connection: Connection, seen: set[str], report: SyncReport, *, now: datetime, by: str) -> None:
    for one in mark_gone(connection=connection, seen=seen, now=now, by=by):
        is_paired = one.standing == Standing.PAIRED
        why = "is no longer listed" + ("; its pairing stays" if is_paired else "")
        step = f"if it is really over: tollbook pairing unpair {connection.quoted} {one.foreign_id} CUSTOMER"
        report.add(Deed.GONE, one, why, step if is_paired else "")


@transaction.atomic
def _decide(
    connection: Connection, defaults: Mapping[str, Any], report: SyncReport, *, now: datetime, by: str
) -> None:
    """Everything in one transaction, under the lock that people's decisions take too."""
    lock_table(Pairing._meta.db_table)
    theirs, ours = listed_customers(connection), our_customers()
    held, refused = pairs_decided(connection)
    decisions = decide(theirs, ours, connection=connection.name, paired=held, rejected=refused)
    pair_by_keys(
        connection=connection,
        pairs=[(match.theirs.foreign_id, match.ours.id, match.why) for match in decisions.matches],
        now=now,
        by=by,
    )
    for match in decisions.matches:
        report.add(Deed.PAIRED, f"{match.theirs} = {match.ours}", match.why)
    standings = _standings(theirs, decisions, {foreign_id for foreign_id, _ in held}, connection.quoted)
    known_once = {foreign_id for foreign_id, _ in held | refused}
    if connection.creates_customers:
        _make(connection, standings, known_once, decisions, defaults, report, now=now, by=by)
    set_standings(connection=connection, standings=standings)
    set_suggestions(connection=connection, suggested=decisions.suggestions, now=now)
    report.unchanged = len({foreign_id for foreign_id, _ in held} & {one.foreign_id for one in theirs})
    _report_open(connection, decisions, standings, {one.foreign_id: one for one in theirs}, ours, report)


def _standings(
    theirs: list[Theirs], decisions: Decisions, paired: set[str], connection: str
) -> dict[str, tuple[Standing, str]]:
    found: dict[str, tuple[Standing, str]] = {}
    suggested = {one.foreign_id for one in decisions.suggestions}
    for one in theirs:
        found[one.foreign_id] = (Standing.UNMATCHED, _why_unmatched(one, decisions))
        if one.foreign_id in suggested:
            found[one.foreign_id] = (Standing.SUGGESTED, f"see `tollbook pairing suggestions {connection}`")
    for conflict in decisions.conflicts:
        for one in conflict.theirs:
            found[one.foreign_id] = (Standing.CONFLICT, f"{conflict.why}; {_next_step(conflict, connection)}")
    for foreign_id in paired | {match.theirs.foreign_id for match in decisions.matches}:
        remark = found.get(foreign_id, (Standing.PAIRED, ""))
        found[foreign_id] = (Standing.PAIRED, remark[1] if remark[0] == Standing.CONFLICT else "")
    return found


def _why_unmatched(one: Theirs, decisions: Decisions) -> str:
    zeros = decisions.zeros.get(one.foreign_id)
    if shared := decisions.shared.get(one.foreign_id):
        return f"nobody here has its keys, one of which {', '.join(shared)} there has too"
    if zeros:
        return f"{' and '.join(zeros)} is nobody's; it has no other key that anybody here has"
    if not any(value.strip() for _, value in one.identities):
        return "it has no identifiers there"
    return "nobody here has its keys"


def _make(
    connection: Connection,
    standings: dict[str, tuple[Standing, str]],
    known_once: set[str],
    decisions: Decisions,
    defaults: Mapping[str, Any],
    report: SyncReport,
    *,
    now: datetime,
    by: str,
) -> None:
    """New customers of those who are nobody's: never where a person decided, or may yet have to."""
    free = [id for id, (standing, _) in standings.items() if standing == Standing.UNMATCHED]
    free = [id for id in free if id not in known_once and id not in decisions.shared]
    listed = ForeignCustomer.objects.filter(connection=connection, foreign_id__in=free)
    listed = listed.exclude(state=State.CLOSED).exclude(state=State.UNKNOWN, state_word__gt="")
    makeable = []
    for one in listed.order_by("foreign_id"):
        if why := why_not_made(one, defaults):
            report.add(
                Deed.NOT_CREATED, one, why, f"mend that, or pair it: {_command(connection.quoted, one.foreign_id)}"
            )
        else:
            makeable.append(one)
    made = make_customers(connection=connection, listed=makeable, defaults=defaults, now=now, by=by)
    for one, customer in zip(makeable, made, strict=True):
        standings[one.foreign_id] = (Standing.PAIRED, "")
        report.add(Deed.CREATED, f"{one} = customer {customer.code}")


def _report_open(
    connection: Connection,
    decisions: Decisions,
    standings: Mapping[str, tuple[Standing, str]],
    theirs: Mapping[str, Theirs],
    ours: list[Ours],
    report: SyncReport,
) -> None:
    """What is left for somebody to decide."""
    names = {one.id: str(one) for one in ours}
    perhaps = {
        hint.foreign_id: f"perhaps {names[hint.customer_id]} ({', '.join(hint.hints)})"
        for hint in reversed(decisions.suggestions)
    }
    for conflict in decisions.conflicts:
        # Where no key leads to anybody, the likeliest is the other side.
        likely = [perhaps[one.foreign_id] for one in conflict.theirs if one.foreign_id in perhaps]
        report.lines.append(
            SyncLine(
                Deed.CONFLICT,
                " / ".join(sorted(conflict.kinds)),
                conflict.why,
                _next_step(conflict, connection.quoted),
                tuple(map(str, conflict.theirs)),
                tuple(map(str, conflict.ours)) or tuple(likely),
            )
        )
    for hint in decisions.suggestions:
        if standings[hint.foreign_id][0] in (Standing.SUGGESTED, Standing.CONFLICT):
            who = f"{theirs[hint.foreign_id]} = {names[hint.customer_id]}?"
            step = f"tollbook pairing suggestions {connection.quoted}"
            report.add(Deed.SUGGESTED, who, f"{hint.score} of 100: {', '.join(hint.hints)}", step)
    for foreign_id, (standing, remark) in sorted(standings.items()):
        if standing == Standing.UNMATCHED:
            report.add(Deed.UNMATCHED, theirs[foreign_id], remark, _command(connection.quoted, foreign_id))


def _next_step(conflict: Conflict, connection: str) -> str:
    there = conflict.theirs[0].foreign_id if len(conflict.theirs) == 1 else "ID"
    own = conflict.ours[0].code if len(conflict.ours) == 1 else "CUSTOMER"
    if not conflict.theirs:
        return "correct the key of the customer here, then sync again"
    step = f"tell who is who: {_command(connection, there, own)}"
    if conflict.kinds == {ConflictKind.WRONG_KEY}:
        return f"correct the key where it is wrong and sync again, or {step}"
    return step


def _command(connection: str, foreign_id: str, customer: str = "CUSTOMER") -> str:
    return f"tollbook pairing pair {connection} {foreign_id} {customer}"
