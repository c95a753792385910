"""A month of the simulated platforms: however it is collected, and whatever goes wrong, the books are the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import transaction

from simulators.faults import Fault
from tests.jobs.books import books
from tests.jobs.simulated import Simulated, simulated_metroport, simulated_portabilling, undone
from tollbook.jobs.check_ledger import check_ledger

AFTER = "2017-07-03T12:00"
BENCHES = {"metroport": simulated_metroport, "portabilling": simulated_portabilling}
FAULTS = [
    Fault("status", status=500),
    Fault("status", status=429),
    Fault("status", status=503),
    Fault("timeout_before"),
    Fault("timeout_after"),
    Fault("truncate"),
    Fault("wrong_type"),
    Fault("expire_session"),
    Fault("slow", seconds=0.05),
]


@pytest.fixture(params=BENCHES)
def platform(
    request: pytest.FixtureRequest, db: None, tmp_path: Path, settings: LazySettings
) -> Iterator[Simulated]:
    settings.TOLLBOOK_HOME = tmp_path
    with BENCHES[request.param]() as bench:
        yield bench


def day_by_day(platform: Simulated) -> None:
    """At one in the night of each day; meanwhile things change behind our back."""
    for day in range(2, 31):
        if day == 3:
            platform.correct()
        if day == 20:
            platform.late()
        assert platform.collect(f"2017-06-{day:02d}T01:00").state == "done"
    platform.collect(AFTER)


@pytest.mark.req("X7")
def test_day_by_day_at_once_with_overlaps_and_repeats_is_the_same_month(platform: Simulated) -> None:
    daily = undone(lambda: day_by_day(platform))
    assert len(daily["usage"]) > 500
    assert len(daily["ledger"]) > 10

    def overlapping() -> None:
        for since, until in (("10", "25"), ("01", "12"), ("20", "30"), ("10", "25")):
            platform.collect(AFTER, since=f"2017-06-{since}T05:00", until=f"2017-06-{until}T07:30", again=True)
        platform.collect(AFTER, since="2017-06-01T00:00", again=True)
        platform.collect(AFTER, since="2017-05-31T22:00")
        platform.collect(AFTER)

    assert undone(lambda: platform.collect(AFTER)) == daily
    assert undone(overlapping) == daily


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_after_any_fault_and_a_repeat_the_books_are_those_of_an_undisturbed_month(
    platform: Simulated, fault: Fault
) -> None:
    platform.collect("2017-06-10T01:00")
    before = books()
    undisturbed = undone(lambda: platform.collect(AFTER))
    assert len(undisturbed["usage"]) > len(before["usage"])

    for times in (1, None):
        disturbed = Fault(
            fault.kind, match=platform.usage_path, after=2, times=times, seconds=fault.seconds, status=fault.status
        )
        with transaction.atomic():
            platform.faults.set([disturbed])
            run = platform.collect(AFTER)
            platform.faults.set([])
            # What was there is there, whatever came: nothing is deleted or changed by a fetch that fails.
            assert set(before["usage"]) <= set(books()["usage"])
            if times is None and fault.kind != "slow":
                assert run.state in {"partial", "failed"}, run.problems
            assert platform.collect(AFTER if run.state != "done" else "2017-07-03T13:00").state == "done"
            assert books() == undisturbed
            assert [finding for finding in check_ledger() if finding.problems] == []
            transaction.set_rollback(True)
