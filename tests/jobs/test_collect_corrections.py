"""A platform says another thing about a call, and goes back to what it said first: what it said last is charged.

A minute to London costs 0.012; Bob pays no tax.
"""

from collections.abc import Iterator

import pytest

from tests.jobs.books import books
from tests.jobs.test_collect_usage import BOB_1, outcomes, owed
from tests.jobs.toy_office import Toy, at
from tests.jobs.toy_platform import Call
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.jobs.reverse_usage import undo_import
from tollbook.usage.models import CollectRun, ImportRun

CALL = Call(id=1, customer="c3", start="2017-06-18T10:00:00+00:00", cli=BOB_1)
NEXT = Call(id=2, customer="c3", start="2017-06-18T11:00:00+00:00", cli=BOB_1)


@pytest.fixture(autouse=True)
def books_are_right(toy: Toy) -> Iterator[None]:
    """After each test: whatever was done, every law holds."""
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []


def said(toy: Toy, hour: int, seconds: int) -> CollectRun:
    """At this hour it says that the first call was so long, and is asked for the whole period again."""
    toy.platform.correct(1, seconds=seconds)
    return toy.collect(f"2017-06-20T{hour}:00", since="2017-06-18T00:00", again=True)


def test_going_back_to_what_was_said_first_is_a_correction_too(toy: Toy) -> None:
    toy.platform.calls = [CALL]
    said(toy, 12, 60)
    said(toy, 13, 121)
    assert owed("bob") == "0.036"

    back = said(toy, 14, 60)  # to the byte what came at twelve

    assert (outcomes(back), owed("bob")) == ("1 charged", "0.012")


def test_so_it_is_when_more_has_come_behind_it(toy: Toy) -> None:
    toy.platform.calls = [CALL]
    said(toy, 12, 60)
    said(toy, 13, 121)
    toy.platform.calls.append(NEXT)

    back = said(toy, 14, 60)  # it begins with what came at twelve, and is no longer copy of it

    assert (outcomes(back), owed("bob")) == ("2 charged", "0.024")


def test_reading_an_old_collect_again_does_not_bring_back_what_was_corrected_since(toy: Toy) -> None:
    toy.platform.calls = [CALL]
    runs = [said(toy, hour, seconds).runs.get() for hour, seconds in ((12, 60), (13, 121), (14, 60), (15, 61))]
    before = books()
    assert owed("bob") == "0.024"

    for run in (runs[0], runs[2], runs[3], runs[1]):
        reprocess_usage(ImportRun.objects.get(pk=run.pk), now=at("2017-06-21"))
        assert books() == before


def test_an_old_collect_that_was_undone_and_is_read_again_stays_behind_the_later_one(toy: Toy) -> None:
    toy.platform.calls = [CALL]
    first, second = said(toy, 12, 60).runs.get(), said(toy, 13, 121).runs.get()
    before = books()
    undo_import(second, posted_at=at("2017-06-21"))
    undo_import(first, posted_at=at("2017-06-21"))
    assert owed("bob") == "0"

    for run in (second, first):
        reprocess_usage(ImportRun.objects.get(pk=run.pk), now=at("2017-06-21"))

    assert books() == before
