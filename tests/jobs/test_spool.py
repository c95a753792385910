"""What is fetched lies in folders that are closed to others, and does not stay when it is evidence."""

import os
import re
import resource
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.jobs.books import books
from tests.jobs.office import Office
from tests.jobs.toy_office import Toy
from tests.jobs.toy_platform import Call
from tollbook.jobs.spool import spool
from tollbook.usage.evidence import evidence_folder, keep_evidence

ANN_1 = "48221000001"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """As most systems have it: what is made can be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_nobody_else_reads_who_called_whom(office: Office, open_umask: None) -> None:
    with spool(office.source) as folder:
        (folder / "calls.csv").write_text("48221000001,442079460000\n")
        assert mode(folder) == 0o700
        keep_evidence(folder / "calls.csv", received_at=datetime(2017, 6, 19, tzinfo=UTC))

    assert mode(evidence_folder()) == 0o700


def test_what_a_killed_process_left_goes_first_and_nothing_stays(office: Office) -> None:
    with spool(office.source) as folder:
        left = folder
    left.mkdir(parents=True)
    (left / "half.csv").write_text("a,")

    with spool(office.source) as folder:
        assert list(folder.iterdir()) == []
    assert not folder.exists()


def test_a_full_disk_is_for_a_person_and_costs_nothing(toy: Toy) -> None:
    toy.platform.calls = [
        Call(id=nth, customer="c1", start="2017-06-18T10:00:00+00:00", cli=ANN_1) for nth in range(50)
    ]
    before = books()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        run = toy.collect("2017-06-19T12:00")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert (run.state, run.may_pass) == ("failed", False)
    assert re.fullmatch(
        r"toy: what is fetched cannot be kept in .* \(File too large\); make room there, and collect again",
        run.problems[0]["error"],
    )
    assert books() == before
    assert toy.collect("2017-06-19T12:00").outcomes == {"charged": 50}
