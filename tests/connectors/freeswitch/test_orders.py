"""Suspending by commands, read back from the switch."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.connectors.freeswitch.event_socket import Switch
from tests.connectors.freeswitch.sites import connector_at
from tollbook.connectors.base import Order, State, Target, Verb
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.errors import BadInput

ACCOUNT = "1001@lantern.example.net"


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as switch:
        yield switch


def suspend(target: Target, id: str, **more: Any) -> Order:
    return Order(verb=Verb.SUSPEND, target=target, foreign_id=id, **more)


@pytest.mark.parametrize(
    ("target", "id", "key"),
    [
        (Target.ACCOUNT, ACCOUNT, "tollbook-accounts/1001@lantern.example.net"),
        (Target.CUSTOMER, "lantern.example.net", "tollbook-domains/lantern.example.net"),
    ],
)
def test_a_flag_is_set_read_back_and_taken_away(switch: Switch, target: Target, id: str, key: str) -> None:
    connector = connector_at(switch)
    assert connector.standing(target, id).state is State.ACTIVE

    assert connector.carry_out(suspend(target, id)) == id
    assert switch.flags == {key: "suspended"}
    standing = connector.standing(target, id)
    assert (standing.state, standing.is_outbound_only) == (State.SUSPENDED, False)

    connector.carry_out(suspend(target, id, is_outbound_only=True))
    standing = connector.standing(target, id)
    assert (standing.state, standing.is_outbound_only) == (State.SUSPENDED, True)

    connector.carry_out(Order(verb=Verb.RESUME, target=target, foreign_id=id))
    assert switch.flags == {}
    assert connector.standing(target, id).state is State.ACTIVE


def test_a_gateway_is_killed_and_comes_back(switch: Switch) -> None:
    connector = connector_at(switch)
    connector.carry_out(suspend(Target.TRUNK, "carrier-one"))
    assert switch.gateways == set()
    assert connector.standing(Target.TRUNK, "carrier-one").state is State.SUSPENDED
    connector.carry_out(Order(verb=Verb.RESUME, target=Target.TRUNK, foreign_id="carrier-one"))
    assert connector.standing(Target.TRUNK, "carrier-one").state is State.ACTIVE
    with pytest.raises(NeedsAttention, match="cannot stop outgoing calls alone"):
        connector.carry_out(suspend(Target.TRUNK, "carrier-one", is_outbound_only=True))


def test_calls_in_progress_are_ended_when_that_is_ordered(switch: Switch) -> None:
    def channels() -> dict[str, dict[str, str]]:
        told = {
            "c1": {"presence_id": ACCOUNT},
            "c2": {"presence_id": "1002@lantern.example.net", "application_data": "sofia/gateway/carrier-one/44"},
            "c3": {"presence_id": "9@other.example.net", "accountcode": ACCOUNT},
            "c4": {"context": "other.example.net"},
        }
        return {uuid: {"uuid": uuid, **facts} for uuid, facts in told.items()}

    connector = connector_at(switch)
    for order, left in (
        (suspend(Target.ACCOUNT, ACCOUNT), {"c1", "c2", "c3", "c4"}),
        (suspend(Target.ACCOUNT, ACCOUNT, cuts_calls=True), {"c2", "c4"}),
        (suspend(Target.CUSTOMER, "lantern.example.net", cuts_calls=True), {"c3", "c4"}),
        (suspend(Target.CUSTOMER, "other.example.net", cuts_calls=True), {"c1", "c2"}),
        (suspend(Target.TRUNK, "carrier-one", cuts_calls=True), {"c1", "c3", "c4"}),
    ):
        switch.channels = channels()
        connector.carry_out(order)
        assert set(switch.channels) == left


def test_nobody_is_suspended_who_is_not_there(switch: Switch) -> None:
    connector = connector_at(switch)
    with pytest.raises(NeedsAttention, match=r"no account 1009@lantern\.example\.net"):
        connector.carry_out(suspend(Target.ACCOUNT, "1009@lantern.example.net"))
    assert switch.flags == {}
    # Without a domain there is nobody to ask about, and with the setting nobody is asked.
    connector_at(switch).carry_out(suspend(Target.ACCOUNT, "ACME-1"))
    connector_at(switch, account_exists="-").carry_out(suspend(Target.ACCOUNT, "1009@lantern.example.net"))
    assert len(switch.flags) == 2


@pytest.mark.parametrize("id", ["", "a b", "a/b", "a\nb", "x" * 201, "${system rm}", "ł"])
def test_a_name_that_could_be_another_command_is_refused(switch: Switch, id: str) -> None:
    with pytest.raises(NeedsAttention, match="cannot stand in a command"):
        connector_at(switch).carry_out(suspend(Target.ACCOUNT, id))
    assert switch.commands == []


def test_commands_are_settings(switch: Switch) -> None:
    settings = {
        "account_suspend": "db insert/mine/{user}/{how}",
        "account_state": "db select/mine/{user}",
        "account_resume": "db delete/mine/{user}",
        "customer_suspend": "-",
    }
    connector = connector_at(switch, **settings)
    connector.carry_out(suspend(Target.ACCOUNT, ACCOUNT))
    assert switch.flags == {"mine/1001": "suspended"}
    assert connector.standing(Target.ACCOUNT, ACCOUNT).state_word == "suspended"
    assert connector.order_powers().targets == {Target.ACCOUNT, Target.TRUNK}
    with pytest.raises(NeedsAttention, match="set customer_suspend"):
        connector.carry_out(suspend(Target.CUSTOMER, "lantern.example.net"))
    with pytest.raises(NeedsAttention, match="does not know the command switch_off"):
        connector_at(switch, account_suspend="switch_off {id}").carry_out(suspend(Target.ACCOUNT, ACCOUNT))
    with pytest.raises(NeedsAttention, match="-ERR invalid; correct the setting"):
        connector_at(switch, account_suspend="db insert/x").carry_out(suspend(Target.ACCOUNT, ACCOUNT))
    with pytest.raises(BadInput, match="account_suspended_says: '\\(' is no pattern"):
        connector_at(switch, account_suspended_says="(")


def test_what_can_be_told_is_said_before(switch: Switch) -> None:
    powers = connector_at(switch).order_powers()
    assert powers.targets == {Target.ACCOUNT, Target.CUSTOMER, Target.TRUNK}
    assert (powers.outbound_only, powers.cuts_calls, powers.keeps_emergency) == (True, True, False)
    assert connector_at(switch, keeps_emergency="yes").order_powers().keeps_emergency
    without = connector_at()
    assert without.order_powers().targets == frozenset()
    with pytest.raises(NeedsAttention, match="no event socket is set"):
        without.carry_out(suspend(Target.ACCOUNT, ACCOUNT))


def test_a_switch_that_is_away_and_one_that_lets_nobody_in(switch: Switch) -> None:
    with pytest.raises(NeedsAttention, match="check esl_password"):
        connector_at(switch, password="guessed").carry_out(suspend(Target.ACCOUNT, ACCOUNT))
    with pytest.raises(TryAgainLater, match="cannot be reached"):
        connector_at(switch, esl_port="1").standing(Target.ACCOUNT, ACCOUNT)


def test_a_connection_without_a_secret_says_how_to_give_one() -> None:
    connector = connector_at()
    connector.site.secrets.pop("push_secret")  # type: ignore[attr-defined]
    [push, socket] = connector.test()
    assert (push.is_ok, socket.is_ok) == (False, True)
    assert "push_secret" in push.next_step
