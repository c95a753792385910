"""Extensions made and changed at FusionPBX, in every generation where the tables' types matter."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from simulators.fusionpbx import Simulator
from tests.connectors.fusionpbx.sites import by_rest, connector_at, with_switch
from tests.connectors.making_accounts import changed, made, other_numbers
from tollbook.connectors.base import Order, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention, TryAgainLater
from tollbook.connectors.fusionpbx.connector import FusionPbxConnector
from tollbook.connectors.secret import Secret
from tollbook.connectors.wanted import WantedAccount

TENANT = "maple.example.ca"
OTHER_TENANT = "seaway.example.ca"
LINE = WantedAccount(
    customer_id=TENANT, code="ph1x2190", name="Reception", extension="2190", secret=Secret("S3rviceSecret")
)
ID = f"2190@{TENANT}"
DID = "15195550177"  # on nobody's list
ROUTED = UUID("00000000-0000-4000-8000-000000000002")  # the row of one that somebody routes
LISTED = {"made_numbers": "list"}


def rows(simulator: Simulator, extension: str = "2190") -> list[dict[str, Any]]:
    return simulator.store.rows("SELECT * FROM v_extensions WHERE extension = %s", extension)


def did(simulator: Simulator, number: str = DID) -> list[tuple[str, object, str]]:
    """Of a number on the list: whose, whether it is on, its account code."""
    found = simulator.store.rows(
        "SELECT domain_name, destination_enabled::text AS is_on, destination_accountcode"
        " FROM v_destinations JOIN v_domains USING (domain_uuid) WHERE destination_number = %s",
        number,
    )
    return [(one["domain_name"], one["is_on"], one["destination_accountcode"]) for one in found]


def by_hand(simulator: Simulator, **fields: object) -> None:
    """Somebody makes extension 2190 at FusionPBX."""
    domain = simulator.switchboard.by_name[TENANT].uuid
    row = {"extension_uuid": "00000000-0000-4000-8000-000000000001", "domain_uuid": domain, "extension": "2190"}
    simulator.store.fill(
        "v_extensions", [{**row, "enabled": True, "effective_caller_id_name": "Cellar", **fields}]
    )


def test_an_extension_is_made_and_each_fact_is_changed_in_every_generation(of_generation: Simulator) -> None:
    pbx = connector_at(of_generation)
    assert made(pbx, LINE) == ID
    (row,) = rows(of_generation)
    assert row["enabled"] == ("true" if of_generation.generation in {"5.2", "5.3"} else True)
    told = ("password", "accountcode", "effective_caller_id_name", "effective_caller_id_number", "user_context")
    assert [row[name] for name in told] == ["S3rviceSecret", "2190", "Reception", "2190", TENANT]

    changed(pbx, replace(LINE, name="Desk"), ID, {"name"})
    changed(pbx, replace(LINE, name="Desk", secret=Secret("An0therSecret")), ID, {"secret"})
    (row,) = rows(of_generation)
    assert (row["effective_caller_id_name"], row["password"]) == ("Desk", "An0therSecret")
    pbx.close()


def test_who_is_made_is_an_account_of_the_tenant_whose_telephone_may_register(own: Simulator) -> None:
    pbx = connector_at(own)
    made(pbx, LINE)
    assert own.switch.register("2190", TENANT)
    (account,) = [one for one in pbx.accounts([TENANT]) if one.foreign_id == ID]
    assert (account.customer_id, account.name, account.state_word) == (TENANT, "Reception", "enabled")
    pbx.close()


def test_told_twice_at_once_is_once(own: Simulator) -> None:
    pbx = connector_at(own)
    pbx.bring_account(LINE, None)
    with pytest.raises(TryAgainLater, match="it is looked at anew"):
        pbx.bring_account(LINE, None)
    assert len(rows(own)) == 1
    pbx.close()


def test_what_is_made_is_as_the_settings_say(own: Simulator) -> None:
    pbx = connector_at(
        own,
        made_accountcode="{tenant}-{extension}",
        made_context="office.{tenant}",
        made_toll_allow="local",
        made_caller_id="+{number}",
        **LISTED,
    )
    made(pbx, replace(LINE, numbers=(DID,)))
    (row,) = rows(own)
    told = ("accountcode", "user_context", "toll_allow", "outbound_caller_id_number", "outbound_caller_id_name")
    assert [row[name] for name in told] == [
        f"{TENANT}-2190",
        f"office.{TENANT}",
        "local",
        f"+{DID}",
        "Reception",
    ]
    pbx.close()


def test_an_account_without_a_service_password_gets_one_that_nobody_guesses(own: Simulator) -> None:
    pbx = connector_at(own)
    made(pbx, replace(LINE, secret=Secret("")))
    made(pbx, replace(LINE, secret=Secret(""), code="ph1x2191", extension="2191"))
    first, second = rows(own)[0]["password"], rows(own, "2191")[0]["password"]
    assert len(first) == len(second) == 24
    assert first != second
    pbx.close()


def test_somebody_elses_extension_is_never_taken_over(own: Simulator) -> None:
    by_hand(own)
    before = rows(own)
    pbx = connector_at(own)
    with pytest.raises(ForAPerson, match="is there already, and was not made for account ph1x2190"):
        pbx.account_there(LINE)
    with pytest.raises(TryAgainLater):
        pbx.bring_account(LINE, None)
    assert rows(own) == before
    changed(pbx, LINE, ID, {"name", "secret"})  # once a sync has made it known
    pbx.close()


def test_an_alias_of_another_extension_is_taken(own: Simulator) -> None:
    by_hand(own, extension="2191", number_alias="2190")
    pbx = connector_at(own)
    with pytest.raises(TryAgainLater, match="or an alias there"):
        pbx.bring_account(LINE, None)
    assert rows(own) == []
    pbx.close()


def test_the_same_extension_of_another_tenant_is_another_one(own: Simulator) -> None:
    pbx = connector_at(own)
    made(pbx, LINE)
    made(pbx, replace(LINE, customer_id=OTHER_TENANT))
    assert len({row["domain_uuid"] for row in rows(own)}) == 2
    pbx.close()


def test_an_extension_that_was_renumbered_before_its_id_was_known_is_found(own: Simulator) -> None:
    pbx = connector_at(own)
    pbx.bring_account(LINE, None)
    there = pbx.account_there(replace(LINE, extension="2199"))
    assert there is not None
    assert (there.foreign_id, set(there.differs)) == (ID, {"extension"})
    with pytest.raises(ForAPerson, match="is to be moved to extension 2199; do it at FusionPBX"):
        pbx.bring_account(replace(LINE, extension="2199"), there)
    pbx.close()


def test_the_end_switches_it_off_for_good_and_no_resume_switches_it_on(of_generation: Simulator) -> None:
    pbx = connector_at(of_generation)
    made(pbx, LINE)
    pbx.carry_out(Order(verb=Verb.SUSPEND, target=Target.CUSTOMER, foreign_id=TENANT))
    changed(pbx, replace(LINE, is_ended=True), ID, {"state"})
    pbx.carry_out(Order(verb=Verb.RESUME, target=Target.CUSTOMER, foreign_id=TENANT))
    (row,) = rows(of_generation)
    assert row["enabled"] in {"false", False}
    with pytest.raises(ForAPerson, match="is there, and switched off; delete it there"):
        pbx.account_there(LINE)  # of the next account of that name
    pbx.close()


def test_what_is_suspended_is_changed_and_stays_suspended(own: Simulator) -> None:
    pbx = connector_at(own)
    made(pbx, LINE)
    pbx.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=ID))
    changed(pbx, replace(LINE, name="Desk"), ID, {"name"})
    assert rows(own)[0]["enabled"] is False
    pbx.carry_out(Order(verb=Verb.RESUME, target=Target.ACCOUNT, foreign_id=ID))
    assert rows(own)[0]["enabled"] is True
    pbx.close()


def test_the_switch_looks_anew_even_when_it_was_away_after_the_rows(own: Simulator) -> None:
    pbx = with_switch(own)
    made(pbx, LINE)
    own.switch.caches = True
    ended = replace(LINE, is_ended=True)
    there = pbx.account_there(ended, ID)
    assert own.switch.register("2190", TENANT)
    pbx.close()
    own.event_socket.refuses = True
    pbx = with_switch(own)
    with pytest.raises(NeedsAttention):
        pbx.bring_account(ended, there)
    pbx.close()
    assert own.switch.register("2190", TENANT)  # from its cache

    own.event_socket.refuses = False
    pbx = with_switch(own)
    again = pbx.account_there(ended, ID)
    assert again is not None
    assert again.differs == {}
    assert not own.switch.register("2190", TENANT)
    pbx.close()


def test_another_password_lets_no_telephone_stay_registered(own: Simulator) -> None:
    pbx = with_switch(own)
    made(pbx, LINE)
    own.switch.register("2190", TENANT)
    changed(pbx, replace(LINE, name="Desk"), ID, {"name"})
    assert ("2190", TENANT) in own.switch.registrations
    changed(pbx, replace(LINE, name="Desk", secret=Secret("An0therSecret")), ID, {"secret"})
    assert ("2190", TENANT) not in own.switch.registrations
    pbx.close()


# --- numbers


def test_numbers_are_for_a_person_and_done_when_the_list_has_them(own: Simulator) -> None:
    pbx, line = connector_at(own), replace(LINE, numbers=(DID,))
    with pytest.raises(ForAPerson, match=f"numbers of extension {ID} are for you.*{DID} is missing"):
        pbx.bring_account(line, None)
    assert did(own) == []
    there = pbx.account_there(line)
    assert there is not None
    assert set(there.differs) == {"numbers"}
    route_by_hand(own, TENANT)
    assert is_as_wanted(pbx, line)
    pbx.close()


def route_by_hand(simulator: Simulator, tenant: str) -> None:
    """Somebody adds the number at FusionPBX, in its national form."""
    simulator.store.fill(
        "v_destinations",
        [
            {
                "destination_uuid": ROUTED,
                "domain_uuid": simulator.switchboard.by_name[tenant].uuid,
                "destination_type": "inbound",
                "destination_number": DID[1:],
                "destination_enabled": True,
                "destination_accountcode": "2190",
            }
        ],
    )


def is_as_wanted(pbx: FusionPbxConnector, line: WantedAccount) -> bool:
    there = pbx.account_there(line, ID)
    return there is not None and there.differs == {}


def test_a_number_that_was_taken_off_is_left_where_its_row_has_the_account_code(own: Simulator) -> None:
    pbx = connector_at(own)
    made(pbx, LINE)
    route_by_hand(own, TENANT)
    gone = replace(LINE, taken_off=(DID,))
    there = pbx.account_there(gone, ID)
    assert there is not None
    assert there.differs == {"numbers": f"{DID} is left"}
    with pytest.raises(ForAPerson, match="is left"):
        pbx.bring_account(gone, there)
    own.store.change("v_destinations", ROUTED, {"destination_accountcode": "2112"})
    assert is_as_wanted(pbx, gone)
    pbx.close()


def test_numbers_are_put_on_the_list_where_the_settings_say_so(of_generation: Simulator) -> None:
    pbx, line = connector_at(of_generation, **LISTED), replace(LINE, numbers=(DID,))
    made(pbx, line)
    assert did(of_generation) == [(TENANT, "true", "2190")]
    changed(pbx, other_numbers(line, "15195550178"), ID, {"numbers"})
    assert did(of_generation) == [(TENANT, "false", "2190")]
    assert did(of_generation, "15195550178") == [(TENANT, "true", "2190")]
    changed(pbx, other_numbers(line, DID), ID, {"numbers"})
    assert did(of_generation) == [(TENANT, "true", "2190")]
    pbx.close()


def test_a_number_goes_to_another_account_once_the_first_has_let_go(own: Simulator) -> None:
    pbx, line = connector_at(own, **LISTED), replace(LINE, numbers=(DID,))
    other = replace(LINE, code="ph2x101", extension="190", customer_id=OTHER_TENANT, numbers=(DID,))
    made(pbx, line)
    with pytest.raises(ForAPerson, match=f"{DID} belongs to {TENANT} there"):
        pbx.bring_account(other, None)
    assert did(own) == [(TENANT, "true", "2190")]
    changed(pbx, other_numbers(line), ID, {"numbers"})
    changed(pbx, other, f"190@{OTHER_TENANT}", {"numbers"})
    assert did(own) == [(OTHER_TENANT, "true", "190")]
    pbx.close()


def test_the_rows_are_written_all_or_none(own: Simulator) -> None:
    pbx, line = connector_at(own, **LISTED), replace(LINE, numbers=(DID,))
    made(pbx, line)
    neighbour = replace(line, code="ph1x2191", extension="2191")
    with pytest.raises(TryAgainLater, match="or a number of it, is somebody's"):
        pbx.bring_account(neighbour, None)
    assert rows(own, "2191") == []
    pbx.close()


# --- what is refused


def test_what_only_a_person_can_do(own: Simulator) -> None:
    pbx = connector_at(own)
    with pytest.raises(ForAPerson, match="has no extension"):
        pbx.bring_account(replace(LINE, extension=""), None)
    assert pbx.account_there(replace(LINE, extension="")) is None
    with pytest.raises(NeedsAttention, match="there is no domain 'nowhere"):
        pbx.bring_account(replace(LINE, customer_id="nowhere.example.ca"), None)
    pbx.close()


def test_by_rest_accounts_are_for_a_person(own: Simulator) -> None:
    pbx = by_rest(own)
    with pytest.raises(ForAPerson, match="set usage_from to database"):
        pbx.account_there(LINE)
    pbx.close()


def test_a_user_who_may_not_insert_is_named(own: Simulator) -> None:
    pbx = connector_at(own, control_user=own.user)
    with pytest.raises(NeedsAttention, match="grant the right to it there"):
        pbx.bring_account(LINE, None)
    pbx.close()
