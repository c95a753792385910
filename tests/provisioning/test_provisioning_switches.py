"""Accounts of paired customers are made at Vodia and FusionPBX, once, whatever answer is lost on the way."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection as database
from psycopg.conninfo import make_conninfo

from simulators import vodia
from simulators.faults import Fault, Kind
from simulators.fusionpbx import Simulator as FusionPbx
from tests.jobs.fee_office import add_customer, add_product
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.connections.models import Connection
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, AccountLink, AccountState, Extension, Number, Pairing
from tollbook.customers.operations.service_passwords import kept
from tollbook.jobs.provision_accounts import WAITS, provision_due
from tollbook.jobs.spread_changes import spread_changes
from tollbook.provisioning.models import ProvisioningOrder, State, Verb
from tollbook.provisioning.operations import ask_for_accounts, set_policy

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LIGHTS, MAPLE = "harbourlights.example.ca", "maple.example.ca"
DID = 15195550177
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
def pbx() -> Iterator[vodia.Simulator]:
    with vodia.Simulator() as opened:
        yield opened


@pytest.fixture
def at_vodia(db: None, pbx: vodia.Simulator, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    return set_connection(
        name="pbx",
        kind="vodia",
        settings={
            "url": pbx.url,
            "login": pbx.login,
            "attempts": "1",
            "retry_wait_s": "0",
            "timeout_s": "2",
        },
        secrets={"password": Secret(pbx.password)},
    )


@pytest.fixture
def fusionpbx(db: None) -> Iterator[FusionPbx]:
    where = database.get_connection_params()
    dsn = make_conninfo(host=where["host"], port=where["port"], user=where["user"], dbname="postgres")
    with FusionPbx(dsn, generation="5.3", name=f"fusionpbx_provisioned_{WORKER}") as opened:
        yield opened


@pytest.fixture
def at_fusionpbx(fusionpbx: FusionPbx, tmp_path: Path, settings: LazySettings) -> Connection:
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
            "esl_host": fusionpbx.event_socket.host,
            "esl_port": str(fusionpbx.event_socket.port),
        },
        secrets={
            "db_password": Secret(fusionpbx.password),
            "control_password": Secret(fusionpbx.control_password),
            "esl_password": Secret(fusionpbx.event_socket.password),
        },
    )


def desk(pbx: Connection, tenant: str) -> Account:
    """A new line with extension 2190 of a customer who is that tenant."""
    set_policy(connection=pbx, is_on=True)
    customer = add_customer("meridian")
    Pairing.objects.create(
        customer=customer, connection=pbx, foreign_id=tenant, decided_at=NOW, decided_by="me", why="known"
    )
    account = Account.objects.create(
        customer=customer,
        product=add_product("line"),
        code="ph1x2190",
        name="Reception",
        service_secret=kept("S3rviceSecret"),
    )
    Extension.objects.create(customer=customer, number="2190", account=account, name="Reception")
    return account


def provision(pbx: Connection, at: datetime = NOW) -> tuple[str, str]:
    """Spread what changed, carry out what is due; what is wanted now and how it stands."""
    spread_changes(now=at)
    provision_due(pbx, now=at)
    order = ProvisioningOrder.objects.exclude(state=State.SUPERSEDED).get()
    return order.verb, order.state


def until_done(pbx: Connection) -> list[str]:
    """Its states, try by try, as time goes by."""
    moment, states = NOW, list[str]()
    for wait in WAITS[:4]:
        states.append(provision(pbx, moment)[1])
        moment += wait
    return states


def rows(fusionpbx: FusionPbx) -> list[tuple[str, str, str]]:
    found = fusionpbx.store.rows("SELECT * FROM v_extensions WHERE extension = '2190'")
    return [(row["effective_caller_id_name"], row["password"], row["enabled"]) for row in found]


@pytest.mark.parametrize("match", ["addacc", "user_settings/2190"])
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "truncate"])
def test_whatever_answer_of_vodia_is_lost_one_extension_is_made(
    pbx: vodia.Simulator, at_vodia: Connection, match: str, kind: Kind
) -> None:
    account = desk(at_vodia, LIGHTS)
    pbx.faults.add(Fault(kind, match=match, times=2, seconds=0.0))
    states = until_done(at_vodia)
    assert states[-1] == State.DONE
    assert len(set(states)) > 1  # an answer was lost
    [extension] = [one for one in pbx.switch.tenant(LIGHTS).accounts if one.number == "2190"]
    assert extension.settings["display_name"] == "Reception"
    assert AccountLink.objects.get(account=account).foreign_id == f"2190@{LIGHTS}"


def test_at_fusionpbx_an_account_is_made_changed_and_ended(fusionpbx: FusionPbx, at_fusionpbx: Connection) -> None:
    account = desk(at_fusionpbx, MAPLE)
    assert provision(at_fusionpbx) == (Verb.CREATE, State.DONE)
    assert rows(fusionpbx) == [("Reception", "S3rviceSecret", "true")]
    assert AccountLink.objects.get(account=account).foreign_id == f"2190@{MAPLE}"

    Account.objects.filter(pk=account.pk).update(name="Desk")
    assert provision(at_fusionpbx) == (Verb.CHANGE, State.DONE)
    assert rows(fusionpbx) == [("Desk", "S3rviceSecret", "true")]

    Account.objects.filter(pk=account.pk).update(state=AccountState.TERMINATED)
    assert provision(at_fusionpbx) == (Verb.END, State.DONE)
    assert rows(fusionpbx) == [("Desk", "S3rviceSecret", "false")]


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_a_switch_that_is_lost_after_the_rows_makes_no_second_extension(
    fusionpbx: FusionPbx, at_fusionpbx: Connection, when: str
) -> None:
    account = desk(at_fusionpbx, MAPLE)
    fusionpbx.event_socket.drop("memcache", when)  # type: ignore[arg-type]
    assert until_done(at_fusionpbx)[-1] == State.DONE
    assert rows(fusionpbx) == [("Reception", "S3rviceSecret", "true")]
    assert AccountLink.objects.filter(account=account).count() == 1


def test_a_number_at_fusionpbx_is_for_a_person_who_tries_again(
    fusionpbx: FusionPbx, at_fusionpbx: Connection
) -> None:
    account = desk(at_fusionpbx, MAPLE)
    Number.objects.create(account=account, digits=DID)
    assert provision(at_fusionpbx) == (Verb.CREATE, State.FOR_A_PERSON)
    assert f"{DID} is missing" in Alarm.objects.get(kind=AlarmKind.ORDER_FOR_A_PERSON).text
    assert rows(fusionpbx) == [("Reception", "S3rviceSecret", "true")]

    did = fusionpbx.store.rows("SELECT destination_uuid FROM v_destinations ORDER BY 1 LIMIT 1")[0]
    domain = fusionpbx.switchboard.by_name[MAPLE].uuid
    routed = {"domain_uuid": domain, "destination_number": str(DID), "destination_prefix": None}
    fusionpbx.store.change(
        "v_destinations",
        did["destination_uuid"],
        routed | {"destination_area_code": None, "destination_enabled": True},
    )
    ask_for_accounts([account.pk], by="me", now=NOW)
    assert provision(at_fusionpbx)[1] == State.DONE
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_an_extension_that_somebody_made_at_fusionpbx_stays_theirs(
    fusionpbx: FusionPbx, at_fusionpbx: Connection
) -> None:
    account = desk(at_fusionpbx, MAPLE)
    Extension.objects.filter(account=account).update(number="2112")  # Maple's own desk
    before = fusionpbx.store.rows("SELECT * FROM v_extensions ORDER BY 1")
    assert provision(at_fusionpbx) == (Verb.CREATE, State.FOR_A_PERSON)
    assert "was not made for account ph1x2190" in ProvisioningOrder.objects.get().reason
    assert fusionpbx.store.rows("SELECT * FROM v_extensions ORDER BY 1") == before
    assert not AccountLink.objects.filter(account=account).exists()


def test_by_rest_an_account_is_for_a_person(fusionpbx: FusionPbx, at_fusionpbx: Connection) -> None:
    set_connection(
        name="pbx",
        kind="fusionpbx",
        settings={"usage_from": "rest", "rest_url": fusionpbx.url},
        secrets={"api_token": Secret(fusionpbx.token)},
        may_change=True,
    )
    at_fusionpbx.refresh_from_db()
    desk(at_fusionpbx, MAPLE)
    assert provision(at_fusionpbx) == (Verb.CREATE, State.FOR_A_PERSON)
    assert "set usage_from to database" in ProvisioningOrder.objects.get().reason
