"""Files that belong to one account each: which there are, how fresh they are, and who must wait for them.

A file is fresh as of when the source says that it was written, or else of when these bytes of it first came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, Min, Q, QuerySet

from tollbook.billing.queries import next_month
from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector
from tollbook.customers.models import AccountEvent, AccountMark, Customer, MarkKind
from tollbook.usage.models import CollectedFile, CollectRun, CollectState, ImportRun, UsageRecord

# The last calls before a link ended come with the refreshes after it.
FOLLOWED_AFTER_END = timedelta(days=7)
LOOKED_AHEAD = timedelta(days=62)  # for a call that is later than what an invoice must hold
WELL = (CollectState.DONE, CollectState.PARTIAL)


@dataclass(frozen=True, slots=True)
class LinkState:
    """How a link stands."""

    link: str
    account: str  # code
    refreshed_at: datetime | None  # null = nothing has come yet
    expected_since: datetime | None  # when something could have come for the first time; null = never asked for


def follow_links(connector: Connector, connection: Connection, *, now: datetime) -> None:
    """Tell the connector of the files that accounts have at the connection."""
    alive = Q(active_until=None) | Q(active_until__gt=now - FOLLOWED_AFTER_END)
    links = list(_marks().filter(alive, _begun(now), connection=connection).values_list("value", flat=True))
    if links:
        connector.follow(links)


def link_states(connection: Connection, *, now: datetime) -> list[LinkState]:
    """Every link in force, by its address."""
    marks = _marks().filter(Q(active_until=None) | Q(active_until__gt=now), _begun(now), connection=connection)
    files = _files(connection)
    first = CollectRun.objects.filter(connection=connection).aggregate(at=Min("started_at"))["at"]
    described = dict(
        AccountEvent.objects.filter(account__marks__in=marks, what="described")
        .values_list("account_id")
        .annotate(at=Max("at"))
    )
    states = []
    for mark in marks:
        begun = [moment for moment in (first, mark.active_from, described.get(mark.account_id)) if moment]
        states.append(
            LinkState(
                mark.value, mark.account.code, _came_at(files.get(mark.value)), max(begun) if first else None
            )
        )
    return states


def waits_for(customer: Customer, month: date) -> str:
    """Why an invoice for `month` (its first day) would miss calls; "" when it would not.

    Each link of the customer in that month must have been refreshed after the month's end, or its own. That is so when
    the source says that the file was written since, when it has changed since a visit after that end, or when it has
    brought a later call.
    """
    zone = ZoneInfo(customer.timezone)
    since, until = _midnight(month, zone), _midnight(next_month(month), zone)
    return "; ".join(_waiting(customer, since, until))


def _waiting(customer: Customer, since: datetime, until: datetime) -> Iterator[str]:
    of_month = Q(active_until=None) | Q(active_until__gt=since)
    marks = _marks().filter(of_month, Q(active_from=None) | Q(active_from__lt=until), account__customer=customer)
    for mark in marks.select_related("connection"):
        ends = [moment for moment in (until, mark.active_until, mark.account.active_until) if moment]
        end = min(ends)
        if end <= since or _is_in(mark, end):
            continue
        file = _file(mark)
        came = _came_at(file)
        last = f"was last refreshed {came:%Y-%m-%d %H:%M} UTC" if came else "has not come yet"
        if file is not None and _has_half_a_line(file):
            last += " and ends in the middle of a line"
        yield (
            f"{mark.value} of account {mark.account.code} {last}, and nothing shows that it has all calls until "
            f"{end:%Y-%m-%d %H:%M} UTC; collect it when it is refreshed: tollbook collect {mark.connection.quoted}"
        )


def _is_in(mark: AccountMark, end: datetime) -> bool:
    """Whether all calls before `end` have come."""
    file = _file(mark)
    if file is None or file.error or _has_half_a_line(file):
        return False
    if (file.modified_at or _changed_since(file)) >= end:
        return True
    later = UsageRecord.objects.filter(connection_id=mark.connection_id, account_id=mark.account_id)
    return later.filter(start__gte=end, start__lt=end + LOOKED_AHEAD).exists()


def _has_half_a_line(file: CollectedFile) -> bool:
    """Whether more was on its way when it came."""
    runs = ImportRun.objects.filter(connection=file.connection_id, evidence=file.evidence_id)
    last = runs.order_by("-pk").first() if file.evidence_id else None
    return last is not None and bool(last.left_for_next_pass)


def _changed_since(file: CollectedFile) -> datetime:
    """The last visit that still found the file as it was before: it has been refreshed since. Long ago if none was."""
    before = None
    if file.evidence is not None:
        visits = CollectRun.objects.filter(connection=file.connection_id, state__in=WELL, since=None, until=None)
        earlier = visits.filter(started_at__lt=file.evidence.received_at)
        looked = earlier.exclude(problems__contains=[{"scope": file.name}])
        before = looked.aggregate(at=Max("started_at"))["at"]
    return before or datetime.min.replace(tzinfo=UTC)


def _came_at(file: CollectedFile | None) -> datetime | None:
    if file is None:
        return None
    return file.modified_at or (file.evidence.received_at if file.evidence else None)


def _file(mark: AccountMark) -> CollectedFile | None:
    files = CollectedFile.objects.filter(connection=mark.connection_id, name=mark.value)
    return files.select_related("evidence").first()


def _files(connection: Connection) -> dict[str, CollectedFile]:
    files = CollectedFile.objects.filter(connection=connection).select_related("evidence")
    return {file.name: file for file in files}


def _marks() -> QuerySet[AccountMark]:
    return AccountMark.objects.filter(kind=MarkKind.LINK).select_related("account").order_by("value", "pk")


def _begun(now: datetime) -> Q:
    return Q(active_from=None) | Q(active_from__lte=now)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
