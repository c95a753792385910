"""Tenants, extensions and DIDs, as releases list them."""

from simulators.faults import Fault
from simulators.vodia import Simulator
from tests.connectors.vodia.sites import LIGHTS, MAPLE, connector_at
from tollbook.connectors.base import PlatformNumber, State


def test_a_tenant_is_a_customer(vodia: Simulator) -> None:
    customers = {one.foreign_id: one for one in connector_at(vodia).customers()}
    assert customers[LIGHTS].name == "Harbour Lights Dental"
    assert customers[LIGHTS].state is State.ACTIVE


def test_an_extension_is_an_account_named_with_its_tenant(vodia: Simulator) -> None:
    vodia.set_account(LIGHTS, "203", disabled="true")
    accounts = {one.code: one for one in connector_at(vodia).accounts([LIGHTS])}
    assert list(accounts) == [f"{number}@{LIGHTS}" for number in range(200, 208)]
    assert accounts[f"201@{LIGHTS}"].numbers == ("+14165550101", "+14165550150")
    assert accounts[f"201@{LIGHTS}"].name == "Bram Vandermeer"
    assert (accounts[f"203@{LIGHTS}"].state, accounts[f"203@{LIGHTS}"].state_word) == (State.BLOCKED, "disabled")
    assert accounts[f"204@{LIGHTS}"].state is State.ACTIVE


def test_groups_are_accounts_when_the_setting_says_so(vodia: Simulator) -> None:
    accounts = connector_at(vodia, account_types="extensions, hunts,attendants").accounts([LIGHTS])
    assert [one.code for one in accounts][-2:] == [f"600@{LIGHTS}", f"700@{LIGHTS}"]


def test_a_state_that_the_list_leaves_out_is_asked_for(vodia: Simulator) -> None:
    vodia.set_account(LIGHTS, "200", disabled="true")
    vodia.faults.add(
        Fault(
            "status", match="/users", status=200, body='{"accounts": [{"account": 200, "usertype": "extensions"}]}'
        )
    )
    (account,) = connector_at(vodia).accounts([LIGHTS])
    assert (account.code, account.state) == (f"200@{LIGHTS}", State.BLOCKED)


def test_a_did_is_on_its_extension_and_one_of_a_group_on_no_account(vodia: Simulator) -> None:
    numbers = {one.number: one for one in connector_at(vodia).numbers([MAPLE])}
    assert numbers["+16045550100"] == PlatformNumber(
        number="+16045550100", customer_id=MAPLE, account_id=f"8300@{MAPLE}"
    )
    assert numbers["+16045550198"] == PlatformNumber(number="+16045550198", customer_id=MAPLE)


def test_older_releases_list_extensions_elsewhere(vodia: Simulator) -> None:
    vodia.faults.add(Fault("status", match="/users", status=404))
    assert len(list(connector_at(vodia).accounts([LIGHTS]))) == 8
