"""Customers, accounts and numbers as the platform has them, and telling it what to do with them."""

from collections.abc import Iterator

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from tests.connectors.portabilling.platform import connector, methods_called
from tollbook.connectors.base import Order, PlatformCustomer, PlatformNumber, State, Target, Verb
from tollbook.connectors.errors import NeedsAttention, NotOffered
from tollbook.connectors.portabilling.connector import PortaBillingConnector
from tollbook.connectors.portabilling.people import (
    account_state,
    customer_state,
    identities,
    number_in,
    to_account,
)
from tollbook.connectors.portabilling.schemas import AccountInfo, Alias, CustomerInfo


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture
def opened(platform: Simulator) -> Iterator[PortaBillingConnector]:
    made = connector(platform)
    yield made
    made.close()


def test_a_customer(opened: PortaBillingConnector) -> None:
    customers = {one.foreign_id: one for one in opened.customers()}
    assert customers["46170"] == PlatformCustomer(
        foreign_id="46170",
        code="Meridian Cargo",
        name="Meridian Cargo sp. z o.o.",
        state=State.ACTIVE,
        state_word="O",
        identities=(("nip", "1001230754"),),
        email="customer46170@customers.example",
        street="ul. Wymyślona 1",
        postcode="90-001",
        city="Łódź",
        country="PL",
        currency="PLN",
        timezone="Europe/Warsaw",
    )
    assert customers["46202"].name == "Kalina Jarzębina"
    assert customers["46183"].foreign_id == "46183"  # text at the platform
    assert customers["2147490001"].identities == (("vat_id", "GB900015299"),)
    assert "46209" not in customers  # a reseller
    states = {id: customers[id].state for id in ("46181", "46182", "46184")}
    assert states == {"46181": State.SUSPENDED, "46182": State.CLOSED, "46184": State.BLOCKED}


def test_resellers_are_customers_where_that_is_wanted(platform: Simulator) -> None:
    with_resellers = connector(platform, customer_types="1,2")
    assert "46209" in {one.foreign_id for one in with_resellers.customers()}
    with_resellers.close()


@pytest.mark.parametrize(
    ("tax_id", "country", "found"),
    [
        ("1001230754", "PL", "nip"),
        ("100-123-22-62", "PL", "nip"),
        ("PL1001233770", "PL", "nip"),
        ("72880803367", "PL", "pesel"),
        ("0000000000", "PL", "nip"),  # who checks numbers says that it is none
        ("GB 9000 15257", "GB", "vat_id"),
        ("de100012429", "DE", "vat_id"),
        ("1001230754", "GB", None),
        ("", "PL", None),
        ("n/a", "PL", None),
    ],
)
def test_a_tax_id_is_told_by_its_form_and_given_as_written(tax_id: str, country: str, found: str | None) -> None:
    assert identities(tax_id, country) == (((found, tax_id),) if found else ())


@pytest.mark.parametrize(
    ("bill_status", "blocked", "status", "state"),
    [
        ("O", "N", None, State.ACTIVE),
        ("O", "Y", "blocked", State.BLOCKED),
        ("S", "N", "suspended", State.SUSPENDED),
        ("S", "Y", "blocked", State.BLOCKED),
        ("C", "Y", "closed", State.CLOSED),
        ("D", "N", None, State.INACTIVE),
        ("E", "N", "exported", State.UNKNOWN),
        ("?", "N", None, State.UNKNOWN),
        (None, None, None, State.UNKNOWN),
    ],
)
def test_how_a_customer_stands(
    bill_status: str | None, blocked: str | None, status: str | None, state: State
) -> None:
    assert customer_state(CustomerInfo(bill_status=bill_status, blocked=blocked, status=status)) is state


@pytest.mark.parametrize(
    ("bill_status", "status", "state"),
    [
        ("O", None, State.ACTIVE),
        ("I", "inactive", State.INACTIVE),
        ("C", "closed", State.CLOSED),
        ("O", "customer_suspended", State.SUSPENDED),
        ("O", "customer_blocked", State.ACTIVE),  # it is the customer that is blocked
        ("O", "overdraft", State.ACTIVE),
    ],
)
def test_how_an_account_stands(bill_status: str, status: str | None, state: State) -> None:
    assert account_state(AccountInfo(bill_status=bill_status, blocked="N", status=status)) is state


def test_an_account_has_every_number_that_leads_to_it(opened: PortaBillingConnector) -> None:
    accounts = {one.code: one for one in opened.accounts(["46170"])}
    desk = accounts["ph46170x100"]
    assert desk.customer_id == "46170"
    assert desk.name == "Desk 100"
    assert desk.product == "Extension PLN"
    assert desk.numbers == ("48220000500",)  # its DID, which is an alias, too
    assert accounts["ph46170x101"].numbers == ()
    closed = accounts["ph46170x123-old000"]
    assert (closed.state, closed.numbers) == (State.CLOSED, ())


@pytest.mark.parametrize(
    ("id", "number"),
    [
        ("48500000000", "48500000000"),
        ("6808881050@msisdn", "6808881050"),
        ("+48220000500", "+48220000500"),
        ("ph46170x100", ""),
        ("48220000500-old000", ""),
        ("12", ""),
    ],
)
def test_the_number_in_an_account_id(id: str, number: str) -> None:
    assert number_in(id) == number


def test_aliases_that_come_with_the_account_are_its_numbers_too() -> None:
    info = AccountInfo(i_account="5", id="48220000500", alias_list=[Alias(id=48220000501), Alias(id="desk")])
    assert to_account(info, ["48220000501", "48220000502"]).numbers == (
        "48220000500",
        "48220000501",
        "48220000502",
    )


def test_numbers_in_stock_belong_to_nobody(opened: PortaBillingConnector) -> None:
    numbers = {one.number: one for one in opened.numbers()}
    assert numbers["48220009100"] == PlatformNumber(number="48220009100")
    assert numbers["48220009001"] == PlatformNumber(number="48220009001", customer_id="46170")
    assert numbers["48220000500"].account_id == "1000800"


# --- orders


def test_a_customer_is_blocked_and_unblocked(platform: Simulator, opened: PortaBillingConnector) -> None:
    def order(verb: Verb) -> State:
        opened.carry_out(Order(verb=verb, target=Target.CUSTOMER, foreign_id="46171"))
        return opened.standing(Target.CUSTOMER, "46171").state

    assert [order(Verb.SUSPEND), order(Verb.SUSPEND), order(Verb.RESUME)] == [
        State.BLOCKED,
        State.BLOCKED,
        State.ACTIVE,
    ]


def test_an_account_is_created_and_changed_with_the_apis_own_attributes(
    platform: Simulator, opened: PortaBillingConnector
) -> None:
    attributes = {"i_customer": 46171, "billing_model": 1, "i_product": 315, "id": "ph46171x900"}
    made = opened.carry_out(Order(verb=Verb.CREATE, target=Target.ACCOUNT, attributes=attributes))
    assert opened.standing(Target.ACCOUNT, made).state is State.ACTIVE
    change = Order(verb=Verb.CHANGE, target=Target.ACCOUNT, foreign_id=made, attributes={"email": "a@b.example"})
    assert opened.carry_out(change) == made
    assert platform.books.accounts[int(made)]["email"] == "a@b.example"


def test_a_block_whose_answer_was_lost_is_told_again(platform: Simulator, opened: PortaBillingConnector) -> None:
    platform.faults.add(Fault("timeout_after", match="update_account"))
    opened.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id="1000800"))
    assert opened.standing(Target.ACCOUNT, "1000800").state is State.BLOCKED
    assert methods_called(platform).count("Account/update_account") == 2


def test_what_the_platform_cannot_do_is_not_offered(opened: PortaBillingConnector) -> None:
    with pytest.raises(NotOffered, match="offers no orders for a trunk"):
        opened.carry_out(Order(verb=Verb.SUSPEND, target=Target.TRUNK, foreign_id="1"))
    outbound = Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id="1000800", is_outbound_only=True)
    with pytest.raises(NotOffered, match="for outgoing calls only"):
        opened.carry_out(outbound)
    with pytest.raises(NeedsAttention, match="there is no account 77, or the API user may not see it"):
        opened.standing(Target.ACCOUNT, "77")


# --- what the API user may do


@pytest.mark.parametrize(
    ("denied", "name", "without"),
    [
        ("Customer/get_customer_list", "customers", "no sync"),
        ("Customer/get_customer_info", "customer", "prices come without their currency"),
        ("Customer/get_customer_xdrs", "xDRs", "no usage"),
        ("Account/get_account_list", "accounts", "accounts cannot be synced"),
        ("DID/get_number_list", "numbers", "DIDs cannot be synced"),
    ],
)
def test_a_method_that_is_denied_is_named_with_what_to_grant(
    platform: Simulator, opened: PortaBillingConnector, denied: str, name: str, without: str
) -> None:
    platform.app.denied.add(denied)
    [check] = [one for one in opened.test() if not one.is_ok]
    assert check.name == name
    assert check.says.startswith(f"{denied} is denied: {without} (Server.")
    assert check.next_step == f"grant the API user's role the method {denied} on the platform"


def test_a_test_changes_nothing(platform: Simulator, opened: PortaBillingConnector) -> None:
    assert [check.name for check in opened.test()] == [
        "reach",
        "log in",
        "customers",
        "accounts",
        "numbers",
        "customer",
        "xDRs",
    ]
    reads = [method.partition("/")[2] for method in methods_called(platform)]
    assert all(method.startswith("get_") or method == "login" for method in reads)
