"""A diary of collecting from a platform that is asked customer by customer."""

from datetime import date

import pytest

from tests.jobs.books import books
from tests.jobs.toy_office import Toy
from tests.jobs.toy_platform import Call
from tollbook.connections.models import Connection
from tollbook.connectors.errors import NeedsAttention, TryAgainLater
from tollbook.customers.models import Customer, Number, Pairing
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.collect_usage import STOPPED
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.queries import balance
from tollbook.usage.evidence import evidence_path
from tollbook.usage.models import CollectRun, Evidence, ImportRun, UsageCursor, UsageRecord
from tollbook.usage.queries import set_aside_by_reason

ANN_1, ANN_2, BOB_1, NOBODY = "48221000001", "48221000002", "48221000003", "48229999999"
# A minute to London costs 0.012; Ann pays 23 % tax on it.
FIRST = Call(id=1, customer="c1", start="2017-06-18T10:00:00+00:00", cli=ANN_1)
SECOND = Call(id=2, customer="c2", start="2017-06-18T11:00:00+00:00", cli=ANN_2, seconds=61)
THIRD = Call(id=3, customer="c3", start="2017-06-19T08:00:00+00:00", cli=BOB_1)


def outcomes(run: CollectRun) -> str:
    return ", ".join(f"{count} {name}" for name, count in run.outcomes.items())


def owed(code: str) -> str:
    return f"{balance(Customer.objects.get(code=code), 'EUR').amount.normalize()}"


def test_the_first_import_begins_a_day_before_it_and_the_next_where_that_ended(toy: Toy) -> None:
    toy.platform.calls = [FIRST, SECOND, THIRD]

    run = toy.collect("2017-06-19T12:00")

    # Midnight in Warsaw is 22:00 UTC in summer; the day before the 19th is the 18th.
    assert toy.asked() == dict.fromkeys(("c1", "c2", "c3"), ("2017-06-17 22:00", "2017-06-19 12:00"))
    assert (run.state, run.scopes, run.scopes_failed, outcomes(run)) == ("done", 3, 0, "3 charged")
    # 1 minute, 2 minutes and 1 minute at 0.012.
    assert run.sums == {"EUR": 48_000_000}
    evidence = Evidence.objects.get()
    assert evidence.name == "toy-2017-06-19T12:00.jsonl"
    assert len(evidence_path(evidence.sha256).read_text().splitlines()) == 3

    toy.platform.calls.append(Call(id=4, customer="c3", start="2017-06-19T13:00:00+00:00", cli=BOB_1))
    run = toy.collect("2017-06-20T12:00")

    assert toy.asked() == dict.fromkeys(("c1", "c2", "c3"), ("2017-06-19 12:00", "2017-06-20 12:00"))
    assert outcomes(run) == "1 charged"


@pytest.mark.req("S3")
def test_new_customers_begin_at_the_import_date_each_in_their_own_time(toy: Toy) -> None:
    Connection.objects.filter(pk=toy.connection.pk).update(import_from=date(2017, 6, 1))
    toy.connection.refresh_from_db()
    toy.collect("2017-06-19T12:00")
    assert toy.asked()["c1"] == ("2017-05-31 22:00", "2017-06-19 12:00")

    Connection.objects.filter(pk=toy.connection.pk).update(import_from=None)
    toy.connection.refresh_from_db()
    toy.pair("bob", "c4")
    toy.collect("2017-06-25T12:00")

    assert toy.asked() == {
        "c1": ("2017-06-19 12:00", "2017-06-25 12:00"),
        "c2": ("2017-06-19 12:00", "2017-06-25 12:00"),
        "c3": ("2017-06-19 12:00", "2017-06-25 12:00"),
        "c4": ("2017-06-23 22:00", "2017-06-25 12:00"),  # its own first import is on the 25th
    }


def test_a_first_import_that_fails_still_counts_as_the_first(toy: Toy) -> None:
    toy.platform.down = TryAgainLater("away", platform="toy")
    toy.collect("2017-06-19T12:00")
    toy.platform.down = None
    toy.asked()

    toy.collect("2017-06-22T12:00")

    assert toy.asked()["c1"] == ("2017-06-17 22:00", "2017-06-22 12:00")


def test_a_customer_who_fails_is_asked_again_and_the_others_go_on(toy: Toy) -> None:
    toy.platform.calls = [FIRST, SECOND, THIRD]
    toy.platform.failing["c2"] = NeedsAttention("the API user may not see customer c2", platform="toy")

    run = toy.collect("2017-06-19T12:00")

    assert (run.state, run.scopes, run.scopes_failed, run.may_pass) == ("partial", 3, 1, False)
    assert run.problems == [{"scope": "c2", "error": "toy: the API user may not see customer c2"}]
    # What came of c2 before it failed is true and is in; the rest is asked for again.
    assert outcomes(run) == "3 charged"
    assert toy.collected() == {"c1": "2017-06-19 12:00", "c2": "nothing", "c3": "2017-06-19 12:00"}

    toy.platform.failing.clear()
    toy.asked()
    run = toy.collect("2017-06-19T12:30")

    assert toy.asked() == {
        "c1": ("2017-06-19 12:00", "2017-06-19 12:30"),
        "c2": ("2017-06-17 22:00", "2017-06-19 12:30"),
        "c3": ("2017-06-19 12:00", "2017-06-19 12:30"),
    }
    assert outcomes(run) == "1 duplicate"


def test_a_platform_that_is_away_changes_nothing_and_says_that_it_may_pass(toy: Toy) -> None:
    toy.platform.calls = [FIRST]
    toy.collect("2017-06-19T12:00")
    before, reached = books(), toy.collected()
    toy.platform.down = TryAgainLater("no answer in 30 s; run again later", platform="toy")

    run = toy.collect("2017-06-20T12:00")

    assert (run.state, run.scopes, run.scopes_failed, run.may_pass) == ("failed", 3, 3, True)
    assert run.problems[0] == {"scope": "c1", "error": "toy: no answer in 30 s; run again later"}
    assert (books(), toy.collected()) == (before, reached)
    assert run.runs.count() == 0


def test_late_records_and_corrections_come_with_the_overlap(toy: Toy) -> None:
    toy.platform.calls = [FIRST, THIRD]
    toy.collect("2017-06-19T12:00")
    # Begun before the last collect, written down after it.
    late = Call(
        id=4,
        customer="c1",
        start="2017-06-19T11:00:00+00:00",
        written_at="2017-06-19T12:10:00+00:00",
        cli=ANN_1,
    )
    toy.platform.calls.append(late)
    assert outcomes(toy.collect("2017-06-19T13:00")) == "1 charged"
    assert owed("ann") == "0.02952"  # 2 × 0.012 × 1.23

    toy.platform.correct(4, seconds=121)
    assert outcomes(toy.collect("2017-06-19T13:05")) == "1 charged"

    assert owed("ann") == "0.05904"  # 4 minutes × 0.012 × 1.23
    assert UsageRecord.objects.filter(outcome="superseded").count() == 1
    assert [finding for finding in check_ledger() if finding.problems] == []


def test_nothing_new_is_a_visit_all_the_same(toy: Toy) -> None:
    run = toy.collect("2017-06-19T12:00")

    assert (run.state, run.outcomes, run.runs.count()) == ("done", {}, 0)
    assert Evidence.objects.count() == 0
    assert toy.collected()["c1"] == "2017-06-19 12:00"


def test_a_period_that_was_collected_is_fetched_only_again(toy: Toy) -> None:
    toy.platform.calls = [FIRST, SECOND, THIRD]
    toy.collect("2017-06-19T12:00")
    toy.asked()
    before = books()

    run = toy.collect("2017-06-20T12:00", since="2017-06-18T00:00", until="2017-06-19T00:00")
    assert (run.state, run.scopes, run.scopes_skipped, toy.asked()) == ("done", 0, 3, {})

    run = toy.collect("2017-06-20T12:00", since="2017-06-18T00:00", until="2017-06-19T00:00", again=True)

    assert toy.asked()["c1"] == ("2017-06-18 00:00", "2017-06-19 00:00")
    assert outcomes(run) == "2 duplicate"
    assert books() == before
    assert toy.collected()["c1"] == "2017-06-19 12:00"  # never backwards


def test_a_period_for_some_customers_only(toy: Toy) -> None:
    toy.platform.calls = [FIRST, SECOND, THIRD]

    run = toy.collect("2017-06-20T12:00", since="2017-06-01T00:00", until="2017-06-18T10:30", customers=["ann"])

    assert toy.asked() == dict.fromkeys(("c1", "c2"), ("2017-06-01 00:00", "2017-06-18 10:30"))
    assert (outcomes(run), run.customers) == ("1 charged", ["ann"])

    # What lies between that period and today is not skipped.
    toy.collect("2017-06-20T12:00", customers=["ann"])
    assert toy.asked()["c1"] == ("2017-06-18 10:30", "2017-06-20 12:00")


def test_a_period_apart_from_what_was_collected_moves_nothing(toy: Toy) -> None:
    toy.collect("2017-06-10T12:00")
    toy.collect("2017-06-20T12:00", since="2017-06-15T00:00", until="2017-06-16T00:00")
    assert toy.collected()["c1"] == "2017-06-10 12:00"


def test_a_period_by_hand_does_not_make_the_platform_forget_where_it_was(toy: Toy) -> None:
    toy.collect("2017-06-10T12:00", since="2017-06-01T00:00")
    words = UsageCursor.objects.get(scope="c1").cursor
    assert words == "2017-06-10T12:00:00+00:00"

    toy.collect("2017-06-20T12:00", since="2017-06-09T00:00", again=True)
    # What is late of the first days is still looked for from there, though all is collected up to now.
    assert UsageCursor.objects.get(scope="c1").cursor == words
    assert toy.collected()["c1"] == "2017-06-20 12:00"

    toy.collect("2017-06-21T12:00")
    assert UsageCursor.objects.get(scope="c1").cursor == "2017-06-21T12:00:00+00:00"


def test_a_customer_who_is_not_paired_cannot_be_chosen(toy: Toy) -> None:
    run = toy.collect("2017-06-20T12:00", customers=["carol"])
    assert run.state == "failed"
    assert "customer 'carol' is not paired at toy" in run.problems[0]["error"]


def test_an_ended_pairing_is_asked_for_a_week_longer_as_calls_may_be_billed_late(toy: Toy) -> None:
    toy.collect("2017-06-19T12:00")
    Pairing.objects.filter(foreign_id="c3").update(
        active_until="2017-06-20T00:00Z", ended_by="x", ended_why="left"
    )
    toy.platform.calls = [
        Call(
            id=1,
            customer="c3",
            start="2017-06-19T23:50:00+00:00",
            written_at="2017-06-23T00:10:00+00:00",
            cli=BOB_1,
        ),
        Call(id=2, customer="c3", start="2017-06-20T00:00:00+00:00", cli=BOB_1),
    ]
    toy.asked()

    toy.collect("2017-06-21T12:00")
    assert toy.asked()["c3"] == ("2017-06-19 12:00", "2017-06-21 12:00")
    toy.collect("2017-06-30T12:00")
    assert toy.asked()["c3"] == ("2017-06-21 12:00", "2017-06-27 00:00")
    toy.collect("2017-07-01T12:00")
    assert "c3" not in toy.asked()

    # The last call is Bob's, though billed days later; the one at the very end of it is nobody's.
    assert owed("bob") == "0.012"
    assert set_aside_by_reason() == [("toy", "unpaired_customer", 1, "2017-06-20", "2017-06-20")]


@pytest.mark.req("S7")
def test_calls_of_no_known_number_wait_and_are_tried_again_with_every_collect(toy: Toy) -> None:
    toy.platform.calls = [THIRD, Call(id=1, customer="c1", start="2017-06-19T08:00:00+00:00", cli=NOBODY)]
    run = toy.collect("2017-06-19T12:00")
    assert outcomes(run) == "1 charged, 1 set_aside"
    assert UsageRecord.objects.get(outcome="charged").customer_id == Customer.objects.get(code="bob").pk
    assert set_aside_by_reason() == [("toy", "no_account", 1, "2017-06-19", "2017-06-19")]

    Number.objects.create(account=Customer.objects.get(code="ann").accounts.get(code="ann-1"), digits=int(NOBODY))
    run = toy.collect("2017-06-20T12:00")

    assert run.retried == {"tried": 1, "charged": 1, "free": 0}
    assert owed("ann") == "0.01476"  # 0.012 × 1.23
    assert set_aside_by_reason() == []


def test_a_platform_that_gives_everything_at_once_leaves_strangers_waiting(toy: Toy) -> None:
    toy.connection.kind = "whole-toy"
    toy.connection.save()
    stranger = Call(id=9, customer="c9", start="2017-06-19T09:00:00+00:00", cli=ANN_1)
    fee = Call(id=10, customer="c1", start="2017-06-19T09:00:00+00:00", fee=True, price="9.90")
    toy.platform.calls = [FIRST, stranger, fee]

    run = toy.collect("2017-06-19T12:00")

    assert toy.asked() == {"": ("2017-06-17 22:00", "2017-06-19 12:00")}
    assert outcomes(run) == "1 charged, 1 set_aside, 1 not_usage"
    assert UsageRecord.objects.get(record_key="00000009").reason == "unpaired_customer"


def test_a_dry_run_says_what_would_happen_and_writes_nothing(toy: Toy) -> None:
    toy.platform.calls = [FIRST, SECOND]
    toy.collect("2017-06-19T12:00")
    toy.platform.calls.append(THIRD)
    toy.platform.correct(2, seconds=60)
    before = books()
    counts = (CollectRun.objects.count(), ImportRun.objects.count(), UsageCursor.objects.count())

    run = toy.collect("2017-06-20T12:00", since="2017-06-18T00:00", dry_run=True)

    assert run._state.adding  # it is not in the database
    assert (run.state, run.scopes) == ("done", 3)
    assert run.outcomes == {"duplicate": 1, "charged": 2}
    assert run.sums == {"EUR": 24_000_000}  # the corrected call and Bob's: a minute each
    assert books() == before
    assert (CollectRun.objects.count(), ImportRun.objects.count(), UsageCursor.objects.count()) == counts


def test_what_was_undone_stays_so_until_it_is_asked_for_again(toy: Toy) -> None:
    toy.platform.calls = [FIRST, SECOND, THIRD]
    run = toy.collect("2017-06-19T12:00")
    before = books()
    undo_import(run.runs.get(), posted_at=run.started_at)
    assert toy.collect("2017-06-19T13:30").outcomes == {}

    toy.collect("2017-06-19T14:00", since="2017-06-18T00:00", again=True)

    assert books() == before


def test_one_that_was_stopped_by_hand_says_so(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as pressed:
        pressed.setattr("tollbook.jobs.collect_usage.collect_period", stop)
        with pytest.raises(KeyboardInterrupt):
            toy.collect("2017-06-19T12:00")

    run = CollectRun.objects.get()
    assert (run.state, [problem["error"] for problem in run.problems]) == ("failed", [STOPPED])


def test_the_schedule_tries_what_waits_once_an_hour_and_a_person_whenever_they_ask(toy: Toy) -> None:
    toy.platform.calls = [Call(id=1, customer="c1", start="2017-06-19T08:00:00+00:00", cli=NOBODY)]
    toy.collect("2017-06-19T12:00", asked_by="schedule")
    tried = {"tried": 1, "charged": 0, "free": 0}

    assert toy.collect("2017-06-19T12:30", asked_by="schedule").retried == tried
    assert toy.collect("2017-06-19T12:45", asked_by="schedule").retried == {}
    assert toy.collect("2017-06-19T12:50", asked_by="ann").retried == tried
    assert toy.collect("2017-06-19T13:51", asked_by="schedule").retried == tried
