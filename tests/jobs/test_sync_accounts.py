"""SIM cards of a platform and accounts here, day after day. 100 and 200 are acme and beta; 300 is nobody's."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.accounts_diary import (
    ONE,
    THREE,
    TWO,
    accounts,
    everything,
    links,
    numbers,
    open_diary,
    own_account,
)
from tests.jobs.platform import Diary, said
from tollbook.connectors.base import State
from tollbook.customers.models import Account, AccountEvent, AccountLink, Customer, Number
from tollbook.customers.operations import end_pairing, pair
from tollbook.errors import BadInput
from tollbook.jobs.sync_report import Deed


@pytest.fixture
def diary(db: None) -> Diary:
    return open_diary()


def test_accounts_are_made_for_paired_customers_only(diary: Diary) -> None:
    diary.sim("1", "100", ONE, name="Front desk")
    diary.sim("2", "300", TWO)
    report = diary.sync_accounts()
    assert accounts() == [f"acme/{ONE} active - -"]
    assert numbers() == [f"{ONE} +{ONE} - -"]
    assert links() == [f"1={ONE} - -"]
    assert said(report) == [f"created: 1 ({ONE}) = account {ONE} of acme: "]
    assert report.skipped == {"their customer is not paired": 1}
    assert Account.objects.get().name == "Front desk"


def test_a_second_sync_changes_nothing(diary: Diary) -> None:
    diary.sim("1", "100", ONE, TWO)
    diary.sim("2", "200", THREE, state=State.BLOCKED)
    diary.sim("3", "200", ONE)
    diary.sim("4", "200", "48601000009", state=State.CLOSED)
    diary.sim("5", "100", "48601000008", state=State.UNKNOWN, word="limbo")
    own_account("beta", "mine", "48601000007")
    diary.sim("6", "200", "48601000007")
    first = diary.sync_accounts()
    before = everything()
    diary.on(2)
    again = diary.sync_accounts()
    assert not again.has_changes
    assert everything() == before
    open_ones = (Deed.NUMBER_TAKEN, Deed.UNKNOWN_STATE)
    assert [said(first, deed) for deed in open_ones] == [said(again, deed) for deed in open_ones]


def test_a_dry_run_says_the_same_and_writes_nothing(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.sim("1", "200", ONE, TWO)
    diary.sim("2", "100", THREE, state=State.BLOCKED)
    before = everything()
    tried = diary.sync_accounts(dry_run=True)
    assert everything() == before
    assert said(tried) == said(diary.sync_accounts()) != []


def test_without_a_product_nothing_is_made_and_that_is_said(diary: Diary) -> None:
    diary.connection.account_product = ""
    diary.sim("1", "100", ONE)
    diary.sim("2", "100", TWO)
    assert said(diary.sync_accounts()) == [
        "not created: 2 accounts of paired customers: the connection names no product for new accounts"
    ]
    assert accounts() == []
    diary.connection.account_product = "mobil"
    with pytest.raises(BadInput, match="there is no product 'mobil'"):
        diary.sync_accounts()


# States.


def test_a_block_there_is_a_block_here_and_is_lifted_with_it(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.sim("1", "100", ONE, state=State.BLOCKED)
    assert said(diary.sync_accounts()) == [
        f"blocked: 1 ({ONE}) = account {ONE}: is blocked there, was active here"
    ]
    assert accounts() == [f"acme/{ONE} blocked/platform - -"]
    diary.sim("1", "100", ONE)
    assert diary.sync_accounts().counts == {Deed.UNBLOCKED: 1}
    assert accounts() == [f"acme/{ONE} active - -"]


def test_a_state_that_is_not_carried_out_yet_changes_nothing(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    for state in (State.BLOCKED, State.CLOSED):
        diary.sim("1", "100", ONE, state=state, is_settled=False)
        assert said(diary.sync_accounts()) == []
    assert accounts() == [f"acme/{ONE} active - -"]


@pytest.mark.parametrize("by", ["staff", "customer", "credit"])
def test_a_block_of_ours_is_never_lifted(diary: Diary, by: str) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    Account.objects.update(state="blocked", blocked_by=by)
    for state in (State.BLOCKED, State.ACTIVE, State.INACTIVE):
        diary.sim("1", "100", ONE, state=state)
        assert said(diary.sync_accounts()) == []
    assert accounts() == [f"acme/{ONE} blocked/{by} - -"]


def test_an_unknown_state_is_left_alone_and_said(diary: Diary) -> None:
    """And is not taken for that of the account before it in the list."""
    diary.sim("1", "100", ONE, state=State.BLOCKED)
    diary.sim("2", "100", TWO)
    diary.sync_accounts()
    diary.sim("2", "100", TWO, state=State.UNKNOWN, word="quarantine")
    diary.sim("3", "100", THREE, state=State.UNKNOWN, word="quarantine")
    report = diary.sync_accounts()
    assert accounts() == [f"acme/{ONE} blocked/platform - -", f"acme/{TWO} active - -"]
    assert said(report) == [
        f"unknown state: {id} ({number}): has the state 'quarantine', which we do not know; it is left alone"
        for id, number in (("2", TWO), ("3", THREE))
    ]


# Adopting.


def test_an_account_with_exactly_the_same_number_is_adopted(diary: Diary) -> None:
    own_account("acme", "desk", ONE)
    diary.sim("1", "100", ONE)
    assert diary.sync_accounts().counts == {Deed.ADOPTED: 1}
    assert (accounts(), links()) == (["acme/desk active - -"], ["1=desk - -"])


@pytest.mark.parametrize(
    ("customer", "digits"), [("beta", [ONE]), ("acme", [ONE, TWO]), ("acme", [TWO])], ids=["other", "more", "none"]
)
def test_no_other_account_is_adopted(diary: Diary, customer: str, digits: list[str]) -> None:
    own_account(customer, "desk", *digits)
    diary.sim("1", "100", ONE)
    report = diary.sync_accounts()
    assert report.counts[Deed.ADOPTED] == 0
    assert links() == [f"1={ONE} - -"]


def test_an_account_that_is_linked_elsewhere_is_not_adopted(diary: Diary) -> None:
    desk = own_account("acme", "desk", ONE)
    other = type(diary.connection).objects.create(name="other")
    AccountLink.objects.create(account=desk, connection=other, foreign_id="9", seen_at=diary.day)
    diary.sim("1", "100", ONE)
    assert diary.sync_accounts().counts == {Deed.CREATED: 1, Deed.NUMBER_TAKEN: 1}


def test_an_account_without_numbers_is_adopted_by_its_name(diary: Diary) -> None:
    own_account("acme", "101@pbx")
    diary.sim("1", "100", code="101@pbx")
    diary.sim("2", "200", code="101@pbx")
    assert diary.sync_accounts().counts == {Deed.ADOPTED: 1, Deed.CREATED: 1}
    assert links() == ["1=101@pbx - -", "2=101@pbx@mms - -"]


# Numbers.


def test_a_number_that_left_ends_and_one_that_came_begins(diary: Diary) -> None:
    diary.sim("1", "100", ONE, TWO, code="a")
    diary.sync_accounts()
    diary.on(5)
    diary.sim("1", "100", TWO, THREE, code="a")
    assert diary.sync_accounts().counts == {Deed.NUMBER_ENDED: 1, Deed.NUMBER_ADDED: 1}
    assert numbers() == [f"a +{ONE} - 03-05", f"a +{TWO} - -", f"a +{THREE} 03-05 -"]


def test_a_number_may_go_from_one_account_to_another_in_either_order(diary: Diary) -> None:
    diary.sim("1", "100", ONE, code="a")
    diary.sim("2", "200", TWO, code="b")
    diary.sync_accounts()
    diary.on(5)
    diary.sim("1", "100", TWO, code="a")
    diary.sim("2", "200", ONE, code="b")
    report = diary.sync_accounts()
    assert report.counts == {Deed.NUMBER_ENDED: 2, Deed.NUMBER_ADDED: 2}
    assert numbers() == [f"a +{ONE} - 03-05", f"b +{ONE} 03-05 -", f"b +{TWO} - 03-05", f"a +{TWO} 03-05 -"]


def test_a_number_of_somebody_else_is_not_taken_and_both_sides_are_said(diary: Diary) -> None:
    own_account("beta", "fax", ONE)
    diary.sim("1", "100", ONE, TWO, code="a")
    report = diary.sync_accounts()
    assert numbers() == [f"fax +{ONE} - -", f"a +{TWO} - -"]
    assert said(report, Deed.NUMBER_TAKEN) == [
        f"number taken: +{ONE}: the platform has it on account a of acme, but here account fax of beta has it"
    ]


def test_a_number_that_was_somebody_elses_begins_when_theirs_ended(diary: Diary) -> None:
    own_account("beta", "fax", ONE)
    Number.objects.update(active_until=diary.day.replace(month=2))
    diary.sim("1", "100", ONE, code="a")
    diary.sync_accounts()
    assert numbers() == [f"fax +{ONE} - 02-01", f"a +{ONE} 02-01 -"]


def test_a_number_put_on_an_account_by_hand_stays(diary: Diary) -> None:
    diary.sim("1", "100", ONE, code="a")
    diary.sync_accounts()
    Number.objects.create(account=Account.objects.get(), digits=int(TWO))
    assert said(diary.sync_accounts()) == []
    assert numbers() == [f"a +{ONE} - -", f"a +{TWO} - -"]


def test_a_number_that_cannot_be_read_takes_none_away(diary: Diary) -> None:
    diary.sim("1", "100", ONE, code="a")
    diary.sync_accounts()
    diary.sim("1", "100", "4860100000l", code="a")
    assert said(diary.sync_accounts()) == ["unreadable number: 1 (a): '4860100000l' is no number"]
    assert numbers() == [f"a +{ONE} - -"]


# Closing, coming back, moving.


def test_a_closed_account_ends_and_its_record_stays(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.on(5)
    diary.sim("1", "100", ONE, state=State.CLOSED, word="deleted")
    assert said(diary.sync_accounts()) == [f"closed: 1 ({ONE}) = account {ONE}: is deleted there"]
    assert accounts() == [f"acme/{ONE} terminated - 03-05"]
    assert numbers() == [f"{ONE} +{ONE} - 03-05"]
    assert links() == [f"1={ONE} - 03-05"]
    diary.on(6)
    assert said(diary.sync_accounts()) == []


def test_an_account_that_comes_back_begins_anew(diary: Diary) -> None:
    for day, state in ((1, State.ACTIVE), (5, State.CLOSED), (9, State.ACTIVE)):
        diary.on(day)
        diary.sim("1", "100", ONE, state=state)
        diary.sync_accounts()
    assert accounts() == [f"acme/{ONE} terminated - 03-05", f"acme/{ONE}@mms active 03-09 -"]
    assert numbers() == [f"{ONE} +{ONE} - 03-05", f"{ONE}@mms +{ONE} 03-09 -"]
    assert links() == [f"1={ONE} - 03-05", f"1={ONE}@mms 03-09 -"]


def test_one_that_was_closed_before_we_came_is_kept_for_its_past_usage(diary: Diary) -> None:
    """Its number is another one's by now, wherever that stands in the list."""
    diary.sim("1", "100", ONE, state=State.CLOSED, code="old")
    diary.sim("2", "200", ONE, code="new")
    diary.sim("3", "100", TWO, state=State.CLOSED, code="older")
    report = diary.sync_accounts()
    assert accounts() == ["acme/old terminated - 03-01", "beta/new active - -", "acme/older terminated - 03-01"]
    assert numbers() == [f"new +{ONE} - -", f"older +{TWO} - 03-01"]
    assert links() == ["1=old - 03-01", "2=new - -", "3=older - 03-01"]
    assert report.counts == {Deed.CREATED: 3}


def test_a_move_to_another_customer_is_an_event_and_no_overwrite(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.on(5)
    diary.sim("1", "200", ONE)
    report = diary.sync_accounts()
    assert accounts() == [f"acme/{ONE} terminated - 03-05", f"beta/{ONE}@mms active 03-05 -"]
    assert numbers() == [f"{ONE} +{ONE} - 03-05", f"{ONE}@mms +{ONE} 03-05 -"]
    assert links() == [f"1={ONE} - 03-05", f"1={ONE}@mms 03-05 -"]
    assert said(report, Deed.MOVED) == [f"moved: 1 ({ONE}): from acme to beta; account {ONE} ends"]
    told = AccountEvent.objects.order_by("pk").values_list("account__code", "what", "detail")
    assert list(told)[1:] == [
        (f"{ONE}@mms", "created", f"was account {ONE} of acme"),
        (ONE, "moved", f"from acme to beta; account {ONE} ends"),
    ]


def test_a_move_to_somebody_who_is_nobody_here(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.on(5)
    diary.sim("1", "300", ONE)
    assert said(diary.sync_accounts()) == [
        f"moved: 1 ({ONE}): from acme to 300; account {ONE} ends, and 300 is nobody's here"
    ]
    assert accounts() == [f"acme/{ONE} terminated - 03-05"]


def test_a_move_between_two_ids_of_one_customer_changes_no_account(diary: Diary) -> None:
    acme = Customer.objects.get(code="acme")
    pair(customer=acme, connection=diary.connection, foreign="101", by="ann", why="", now=diary.day)
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.sim("1", "101", ONE)
    assert diary.sync_accounts().counts == {Deed.UPDATED: 1}
    assert accounts() == [f"acme/{ONE} active - -"]


def test_a_customer_paired_with_another_from_a_date_on_takes_the_accounts_along_from_then(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.on(10)
    acme, beta = Customer.objects.get(code="acme"), Customer.objects.get(code="beta")
    end_pairing(customer=acme, connection=diary.connection, foreign="100", by="ann", why="sold", now=diary.day)
    pair(customer=beta, connection=diary.connection, foreign="100", by="ann", why="sold", now=diary.day)
    diary.on(12)
    diary.sync_accounts()
    assert accounts() == [f"acme/{ONE} terminated - 03-10", f"beta/{ONE}@mms active 03-10 -"]
    assert numbers() == [f"{ONE} +{ONE} - 03-10", f"{ONE}@mms +{ONE} 03-10 -"]


def test_accounts_of_a_customer_who_is_paired_no_more_stay_as_they_are(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    diary.on(5)
    acme = Customer.objects.get(code="acme")
    end_pairing(customer=acme, connection=diary.connection, foreign="100", by="ann", why="", now=diary.day)
    diary.sim("1", "100", TWO, state=State.BLOCKED)
    report = diary.sync_accounts()
    assert (said(report), report.skipped) == ([], {"their customer is not paired": 1})
    assert (accounts(), numbers()) == ([f"acme/{ONE} active - -"], [f"{ONE} +{ONE} - -"])


def test_one_id_there_that_is_two_customers_here_is_not_guessed(diary: Diary) -> None:
    beta = Customer.objects.get(code="beta")
    pair(
        customer=beta, connection=diary.connection, foreign="100", by="ann", why="", now=diary.day, is_shared=True
    )
    own_account("beta", "desk", TWO)
    diary.sim("1", "100", ONE)
    diary.sim("2", "100", TWO)
    report = diary.sync_accounts()
    assert said(report) == [
        f"not created: 1 ({ONE}): 100 is paired with acme and beta, and it cannot be told whose it is",
        f"adopted: 2 ({TWO}) = account desk: same customer, same numbers",
    ]


# Lists that are not whole.


def test_a_list_that_breaks_off_marks_nothing_gone(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sim("2", "100", TWO)
    diary.sync_accounts()
    before = everything()
    diary.platform.breaks_after = 1
    report = diary.sync_accounts()
    assert report.error == "mms: the answer broke off; run it again"
    assert everything() == before


def test_an_empty_list_is_not_believed(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    before = everything()
    diary.platform.lines.clear()
    assert "lists no accounts at all" in diary.sync_accounts().error
    assert everything() == before


def test_an_account_that_is_listed_no_more_is_marked_and_stays(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sim("2", "100", TWO)
    diary.sync_accounts()
    diary.on(5)
    del diary.platform.lines["1"]
    assert diary.sync_accounts().counts == {Deed.GONE: 1}
    assert accounts() == [f"acme/{ONE} active - -", f"acme/{TWO} active - -"]
    assert said(diary.sync_accounts()) == []
    diary.sim("1", "100", ONE)
    assert diary.sync_accounts().counts == {Deed.RETURNED: 1}


def test_an_account_that_staff_ended_is_not_revived(diary: Diary) -> None:
    diary.sim("1", "100", ONE)
    diary.sync_accounts()
    Account.objects.update(state="terminated", active_until=diary.day)
    assert diary.sync_accounts().counts == {Deed.DIFFERS: 1}
    assert accounts() == [f"acme/{ONE} terminated - 03-01"]


CARDS = st.dictionaries(
    st.sampled_from(["1", "2", "3"]),
    st.tuples(
        st.sampled_from(["100", "200", "300"]),
        st.lists(st.sampled_from([ONE, TWO, THREE]), max_size=2, unique=True),
        st.sampled_from(list(State)),
        st.booleans(),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(days=st.lists(CARDS, min_size=1, max_size=4))
def test_whatever_happened_a_second_sync_changes_nothing(diary: Diary, days: list[Any]) -> None:
    """And no number is lost, doubled or taken: the database would refuse two owners."""
    with transaction.atomic():
        for day, cards in enumerate(days, start=2):
            diary.on(day)
            diary.platform.lines.clear()
            for id, (customer, its_numbers, state, is_settled) in cards.items():
                diary.sim(id, customer, *its_numbers, state=state, is_settled=is_settled, code=f"c{id}")
            tried = diary.sync_accounts(dry_run=True)
            assert said(tried) == said(diary.sync_accounts())
        before = everything()
        again = diary.sync_accounts()
        assert not again.has_changes, said(again)
        assert everything() == before
        transaction.set_rollback(True)
