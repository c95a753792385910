"""Somebody enables the gateway of a suspended customer by hand, in FusionPBX's own screens: it is seen, and settled.

The event socket says what runs: a gateway that is only disabled in the database still carries calls.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from psycopg.conninfo import make_conninfo

from simulators.fusionpbx import Simulator
from simulators.fusionpbx.esl import Drop
from tollbook.alarms.queries import alarms
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.credit.models import SuspensionOrder
from tollbook.credit.operations import resume, suspend
from tollbook.credit.operations.report import set_policy
from tollbook.customers.models import Customer, Pairing
from tollbook.jobs.carry_out_orders import carry_out
from tollbook.jobs.check_orders import check_orders

TENANT = "maple.example.ca"
NOW = datetime(2017, 7, 1, 12, tzinfo=UTC)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
def fusionpbx(db: None) -> Iterator[Simulator]:
    where = connection.get_connection_params()
    dsn = make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")
    with Simulator(dsn, generation="5.5", name=f"fusionpbx_by_hand_{WORKER}") as simulator:
        yield simulator


@pytest.fixture
def pbx(fusionpbx: Simulator, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    return set_connection(
        name="pbx",
        kind="fusionpbx",
        settings={
            "host": fusionpbx.host,
            "port": str(fusionpbx.port),
            "database": fusionpbx.database,
            "db_user": fusionpbx.user,
            "control_user": fusionpbx.control_user,
            "suspend_by": "gateway",
            "esl_host": fusionpbx.event_socket.host,
            "esl_port": str(fusionpbx.event_socket.port),
        },
        secrets={
            "db_password": Secret(fusionpbx.password),
            "control_password": Secret(fusionpbx.control_password),
            "esl_password": Secret(fusionpbx.event_socket.password),
        },
    )


@pytest.fixture
def maple(pbx: Connection) -> Customer:
    maple = Customer.objects.create(code="maple", name="Maple Dental", currency="CAD")
    Pairing.objects.create(
        customer=maple, connection=pbx, foreign_id=TENANT, decided_at=NOW, decided_by="eve", why="they said so"
    )
    return maple


def order() -> SuspensionOrder:
    return SuspensionOrder.objects.exclude(state="superseded").get()


def test_a_gateway_enabled_by_hand_is_reported_then_enforced(
    fusionpbx: Simulator, pbx: Connection, maple: Customer
) -> None:
    gateway = fusionpbx.switchboard.by_name[TENANT].gateway.uuid
    carry_out(suspend(customer=maple, by="eve", why="overdue", now=NOW), now=NOW)
    assert (str(order()), order().state) == (f"customer {TENANT} suspended", "done")
    assert check_orders(pbx, now=NOW) == []

    fusionpbx.set_gateway(gateway, enabled=True)

    assert [str(one) for one in check_orders(pbx, now=NOW)] == [f"customer {TENANT} suspended"]
    assert [alarm.kind for alarm in alarms()] == ["order_drifted"]

    set_policy(pbx, on_drift="enforce")
    assert check_orders(pbx, now=NOW) == []
    assert (order().state, order().drift) == ("done", "")
    assert not alarms().exists()

    carry_out(resume(customer=maple, by="eve", why="has paid", now=NOW), now=NOW)
    assert (str(order()), order().state) == (f"customer {TENANT} active", "done")
    assert check_orders(pbx, now=NOW) == []


def test_an_extension_whose_rows_say_suspended_is_flushed_from_the_switch_by_the_next_try(
    fusionpbx: Simulator, pbx: Connection, maple: Customer
) -> None:
    """The event socket breaks off behind the rows: the database already says disabled."""
    set_connection(name="pbx", settings={"suspend_by": "extension"}, may_change=True)
    fusionpbx.event_socket.drops.append(Drop("flush_inbound_reg", "before"))
    carry_out(suspend(customer=maple, by="eve", why="overdue", now=NOW), now=NOW)
    assert order().state == "told"
    broken_off = len(fusionpbx.event_socket.commands)

    carry_out([order()], now=NOW + timedelta(minutes=5))

    assert order().state == "done"
    told = fusionpbx.event_socket.commands[broken_off:]
    extensions = fusionpbx.switchboard.by_name[TENANT].extensions
    assert sum("flush_inbound_reg" in command for command in told) == len(extensions)
