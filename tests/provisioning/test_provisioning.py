"""Accounts of paired customers are made and changed at their platform, once, whatever goes wrong on the way."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from simulators.faults import Fault, Kind
from simulators.portabilling import Simulator
from tests.connectors.portabilling.platform import MERIDIAN
from tests.jobs.fee_office import add_customer, add_product
from tollbook.alarms.models import Alarm, AlarmKind
from tollbook.connections.models import Connection
from tollbook.connections.operations import open_connector, set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.actors import staff
from tollbook.customers.models import Account, AccountLink, AccountState, Customer, Extension, Number, Pairing
from tollbook.customers.operations.service_passwords import kept
from tollbook.errors import BadInput
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.open_account import open_account
from tollbook.jobs.provision_accounts import WAITS, provision_due
from tollbook.jobs.spread_changes import spread_changes
from tollbook.jobs.sync import sync
from tollbook.provisioning.models import ProvisioningOrder, State, Verb
from tollbook.provisioning.operations import ask_for_accounts, set_policy, try_again

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DID = 12094555948


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as opened:
        yield opened


@pytest.fixture
def platform(simulator: Simulator) -> Iterator[Simulator]:
    rows = {id: dict(row) for id, row in simulator.books.accounts.items()}
    yield simulator
    simulator.books.accounts = rows
    simulator.faults.reset()


@pytest.fixture
def north(db: None, platform: Simulator, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path
    made = set_connection(
        name="north",
        kind="portabilling",
        settings={
            "url": platform.url(),
            "login": platform.login,
            "attempts": "1",
            "retry_wait_s": "0",
            "timeout_s": "1",
        },
        secrets={"token": Secret(platform.token)},
    )
    set_policy(connection=made, is_on=True, products={"line": "Extension PLN", "trunk": "Company Voice PLN"})
    return made


@pytest.fixture
def meridian(north: Connection) -> Customer:
    customer = add_customer("meridian")
    Pairing.objects.create(
        customer=customer, connection=north, foreign_id=MERIDIAN, decided_at=NOW, decided_by="me", why="known"
    )
    return customer


@pytest.fixture
def desk(meridian: Customer) -> Account:
    """A new line with extension 4665 and a number."""
    line = add_product("line")
    add_product("trunk")
    add_product("fax")
    account = Account.objects.create(
        customer=meridian,
        product=line,
        code="ph46170x4665",
        name="Reception",
        email="desk@example.com",
        service_secret=kept("S3rviceSecret"),
    )
    Extension.objects.create(customer=meridian, number="4665", account=account, name="Reception")
    Number.objects.create(account=account, digits=DID)
    return account


def provision(north: Connection, at: datetime = NOW) -> list[tuple[str, str]]:
    """Spread what changed, carry out what is due; what is wanted now and how it stands."""
    spread_changes(now=at)
    provision_due(north, now=at)
    return list(
        ProvisioningOrder.objects.exclude(state=State.SUPERSEDED).order_by("pk").values_list("verb", "state")
    )


def rows(platform: Simulator, code: str = "ph46170x4665") -> list[dict[str, object]]:
    return [row for row in platform.books.accounts.values() if row["id"] == code]


def test_a_new_account_is_made_there_linked_and_known_to_the_sync(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    assert provision(north) == [(Verb.CREATE, State.DONE)]
    [row] = rows(platform)
    assert (row["i_customer"], row["product_name"], row["extension_id"], row["h323_password"]) == (
        int(MERIDIAN),
        "Extension PLN",
        "4665",
        "S3rviceSecret",
    )
    assert rows(platform, str(DID))[0]["i_master_account"] == row["i_account"]
    link = AccountLink.objects.get(account=desk)
    assert (link.foreign_id, link.foreign_customer_id) == (str(row["i_account"]), MERIDIAN)

    north.account_product = "fax"
    north.save()
    connector = open_connector(north)
    sync(north, connector, now=NOW)
    connector.close()
    assert AccountLink.objects.filter(foreign_id=link.foreign_id).count() == 1
    assert not Account.objects.filter(code__startswith="ph46170x4665").exclude(pk=desk.pk).exists()


def test_a_change_here_is_made_there_and_what_is_so_is_not_told(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    provision(north)
    desk.email = "front@example.com"
    desk.save()
    Number.objects.filter(account=desk).delete()
    Number.objects.create(account=desk, digits=DID + 1)
    assert provision(north) == [(Verb.CHANGE, State.DONE)]
    assert rows(platform)[0]["email"] == "front@example.com"
    assert (rows(platform, str(DID)), len(rows(platform, str(DID + 1)))) == ([], 1)

    desk.details = {"note": "nothing that the platform has"}
    desk.save()
    orders = ProvisioningOrder.objects.count()
    provision(north)
    assert ProvisioningOrder.objects.count() == orders


def test_the_newest_wish_counts(platform: Simulator, north: Connection, desk: Account) -> None:
    ask_for_accounts([desk.pk], by="me", now=NOW)
    desk.email = "front@example.com"
    desk.save()
    ask_for_accounts([desk.pk], by="me", now=NOW)
    assert provision(north) == [(Verb.CREATE, State.DONE)]
    assert list(ProvisioningOrder.objects.order_by("pk").values_list("state", flat=True)) == ["superseded", "done"]
    assert rows(platform)[0]["email"] == "front@example.com"


def test_a_terminated_account_is_ended_there(platform: Simulator, north: Connection, desk: Account) -> None:
    provision(north)
    desk.state = AccountState.TERMINATED
    desk.save()
    assert provision(north) == [(Verb.END, State.DONE)]
    assert rows(platform) == []  # its row is kept there under another name


def test_the_extension_of_an_account_that_ended_there_is_free_for_the_next(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    provision(north)
    terminate_account(actor=staff("ann"), account=desk, now=NOW)
    after = open_account(
        actor=staff("ann"), customer=desk.customer, product=desk.product, extension="4665", code="next", now=NOW
    )
    assert provision(north) == [(Verb.END, State.DONE), (Verb.CREATE, State.DONE)]
    assert rows(platform, after.code)[0]["extension_id"] == "4665"


TOLD = ("add_account", "add_customer_extension", "add_alias")


@pytest.mark.parametrize("match", [*TOLD, "get_account_info", "get_alias_list", "get_extensions_list"])
@pytest.mark.parametrize("kind", ["timeout_before", "timeout_after", "truncate"])
def test_whatever_is_lost_on_the_way_nothing_is_made_twice(
    platform: Simulator, north: Connection, desk: Account, match: str, kind: Kind
) -> None:
    platform.faults.add(Fault(kind, match=match, times=1, seconds=0.0))
    moment, states = NOW, []
    for wait in WAITS[:3]:
        states.append(provision(north, moment)[0][1])
        moment += wait
    assert states[-1] == State.DONE
    assert len(rows(platform)) == len(rows(platform, str(DID))) == 1
    assert AccountLink.objects.filter(account=desk).count() == 1


def test_a_platform_that_stays_away_is_tried_for_hours_then_an_alarm(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    platform.faults.add(Fault("status", match="/rest/", times=None, status=503))
    moment = NOW
    for wait in WAITS:
        assert provision(north, moment) == [(Verb.CREATE, State.WAITING)]
        assert provision_due(north, now=moment) == 0
        moment += wait
    assert provision(north, moment) == [(Verb.CREATE, State.FAILED)]
    assert moment - NOW > timedelta(hours=15)
    assert "given up after 11 tries" in Alarm.objects.get(kind=AlarmKind.ORDER_FAILED).text

    platform.faults.reset()
    try_again(ProvisioningOrder.objects.get(), by="me", now=moment)
    assert provision(north, moment) == [(Verb.CREATE, State.DONE)]
    assert not Alarm.objects.filter(cleared_at=None).exists()


def test_what_only_a_person_can_do_is_said(platform: Simulator, north: Connection, desk: Account) -> None:
    Account.objects.update(product_id=add_product("modem").pk)
    assert provision(north) == [(Verb.CREATE, State.FOR_A_PERSON)]
    order = ProvisioningOrder.objects.get()
    assert "tollbook provisioning policy north --product modem=NAME" in order.reason
    with_name = "the product has a name there now, so the order that is tried wants it"
    set_policy(connection=north, products={"modem": "Extension PLN"})
    tried = try_again(order, by="me", now=NOW)
    assert (tried.pk != order.pk, tried.wanted["product"]) == (True, "Extension PLN"), with_name
    assert provision(north) == [(Verb.CREATE, State.DONE)]
    assert rows(platform)[0]["product_name"] == "Extension PLN"


def test_a_name_that_is_somebody_else_s_there_is_not_taken(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    other = next(row for row in platform.books.accounts.values() if str(row["i_customer"]) == "46173")
    Account.objects.filter(pk=desk.pk).update(code=other["id"])
    assert provision(north) == [(Verb.CREATE, State.FOR_A_PERSON)]
    assert "belongs to 46173 instead of 46170" in ProvisioningOrder.objects.get().reason
    assert not AccountLink.objects.filter(account=desk).exists()


def test_an_account_there_that_nobody_here_knows_is_not_changed(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    other = next(row for row in platform.books.accounts.values() if str(row["i_customer"]) == MERIDIAN)
    before = dict(other)
    Account.objects.filter(pk=desk.pk).update(code=other["id"])
    assert provision(north) == [(Verb.CREATE, State.FOR_A_PERSON)]
    assert "is there already, and nobody here knows it" in ProvisioningOrder.objects.get().reason
    assert platform.books.accounts[other["i_account"]] == before


def test_a_wish_after_a_lost_answer_finds_what_was_made(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    platform.faults.add(Fault("timeout_after", match="add_account", times=1))
    assert provision(north) == [(Verb.CREATE, State.TOLD)]
    desk.email = "front@example.com"
    desk.save()
    ask_for_accounts([desk.pk], by="me", now=NOW)
    assert provision(north) == [(Verb.CREATE, State.DONE)]
    assert [row["email"] for row in rows(platform)] == ["front@example.com"]


def test_nothing_is_asked_for_where_it_is_off_or_the_customer_is_not_paired(
    platform: Simulator, north: Connection, desk: Account
) -> None:
    stranger = add_customer("stranger")
    Account.objects.create(customer=stranger, product=desk.product, code="s1")
    set_policy(connection=north, is_on=False)
    assert provision(north) == []
    set_policy(connection=north, is_on=True)
    ask_for_accounts(Account.objects.values_list("pk", flat=True), by="me", now=NOW)
    assert [order.account for order in ProvisioningOrder.objects.all()] == [desk]


def test_a_platform_where_accounts_cannot_be_made_says_so(db: None) -> None:
    drop = Connection.objects.create(name="drop")
    with pytest.raises(BadInput, match="accounts cannot be made"):
        set_policy(connection=drop, is_on=True)
