"""Tenants, accounts, DIDs and trunks, and what orders change, or only seem to."""

from typing import Any

import httpx
import pytest

from simulators.vodia import Simulator
from tests.simulators.vodia.conftest import MAPLE

DOMAIN = f"/rest/domain/{MAPLE}"


def act(client: httpx.Client, action: str, selected: str) -> httpx.Response:
    return client.post(
        f"{DOMAIN}/domain_action", json={"type": "accounts", "action": action, "selected": selected}
    )


def disabled(client: httpx.Client) -> list[str]:
    return [one["account"] for one in client.get(f"{DOMAIN}/users").json() if one["disabled"] == "true"]


def trunk(client: httpx.Client) -> dict[str, Any]:
    found: list[dict[str, Any]] = client.get(f"{DOMAIN}/domain_trunks").json()
    return found[0]


def test_six_tenants_with_six_to_ten_extensions(client: httpx.Client) -> None:
    tenants = client.get("/rest/system/domains").json()
    assert len(tenants) == 6
    for tenant in tenants:
        assert 6 <= len(client.get(f"/rest/domain/{tenant['name']}/extensions").json()) <= 10


def test_accounts_by_kind_and_by_number(client: httpx.Client) -> None:
    assert {one["usertype"] for one in client.get(f"{DOMAIN}/users").json()} == {
        "extensions",
        "hunts",
        "attendants",
    }
    assert [one["account"] for one in client.get(f"{DOMAIN}/users?usertype=hunts").json()] == ["600"]
    assert [one["account"] for one in client.get(f"{DOMAIN}/extensions?account=8301").json()] == ["8301"]
    assert client.get(f"{DOMAIN}/userlist/extensions").json() == client.get(f"{DOMAIN}/extensions").json()


def test_a_did_is_an_alias_of_its_account(admin: httpx.Client) -> None:
    settings = admin.get(f"{DOMAIN}/user_settings/8301").json()
    assert settings["alias"] == "+16045550101 +16045550150"
    of_tenant, of_system = admin.get(f"{DOMAIN}/did").json(), admin.get("/rest/system/did").json()
    assert {"did": "+16045550150", "domain": MAPLE, "account": "8301", "type": "extensions"} in of_tenant
    assert [one for one in of_system if one["domain"] == MAPLE] == of_tenant
    assert admin.post(f"{DOMAIN}/did", json={"did": "+16045550150", "account": "8303"}).json() == {}
    assert admin.get(f"{DOMAIN}/user_settings/8301").json()["alias"] == "+16045550101"
    assert admin.get(f"{DOMAIN}/user_settings/8303").json()["alias"] == "+16045550150"


def test_settings_are_merged(admin: httpx.Client) -> None:
    admin.post(f"{DOMAIN}/settings", json={"default_dialplan": "Emergency only"})
    settings = admin.get(f"{DOMAIN}/settings").json()
    assert (settings["default_dialplan"], settings["tz"]) == ("Emergency only", "America/Vancouver")
    admin.post(f"{DOMAIN}/user_settings/8302", json={"dial_plan": "Emergency only"})
    admin.put(f"{DOMAIN}/user_settings/8302", json={"disabled": "true"})
    settings = admin.get(f"{DOMAIN}/user_settings/8302").json()
    assert (settings["dial_plan"], settings["disabled"]) == ("Emergency only", "true")


def test_selected_accounts_are_disabled_and_enabled(admin: httpx.Client) -> None:
    assert act(admin, "disable_selected", "8300 8301").json() == {}
    assert disabled(admin) == ["8300", "8301"]
    assert act(admin, "enable_selected", "8300").json() == {}
    assert disabled(admin) == ["8301"]


def test_registrations_are_dropped(fresh: Simulator, admin: httpx.Client) -> None:
    act(admin, "clear_reg", "8300")
    assert fresh.switch.cleared == [f"8300@{MAPLE}"]


@pytest.mark.parametrize(("action", "selected"), [("disable_selected", "9999"), ("shout", "8300")])
def test_the_answer_is_empty_though_nothing_changed(admin: httpx.Client, action: str, selected: str) -> None:
    answer = act(admin, action, selected)
    assert (answer.status_code, answer.json()) == (200, {})
    assert disabled(admin) == []


def test_a_trunk_is_switched_off_and_on(admin: httpx.Client) -> None:
    id = trunk(admin)["id"]
    assert admin.post(f"{DOMAIN}/domain_trunks?trunk={id}", json={"dis": "true"}).json() == {}
    assert (trunk(admin)["disabled"], trunk(admin)["status1"]) == ("true", "")
    admin.post(f"{DOMAIN}/domain_trunks?trunk={id}", json={"dis": "false"})
    assert trunk(admin)["disabled"] == "false"
    assert admin.post(f"{DOMAIN}/domain_trunks?trunk=99", json={"dis": "true"}).status_code == 404


def test_a_switch_may_say_yes_and_do_nothing(fresh: Simulator, admin: httpx.Client) -> None:
    fresh.ignores_orders()
    id = trunk(admin)["id"]
    assert act(admin, "disable_selected", "8300").json() == {}
    assert admin.post(f"{DOMAIN}/domain_trunks?trunk={id}", json={"dis": "true"}).json() == {}
    assert admin.post(f"{DOMAIN}/user_settings/8300", json={"disabled": "true"}).json() == {}
    assert admin.post(f"{DOMAIN}/settings", json={"bill_plan": "gold"}).json() == {}
    assert disabled(admin) == []
    assert trunk(admin)["disabled"] == "false"
    assert admin.get(f"{DOMAIN}/settings").json()["bill_plan"] == ""


def test_somebody_changes_things_by_hand(fresh: Simulator, admin: httpx.Client) -> None:
    control = {"tenant": MAPLE, "account": "8300", "disabled": "true"}
    assert httpx.post(f"{fresh.url}/_control/account", json=control).status_code == 200
    fresh.set_trunk(MAPLE, trunk(admin)["id"], True)
    assert disabled(admin) == ["8300"]
    assert trunk(admin)["disabled"] == "true"


def test_what_is_not_there_is_a_404(client: httpx.Client) -> None:
    for path in ("/rest/domain/nowhere.example/cdrs", f"{DOMAIN}/stats", f"{DOMAIN}/user_settings/9999", "/other"):
        assert client.get(path).status_code == 404, path
