"""What goes wrong on the way to the switch, and what it has done all the same."""

import httpx
import pytest

from simulators.faults import Fault
from simulators.vodia import Simulator
from tests.simulators.vodia.conftest import MAPLE

DOMAIN = f"/rest/domain/{MAPLE}"
DISABLE = {"type": "accounts", "action": "disable_selected", "selected": "8300"}


def is_disabled(client: httpx.Client) -> bool:
    return bool(client.get(f"{DOMAIN}/user_settings/8300").json()["disabled"] == "true")


def test_too_many_requests(fresh: Simulator, admin: httpx.Client) -> None:
    fresh.faults.add(Fault("status", match="/cdrs", status=429, seconds=3))
    answer = admin.get(f"{DOMAIN}/cdrs")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert admin.get(f"{DOMAIN}/cdrs").status_code == 200


def test_a_truncated_page_of_calls(fresh: Simulator, admin: httpx.Client) -> None:
    fresh.faults.add(Fault("truncate", match="/cdrs"))
    with pytest.raises(httpx.RemoteProtocolError):
        admin.get(f"{DOMAIN}/cdrs")


@pytest.mark.parametrize(("kind", "is_done"), [("timeout_before", False), ("timeout_after", True)])
def test_an_order_without_an_answer_may_be_done_or_not(
    fresh: Simulator, admin: httpx.Client, kind: str, is_done: bool
) -> None:
    told = httpx.post(f"{fresh.url}/_control/faults", json=[{"kind": kind, "match": "domain_action"}])
    assert told.status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        admin.post(f"{DOMAIN}/domain_action", json=DISABLE)
    assert is_disabled(admin) is is_done


def test_switches_turn_over_the_network(fresh: Simulator, admin: httpx.Client) -> None:
    for name, arguments in (
        ("arrives", {"count": 2, "after_pages": 1}),
        ("times", {"style": "float"}),
        ("paging", {"first_page": 1, "max_size": 5}),
        ("keep_days", {"days": 7}),
        ("ignores_orders", {}),
    ):
        assert httpx.post(f"{fresh.url}/_control/{name}", json=arguments).status_code == 200, name
    first, second = (admin.get(f"{DOMAIN}/cdrs?page={page}&size=100").json() for page in (1, 2))
    assert len(first) == 5
    assert first[3:] == second[:2]
    assert isinstance(first[0]["start"], float)
    admin.post(f"{DOMAIN}/domain_action", json=DISABLE)
    assert not is_disabled(admin)
    assert httpx.post(f"{fresh.url}/_control/ignores_orders", json={"is_so": False}).status_code == 200
    assert httpx.post(f"{fresh.url}/_control/account", json={"tenant": MAPLE, "account": "1"}).status_code == 400
