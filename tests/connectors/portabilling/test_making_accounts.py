"""Accounts made and changed at PortaBilling."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulators.portabilling import Simulator
from tests.connectors.making_accounts import changed, made, other_numbers
from tests.connectors.portabilling.platform import MERIDIAN, connector
from tollbook.connectors.errors import ForAPerson
from tollbook.connectors.portabilling.connector import PortaBillingConnector
from tollbook.connectors.secret import Secret
from tollbook.connectors.wanted import WantedAccount

LINE = WantedAccount(
    customer_id=MERIDIAN,
    code="ph46170x4665",
    product="Extension PLN",
    name="Reception",
    extension="4665",
    is_published=True,
    email="reception@example.com",
    numbers=("12094555948", "12094555949"),
    secret=Secret("S3rviceSecret"),
)


@pytest.fixture
def platform() -> Iterator[Simulator]:
    with Simulator() as opened:
        yield opened


@pytest.fixture
def north(platform: Simulator) -> Iterator[PortaBillingConnector]:
    opened = connector(platform)
    yield opened
    opened.close()


def test_what_is_made_is_what_was_wanted(platform: Simulator, north: PortaBillingConnector) -> None:
    i_account = made(north, LINE)
    row = platform.books.accounts[int(i_account)]
    assert (row["id"], row["product_name"], row["billing_model"], row["h323_password"]) == (
        "ph46170x4665",
        "Extension PLN",
        1,
        "S3rviceSecret",
    )
    assert (row["extension_id"], row["extension_name"], row["published"]) == ("4665", "Reception", "Y")
    assert {alias["id"] for alias in platform.books.aliases(int(i_account))} == set(LINE.numbers)


def test_each_fact_is_changed_alone(north: PortaBillingConnector) -> None:
    id = made(north, LINE)
    line = LINE
    for fact, value in {
        "email": "desk@example.com",
        "name": "Front desk",
        "extension": "4666",
        "is_published": False,
        "code": "ph46170x4666",
        "product": "Home Voice PLN",
    }.items():
        line = replace(line, **{fact: value})  # type: ignore[arg-type]
        changed(north, line, id, {fact})
    changed(north, replace(line, secret=Secret("An0therSecret")), id, {"secret"})


def test_numbers_that_it_was_told_are_taken_off_and_others_are_left(
    platform: Simulator, north: PortaBillingConnector
) -> None:
    id = made(north, LINE)
    account = platform.books.accounts[int(id)]
    platform.books.accounts[99] = account | {
        "i_account": 99,
        "id": "4822",
        "i_master_account": int(id),
        "billing_model": 2,
    }
    changed(north, other_numbers(LINE, "12094555949", "12094555950"), id, {"numbers"})
    assert {alias["id"] for alias in platform.books.aliases(int(id))} == {"12094555949", "12094555950", "4822"}


def test_it_is_ended_for_good(platform: Simulator, north: PortaBillingConnector) -> None:
    id = made(north, LINE)
    changed(north, replace(LINE, is_ended=True), id, {"state"})
    assert platform.books.accounts[int(id)]["bill_status"] == "C"


def test_what_only_a_person_can_settle(north: PortaBillingConnector) -> None:
    with pytest.raises(ForAPerson, match="no product is called 'Gold'"):
        north.bring_account(replace(LINE, product="Gold"), None)
    made(north, LINE)
    with pytest.raises(ForAPerson, match="extension 4665 of customer 46170 is another account's there"):
        north.bring_account(replace(LINE, code="ph46170x1", numbers=()), None)
