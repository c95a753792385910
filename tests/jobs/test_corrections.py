"""A platform corrects a record, and corrects it again; imports are undone in any order. Never twice, never lost.

Every call here is Bob's, who pays no tax, to the United Kingdom: 0.012 a begun minute.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.jobs.office import NOON, Office
from tests.jobs.test_import_usage import counts, owed
from tollbook.jobs import reverse_usage
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.usage.models import ImportRun
from tollbook.usage.queries import select_records


def minutes(*talked: int, record_id: str = "a") -> str:
    """A file that says each time that the one call was so long."""
    lines = [f"{record_id},2017-06-19T08:00:00Z,{length * 60},48221000003,442079460000,yes" for length in talked]
    return "\n".join(["record_id,start,duration_s,cli,cld,answered", *lines])


def with_b_after(file: str) -> str:
    return file + "\n" + minutes(1, record_id="b").splitlines()[1]


def with_b_before(file: str) -> str:
    head, *lines = file.splitlines()
    return "\n".join([head, minutes(1, record_id="b").splitlines()[1], *lines])


def states(*runs: ImportRun) -> list[dict[str, int]]:
    for run in runs:
        run.refresh_from_db()
    return [counts(run) for run in runs]


@pytest.fixture(autouse=True)
def books_are_right(office: Office) -> Iterator[None]:
    """After each test: whatever was done, every law holds."""
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []


def test_of_a_chain_of_corrections_the_last_counts(office: Office) -> None:
    runs = [office.import_(minutes(length), f"{length}.csv") for length in (1, 2, 3)]

    assert states(*runs) == [{"superseded": 1}, {"superseded": 1}, {"charged": 1}]
    assert owed("bob") == Decimal("0.036")


def test_the_last_correction_undone_the_one_before_it_waits(office: Office) -> None:
    runs = [office.import_(minutes(length), f"{length}.csv") for length in (1, 2, 3)]

    undo_import(runs[2], posted_at=NOON)
    retry_set_aside(office.source, now=NOON)

    assert states(*runs) == [{"superseded": 1}, {"charged": 1}, {"undone": 1}]
    assert owed("bob") == Decimal("0.024")


def test_what_was_undone_does_not_come_back_when_its_correction_is_undone(office: Office) -> None:
    runs = [office.import_(minutes(length), f"{length}.csv") for length in (1, 2, 3)]

    undo_import(runs[1], posted_at=NOON)
    assert owed("bob") == Decimal("0.036")
    undo_import(runs[2], posted_at=NOON)
    retry_set_aside(office.source, now=NOON)

    assert states(*runs) == [{"charged": 1}, {"undone": 1}, {"undone": 1}]
    assert owed("bob") == Decimal("0.012")


def test_all_imports_of_a_record_undone_it_can_be_read_again(office: Office) -> None:
    runs = [office.import_(minutes(length), f"{length}.csv") for length in (1, 2)]

    for run in runs:
        undo_import(run, posted_at=NOON)
    assert retry_set_aside(office.source, now=NOON).tried == 0

    assert states(*runs) == [{"undone": 1}, {"undone": 1}]
    assert owed("bob") == 0
    assert counts(office.import_(minutes(1), "1.csv")) == {"charged": 1}
    assert owed("bob") == Decimal("0.012")


def test_a_file_that_corrects_itself_is_undone_as_a_whole(office: Office) -> None:
    run = office.import_(minutes(1, 2, 3))
    assert states(run) == [{"superseded": 2, "charged": 1}]

    assert undo_import(run, posted_at=NOON) == 3

    assert states(run) == [{"undone": 3}]
    assert owed("bob") == 0
    assert counts(office.import_(minutes(1, 2, 3))) == {"superseded": 2, "charged": 1}


def test_a_correction_that_waited_is_retried_and_undone(office: Office) -> None:
    first = office.import_(minutes(1))
    second = office.import_(minutes(2).replace("442079460000", "33100000000"), "france.csv")
    assert owed("bob") == 0
    assert states(first, second) == [{"superseded": 1}, {"set_aside": 1}]

    undo_import(second, posted_at=NOON)
    assert retry_set_aside(office.source, now=NOON).charged == 1

    assert states(first, second) == [{"charged": 1}, {"undone": 1}]
    assert owed("bob") == Decimal("0.012")


def test_the_same_file_again_does_not_bring_back_what_was_corrected_since(office: Office) -> None:
    office.import_(minutes(1), "first.csv")
    office.import_(minutes(2), "correction.csv")

    again = office.import_(minutes(1), "first.csv")

    assert counts(again) == {"duplicate": 1}
    assert owed("bob") == Decimal("0.024")


def test_a_longer_copy_does_not_bring_back_what_was_corrected_since(office: Office) -> None:
    office.import_(minutes(1), "first.csv")
    office.import_(minutes(2), "correction.csv")

    longer = office.import_(with_b_after(minutes(1)), "first.csv")

    assert counts(longer) == {"duplicate": 1, "charged": 1}
    assert owed("bob") == Decimal("0.036")


def test_a_file_that_corrects_itself_adds_nothing_when_it_is_read_again(office: Office) -> None:
    office.import_(minutes(1, 2))

    assert counts(office.import_(minutes(1, 2))) == {"duplicate": 2}


def test_a_correction_may_go_back_to_what_was_said_first(office: Office) -> None:
    office.import_(minutes(1), "first.csv")
    office.import_(minutes(2), "second.csv")

    back = office.import_(with_b_before(minutes(1)), "third.csv")

    assert counts(back) == {"charged": 2}
    assert owed("bob") == Decimal("0.024")  # a and b, a minute each


def test_an_import_read_again_does_not_bring_back_what_was_corrected_since(office: Office) -> None:
    first = office.import_(minutes(1), "first.csv")
    second = office.import_(minutes(2), "second.csv")

    undo_import(first, posted_at=NOON)

    assert states(first, second) == [{"undone": 1}, {"charged": 1}]
    assert counts(office.import_(minutes(1), "first.csv")) == {"duplicate": 1}
    assert owed("bob") == Decimal("0.024")


def test_an_undo_that_was_interrupted_is_not_taken_for_an_import_that_was(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = office.import_(with_b_after(minutes(1)), batch_rows=1)
    ImportRun.objects.filter(pk=run.pk).update(state="running")  # it died before it could say that it was done
    monkeypatch.setattr(reverse_usage, "BATCH_ROWS", 1)
    reads = iter([1])  # the second batch is not read any more
    monkeypatch.setattr(reverse_usage, "select_records", lambda *a, **o: next(reads) and select_records(*a, **o))
    with pytest.raises(StopIteration):
        undo_import(run, posted_at=NOON)
    monkeypatch.undo()
    assert states(run) == [{"charged": 1, "undone": 1}]

    again = office.import_(with_b_after(minutes(1)))

    assert states(run, again) == [{"charged": 1, "undone": 1}, {"charged": 1, "duplicate": 1}]
    assert owed("bob") == Decimal("0.024")
    undo_import(run, posted_at=NOON)
    assert states(run, again) == [{"undone": 2}, {"charged": 1, "duplicate": 1}]


def test_a_record_that_waits_again_has_no_price_to_explain(office: Office) -> None:
    office.import_(minutes(1), "first.csv")
    undo_import(office.import_(minutes(2), "second.csv"), posted_at=NOON)
    waiting = select_records("outcome = 'set_aside'", ()).row(0, named=True)

    assert "set aside: the correction that replaced it was undone" in explain_record(waiting["id"]).as_text()
