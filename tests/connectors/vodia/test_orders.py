"""Suspension is done when the PBX shows it: `{}` proves nothing. What was before comes back, and only that."""

from collections.abc import Iterator

import pytest

from simulators.faults import Fault
from simulators.vodia import Simulator
from simulators.vodia.people import RESTRICTED_PLAN
from tests.connectors.vodia.sites import LIGHTS, QUAY, connector_at
from tollbook.connectors.base import Order, Standing, State, Target, Verb
from tollbook.connectors.errors import ConnectorError, ForAPerson, NeedsAttention
from tollbook.connectors.vodia.connector import VodiaConnector
from tollbook.errors import BadInput

ACCOUNT, CUSTOMER, TRUNK = Target.ACCOUNT, Target.CUSTOMER, Target.TRUNK
INES, BRAM = f"200@{LIGHTS}", f"201@{LIGHTS}"
PLAN = {"restricted_plan": RESTRICTED_PLAN}
BY_PLAN = {"suspend_by": "dial_plan", **PLAN}
BY_TRUNK = {"suspend_by": "trunk"}
ACTIVE = Standing(state=State.ACTIVE)
WAYS = ("accounts", "trunk", "dial_plan")


def suspend(connector: VodiaConnector, target: Target, id: str, *, outbound_only: bool = False) -> None:
    order = Order(verb=Verb.SUSPEND, target=target, foreign_id=id, is_outbound_only=outbound_only)
    assert connector.carry_out(order) == id


def resume(connector: VodiaConnector, target: Target, id: str) -> None:
    assert connector.carry_out(Order(verb=Verb.RESUME, target=target, foreign_id=id)) == id


def disabled(vodia: Simulator, tenant: str = LIGHTS) -> list[str]:
    return [one.number for one in vodia.switch.tenant(tenant).extensions if one.is_disabled]


def trunks_off(vodia: Simulator, tenant: str = LIGHTS) -> list[int]:
    return [one.id for one in vodia.switch.tenant(tenant).trunks if one.is_disabled]


def plan_of(vodia: Simulator, account: str = "") -> str:
    tenant = vodia.switch.tenant(LIGHTS)
    if not account:
        return tenant.settings.get("default_dialplan", "Standard")
    found = tenant.account(account)
    assert found is not None
    return found.settings.get("dial_plan", "")


def state(vodia: Simulator) -> tuple[list[str], list[int], list[str]]:
    """All that a suspension could change at a tenant."""
    extensions = [one.number for one in vodia.switch.tenant(LIGHTS).extensions]
    return disabled(vodia), trunks_off(vodia), [plan_of(vodia), *(plan_of(vodia, one) for one in extensions)]


def writes(vodia: Simulator) -> Iterator[str]:
    for entry in vodia.faults.requests()["log"]:
        if entry["method"] == "POST":
            yield f"{entry['path']} {entry['body']}"


# --- accounts


def test_an_extension_is_disabled_and_enabled_again(vodia: Simulator) -> None:
    connector = connector_at(vodia)
    suspend(connector, ACCOUNT, INES)
    assert disabled(vodia) == ["200"]
    assert connector.standing(ACCOUNT, INES) == Standing(state=State.SUSPENDED, state_word="disabled")
    resume(connector, ACCOUNT, INES)
    assert disabled(vodia) == []
    assert connector.standing(ACCOUNT, INES) == ACTIVE
    assert vodia.switch.cleared == []


def test_telephones_are_signed_off_when_the_setting_says_so(vodia: Simulator) -> None:
    suspend(connector_at(vodia, drop_registrations="yes"), ACCOUNT, INES)
    assert vodia.switch.cleared == [INES]


def test_an_answer_of_nothing_proves_nothing(vodia: Simulator) -> None:
    """The PBX answers `{}` and does nothing: only the standing tells."""
    vodia.ignores_orders()
    connector = connector_at(vodia)
    suspend(connector, ACCOUNT, INES)
    assert connector.standing(ACCOUNT, INES) == ACTIVE
    vodia.ignores_orders(is_so=False)
    suspend(connector, ACCOUNT, INES)
    assert connector.standing(ACCOUNT, INES).state is State.SUSPENDED
    vodia.ignores_orders()
    resume(connector, ACCOUNT, INES)
    assert connector.standing(ACCOUNT, INES).state is State.SUSPENDED


def test_outgoing_calls_alone_are_stopped_by_a_dial_plan_and_the_old_one_comes_back(vodia: Simulator) -> None:
    vodia.set_account(LIGHTS, "201", dial_plan="Long & far=yes")
    connector = connector_at(vodia, **PLAN)
    for account, before in ((INES, ""), (BRAM, "Long & far=yes")):
        number = account.partition("@")[0]
        for _ in range(2):  # the second time, what is there is our own plan: not to be kept as the old one
            suspend(connector, ACCOUNT, account, outbound_only=True)
            assert plan_of(vodia, number) == RESTRICTED_PLAN
        standing = connector.standing(ACCOUNT, account)
        assert (standing.state, standing.is_outbound_only, standing.state_word) == (
            *(State.SUSPENDED, True, RESTRICTED_PLAN),
        )
        for _ in range(2):
            resume(connector, ACCOUNT, account)
            assert plan_of(vodia, number) == before
        assert connector.standing(ACCOUNT, account) == ACTIVE
    assert disabled(vodia) == []


def test_without_a_restricted_plan_outgoing_calls_alone_cannot_be_stopped(vodia: Simulator) -> None:
    connector = connector_at(vodia)
    assert not connector.order_powers().outbound_only
    with pytest.raises(ForAPerson, match="restricted_plan"):
        suspend(connector, ACCOUNT, INES, outbound_only=True)
    with pytest.raises(BadInput, match="restricted_plan"):
        connector_at(vodia, suspend_by="dial_plan")
    assert list(writes(vodia)) == []


def test_a_plan_that_could_not_be_given_back_is_not_taken_away(vodia: Simulator) -> None:
    """The PBX drops settings that it does not know, or all: then nothing is changed."""
    vodia.ignores_orders()
    connector = connector_at(vodia, **PLAN)
    with pytest.raises(NeedsAttention, match="memory_key"):
        suspend(connector, ACCOUNT, INES, outbound_only=True)
    assert not any("dial_plan" in write for write in writes(vodia))


def test_where_nothing_is_kept_the_usual_plan_is_given_back(vodia: Simulator) -> None:
    vodia.set_account(LIGHTS, "200", dial_plan="Old")
    connector = connector_at(vodia, memory_key="-", usual_plan="Standard", **PLAN)
    suspend(connector, ACCOUNT, INES, outbound_only=True)
    resume(connector, ACCOUNT, INES)
    assert plan_of(vodia, "200") == "Standard"


# --- a whole tenant


def settings_of(way: str) -> dict[str, str]:
    return {"suspend_by": way, **PLAN}


@pytest.mark.parametrize("way", WAYS)
def test_a_tenant_is_suspended_and_everything_comes_back(vodia: Simulator, way: str) -> None:
    vodia.set_account(LIGHTS, "202", dial_plan="International")
    before = state(vodia)
    connector = connector_at(vodia, **settings_of(way))
    for _ in range(2):
        suspend(connector, CUSTOMER, LIGHTS)
        standing = connector.standing(CUSTOMER, LIGHTS)
        assert (standing.state, standing.is_settled) == (State.SUSPENDED, True)
        assert standing.is_outbound_only == (way == "dial_plan")
    off = {"accounts": (8, 0), "trunk": (0, 2), "dial_plan": (0, 0)}[way]
    assert (len(disabled(vodia)), len(trunks_off(vodia))) == off
    assert disabled(vodia, QUAY) == []
    for _ in range(2):
        resume(connector, CUSTOMER, LIGHTS)
        assert state(vodia) == before
        assert connector.standing(CUSTOMER, LIGHTS) == ACTIVE
    assert vodia.switch.tenant(LIGHTS).settings.get("tollbook") == ""


@pytest.mark.parametrize("way", WAYS)
def test_what_somebody_had_disabled_before_stays_disabled(vodia: Simulator, way: str) -> None:
    """Extension 203 and the second trunk were off before the customer ran out of money."""
    vodia.set_account(LIGHTS, "203", disabled="true")
    vodia.set_trunk(LIGHTS, 2, is_disabled=True)
    connector = connector_at(vodia, **settings_of(way))
    for _ in range(2):
        suspend(connector, CUSTOMER, LIGHTS)
    resume(connector, CUSTOMER, LIGHTS)
    assert (disabled(vodia), trunks_off(vodia)) == (["203"], [2])
    assert connector.standing(CUSTOMER, LIGHTS) == ACTIVE


def test_an_extension_that_is_disabled_while_the_trunks_are_off_stays_disabled(vodia: Simulator) -> None:
    """It was broken into, say: that the customer has paid does not mend it."""
    connector = connector_at(vodia, **BY_TRUNK)
    suspend(connector, CUSTOMER, LIGHTS)
    vodia.set_account(LIGHTS, "203", disabled="true")
    resume(connector, CUSTOMER, LIGHTS)
    assert (disabled(vodia), trunks_off(vodia)) == (["203"], [])
    assert connector.standing(CUSTOMER, LIGHTS) == ACTIVE


def test_the_way_may_be_changed_while_a_tenant_is_suspended(vodia: Simulator) -> None:
    before = state(vodia)
    for way in WAYS:
        suspend(connector_at(vodia, **settings_of(way)), CUSTOMER, LIGHTS)
    assert (len(disabled(vodia)), len(trunks_off(vodia)), plan_of(vodia)) == (8, 2, RESTRICTED_PLAN)
    resume(connector_at(vodia, **settings_of("accounts")), CUSTOMER, LIGHTS)
    assert state(vodia) == before


def test_an_account_suspended_by_itself_stays_so_when_its_customer_is_resumed(vodia: Simulator) -> None:
    connector = connector_at(vodia, **BY_PLAN)
    suspend(connector, ACCOUNT, INES, outbound_only=True)
    suspend(connector, CUSTOMER, LIGHTS)
    resume(connector, CUSTOMER, LIGHTS)
    assert connector.standing(CUSTOMER, LIGHTS) == ACTIVE
    assert connector.standing(ACCOUNT, INES).state is State.SUSPENDED
    resume(connector, ACCOUNT, INES)
    assert connector.standing(ACCOUNT, INES) == ACTIVE


@pytest.mark.parametrize("way", WAYS)
def test_a_suspension_that_broke_off_is_finished_by_the_next_try(vodia: Simulator, way: str) -> None:
    """Whichever request fails, what was before is known, and comes back."""
    for number in range(200, 204):
        vodia.set_account(LIGHTS, str(number), dial_plan="International")
    vodia.set_account(LIGHTS, "207", disabled="true")
    before = state(vodia)
    connector = connector_at(vodia, **settings_of(way))
    vodia.faults.reset()
    suspend(connector, CUSTOMER, LIGHTS)
    requests = len(vodia.faults.requests()["log"])
    resume(connector, CUSTOMER, LIGHTS)
    for fault in range(requests):
        vodia.faults.set([Fault("status", after=fault, status=500, times=2)])
        with pytest.raises(ConnectorError):
            suspend(connector, CUSTOMER, LIGHTS)
        vodia.faults.set([])
        suspend(connector, CUSTOMER, LIGHTS)
        assert connector.standing(CUSTOMER, LIGHTS).state is State.SUSPENDED
        resume(connector, CUSTOMER, LIGHTS)
        assert state(vodia) == before, f"after a failure of request {fault}"


@pytest.mark.parametrize("way", WAYS)
def test_a_resumption_that_broke_off_is_finished_by_the_next_try(vodia: Simulator, way: str) -> None:
    for number in range(200, 204):
        vodia.set_account(LIGHTS, str(number), dial_plan="International")
    vodia.set_account(LIGHTS, "207", disabled="true")
    before = state(vodia)
    connector = connector_at(vodia, **settings_of(way))
    suspend(connector, CUSTOMER, LIGHTS)
    vodia.faults.reset()
    resume(connector, CUSTOMER, LIGHTS)
    requests = len(vodia.faults.requests()["log"])
    for fault in range(requests):
        suspend(connector, CUSTOMER, LIGHTS)
        vodia.faults.set([Fault("status", after=fault, status=500, times=2)])
        with pytest.raises(ConnectorError):
            resume(connector, CUSTOMER, LIGHTS)
        vodia.faults.set([])
        resume(connector, CUSTOMER, LIGHTS)
        assert state(vodia) == before, f"after a failure of request {fault}"
        assert connector.standing(CUSTOMER, LIGHTS) == ACTIVE


def test_what_was_before_is_kept_until_everything_is_back(vodia: Simulator) -> None:
    """The PBX answers the first resumption with `{}` and enables nobody."""
    vodia.set_account(LIGHTS, "203", disabled="true")
    connector = connector_at(vodia)
    suspend(connector, CUSTOMER, LIGHTS)
    vodia.faults.add(Fault("status", match="/domain_action", status=200, body="{}"))
    resume(connector, CUSTOMER, LIGHTS)
    assert connector.standing(CUSTOMER, LIGHTS).state is State.SUSPENDED
    resume(connector, CUSTOMER, LIGHTS)
    assert disabled(vodia) == ["203"]


def test_a_tenant_that_is_suspended_in_part_is_not_settled(vodia: Simulator) -> None:
    """Somebody enabled two extensions by hand: it is said, and the next order mends it."""
    connector = connector_at(vodia)
    suspend(connector, CUSTOMER, LIGHTS)
    for number in ("200", "201"):
        vodia.set_account(LIGHTS, number, disabled="false")
    standing = connector.standing(CUSTOMER, LIGHTS)
    assert (standing.state, standing.is_settled) == (State.ACTIVE, False)
    assert standing.says == "in part only: 202, 203, 204, 205, 206, 207 disabled"
    suspend(connector, CUSTOMER, LIGHTS)
    assert connector.standing(CUSTOMER, LIGHTS).state is State.SUSPENDED
    resume(connector, CUSTOMER, LIGHTS)
    assert disabled(vodia) == []


def test_an_extension_with_a_plan_of_its_own_is_seen_to_escape_the_tenants(vodia: Simulator) -> None:
    connector = connector_at(vodia, **BY_PLAN)
    suspend(connector, CUSTOMER, LIGHTS)
    vodia.set_account(LIGHTS, "205", dial_plan="International")
    standing = connector.standing(CUSTOMER, LIGHTS)
    assert (standing.state, standing.is_settled) == (State.ACTIVE, False)
    assert standing.says == "outgoing calls go on from 205"


def test_a_tenants_orders_that_are_ignored_are_seen(vodia: Simulator) -> None:
    vodia.ignores_orders()
    with pytest.raises(NeedsAttention, match="memory_key"):
        suspend(connector_at(vodia), CUSTOMER, LIGHTS)
    forgetful = connector_at(vodia, memory_key="-")
    suspend(forgetful, CUSTOMER, LIGHTS)
    assert forgetful.standing(CUSTOMER, LIGHTS) == ACTIVE


def test_many_extensions_are_named_in_few_orders(vodia: Simulator) -> None:
    suspend(connector_at(vodia), CUSTOMER, LIGHTS)
    acts = [write for write in writes(vodia) if "domain_action" in write]
    assert len(acts) == 1
    assert '"selected":"200 201 202 203 204 205 206 207"' in acts[0].replace(": ", ":")


# --- trunks


def test_a_trunk_is_disabled_and_enabled_again(vodia: Simulator) -> None:
    connector = connector_at(vodia)
    trunk = f"1@{LIGHTS}"
    for _ in range(2):
        suspend(connector, TRUNK, trunk)
        assert (trunks_off(vodia), connector.standing(TRUNK, trunk).state) == ([1], State.SUSPENDED)
    resume(connector, TRUNK, trunk)
    assert (trunks_off(vodia), connector.standing(TRUNK, trunk)) == ([], ACTIVE)


def test_a_trunk_that_others_use_is_left_alone(vodia: Simulator) -> None:
    shared = '[{"id": 1, "name": "all", "disabled": "false", "global": "true"}]'
    vodia.faults.add(Fault("status", match="/domain_trunks", status=200, body=shared, times=None))
    with pytest.raises(NeedsAttention, match="no trunk '1' of its own"):
        suspend(connector_at(vodia), TRUNK, f"1@{LIGHTS}")
    with pytest.raises(ForAPerson, match="no trunk of its own"):
        suspend(connector_at(vodia, **BY_TRUNK), CUSTOMER, LIGHTS)
    assert not any("dis" in write for write in writes(vodia))


# --- what there is not

NOBODY = {
    "an extension without a tenant": (ACCOUNT, "200"),
    "an extension nobody has": (ACCOUNT, f"999@{LIGHTS}"),
    "two extensions in one name": (ACCOUNT, f"200 201@{LIGHTS}"),
    "an extension by a way round": (ACCOUNT, f"999/../200@{LIGHTS}"),
    "a tenant nobody has": (CUSTOMER, "nobody.example.ca"),
    "a trunk without a tenant": (TRUNK, "1"),
    "a trunk nobody has": (TRUNK, f"99@{LIGHTS}"),
}


@pytest.mark.parametrize("case", NOBODY)
def test_orders_for_nobody_are_errors_and_change_nothing(vodia: Simulator, case: str) -> None:
    target, id = NOBODY[case]
    for verb in (Verb.SUSPEND, Verb.RESUME):
        with pytest.raises(NeedsAttention):
            connector_at(vodia).carry_out(Order(verb=verb, target=target, foreign_id=id))
    with pytest.raises(NeedsAttention):
        connector_at(vodia).standing(target, id)
    assert list(writes(vodia)) == []


def test_making_accounts_is_for_a_person(vodia: Simulator) -> None:
    with pytest.raises(ForAPerson, match="do it on the PBX"):
        connector_at(vodia).carry_out(Order(verb=Verb.CREATE, target=ACCOUNT))


def test_what_can_be_told_is_said_without_asking(vodia: Simulator) -> None:
    powers = connector_at(vodia, **BY_PLAN).order_powers()
    assert powers.targets == {CUSTOMER, ACCOUNT, TRUNK}
    assert powers.outbound_only
    assert powers.keeps_emergency
    assert not powers.cuts_calls
    assert RESTRICTED_PLAN in powers.remark
    assert "calls in progress go on" in powers.remark
    by_accounts = connector_at(vodia).order_powers()
    assert not by_accounts.keeps_emergency
    assert not by_accounts.outbound_only
    assert vodia.faults.requests()["log"] == []
