"""FS PBX by REST: tenants one by one, in pages; and orders read back."""

from pathlib import Path

import polars as pl
import pytest

from simulators.faults import Fault
from simulators.fusionpbx import Simulator
from simulators.web import Answer, Server
from tests.connectors.contract import fetch, read
from tests.connectors.fusionpbx.sites import by_rest, month, scope
from tollbook.connectors.base import Order, Site, State, Target, Verb
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.connectors.fusionpbx.connector import FusionPbxConnector
from tollbook.connectors.secret import Secret
from tollbook.errors import BadInput

TENANT = "maple.example.ca"
DESK = f"2112@{TENANT}"
JUNE = scope("2017-06-01", "2017-07-01", TENANT)


def test_both_ways_give_the_same_calls_with_the_same_keys(fusionpbx: Simulator, tmp_path: Path) -> None:
    """REST has whole seconds, no account code and no far legs; all else is alike."""
    rest = read(by_rest(fusionpbx), fetch(by_rest(fusionpbx), [JUNE]).evidence, tmp_path)
    theirs = month(fusionpbx, tmp_path, duration_from="billsec").filter(tenant_ref=TENANT)
    same = ["record_key", "kind", "start", "duration_us", "cli", "cld"]
    calls = theirs.filter(pl.col("defect").is_null() & pl.col("record_key").is_in(rest["record_key"].implode()))

    assert calls.height > 300
    both = rest.select(same).join(calls.select(same), on="record_key", suffix="_of_database")
    assert both.height == calls.height
    # An empty direction is derived without the gateway, which REST does not tell.
    known = both.filter(pl.col("kind") == pl.col("kind_of_database"))
    assert both.height - known.height <= 1
    for name in same[1:]:
        assert known[name].to_list() == known[f"{name}_of_database"].to_list()


def test_pages_of_any_size_give_the_same_calls(fusionpbx: Simulator) -> None:
    at_once = fetch(by_rest(fusionpbx), [JUNE])
    in_pages = fetch(by_rest(fusionpbx, page_size="7"), [JUNE])

    assert in_pages.evidence == at_once.evidence
    assert in_pages.finished[0].records == at_once.finished[0].records


def test_the_overlap_is_as_long_as_the_longest_call(fusionpbx: Simulator) -> None:
    fusionpbx.faults.reset()
    asked = scope("2017-06-01", "2017-06-15", TENANT, "2017-06-10T12:00:00+00:00", "2017-06-01")
    fetch(by_rest(fusionpbx, rest_overlap_h="6"), [asked])

    (entry, *_) = [one for one in fusionpbx.faults.requests()["log"] if one["path"].endswith("/cdrs")]
    # 2017-06-10 06:00 UTC
    assert "date_from=1497074400" in entry["query"]


def test_too_many_requests_are_waited_out(fusionpbx: Simulator) -> None:
    fusionpbx.faults.set([Fault("status", match="/cdrs", status=429, seconds=0)])

    assert fetch(by_rest(fusionpbx), [JUNE]).failed == []
    fusionpbx.faults.set([Fault("status", match="/cdrs", status=429, times=None, seconds=0)])
    (failed,) = fetch(by_rest(fusionpbx), [JUNE]).failed
    assert isinstance(failed.error, TryAgainLater)
    fusionpbx.faults.reset()


def test_a_tenant_that_is_gone_fails_alone(fusionpbx: Simulator) -> None:
    gone = scope("2017-06-01", "2017-07-01", "gone.example.ca")
    done = fetch(by_rest(fusionpbx), [gone, JUNE])

    assert [failed.scope for failed in done.failed] == [gone]
    assert "no domain 'gone.example.ca'" in str(done.failed[0].error)
    assert [finished.scope for finished in done.finished] == [JUNE]


@pytest.mark.parametrize(
    "page",
    [
        '{"object":"list","has_more":true,"data":[]}',
        '{"object":"list","has_more":true,"data":[{"domain_uuid":"d-1","domain_name":"x.example.ca"}]}',
        '{"object":"list","has_more":true,"data":[{"domain_name":"x.example.ca"}]}',
    ],
    ids=["nothing", "the same again", "no id"],
)
def test_a_list_that_does_not_go_on_is_no_whole_list(page: str) -> None:
    with Server(lambda _: Answer.text(page, content_type="application/json")) as server:
        site = Site(
            name="pbx",
            settings={"usage_from": "rest", "rest_url": server.url},
            secrets={"api_token": Secret("1|token")},
        )
        with pytest.raises(NeedsAttention):
            list(FusionPbxConnector(site).customers())


def test_a_token_that_is_refused_is_named(fusionpbx: Simulator) -> None:
    connector = by_rest(fusionpbx, token="1|guessed")

    (failed,) = connector.test()
    assert (failed.name, failed.is_ok) == ("log in", False)
    assert "api_token" in failed.next_step
    connector.close()


def test_the_address_may_be_given_with_the_path_of_the_api(fusionpbx: Simulator) -> None:
    connector = by_rest(fusionpbx, rest_url=f"{fusionpbx.url}/api/v1/")

    assert len(list(connector.customers())) == 9
    connector.close()
    with pytest.raises(BadInput, match="rest_url is missing"):
        by_rest(fusionpbx, rest_url="")


# --- orders


def test_an_extension_is_suspended_by_the_administrators_flag(own: Simulator) -> None:
    connector = by_rest(own)
    desk = next(one for one in own.switchboard.by_name[TENANT].extensions if one.extension == "2112")

    connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=DESK))
    assert own.rest.suspended == {desk.uuid}
    assert connector.standing(Target.ACCOUNT, DESK).state is State.SUSPENDED
    assert {one.state_word for one in connector.accounts([TENANT])} == {"enabled", "suspended"}
    connector.carry_out(Order(verb=Verb.RESUME, target=Target.ACCOUNT, foreign_id=DESK))
    assert own.rest.suspended == set()
    connector.close()


def test_a_tenant_is_suspended_extension_by_extension_and_its_calls_cut(own: Simulator) -> None:
    own.switch.ring("call-1", TENANT, "2112", "911")
    own.switch.ring("call-2", "seaway.example.ca", "102", "911")
    connector = by_rest(own)
    order = Order(verb=Verb.SUSPEND, target=Target.CUSTOMER, foreign_id=TENANT, cuts_calls=True)

    connector.carry_out(order)
    assert connector.standing(Target.CUSTOMER, TENANT).state is State.SUSPENDED
    assert len(own.rest.suspended) == 9
    assert set(own.switch.channels) == {"call-2"}
    connector.carry_out(Order(verb=Verb.RESUME, target=Target.CUSTOMER, foreign_id=TENANT))
    assert connector.standing(Target.CUSTOMER, TENANT).state is State.ACTIVE
    connector.close()


def test_the_other_flag_may_be_set(own: Simulator) -> None:
    connector = by_rest(own, rest_suspend_field="enabled")

    connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=DESK))
    (row,) = own.store.rows(
        "SELECT enabled FROM v_extensions e JOIN v_domains d USING (domain_uuid)"
        " WHERE extension = '2112' AND domain_name = %s",
        TENANT,
    )
    assert row["enabled"] is False
    assert connector.standing(Target.ACCOUNT, DESK).state is State.SUSPENDED
    connector.close()


def test_what_rest_cannot_do_is_said(own: Simulator) -> None:
    connector = by_rest(own)

    assert connector.order_powers().targets == {Target.CUSTOMER, Target.ACCOUNT}
    assert not connector.order_powers().outbound_only
    with pytest.raises(NeedsAttention, match="gateways cannot be told by REST"):
        connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.TRUNK, foreign_id="x"))
    with pytest.raises(NeedsAttention, match="outgoing calls alone"):
        connector.carry_out(
            Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=DESK, is_outbound_only=True)
        )
    connector.close()
