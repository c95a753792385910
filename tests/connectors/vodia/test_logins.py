"""Three ways to log in; what is wrong with a login is said with the way out."""

import pytest

from simulators.faults import Fault
from simulators.vodia import Simulator
from simulators.vodia.sessions import Login
from tests.connectors.contract import fetch
from tests.connectors.vodia.sites import LIGHTS, MAPLE, connector_at, scope, site
from tollbook.connectors.base import Feature
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.secret import Secret
from tollbook.connectors.vodia.connector import VodiaConnector

STYLES: tuple[Login, ...] = ("basic", "session", "old")


@pytest.mark.parametrize("style", STYLES)
def test_each_release_is_logged_into_in_its_own_way(style: Login) -> None:
    with Simulator(login=style) as vodia:
        connector = connector_at(vodia, login_style=style)
        assert len(list(connector.customers())) == 6
        assert [check for check in connector.test() if not check.is_ok] == []


@pytest.mark.parametrize("style", STYLES)
def test_the_test_says_which_way_would_be_taken(style: Login) -> None:
    other = STYLES[STYLES.index(style) - 1]
    with Simulator(login=style) as vodia:
        (failed,) = [check for check in connector_at(vodia, login_style=other).test() if not check.is_ok]
    assert failed.name == "log in"
    assert f"login_style to {style}" in failed.next_step


@pytest.mark.parametrize("style", ["session", "old"])
def test_a_session_that_ends_in_the_middle_is_opened_again(style: Login) -> None:
    with Simulator(login=style) as vodia:
        whole = fetch(connector_at(vodia, login_style=style, page_size="40"), [scope(LIGHTS)]).lines
        for after in (3, 6):
            vodia.faults.add(Fault("expire_session", match="/cdrs?", after=after))
        disturbed = fetch(connector_at(vodia, login_style=style, page_size="40"), [scope(LIGHTS)])
    assert disturbed.failed == []
    assert disturbed.lines == whole


def test_a_token_that_ran_out_is_fetched_anew() -> None:
    """It lives ten seconds; here a fifth of one, and the second step is late once."""
    with Simulator(login="session", token_seconds=0.2) as vodia:
        vodia.faults.add(Fault("slow", match='"value"', seconds=0.4))
        assert len(list(connector_at(vodia, login_style="session").customers())) == 6


def test_tokens_that_always_run_out_are_a_matter_of_time() -> None:
    with Simulator(login="session", token_seconds=0) as vodia:
        connector = connector_at(vodia, login_style="session")
        with pytest.raises(TryAgainLater, match="each lives ten seconds"):
            list(connector.customers())


def test_403_everywhere_means_that_api_access_is_not_ticked(vodia: Simulator) -> None:
    vodia.denies_api()
    failed = [check for check in connector_at(vodia).test() if not check.is_ok]
    assert [check.name for check in failed] == ["log in"]
    assert "tick API access" in failed[0].next_step
    (lost,) = fetch(connector_at(vodia), [scope(LIGHTS)]).failed
    assert isinstance(lost.error, NeedsAttention)
    assert "tick API access" in str(lost.error)


def test_a_tenants_own_administrator_has_that_tenant_alone(vodia: Simulator) -> None:
    login, password = vodia.tenant_login(LIGHTS)
    connector = VodiaConnector(site(vodia.url, login, password))
    assert [(one.foreign_id, one.name) for one in connector.customers()] == [(LIGHTS, "Harbour Lights Dental")]
    assert {account.customer_id for account in connector.accounts()} == {LIGHTS}
    fetched = fetch(connector, [scope(LIGHTS), scope(MAPLE)])
    assert [done.records for done in fetched.finished] == [250]
    assert "API access" in str(fetched.failed[0].error)
    again = VodiaConnector(site(vodia.url, login, password))
    assert [check for check in again.test() if not check.is_ok] == []


def test_an_extensions_login_is_refused_with_a_next_step(vodia: Simulator) -> None:
    login, password = vodia.extension_login(LIGHTS, "200")
    failed = [check for check in VodiaConnector(site(vodia.url, login, password)).test() if not check.is_ok]
    assert failed
    assert "tick API access" in failed[0].next_step


def test_what_is_no_pbx_is_said_before_any_password_is_sent(vodia: Simulator) -> None:
    vodia.faults.add(Fault("wrong_type", times=None))
    failed = [check for check in connector_at(vodia).test() if not check.is_ok]
    assert [check.name for check in failed] == ["reach"]
    assert [entry["method"] for entry in vodia.faults.requests()["log"]] == ["GET"] * len(
        vodia.faults.requests()["log"]
    )


def test_the_test_warns_how_long_calls_are_kept(vodia: Simulator) -> None:
    steps = {check.name: check for check in connector_at(vodia).test()}
    assert list(steps) == [
        *("reach", "log in", "customers", "accounts", "numbers", "trunks", "usage", "retention", "orders"),
    ]
    assert steps["retention"].says == "calls are kept for 7d (cdr_keep): collect at least once a day"
    assert steps["accounts"].says == f"10 accounts at {LIGHTS}"


def test_a_part_that_is_refused_is_named_and_the_others_are_tried(vodia: Simulator) -> None:
    vodia.faults.add(Fault("status", match="/domain_trunks", status=403, times=None))
    failed = [check for check in connector_at(vodia).test() if not check.is_ok]
    assert [check.name for check in failed] == ["trunks"]


def test_nothing_of_a_login_is_in_what_is_shown() -> None:
    connector = VodiaConnector(site(password="correct horse"))
    assert Feature.PUSH in connector.offers
    assert "correct horse" not in repr(vars(connector)) + repr(Secret("correct horse"))
