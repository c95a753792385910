"""Customers, accounts and numbers of the simulated platforms, beside the operators' own customers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators import metroport, portabilling
from simulators.faults import Fault, Kind
from simulators.metroport import users
from simulators.metroport.operator import customers_csv as metroport_customers
from simulators.portabilling.operator import customers_csv as portabilling_customers
from tests.connectors.metroport.sites import connector_at
from tests.connectors.portabilling.platform import connector as portabilling_connector
from tests.jobs.accounts_diary import everything as all_accounts
from tests.jobs.test_sync_customers import everything as all_customers
from tollbook.catalog.models import Product
from tollbook.connections.models import Connection
from tollbook.connectors.base import Connector
from tollbook.customers.customer_sheet import read_customer_sheet
from tollbook.customers.models import Account, AccountLink, Customer, ForeignCustomer, Number
from tollbook.customers.operations import import_customers, pair
from tollbook.jobs.sync import sync
from tollbook.jobs.sync_report import Deed, SyncReport

NOW = datetime(2017, 7, 3, 8, tzinfo=UTC)
ALONE = {
    users.DASHED_NIP,
    users.OTHER_DASHES,
    users.NIP_WITH_COUNTRY,
    users.PESEL_WITH_BLANKS,
    users.IDENTITY_CARD_ONLY,
    users.SOLE_TRADER,
    *range(users.FIRST_ORDINARY, users.OWN_OFFICE),
}
Books = Callable[[str], None]


@pytest.fixture
def books(db: None, tmp_path: Path) -> Books:
    """`books(csv)` are the operator's own customers."""

    def import_(text: str) -> None:
        sheet = tmp_path / "customers.csv"
        sheet.write_text(text, encoding="utf-8")
        import_customers(sheet=read_customer_sheet(sheet))

    return import_


@pytest.fixture
def mvno(books: Books) -> Iterator[metroport.Simulator]:
    books(metroport_customers(id_cards=True))
    with metroport.Simulator() as simulator:
        yield simulator


@pytest.fixture
def switch(books: Books) -> Iterator[portabilling.Simulator]:
    books(portabilling_customers())
    with portabilling.Simulator() as simulator:
        yield simulator


def connection(name: str, **rules: str) -> Connection:
    Product.objects.create(code="voice", name="Voice")
    return Connection.objects.create(name=name, kind=name, account_product="voice", number_rules=rules)


def synced(source: Connection, connector: Connector, **options: bool) -> list[SyncReport]:
    return sync(source, connector, now=NOW, **options)  # type: ignore[arg-type]


def standing(name: str) -> set[int]:
    return {int(id) for id in ForeignCustomer.objects.filter(standing=name).values_list("foreign_id", flat=True)}


def paired() -> dict[str, str]:
    return dict(Customer.objects.exclude(pairings=None).values_list("pairings__foreign_id", "code"))


@pytest.mark.req("L2")
def test_metroport_users_are_paired_by_keys_and_every_doubt_is_said(mvno: metroport.Simulator) -> None:
    source, connector = connection("mvno", country="PL"), connector_at(mvno)
    customers, _ = synced(source, connector)
    assert customers.is_complete
    assert standing("paired") == ALONE
    assert standing("conflict") == {
        users.TOWN_HALL,
        users.SCHOOL,
        users.KEYS_DISAGREE,
        users.TWINS_AT_OPERATOR,
        users.WRONG_NIP,
        users.WRONG_PESEL,
    }
    assert standing("suggested") == {users.NO_IDENTIFIER, users.ZERO_NIP}
    assert standing("unmatched") == {users.UNKNOWN_TO_OPERATOR}
    for line in customers.lines:
        if line.deed == Deed.CONFLICT:
            assert line.there
            assert line.here
            assert "tollbook pairing pair mvno" in line.next_step

    # By hand, by the id and by the code; then nothing is left to be said of these.
    school = Customer.objects.get(name="Szkoła Podstawowa w Dolnej Wsi")
    hall = Customer.objects.get(name="Urząd Gminy Dolna Wieś")
    for customer, text in ((school, str(users.SCHOOL)), (hall, f"M{users.TOWN_HALL + 70_000}")):
        pair(customer=customer, connection=source, foreign=text, by="ann", why="by phone", now=NOW)
    synced(source, connector)
    assert standing("paired") == ALONE | {users.TOWN_HALL, users.SCHOOL}
    assert {users.TOWN_HALL, users.SCHOOL}.isdisjoint(standing("conflict"))


@pytest.mark.req("L3")
def test_metroport_cards_of_paired_users_are_accounts(mvno: metroport.Simulator) -> None:
    source, connector = connection("mvno", country="PL"), connector_at(mvno)
    shop = Customer.objects.get(name="Piekarnia Złoty Rogal Sp. z o.o.")
    theirs = [card for card in mvno.mobiles if card.userid == users.DASHED_NIP and card.status == "active"]
    own = Account.objects.create(
        customer=shop, code="rogal-1", product=Product.objects.create(code="old", name="Old")
    )
    Number.objects.create(account=own, digits=int(theirs[0].number))
    synced(source, connector)

    known = [card for card in mvno.mobiles if card.userid in ALONE]
    here = {str(card.id) for card in known if card.status in ("new", "active", "blocked", "deleted")}
    links = {link.foreign_id: link.account for link in AccountLink.objects.select_related("account")}
    assert links.keys() == here
    assert links[str(theirs[0].id)] == own
    for card in known:
        if card.status_confirmed and str(card.id) in here:
            state = {"new": "active", "deleted": "terminated"}.get(card.status, card.status)
            assert links[str(card.id)].state == state
        if card.status == "deleted" and not card.status_confirmed:  # still in use, so its calls find it
            assert links[str(card.id)].state == "active"

    card = theirs[1]
    mvno.change_mobile(card.id, status="blocked", status_confirmed=0)
    synced(source, connector)
    assert Account.objects.get(links__foreign_id=card.id).state == "active"
    mvno.change_mobile(card.id, status_confirmed=1)
    synced(source, connector)
    blocked = Account.objects.get(links__foreign_id=card.id)
    assert (blocked.state, blocked.blocked_by) == ("blocked", "platform")
    mvno.change_mobile(card.id, status="deleted")
    synced(source, connector)
    assert Account.objects.get(links__foreign_id=card.id).state == "terminated"
    assert not Number.objects.filter(digits=int(card.number), active_until=None).exists()


def test_portabilling_customers_accounts_and_numbers(switch: portabilling.Simulator) -> None:
    source, connector = connection("north"), portabilling_connector(switch)
    reports = synced(source, connector)
    assert [(report.part, report.error) for report in reports] == [
        ("customers", ""),
        ("accounts", ""),
        ("numbers", ""),
    ]
    assert {46185, 46186, 46187, 46182} <= standing("conflict")
    assert {46188, 46189, 46207} <= standing("suggested")
    assert {46190, 46205, 46208} <= standing("unmatched")
    found = paired()
    assert (found["46195"], found["46197"], found["2147490001"]) == ("oakum", "nordlicht", "big")
    assert found["46204"] == "szczypior"
    assert Account.objects.filter(customer__code="meridian", state="active").exists()
    ours = set(found)
    theirs = set(AccountLink.objects.values_list("foreign_customer_id", flat=True))
    assert theirs <= ours


@pytest.mark.parametrize("platform", ["mvno", "switch"])
def test_syncing_twice_changes_nothing(platform: str, request: pytest.FixtureRequest) -> None:
    simulator = request.getfixturevalue(platform)
    if platform == "mvno":
        source, connector = connection("mvno", country="PL"), connector_at(simulator)
    else:
        source, connector = connection("north"), portabilling_connector(simulator)  # type: ignore[assignment]
    tried = synced(source, connector, dry_run=True)
    assert ForeignCustomer.objects.count() == 0
    done = synced(source, connector)
    assert [report.lines for report in tried] == [report.lines for report in done]
    before = all_customers() + all_accounts()
    again = synced(source, connector)
    assert not any(report.has_changes for report in again)
    assert all_customers() + all_accounts() == before


@pytest.mark.parametrize("kind", ["status", "truncate"])
def test_a_fetch_that_fails_changes_nothing_that_was_there(mvno: metroport.Simulator, kind: Kind) -> None:
    source, connector = connection("mvno", country="PL"), connector_at(mvno)
    synced(source, connector)
    before = all_customers() + all_accounts()
    for path in ("/Users/users", "/Mvno/Mobiles"):
        mvno.faults.add(Fault(kind, match=path, times=None))
    reports = synced(source, connector)
    assert not any(report.is_complete for report in reports)
    assert all_customers() + all_accounts() == before
