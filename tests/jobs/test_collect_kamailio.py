"""A month of a simulated Kamailio, by either of its tables: however it is collected, the books are the same."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection as database
from psycopg.conninfo import make_conninfo

from simulators.faults import Fault
from simulators.kamailio import Simulator
from tests.jobs.books import books
from tests.jobs.office import add_customer, price_tariff
from tests.jobs.simulated import undone
from tests.jobs.toy_office import at
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.collect_usage import collect_usage
from tollbook.usage.models import CollectRun, UsageRecord

PRICES = """\
prefix,destination,price,increment
44,United Kingdom,0.0600,1/1
48,Poland,0.1200,60/60
49,Germany,0.0600,60/60
"""
AFTER = "2017-07-03T12:00"
FAULTS = [
    Fault(kind, match="COPY") for kind in ("status", "timeout_before", "timeout_after", "truncate", "wrong_type")
]

Outcome = tuple[str, str | None, int | None]  # what became of a call, why, seconds billed


@dataclass(frozen=True)
class Switch:
    """The connection to Kamailio, and Kamailio."""

    connection: Connection
    kamailio: Simulator

    def collect(self, now: str, *, again: bool = False) -> CollectRun:
        return collect_usage(self.connection, now=at(now), asked_by="a test", again=again)


@pytest.fixture(params=["acc_cdrs", "acc"])
def switch(request: pytest.FixtureRequest, db: None, tmp_path: Path, settings: LazySettings) -> Iterator[Switch]:
    settings.TOLLBOOK_HOME = tmp_path
    where = database.get_connection_params()
    dsn = make_conninfo(host=where["host"], port=where["port"], user=where["user"])
    with Simulator(dsn, name=f"kamailio_jobs_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}") as kamailio:
        price_tariff("standard", PRICES, tmp_path)
        set_product(code="voice", name="Voice", tariffs={"voice_out": "standard", "voice_in": None})
        add_customer("ann", 23, {user: int(user) for user in kamailio.users[:3]})
        add_customer("bob", 0, {user: int(user) for user in kamailio.users[3:]})
        connection = set_connection(
            name="proxy",
            kind="kamailio",
            settings={
                "host": kamailio.host,
                "port": str(kamailio.port),
                "sslmode": "disable",
                "database": kamailio.database,
                "db_user": kamailio.user,
                "table": request.param,
                "inbound_from": "192.0.2.0/24",
            },
            secrets={"db_password": Secret(kamailio.password)},
            number_rules={"country": "PL"},
            import_from=date(2017, 6, 1),
        )
        yield Switch(connection, kamailio)


def test_day_by_day_at_once_and_after_every_fault_it_is_the_same_month(switch: Switch) -> None:
    def daily() -> None:
        for day in range(2, 31):
            assert switch.collect(f"2017-06-{day:02d}T13:30").state == "done"
        switch.collect(AFTER)

    def disturbed() -> None:
        for fault in FAULTS:
            switch.kamailio.faults.add(fault)
            assert switch.collect(AFTER).state != "done", fault
        assert switch.kamailio.faults.left() == []
        assert switch.collect(AFTER).state == "done"
        switch.collect(AFTER, again=True)

    at_once = undone(lambda: switch.collect(AFTER))
    assert len(at_once["usage"]) == len(switch.kamailio.calls)
    assert len(at_once["ledger"]) > 10
    assert undone(daily) == at_once
    disturbed()
    assert books() == at_once
    assert [finding for finding in check_ledger() if finding.problems] == []


def of_call(name: str) -> list[Outcome]:
    """What stands of an awkward call: outcome, reason, seconds billed."""
    records = UsageRecord.objects.filter(record_key__startswith=name).exclude(outcome="superseded")
    return list(records.order_by("pk").values_list("outcome", "reason", "billed"))


def test_a_call_without_an_end_waits_is_set_aside_and_charged_when_it_ends(switch: Switch) -> None:
    """It was answered at five on the third. Its BYE is lost; one comes after thirty hours."""
    if switch.connection.settings["table"] == "acc_cdrs":  # there the dialog's end is written by a timer
        switch.collect("2017-06-03T18:00")
        assert of_call("no-BYE") == [("charged", None, 12 * 3_600)]
        return
    diary: list[tuple[str, list[Outcome]]] = [
        ("2017-06-03T18:00", []),
        ("2017-06-04T05:30", [("set_aside", "bad_quantity", None)]),
        ("2017-06-04T12:00", [("charged", None, 30 * 3_600)]),
        ("2017-06-05T12:00", [("charged", None, 30 * 3_600)]),
    ]
    for now, expected in diary:
        if now == "2017-06-04T12:00":
            lost = switch.kamailio.awkward["no BYE"]
            bye = replace(lost, is_bye_lost=False, is_invite_lost=True, talked_ms=30 * 3_600_000)
            switch.kamailio.write([bye])
        assert switch.collect(now).state == "done"
        assert of_call("no-BYE") == expected, now


def test_the_strange_calls_of_a_month_cost_what_they_lasted(switch: Switch) -> None:
    switch.collect(AFTER)
    is_measured = switch.connection.settings["table"] == "acc_cdrs"
    minute: list[Outcome] = [("charged", None, 61)]
    expected: dict[str, list[Outcome]] = {
        # 2.506 s; INVITE and BYE are two whole seconds apart.
        "fraction": [("charged", None, 3 if is_measured else 2)],
        "on-hold": minute,
        "hold-refused": minute,
        "callee-hangs-up": minute,
        "challenged": minute,
        "BYE-first": minute,
        "forked": [("charged", None, 30), *minute],
        "busy": [("free", "unanswered", 0)],
        "emergency": [("free", "emergency", 0)],
        "comes-in": [("free", "not_billed", 0)],
        "no-INVITE": minute if is_measured else [("set_aside", "bad_quantity", None)],
    }
    assert {name: sorted(of_call(name), key=lambda one: one[2] or 0) for name in expected} == expected
