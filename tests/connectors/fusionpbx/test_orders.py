"""Suspension at FusionPBX, read back: a diary of each, in every generation where the tables' types matter."""

from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from simulators.fusionpbx import Simulator
from simulators.fusionpbx.tenants import Extension
from tests.connectors.fusionpbx.sites import connector_at, tell, with_switch
from tollbook.connectors.base import Order, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention, TryAgainLater
from tollbook.connectors.fusionpbx.connector import FusionPbxConnector

TENANT = "maple.example.ca"
DESK = f"2112@{TENANT}"
ROUTES = {"toll_allow_routes": "yes"}


def suspend(
    connector: FusionPbxConnector, target: Target, id: str, *, outbound: bool = False, cuts: bool = False
) -> Standing:
    order = Order(verb=Verb.SUSPEND, target=target, foreign_id=id, is_outbound_only=outbound, cuts_calls=cuts)
    assert connector.carry_out(order) == id
    return connector.standing(target, id)


def resume(connector: FusionPbxConnector, target: Target, id: str) -> Standing:
    assert connector.carry_out(Order(verb=Verb.RESUME, target=target, foreign_id=id)) == id
    return connector.standing(target, id)


def extensions(simulator: Simulator, tenant: str = TENANT) -> dict[str, dict[str, Any]]:
    rows = simulator.store.rows(
        "SELECT e.* FROM v_extensions e JOIN v_domains d USING (domain_uuid) WHERE domain_name = %s ORDER BY extension",
        tenant,
    )
    return {row["extension"]: row for row in rows}


def table(simulator: Simulator, name: str) -> list[dict[str, Any]]:
    query = {
        "v_extensions": "SELECT * FROM v_extensions ORDER BY 1",
        "v_gateways": "SELECT * FROM v_gateways ORDER BY 1",
    }
    return simulator.store.rows(query[name])


def gateway(simulator: Simulator, tenant: str = TENANT) -> str:
    return str(simulator.switchboard.by_name[tenant].gateway.uuid)


def on(simulator: Simulator) -> object:
    """What `enabled` holds when it is on."""
    return "true" if simulator.generation in {"5.2", "5.3"} else True


def off(simulator: Simulator) -> object:
    return "false" if simulator.generation in {"5.2", "5.3"} else False


# --- an extension


def test_an_extension_is_stopped_and_goes_on_in_every_generation(of_generation: Simulator) -> None:
    connector = connector_at(of_generation)
    before = table(of_generation, "v_extensions")

    assert suspend(connector, Target.ACCOUNT, DESK).state is State.SUSPENDED
    assert extensions(of_generation)["2112"]["enabled"] == off(of_generation)
    assert extensions(of_generation)["2113"]["enabled"] == on(of_generation)
    assert resume(connector, Target.ACCOUNT, DESK).state is State.ACTIVE
    assert extensions(of_generation)["2112"]["enabled"] == on(of_generation)
    assert [row | {"description": ""} for row in table(of_generation, "v_extensions")] == [
        row | {"description": ""} for row in before
    ]
    connector.close()


def test_outgoing_calls_alone_are_stopped_and_what_was_allowed_comes_back(of_generation: Simulator) -> None:
    connector = connector_at(of_generation, **ROUTES)
    before = table(of_generation, "v_extensions")

    stands = suspend(connector, Target.ACCOUNT, DESK, outbound=True)
    assert (stands.state, stands.is_outbound_only) == (State.SUSPENDED, True)
    held = extensions(of_generation)["2112"]
    assert held["enabled"] == on(of_generation)
    # "local,domestic,international" in hexadecimal: no route finds a word in it.
    assert held["toll_allow"] == ("local,tollbook.own:6c6f63616c2c646f6d65737469632c696e7465726e6174696f6e616c")
    assert resume(connector, Target.ACCOUNT, DESK).state is State.ACTIVE
    assert table(of_generation, "v_extensions") == before
    connector.close()


def test_a_whole_suspension_stays_whole_where_routes_test_toll_allow(own: Simulator) -> None:
    connector = connector_at(own, **ROUTES)

    suspend(connector, Target.CUSTOMER, TENANT, outbound=True)
    stands = suspend(connector, Target.CUSTOMER, TENANT)
    assert (stands.state, stands.is_outbound_only) == (State.SUSPENDED, False)
    stands = suspend(connector, Target.CUSTOMER, TENANT, outbound=True)
    assert (stands.state, stands.is_outbound_only) == (State.SUSPENDED, True)
    before = {number: one.toll_allow for number, one in by_number(own).items()}
    assert resume(connector, Target.CUSTOMER, TENANT).state is State.ACTIVE
    assert {number: row["toll_allow"] for number, row in extensions(own).items()} == before
    connector.close()


def by_number(simulator: Simulator) -> dict[str, Extension]:
    """The tenant's extensions as they were made."""
    return {one.extension: one for one in simulator.switchboard.by_name[TENANT].extensions}


def test_an_extension_whose_toll_allow_was_null_gets_it_back(own: Simulator) -> None:
    own.set_extension(extensions(own)["2112"]["extension_uuid"], toll_allow=None)
    connector = connector_at(own, **ROUTES)

    suspend(connector, Target.ACCOUNT, DESK, outbound=True)
    assert extensions(own)["2112"]["toll_allow"] == "local,tollbook.own:00"
    resume(connector, Target.ACCOUNT, DESK)
    assert extensions(own)["2112"]["toll_allow"] is None
    connector.close()


def test_outgoing_calls_alone_are_not_promised_where_routes_do_not_test_toll_allow(own: Simulator) -> None:
    connector = connector_at(own)

    assert not connector.order_powers().outbound_only
    with pytest.raises(NeedsAttention, match="set toll_allow_routes to yes"):
        suspend(connector, Target.ACCOUNT, DESK, outbound=True)
    assert connector_at(own, **ROUTES).order_powers().outbound_only
    connector.close()


# --- a customer


def test_a_tenant_is_stopped_by_its_extensions_and_those_off_before_stay_off(of_generation: Simulator) -> None:
    by_hand = extensions(of_generation)["2114"]
    of_generation.set_extension(by_hand["extension_uuid"], enabled=False)
    connector = connector_at(of_generation)

    assert suspend(connector, Target.CUSTOMER, TENANT).state is State.SUSPENDED
    assert suspend(connector, Target.CUSTOMER, TENANT).state is State.SUSPENDED
    rows = extensions(of_generation)
    assert {row["enabled"] for row in rows.values()} == {off(of_generation)}
    assert rows["2112"]["description"].endswith("[off by Tollbook: tenant]")
    assert rows["2114"]["description"] == by_hand["description"]
    assert {row["enabled"] for row in extensions(of_generation, "seaway.example.ca").values()} == {
        on(of_generation)
    }
    assert resume(connector, Target.CUSTOMER, TENANT).state is State.ACTIVE
    rows = extensions(of_generation)
    assert [number for number, row in rows.items() if row["enabled"] == off(of_generation)] == ["2114"]
    assert not any("Tollbook" in (row["description"] or "") for row in rows.values())
    connector.close()


def test_a_tenants_outgoing_calls_are_stopped_extension_by_extension(of_generation: Simulator) -> None:
    connector = connector_at(of_generation, **ROUTES)
    before = table(of_generation, "v_extensions")

    stands = suspend(connector, Target.CUSTOMER, TENANT, outbound=True)
    assert (stands.state, stands.is_outbound_only) == (State.SUSPENDED, True)
    assert {row["toll_allow"].partition(":")[0] for row in extensions(of_generation).values()} == {
        "local,tollbook.tenant"
    }
    assert resume(connector, Target.CUSTOMER, TENANT).state is State.ACTIVE
    assert table(of_generation, "v_extensions") == before
    connector.close()


def test_what_both_a_tenant_and_its_extension_are_stopped_by_goes_on_when_both_are_free(own: Simulator) -> None:
    connector = connector_at(own)

    suspend(connector, Target.ACCOUNT, DESK)
    suspend(connector, Target.CUSTOMER, TENANT)
    resume(connector, Target.CUSTOMER, TENANT)
    assert connector.standing(Target.ACCOUNT, DESK).state is State.SUSPENDED
    assert connector.standing(Target.ACCOUNT, f"2113@{TENANT}").state is State.ACTIVE
    suspend(connector, Target.CUSTOMER, TENANT)
    assert resume(connector, Target.ACCOUNT, DESK).state is State.SUSPENDED  # its tenant is, still
    assert resume(connector, Target.CUSTOMER, TENANT).state is State.ACTIVE
    assert connector.standing(Target.ACCOUNT, DESK).state is State.ACTIVE
    connector.close()


def test_an_extension_switched_on_by_hand_shows(own: Simulator) -> None:
    connector = connector_at(own)
    suspend(connector, Target.CUSTOMER, TENANT)

    own.set_extension(extensions(own)["2112"]["extension_uuid"], enabled=True)
    stands = connector.standing(Target.CUSTOMER, TENANT)
    assert stands.state is State.UNKNOWN
    assert stands.says == "8 of 9 extensions are stopped by Tollbook, the others are not"
    assert suspend(connector, Target.CUSTOMER, TENANT).state is State.SUSPENDED
    connector.close()


def test_a_tenant_whose_extensions_somebody_switched_off_is_for_a_person(own: Simulator) -> None:
    for row in extensions(own).values():
        own.set_extension(row["extension_uuid"], enabled=False)
    connector = connector_at(own)

    with pytest.raises(ForAPerson, match="switched off by somebody else"):
        resume(connector, Target.CUSTOMER, TENANT)
    connector.close()


def test_a_tenant_whose_extensions_are_each_stopped_by_orders_of_their_own_is_resumed(own: Simulator) -> None:
    connector = connector_at(own)
    for number in extensions(own):
        suspend(connector, Target.ACCOUNT, f"{number}@{TENANT}")

    connector.carry_out(Order(verb=Verb.RESUME, target=Target.CUSTOMER, foreign_id=TENANT))
    assert connector.standing(Target.ACCOUNT, DESK).state is State.SUSPENDED
    connector.close()


def test_a_tenant_may_be_stopped_as_a_domain(of_generation: Simulator) -> None:
    connector = connector_at(of_generation, suspend_by="domain")

    assert suspend(connector, Target.CUSTOMER, TENANT).state is State.SUSPENDED
    (row,) = of_generation.store.rows("SELECT domain_enabled FROM v_domains WHERE domain_name = %s", TENANT)
    assert row["domain_enabled"] is False
    assert resume(connector, Target.CUSTOMER, TENANT).state is State.ACTIVE
    connector.close()


def test_a_domain_that_is_off_cannot_be_stopped_for_outgoing_calls_alone(own: Simulator) -> None:
    connector = connector_at(own, suspend_by="domain", **ROUTES)
    suspend(connector, Target.CUSTOMER, TENANT)

    with pytest.raises(ForAPerson, match="resume the customer first"):
        suspend(connector, Target.CUSTOMER, TENANT, outbound=True)
    resume(connector, Target.CUSTOMER, TENANT)
    assert suspend(connector, Target.CUSTOMER, TENANT, outbound=True).is_outbound_only
    connector.close()


# --- gateways


def test_a_tenants_gateway_is_stopped_and_nobody_elses(of_generation: Simulator) -> None:
    connector = connector_at(of_generation, suspend_by="gateway")
    before = table(of_generation, "v_gateways")

    assert suspend(connector, Target.CUSTOMER, TENANT).state is State.SUSPENDED
    changed = [
        str(now["gateway_uuid"])
        for was, now in zip(before, table(of_generation, "v_gateways"), strict=True)
        if now["enabled"] != was["enabled"]
    ]
    assert changed == [gateway(of_generation)]
    assert resume(connector, Target.CUSTOMER, TENANT).state is State.ACTIVE
    connector.close()


def test_a_gateway_for_everybody_is_never_touched(own: Simulator) -> None:
    everybodys = str(own.switchboard.global_gateway.uuid)
    before = table(own, "v_gateways")
    connector = connector_at(own)

    with pytest.raises(ForAPerson, match="serves every tenant"):
        suspend(connector, Target.TRUNK, everybodys)
    tell_all = connector_at(own, suspend_by="gateway")
    suspend(tell_all, Target.CUSTOMER, TENANT)
    resume(tell_all, Target.CUSTOMER, TENANT)
    after = {str(row["gateway_uuid"]): row["enabled"] for row in table(own, "v_gateways")}
    assert after == {str(row["gateway_uuid"]): row["enabled"] for row in before}
    connector.close()
    tell_all.close()


def test_a_trunk_is_a_gateway_and_is_stopped_whole(own: Simulator) -> None:
    connector = connector_at(own, **ROUTES)

    assert suspend(connector, Target.TRUNK, gateway(own)).state is State.SUSPENDED
    assert resume(connector, Target.TRUNK, gateway(own)).state is State.ACTIVE
    with pytest.raises(ForAPerson, match="as a whole only"):
        suspend(connector, Target.TRUNK, gateway(own), outbound=True)
    connector.close()


# --- the running switch


def test_without_an_event_socket_it_takes_effect_when_the_cache_expires(own: Simulator) -> None:
    connector = connector_at(own)

    assert "cache expires" in suspend(connector, Target.ACCOUNT, DESK).says
    assert "cache expires" in connector.order_powers().remark
    assert not connector.order_powers().cuts_calls
    with pytest.raises(NeedsAttention, match="set esl_host"):
        suspend(connector, Target.ACCOUNT, DESK, cuts=True)
    connector.close()


def test_a_stopped_extension_is_forgotten_and_must_register_again(own: Simulator) -> None:
    own.switch.caches = True
    assert own.switch.register("2112", TENANT)
    connector = with_switch(own)

    assert suspend(connector, Target.ACCOUNT, DESK).says == ""
    assert ("2112", TENANT) not in own.switch.registrations
    assert not own.switch.register("2112", TENANT)
    resume(connector, Target.ACCOUNT, DESK)
    assert own.switch.register("2112", TENANT)
    assert f"api memcache delete directory:2112@{TENANT}" in own.event_socket.commands
    connector.close()


def test_an_extensions_cached_entry_has_its_context_and_its_alias(own: Simulator) -> None:
    rideau = next(row for row in extensions(own, "rideau.example.ca").values() if row["number_alias"])
    connector = with_switch(own)

    suspend(connector, Target.ACCOUNT, f"{rideau['extension']}@rideau.example.ca")
    for name in (rideau["extension"], rideau["number_alias"]):
        assert f"api memcache delete directory:{name}@rideau-internal" in own.event_socket.commands
    connector.close()


def test_a_killed_gateway_is_settled_only_when_it_no_longer_runs(own: Simulator) -> None:
    own.switch.caches = True
    connector = with_switch(own)

    assert suspend(connector, Target.TRUNK, gateway(own)).is_settled
    assert gateway(own) not in own.switch.gateways
    assert resume(connector, Target.TRUNK, gateway(own)).is_settled
    assert gateway(own) in own.switch.gateways
    connector.close()


def test_a_gateway_disabled_by_hand_still_runs_and_that_is_said(own: Simulator) -> None:
    connector = with_switch(own)

    own.set_gateway(gateway(own), enabled=False)
    stands = connector.standing(Target.TRUNK, gateway(own))
    assert (stands.state, stands.is_settled) == (State.SUSPENDED, False)
    assert stands.says == "disabled in the database, and still running in the switch"
    own.switch.kill_gateway(gateway(own))
    assert connector.standing(Target.TRUNK, gateway(own)).is_settled
    own.set_gateway(gateway(own), enabled=True)
    stands = connector.standing(Target.TRUNK, gateway(own))
    assert (stands.state, stands.is_settled) == (State.ACTIVE, False)
    assert "not running yet" in stands.says
    connector.close()


def test_a_resume_does_not_stop_what_somebody_disabled_and_left_running(own: Simulator) -> None:
    own.set_gateway(gateway(own), enabled=False)
    connector = with_switch(own, suspend_by="gateway")

    with pytest.raises(ForAPerson, match=r"every gateway of .* was switched off by somebody else"):
        resume(connector, Target.CUSTOMER, TENANT)
    assert gateway(own) in own.switch.gateways
    connector.close()


def test_calls_in_progress_are_cut_of_whom_it_is_about_alone(own: Simulator) -> None:
    own.switch.ring("call-1", TENANT, "2112", "16045550199")
    own.switch.ring("call-2", TENANT, "2113", "16045550199")
    own.switch.ring("call-3", "seaway.example.ca", "102", "16045550199")
    connector = with_switch(own)

    suspend(connector, Target.ACCOUNT, DESK)
    assert set(own.switch.channels) == {"call-1", "call-2", "call-3"}
    suspend(connector, Target.ACCOUNT, DESK, cuts=True)
    assert set(own.switch.channels) == {"call-2", "call-3"}
    suspend(connector, Target.CUSTOMER, TENANT, cuts=True)
    assert set(own.switch.channels) == {"call-3"}
    connector.close()


def test_a_switch_that_is_lost_after_the_rows_is_told_by_the_repeat(own: Simulator) -> None:
    own.event_socket.drop("killgw", "before")
    connector = with_switch(own)

    with pytest.raises(TryAgainLater):
        suspend(connector, Target.TRUNK, gateway(own))
    assert not connector.standing(Target.TRUNK, gateway(own)).is_settled
    assert suspend(connector, Target.TRUNK, gateway(own)).is_settled
    connector.close()


def test_a_cache_that_is_not_memcached_is_said(own: Simulator) -> None:
    own.switch.has_memcache = False
    connector = with_switch(own)

    with pytest.raises(NeedsAttention, match="does not know the command memcache"):
        suspend(connector, Target.ACCOUNT, DESK)
    connector.close()
    without = with_switch(own, cache_command="-")
    assert "until it expires" in suspend(without, Target.ACCOUNT, DESK).says
    without.close()


# --- what cannot be done


@pytest.mark.parametrize(
    ("target", "id", "says"),
    [
        (Target.ACCOUNT, f"9999@{TENANT}", "no extension '9999@maple.example.ca'"),
        (Target.ACCOUNT, "2112@elsewhere.example.ca", "no domain 'elsewhere.example.ca'"),
        (Target.ACCOUNT, "2112", "no extension '2112'"),
        (Target.CUSTOMER, "elsewhere.example.ca", "no domain 'elsewhere.example.ca'"),
        (Target.TRUNK, "maple-trunk", "no gateway 'maple-trunk'"),
    ],
)
def test_what_is_not_there_is_named(own: Simulator, target: Target, id: str, says: str) -> None:
    connector = connector_at(own)

    for ask in (suspend, resume):
        with pytest.raises(NeedsAttention, match=says):
            ask(connector, target, id)
    with pytest.raises(NeedsAttention, match=says):
        connector.standing(target, id)
    connector.close()


def test_a_user_who_may_not_change_is_named_by_the_test(own: Simulator, server_dsn: str) -> None:
    tell(server_dsn, own, SQL("REVOKE UPDATE ON v_gateways FROM {}").format(Identifier(own.control_user)))
    connector = connector_at(own)

    (failed,) = [check for check in connector.test() if not check.is_ok]
    assert failed.name == "orders: v_gateways"
    assert "GRANT UPDATE" in failed.next_step
    with pytest.raises(NeedsAttention, match="grant the right"):
        suspend(connector, Target.TRUNK, gateway(own))
    connector.close()
