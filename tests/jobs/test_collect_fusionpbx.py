"""A month of a switch of many tenants: however its calls are collected, each is billed once."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection as database
from django.db import transaction
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL

from simulators.faults import Faults
from simulators.fusionpbx import Simulator
from simulators.kamailio.door import Door
from tests.jobs.books import Books, books
from tests.jobs.office import NOON, price_tariff
from tests.jobs.simulated import QUICK, undone
from tests.jobs.test_collect_simulated import FAULTS
from tests.jobs.toy_office import at
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, AccountLink, Customer, Pairing
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.collect_usage import collect_usage
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import CollectRun

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
TENANTS = ("maple.example.ca", "seaway.example.ca")
AFTER = "2017-07-08T12:00"  # the last rows are written days after the month
A_CENT_A_SECOND = "prefix,price,increment\n,0.60,1/1\n"


@pytest.fixture
def pbx(db: None) -> Iterator[Simulator]:
    where = database.get_connection_params()
    server = make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")
    with Simulator(server, generation="5.3", name=f"fusionpbx_jobs_{WORKER}") as simulator:
        yield simulator


@pytest.fixture
def platform(pbx: Simulator, tmp_path: Path, settings: LazySettings) -> Connection:
    """Two tenants are ours, with an account for each extension."""
    settings.TOLLBOOK_HOME = tmp_path
    made = set_connection(
        name="pbx",
        kind="fusionpbx",
        settings={"host": pbx.host, "port": str(pbx.port), "database": pbx.database, "db_user": pbx.user},
        secrets={"db_password": Secret(pbx.password)},
        timezone="America/Toronto",
        number_rules={"country": "CA"},
        import_from=date(2017, 6, 1),
    )
    price_tariff("cents", A_CENT_A_SECOND, tmp_path, settings=TariffSettings(currency="CAD", country="CA"))
    product = set_product(
        code="extension", name="Extension", tariffs={"voice_out": "cents", "voice_in": None, "voice_local": None}
    )
    for name in TENANTS:
        customer = Customer.objects.create(
            code=name, name=name, currency="CAD", timezone="America/Toronto", tax_rate=13, country="CA"
        )
        Pairing.objects.create(
            customer=customer, connection=made, foreign_id=name, decided_at=NOON, decided_by="a person", why="so"
        )
        for extension in pbx.switchboard.by_name[name].extensions:
            id = f"{extension.extension}@{name}"
            account = Account.objects.create(customer=customer, product=product, code=id)
            AccountLink.objects.create(account=account, connection=made, foreign_id=id, seen_at=NOON)
    return made


def collect(platform: Connection, now: str, **wish: object) -> CollectRun:
    run = collect_usage(platform, now=at(now), asked_by="a test", **wish)  # type: ignore[arg-type]
    assert run.state == "done", run.problems
    return run


def test_day_by_day_at_once_or_twice_is_the_same_month(platform: Connection) -> None:
    def day_by_day() -> None:
        for day in range(2, 31):
            collect(platform, f"2017-06-{day:02d}T05:00")
        collect(platform, AFTER)

    def twice() -> None:
        collect(platform, "2017-06-15T12:00")
        collect(platform, AFTER)
        collect(platform, AFTER, again=True)

    at_once = undone(lambda: collect(platform, AFTER))
    assert len(at_once["usage"]) == 2_999
    assert undone(day_by_day) == at_once
    assert undone(twice) == at_once


@pytest.fixture(params=["database", "rest"])
def disturbed(
    request: pytest.FixtureRequest, platform: Connection, pbx: Simulator
) -> Iterator[tuple[Connection, Faults, str]]:
    """The connection, what can go wrong with it, and what stands in each question for calls."""
    if request.param == "rest":
        by_rest = {"usage_from": "rest", "rest_url": pbx.url, "page_size": "100", **QUICK}
        secrets = {"api_token": Secret(pbx.token)}
        yield (
            set_connection(name="pbx", settings=by_rest, secrets=secrets, may_change=True),
            pbx.faults,
            "/cdrs",
        )
        return
    faults = Faults()
    door = Door(pbx.host, str(pbx.port), faults)
    door.open()
    through = {"host": "127.0.0.1", "port": str(door.port), "sslmode": "disable"}
    yield set_connection(name="pbx", settings=through, may_change=True), faults, "COPY"
    door.close()


def test_after_any_fault_and_a_repeat_the_books_are_those_of_an_undisturbed_month(
    disturbed: tuple[Connection, Faults, str],
) -> None:
    platform, faults, usage_path = disturbed
    collect(platform, "2017-06-15T12:00")
    before = books()
    undisturbed = undone(lambda: collect(platform, AFTER))
    assert len(undisturbed["usage"]) > len(before["usage"])

    for fault in FAULTS:
        if fault.kind == "expire_session":  # a token that was taken back takes a person to mend
            continue
        with transaction.atomic():
            faults.set([replace(fault, match=usage_path, after=1 if usage_path == "/cdrs" else 0, times=None)])
            run = collect_usage(platform, now=at(AFTER), asked_by="a test")
            assert set(before["usage"]) <= set(books()["usage"])
            if fault.kind != "slow":
                assert run.state in {"partial", "failed"}, (fault, run.problems)
            faults.set([])
            collect(platform, "2017-07-08T13:00")
            assert books() == undisturbed, fault
            assert [finding for finding in check_ledger() if finding.problems] == []
            transaction.set_rollback(True)


def test_a_call_of_each_kind_and_what_became_of_it(platform: Connection, pbx: Simulator) -> None:
    collect(platform, AFTER)
    found = {row[1]: row for row in books()["usage"]}

    def became(kind: str) -> list[tuple[object, ...]]:
        """Account, outcome, reason and price of those at our two tenants."""
        rows = [found[str(uuid)] for uuid in pbx.awkward[kind]]
        return [(row[8], row[9], row[10], row[13]) for row in rows[:2]]

    # 119 s and some milliseconds are 120 seconds begun, a cent each.
    forwarded = [("2113@maple.example.ca", "charged", None), ("102@seaway.example.ca", "charged", None)]
    assert [row[:3] for row in became("forwarded_out")] == forwarded
    assert {row[3] for row in became("forwarded_out")} <= {1_190_000_000, 1_200_000_000}
    assert {row[1:3] for row in became("b_leg")} == {("not_usage", "leg")}
    assert {row[1:3] for row in became("ring_group_double")} == {("not_usage", "leg")}
    assert {row[1:3] for row in became("emergency")} == {("free", "emergency")}
    assert {row[1:3] for row in became("busy")} == {("free", "unanswered")}
    assert {row[1:3] for row in became("zero_seconds")} == {("free", "unanswered")}
    assert {row[1:3] for row in became("nobody_no_code")} == {("set_aside", "no_account")}
    assert {row[1:3] for row in became("voicemail")} == {("free", "not_billed")}
    strangers = {row[10] for row in found.values() if row[8] is None and row[9] == "set_aside"}
    assert "unpaired_customer" in strangers


def test_a_leg_that_came_before_its_call_is_billed_until_the_call_comes(
    platform: Connection, pbx: Simulator
) -> None:
    """A leg to a group's outside telephone is charged; half an hour later the group's own row is there: the call."""
    leg, call = (str(pbx.awkward[kind][0]) for kind in ("ring_group_double", "ring_group_parent"))
    written = pbx.store.rows("SELECT insert_date FROM v_xml_cdr WHERE xml_cdr_uuid = %s", leg)[0]["insert_date"]
    first, then = (f"{written + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}" for minutes in (5, 30))
    begin = (
        "UPDATE v_xml_cdr SET direction = 'outbound', destination_number = '16045550199', originating_leg_uuid = {}"
        " WHERE xml_cdr_uuid = {}"
    )
    where = database.get_connection_params()
    server = make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname=pbx.database)

    def tell(begun_by: str) -> None:
        with psycopg.connect(server, autocommit=True) as own:
            own.execute(SQL(begin).format(begun_by, leg))

    def became() -> tuple[str | None, bool]:
        (row,) = [row for row in books()["usage"] if row[1] == leg]
        return row[10], row[9] == "charged"

    tell("00000000-0000-4000-8000-000000000000")
    collect(platform, first)
    assert became() == (None, True)
    tell(call)
    collect(platform, then)
    assert became() == ("leg", False)
    assert [finding for finding in check_ledger() if finding.problems] == []
    # The group's row is deleted; what was billed is not billed again.
    tell("00000000-0000-4000-8000-000000000000")
    collect(platform, AFTER, again=True)
    assert became() == ("leg", False)


def test_rows_that_are_written_late_are_billed_once(platform: Connection, pbx: Simulator) -> None:
    collect(platform, AFTER)
    before = keys(books())
    late = {str(uuid) for uuid in pbx.late(5)}
    collect(platform, "2017-07-09T12:00")

    assert keys(books()) - before == late
    collect(platform, "2017-07-10T12:00")
    assert [finding for finding in check_ledger() if finding.problems] == []


def keys(found: Books) -> set[str]:
    return {row[1] for row in found["usage"]}
