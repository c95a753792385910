"""Who is watched, and who waits, when accounts have files of their own: each link by itself."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.jobs.carrier import Carrier, carrier, describe
from tests.jobs.office import NOON
from tests.jobs.toy_office import at
from tollbook.alarms.queries import alarms
from tollbook.billing.models import Seller
from tollbook.billing.operations import set_seller
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.customers.models import AccountMark
from tollbook.jobs.check_sources import check_source
from tollbook.jobs.issue_invoices import Issued, issue_invoices
from tollbook.usage.models import CollectedFile, CollectRun, Evidence

JUNE = date(2017, 6, 1)
# Winnipeg's June ends at five in the morning UTC; files are refreshed at six.


@pytest.fixture
def seller(db: None) -> Seller:
    return set_seller(name="Example Telecom", country="CA", logo=None)


@pytest.fixture
def june(db: None, tmp_path: Path, settings: LazySettings) -> Iterator[Carrier]:
    """All but the last day of June has come."""
    settings.TOLLBOOK_HOME = tmp_path
    with carrier(tmp_path) as opened:
        opened.confirm()
        opened.simulator.next_day(28)
        opened.collect("2017-06-30T12:00")
        yield opened


def bill(seller: Seller, *, although_stale: bool = False) -> Issued:
    return issue_invoices(
        seller=seller, month=JUNE, issued_on=date(2017, 7, 3), now=NOON, although_stale=although_stale
    )


def invoiced(issued: Issued) -> list[str]:
    return sorted(invoice.customer.code for invoice in issued.invoices)


@pytest.mark.req("W8")
def test_an_invoice_waits_until_the_files_are_refreshed_after_the_months_end(
    june: Carrier, seller: Seller
) -> None:
    early = bill(seller)
    assert invoiced(early) == []
    assert [who.code for who, _ in early.problems] == ["prairiedog", "redriver"]
    assert early.problems[1][1] == (
        f"it waits: {june.link()} of account redriver-trunk was last refreshed 2017-06-30 06:00 UTC, and nothing shows "
        "that it has all calls until 2017-07-01 05:00 UTC; collect it when it is refreshed: tollbook collect carrier; "
        "or invoice what there is with --although-stale"
    )

    june.simulator.next_day()
    june.collect("2017-07-01T12:00")
    assert invoiced(bill(seller)) == ["prairiedog", "redriver"]


def test_who_will_not_wait_invoices_what_there_is(june: Carrier, seller: Seller) -> None:
    assert invoiced(bill(seller, although_stale=True)) == ["prairiedog", "redriver"]


def test_only_who_has_such_a_file_waits(june: Carrier, seller: Seller) -> None:
    AccountMark.objects.filter(kind="link", account__customer__code="prairiedog").delete()
    assert invoiced(bill(seller)) == ["prairiedog"]


def test_a_link_that_ended_is_waited_for_until_its_end_only(june: Carrier, seller: Seller) -> None:
    links = AccountMark.objects.filter(kind="link")
    links.filter(account__customer__code="prairiedog").update(active_until=at("2017-06-20T00:00"))
    links.filter(account__customer__code="redriver").update(active_from=at("2017-07-01T05:00"))
    assert invoiced(bill(seller)) == ["prairiedog", "redriver"]


def test_a_file_that_ends_in_the_middle_of_a_line_is_not_all(june: Carrier, seller: Seller) -> None:
    june.simulator.next_day()
    longest = max(file.size_bytes or 0 for file in CollectedFile.objects.all())
    june.simulator.set_cut(longest + 30)  # less than a line more than the day before
    june.collect("2017-07-01T12:00")
    waiting = bill(seller)
    assert invoiced(waiting) == []
    assert all("06:00 UTC and ends in the middle of a line" in why for _, why in waiting.problems)


def test_without_a_date_of_the_file_a_later_visit_or_a_later_call_shows_it(
    db: None, tmp_path: Path, settings: LazySettings, seller: Seller
) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    with carrier(tmp_path, last_modified="ignore") as lesnet:
        lesnet.confirm()
        lesnet.simulator.next_day(28)
        lesnet.collect("2017-06-30T12:00")
        lesnet.simulator.next_day()
        lesnet.collect("2017-07-01T12:00")
        # It changed since the visit of June 30: nobody knows whether before the month's end.
        assert invoiced(bill(seller)) == []

        lesnet.simulator.next_day()  # calls of July 1
        lesnet.collect("2017-07-02T12:00")
        assert invoiced(bill(seller)) == ["prairiedog", "redriver"]


def test_a_change_between_two_visits_after_the_months_end_will_do(
    db: None, tmp_path: Path, settings: LazySettings, seller: Seller
) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    with carrier(tmp_path, last_modified="ignore") as lesnet:
        lesnet.confirm()
        lesnet.simulator.next_day(28)
        for visit in ("2017-06-30T12:00", "2017-07-01T05:00"):
            lesnet.collect(visit)
            assert invoiced(bill(seller)) == []
        lesnet.simulator.next_day()  # calls of June 30, the last ones
        lesnet.collect("2017-07-01T12:00")
        assert invoiced(bill(seller)) == ["prairiedog", "redriver"]


# --- each link is watched by itself


@pytest.fixture
def ten(db: None) -> Connection:
    """A carrier with ten links, all refreshed at noon of June 10."""
    connection = set_connection(name="carrier", kind="lesnet")
    CollectRun.objects.create(connection=connection, started_at=at("2017-06-01T00:00"), state="done")
    for place in range(10):
        describe(connection, f"customer{place}", f"D4E3CD2BFC79{place}", link(place))
        refreshed(connection, place, "2017-06-10T12:00")
    return connection


def link(place: int) -> str:
    return f"https://portal.les.net/cdr/1133{place}_0000.txt"


def refreshed(connection: Connection, place: int, moment: str, *, is_dated: bool = True) -> None:
    evidence = Evidence.objects.create(
        sha256=f"{Evidence.objects.count():064}", size_bytes=1, name=link(place), received_at=at(moment)
    )
    CollectedFile.objects.update_or_create(
        connection=connection,
        name=link(place),
        defaults={
            "evidence": evidence,
            "collected_at": at(moment) + timedelta(hours=1),
            "modified_at": at(moment) if is_dated else None,
        },
    )


def stale(connection: Connection, now: str) -> dict[str, str]:
    check_source(connection, now=at(now))
    return {alarm.subject: alarm.text for alarm in alarms()}


@pytest.mark.req("W8")
def test_one_link_that_stands_still_is_seen_among_nine_that_do_not(ten: Connection) -> None:
    assert ten.stale_after == timedelta(hours=48)
    for place in range(1, 10):
        refreshed(ten, place, "2017-06-11T12:00", is_dated=place > 4)

    assert stale(ten, "2017-06-12T12:00") == {}
    assert stale(ten, "2017-06-12T12:01") == {
        link(
            0
        ): f"carrier: {link(0)} of account customer0-trunk was last refreshed 2017-06-10 12:00 UTC, which is "
        "longer than 2 days. See that the platform refreshes its files, then collect: tollbook collect carrier"
    }
    refreshed(ten, 0, "2017-06-12T12:00")
    assert stale(ten, "2017-06-12T13:00") == {}


def test_a_link_that_never_brought_anything_is_stale_from_when_it_was_described(ten: Connection) -> None:
    for place in range(10):
        refreshed(ten, place, "2017-06-12T12:00")
    CollectedFile.objects.filter(name=link(3)).delete()
    AccountMark.objects.filter(value=link(3)).update(active_from=at("2017-06-10T13:00"))
    assert stale(ten, "2017-06-12T13:00") == {}
    assert "has not come yet" in stale(ten, "2017-06-12T13:01")[link(3)]


def test_links_that_have_ended_are_watched_no_more(ten: Connection) -> None:
    for place in range(1, 10):
        refreshed(ten, place, "2017-06-12T12:00")
    AccountMark.objects.filter(value=link(0)).update(active_until=at("2017-06-11T00:00"))
    assert stale(ten, "2017-06-13T12:00") == {}


def test_when_all_stand_still_that_is_one_alarm(ten: Connection) -> None:
    assert stale(ten, "2017-06-13T12:00") == {
        "": "carrier: none of 10 files has been refreshed for longer than 2 days. See that the platform refreshes its "
        "files, then collect: tollbook collect carrier"
    }
