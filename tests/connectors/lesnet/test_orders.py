"""Suspending at Les.net: by an address of the operator's that is read back, or by a person."""

from collections.abc import Iterator

import pytest

from simulators.faults import Fault
from simulators.lesnet import Simulator
from tests.connectors.lesnet.portal import Portal
from tollbook.connectors.base import Order, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention, NotOffered, TryAgainLater
from tollbook.errors import BadInput

PEER = "D4E3CD2BFC791"
BY_HAND = {"suspend_url": "", "resume_url": "", "state_url": ""}
SUSPEND = Order(verb=Verb.SUSPEND, target=Target.TRUNK, foreign_id=PEER)
RESUME = Order(verb=Verb.RESUME, target=Target.TRUNK, foreign_id=PEER)


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Simulator() as simulator:
        yield Portal(simulator)


def test_a_peer_is_suspended_and_resumed_and_its_state_is_asked_for(portal: Portal) -> None:
    connector = portal.connector()
    assert connector.order_powers().targets == {Target.ACCOUNT, Target.TRUNK}
    assert connector.order_powers().remark == ""

    assert connector.carry_out(SUSPEND) == PEER
    standing = connector.standing(Target.TRUNK, PEER)
    assert (standing.state, standing.state_word) == (State.SUSPENDED, "suspended")
    connector.carry_out(RESUME)
    assert connector.standing(Target.TRUNK, PEER).state is State.ACTIVE


def test_an_answer_of_well_is_no_proof(portal: Portal) -> None:
    connector = portal.connector()
    portal.simulator.ignores_orders()
    connector.carry_out(SUSPEND)
    assert connector.standing(Target.TRUNK, PEER).state is State.ACTIVE


def test_without_an_address_a_person_is_told_what_to_do(portal: Portal) -> None:
    connector = portal.connector(**BY_HAND, portal="https://portal.les.net")
    with pytest.raises(ForAPerson) as caught:
        connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=f"{PEER} | 12046664021"))
    assert str(caught.value) == (
        f"carrier: log in at https://portal.les.net and suspend peer {PEER} DID 12046664021; then say that it is done"
    )
    with pytest.raises(ForAPerson, match=f"resume peer {PEER};"):
        connector.carry_out(RESUME)
    assert connector.standing(Target.TRUNK, PEER).state is State.UNKNOWN
    assert connector.order_powers().remark == "a person does it in the portal; the state cannot be read back"


def test_what_an_address_needs_must_be_known(portal: Portal) -> None:
    by_did = portal.simulator.url + "/api/peers/{did}/suspend"
    connector = portal.connector(suspend_url=by_did)
    with pytest.raises(NeedsAttention, match=f"needs {{did}}, and {PEER} is all that is known"):
        connector.carry_out(SUSPEND)
    with pytest.raises(NeedsAttention, match="'main office' is no peer and no DID"):
        connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id="main office"))


def test_outgoing_calls_alone_cannot_be_stopped(portal: Portal) -> None:
    with pytest.raises(NeedsAttention, match="suspend it for all calls"):
        portal.connector().carry_out(
            Order(verb=Verb.SUSPEND, target=Target.TRUNK, foreign_id=PEER, is_outbound_only=True)
        )
    with pytest.raises(NotOffered):
        portal.connector().carry_out(Order(verb=Verb.CREATE, target=Target.TRUNK))


def test_an_answer_that_says_both_or_neither_is_unknown(portal: Portal) -> None:
    words = {"state_active": "dids", "state_suspended": "status"}  # both stand in every answer
    standing = portal.connector(**words).standing(Target.TRUNK, PEER)
    assert (standing.state, standing.says[:27]) == (State.UNKNOWN, "the answer holds both state")
    standing = portal.connector(state_active="enabled").standing(Target.TRUNK, PEER)
    assert standing.state is State.UNKNOWN
    assert "neither state" in standing.says


def test_a_wrong_key_and_a_portal_that_is_away_are_told_apart(portal: Portal) -> None:
    with pytest.raises(NeedsAttention, match="answer 403"):
        portal.connector(order_secret="wrong").carry_out(SUSPEND)
    portal.simulator.faults.add(Fault("status", times=None, status=503))
    with pytest.raises(TryAgainLater):
        portal.connector().carry_out(SUSPEND)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"suspend_url": "https://api.example/suspend"}, "it needs {peer} or {did}"),
        ({"suspend_url": "https://api.example/{customer}/suspend"}, "it needs {peer} or {did}"),
        ({"state_url": "api.example/{peer}"}, "setting state_url is 'api.example/{peer}'"),
        ({"state_active": "("}, "setting state_active is no regular expression"),
    ],
)
def test_settings_that_make_no_sense_are_named(portal: Portal, settings: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput) as caught:
        portal.connector(**settings)
    assert said in str(caught.value)
