"""Suspending by the table that the routing script asks."""

import pytest

from simulators.faults import Fault
from simulators.kamailio import Simulator
from tests.connectors.kamailio.sites import connector_at
from tollbook.connectors.base import Order, Standing, State, Target, Verb
from tollbook.connectors.errors import ForAPerson, NeedsAttention, TryAgainLater

ANNA = "48221000200"


def told(kamailio: Simulator, verb: Verb, target: Target, name: str, **settings: str) -> Standing:
    """The order is carried out; how it stands then."""
    connector = connector_at(kamailio, **settings)
    order = Order(verb=verb, target=target, foreign_id=name)
    assert connector.carry_out(order) == name
    standing = connector.standing(target, name)
    connector.close()
    return standing


def test_the_last_order_holds_and_is_one_row(kamailio: Simulator) -> None:
    whole = told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA)
    assert (whole.state, whole.is_outbound_only, kamailio.flags()) == (State.SUSPENDED, False, {ANNA: "suspended"})
    connector = connector_at(kamailio)
    connector.carry_out(Order(verb=Verb.SUSPEND, target=Target.ACCOUNT, foreign_id=ANNA, is_outbound_only=True))
    out = connector.standing(Target.ACCOUNT, ANNA)
    connector.close()
    assert (out.state, out.is_outbound_only, kamailio.flags()) == (State.SUSPENDED, True, {ANNA: "outbound_only"})
    assert told(kamailio, Verb.RESUME, Target.ACCOUNT, ANNA).state is State.ACTIVE
    assert kamailio.flags() == {}


def test_told_again_it_changes_nothing(kamailio: Simulator) -> None:
    told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA)
    since = kamailio.rows("SELECT since, xmin::text FROM tollbook_flags")
    told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA)
    assert kamailio.rows("SELECT since, xmin::text FROM tollbook_flags") == since


def test_a_trunk_is_no_account_of_that_name(kamailio: Simulator) -> None:
    told(kamailio, Verb.SUSPEND, Target.TRUNK, ANNA)
    assert kamailio.flags() == {f"trunk:{ANNA}": "suspended"}
    with_account = connector_at(kamailio)
    assert with_account.standing(Target.ACCOUNT, ANNA).state is State.ACTIVE
    with_account.close()


def test_what_somebody_did_by_hand_is_read_back(kamailio: Simulator) -> None:
    told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA)
    kamailio.rows("DELETE FROM tollbook_flags")
    connector = connector_at(kamailio)
    assert connector.standing(Target.ACCOUNT, ANNA).state is State.ACTIVE
    kamailio.rows("ALTER TABLE tollbook_flags DROP CONSTRAINT tollbook_flags_flag_check")
    kamailio.rows("INSERT INTO tollbook_flags VALUES (%s, 'gone fishing')", ANNA)
    standing = connector.standing(Target.ACCOUNT, ANNA)
    connector.close()
    assert (standing.state, standing.state_word) == (State.UNKNOWN, "gone fishing")
    assert standing.says == "tollbook_flags says 'gone fishing'; it should be suspended or outbound_only"


def test_powers_say_what_becomes_of_calls(kamailio: Simulator) -> None:
    powers = connector_at(kamailio).order_powers()
    assert powers.targets == {Target.ACCOUNT, Target.TRUNK}
    assert (powers.outbound_only, powers.keeps_emergency, powers.cuts_calls) == (True, True, False)
    assert powers.remark == "the routing script refuses the next call; calls in progress go on"
    cruel = connector_at(kamailio, keeps_emergency="no").order_powers()
    assert not cruel.keeps_emergency
    assert cruel.remark.endswith("; emergency calls are refused too")


def test_a_user_is_looked_for_with_the_domain(kamailio: Simulator) -> None:
    told(kamailio, Verb.SUSPEND, Target.ACCOUNT, f"{ANNA}@sip.example.net")
    with pytest.raises(
        NeedsAttention, match=r"there is no user .*@elsewhere\.example in subscriber; correct the account"
    ):
        told(kamailio, Verb.SUSPEND, Target.ACCOUNT, f"{ANNA}@elsewhere.example")


def test_where_users_are_not_listed_anybody_can_be_named(kamailio: Simulator) -> None:
    for subscribers in ("-", "not_there"):
        assert told(kamailio, Verb.SUSPEND, Target.ACCOUNT, "anybody", subscriber_table=subscribers)


def test_where_users_may_not_be_seen_likewise(kamailio: Simulator) -> None:
    kamailio.rows(f"REVOKE SELECT ON subscriber FROM {kamailio.user}")
    try:
        assert told(kamailio, Verb.SUSPEND, Target.ACCOUNT, "anybody").state is State.SUSPENDED
        kamailio.rows(f"GRANT SELECT (username, domain) ON subscriber TO {kamailio.user}")
        with pytest.raises(NeedsAttention, match="there is no user anybody in subscriber"):
            told(kamailio, Verb.SUSPEND, Target.ACCOUNT, "anybody")
    finally:
        kamailio.rows(f"GRANT SELECT ON subscriber TO {kamailio.user}")


def test_a_flag_table_of_ones_own_will_do(kamailio: Simulator) -> None:
    kamailio.rows("CREATE TABLE own_flags (who text UNIQUE, how text)")
    kamailio.rows(f"GRANT ALL ON own_flags TO {kamailio.user}")
    own = {"flags_table": "public.own_flags", "flags_key_column": "who", "flags_word_column": "how"}
    told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA, **own)
    assert kamailio.rows("SELECT * FROM own_flags") == [{"who": ANNA, "how": "suspended"}]
    kamailio.rows("DROP TABLE own_flags")


def test_without_a_table_it_is_for_a_person(kamailio: Simulator) -> None:
    connector = connector_at(kamailio, flags_table="-")
    assert connector.order_powers().targets == frozenset()
    with pytest.raises(ForAPerson, match="no table of flags is set; somebody who knows the routing script"):
        connector.standing(Target.ACCOUNT, ANNA)
    with pytest.raises(NeedsAttention, match="there is no table elsewhere; make it"):
        told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA, flags_table="elsewhere")


@pytest.mark.parametrize("target", [Target.CUSTOMER, Target.ACCOUNT])
def test_a_customer_is_nobody_there(kamailio: Simulator, target: Target) -> None:
    name = "acme" if target is Target.CUSTOMER else ""
    with pytest.raises(
        NeedsAttention, match=f"Kamailio has no {target.value} '{name}'; suspend its accounts or trunks"
    ):
        told(kamailio, Verb.SUSPEND, target, name)


def test_users_are_not_made_here(kamailio: Simulator) -> None:
    with pytest.raises(NeedsAttention, match="cannot be told to create; only suspend and resume"):
        told(kamailio, Verb.CREATE, Target.ACCOUNT, ANNA)


def test_an_order_whose_answer_is_lost_is_carried_out_and_can_be_repeated(kamailio: Simulator) -> None:
    kamailio.faults.add(Fault("timeout_after", match="INSERT"))
    with pytest.raises(TryAgainLater):
        told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA)
    assert told(kamailio, Verb.SUSPEND, Target.ACCOUNT, ANNA).state is State.SUSPENDED
    assert kamailio.flags() == {ANNA: "suspended"}
