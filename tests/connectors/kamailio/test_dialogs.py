"""Ending calls in progress by Kamailio's remote interface."""

from collections.abc import Iterator

import pytest

from simulators.faults import Fault
from simulators.kamailio import Simulator
from simulators.kamailio.remote import Remote, dialog
from tests.connectors.kamailio.sites import connector_at
from tollbook.connectors.base import Order, State, Target, Verb
from tollbook.connectors.errors import NeedsAttention, TryAgainLater

ANNA, BOB, LONDON = "48221000200", "48221000201", "442079460123"
GATEWAY = "198.51.100.9"
QUICK = {"attempts": "2", "retry_wait_s": "0", "timeout_s": "5"}


@pytest.fixture
def remote() -> Iterator[Remote]:
    calls = [
        dialog(1, ANNA, LONDON, source=GATEWAY),
        dialog(2, BOB, ANNA),
        dialog(3, BOB, LONDON),
        dialog(4, "anonymous", LONDON, account=ANNA),
        dialog(5, ANNA, "112"),
        dialog(6, ANNA, LONDON, state=2),  # it rings still
    ]
    with Remote(calls) as remote:
        yield remote


def left(remote: Remote) -> list[int]:
    return [one["h_id"] for one in remote.dialogs]


def suspend(
    kamailio: Simulator,
    remote: Remote,
    target: Target = Target.ACCOUNT,
    name: str = ANNA,
    *,
    outbound_only: bool = False,
) -> None:
    connector = connector_at(kamailio, rpc_url=remote.url, **QUICK)
    order = Order(
        verb=Verb.SUSPEND, target=target, foreign_id=name, is_outbound_only=outbound_only, cuts_calls=True
    )
    try:
        connector.carry_out(order)
    finally:
        connector.close()


def test_all_calls_of_the_suspended_are_ended_but_emergency_calls(kamailio: Simulator, remote: Remote) -> None:
    suspend(kamailio, remote)
    assert left(remote) == [3, 5, 6]
    suspend(kamailio, remote)  # once more, nothing is left to do
    assert left(remote) == [3, 5, 6]


def test_of_outgoing_calls_only_those_are_ended(kamailio: Simulator, remote: Remote) -> None:
    suspend(kamailio, remote, outbound_only=True)
    assert left(remote) == [2, 3, 5, 6]


def test_of_a_trunk_those_that_came_from_it(kamailio: Simulator, remote: Remote) -> None:
    suspend(kamailio, remote, Target.TRUNK, GATEWAY)
    assert left(remote) == [2, 3, 4, 5, 6]


def test_with_domains_a_namesake_elsewhere_is_left_alone(kamailio: Simulator) -> None:
    with Remote([dialog(1, ANNA, LONDON)]) as remote:
        for domain, open_calls in (("other.example", [1]), ("sip.example.net", [])):
            settings = {"account_form": "user@domain", "subscriber_table": "-", "rpc_url": remote.url}
            connector = connector_at(kamailio, **settings)
            order = Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=f"{ANNA}@{domain}", cuts_calls=True)
            connector.carry_out(order)
            connector.close()
            assert left(remote) == open_calls


def test_a_call_that_ended_by_itself_meanwhile_is_as_good(kamailio: Simulator, remote: Remote) -> None:
    remote.faults.add(Fault("timeout_after", match="dlg.end_dlg"))  # ended, and the answer is lost: asked again
    suspend(kamailio, remote)
    assert left(remote) == [3, 5, 6]


def test_the_flag_stands_when_the_remote_interface_is_away(kamailio: Simulator, remote: Remote) -> None:
    """What matters most comes first; the order is not done, and is repeated."""
    remote.faults.add(Fault("status", status=503, times=None))
    with pytest.raises(TryAgainLater):
        suspend(kamailio, remote)
    assert kamailio.flags() == {ANNA: "suspended"}


def test_it_is_offered_only_where_it_is_configured(kamailio: Simulator, remote: Remote) -> None:
    connector = connector_at(kamailio, rpc_url=remote.url)
    assert connector.order_powers().cuts_calls
    assert connector.order_powers().remark.endswith("calls in progress can be ended")
    checks = {check.name: check for check in connector.test()}
    connector.close()
    assert (checks["calls in progress"].is_ok, checks["calls in progress"].says) == (True, "6 just now")

    without = connector_at(kamailio)
    without.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=ANNA, cuts_calls=True))
    assert without.standing(Target.ACCOUNT, ANNA).state is State.SUSPENDED
    without.close()
    assert len(left(remote)) == 6


def test_what_is_no_kamailio_is_named(kamailio: Simulator, remote: Remote) -> None:
    for url in (remote.url + "/elsewhere", remote.url):
        connector = connector_at(kamailio, rpc_url=url, **QUICK)
        remote.faults.set([Fault("wrong_type", times=None)] if url == remote.url else [])
        check = list(connector.test())[-1]
        assert (check.is_ok, check.says) == (False, "dlg.list was not answered with calls")
        with pytest.raises(NeedsAttention, match="check rpc_url, and that the dialog module is loaded"):
            connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=ANNA, cuts_calls=True))
        connector.close()
