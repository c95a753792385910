"""What is asked for, when customers change and people collect by hand: no day between is forgotten.

Bob pays 0.012 for a minute to London. Midnight in Warsaw is 22:00 UTC in summer.
"""

from datetime import date

import pytest

from tests.jobs.test_collect_usage import BOB_1, outcomes, owed
from tests.jobs.toy_office import Toy, at
from tests.jobs.toy_platform import Call
from tollbook.connections.models import Connection
from tollbook.customers.models import Pairing
from tollbook.jobs.reconcile_usage import reconcile_usage

EARLY = Call(id=1, customer="c3", start="2017-06-05T10:00:00+00:00", cli=BOB_1)


@pytest.fixture
def wanted(toy: Toy) -> Toy:
    """Usage is wanted from the first of June on."""
    import_from(toy, date(2017, 6, 1))
    toy.platform.calls = [EARLY]
    return toy


def import_from(toy: Toy, day: date) -> None:
    Connection.objects.filter(pk=toy.connection.pk).update(import_from=day)
    toy.connection.refresh_from_db()


def test_a_day_tried_by_hand_first_does_not_become_the_beginning(wanted: Toy) -> None:
    run = wanted.collect("2017-06-19T12:00", since="2017-06-15T00:00", until="2017-06-16T00:00")
    assert (run.state, wanted.collected()["c3"]) == ("done", "nothing")
    wanted.asked()

    run = wanted.collect("2017-06-20T01:00")

    assert wanted.asked()["c3"] == ("2017-05-31 22:00", "2017-06-20 01:00")
    assert (outcomes(run), owed("bob")) == ("1 charged", "0.012")


def test_without_an_import_date_today_by_hand_does_not_hide_yesterday(toy: Toy) -> None:
    toy.collect("2017-06-20T12:00", since="2017-06-20T00:00")
    toy.asked()

    toy.collect("2017-06-20T13:00")
    assert toy.asked()["c3"] == ("2017-06-18 22:00", "2017-06-20 13:00")


def test_a_period_from_before_the_beginning_is_the_beginning(wanted: Toy) -> None:
    wanted.collect("2017-06-19T12:00", since="2017-05-01T00:00", until="2017-06-02T00:00")
    wanted.asked()

    wanted.collect("2017-06-20T12:00")
    assert wanted.asked()["c3"] == ("2017-06-02 00:00", "2017-06-20 12:00")


def test_an_import_date_that_is_changed_holds_for_new_customers_only(wanted: Toy) -> None:
    import_from(wanted, date(2017, 6, 10))
    wanted.collect("2017-06-19T12:00")
    import_from(wanted, date(2017, 6, 1))
    wanted.pair("ann", "c4")
    wanted.asked()

    wanted.collect("2017-06-20T12:00")
    asked = wanted.asked()
    assert (asked["c3"][0], asked["c4"][0]) == ("2017-06-19 12:00", "2017-05-31 22:00")

    wanted.collect("2017-06-20T12:00", since="2017-06-01T00:00", until="2017-06-10T00:00")
    assert owed("bob") == "0.012"


def test_choosing_who_somebody_is_now_does_not_forget_who_they_were(wanted: Toy) -> None:
    # Bob's line was taken over by Ann on the tenth; what he called before is still his.
    Pairing.objects.filter(foreign_id="c3").update(
        active_until=at("2017-06-10T00:00"), ended_by="x", ended_why="taken over"
    )
    wanted.pair("ann", "c3", "2017-06-10")

    wanted.collect("2017-06-19T12:00", customers=["ann"])
    assert wanted.asked()["c3"] == ("2017-05-31 22:00", "2017-06-19 12:00")
    assert owed("bob") == "0.012"


def test_before_they_were_paired_nobody_is_asked_for_nor_compared(wanted: Toy) -> None:
    Pairing.objects.filter(foreign_id="c3").update(active_from=at("2017-06-08T00:00"))
    wanted.platform.calls.append(Call(id=2, customer="c3", start="2017-06-08T10:00:00+00:00", cli=BOB_1))

    run = wanted.collect("2017-06-19T12:00", since="2017-06-01T00:00", again=True)

    assert wanted.asked()["c3"][0] == "2017-06-08 00:00"
    assert outcomes(run) == "1 charged"
    held = reconcile_usage(
        wanted.connection, since=date(2017, 6, 1), until=date(2017, 6, 19), now=at("2017-06-20T00:00")
    )
    assert held.agrees


def test_what_is_late_of_a_period_collected_by_hand_comes_with_the_next_collect(toy: Toy) -> None:
    toy.collect("2017-06-19T12:00", since="2017-06-01T00:00", until="2017-06-19T11:55")
    # The call of 11:50 was not there yet at noon.
    toy.platform.calls.append(Call(id=2, customer="c3", start="2017-06-19T11:50:00+00:00", cli=BOB_1))

    assert outcomes(toy.collect("2017-06-19T13:00")) == "1 charged"
