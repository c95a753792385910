"""Which times Metroport is asked for, as its clock shows them."""

from datetime import UTC, datetime

import pytest

from tests.connectors.metroport.sites import WARSAW, warsaw
from tollbook.connectors.metroport.periods import Cursor, periods
from tollbook.errors import BadInput


def asked(since: datetime, until: datetime, chunk_days: int = 0) -> list[tuple[str, str]]:
    return [(one.datestart, one.dateend) for one in periods(since, until, WARSAW, chunk_days)]


def test_a_month_goes_from_its_first_second_to_the_first_after_it() -> None:
    june = ("2017-06-01 00:00:00", "2017-07-01 00:00:00")
    assert asked(warsaw("2017-06-01"), warsaw("2017-07-01")) == [june]
    # Warsaw is two hours ahead of UTC in June, and one in December.
    assert asked(datetime(2017, 5, 31, 22, tzinfo=UTC), datetime(2017, 6, 30, 22, tzinfo=UTC)) == [june]
    december = datetime(2017, 11, 30, 23, tzinfo=UTC), datetime(2017, 12, 31, 23, tzinfo=UTC)
    assert asked(*december) == [("2017-12-01 00:00:00", "2018-01-01 00:00:00")]


def test_days_are_cut_at_midnight() -> None:
    assert asked(warsaw("2017-06-01 08:30"), warsaw("2017-06-03 12:00"), chunk_days=1) == [
        ("2017-06-01 08:30:00", "2017-06-02 00:00:00"),
        ("2017-06-02 00:00:00", "2017-06-03 00:00:00"),
        ("2017-06-03 00:00:00", "2017-06-03 12:00:00"),
    ]
    weeks = asked(warsaw("2017-06-01"), warsaw("2017-07-01"), chunk_days=7)
    assert [begin[8:10] for begin, _ in weeks] == ["01", "08", "15", "22", "29"]
    assert weeks[-1][1] == "2017-07-01 00:00:00"


def test_days_of_23_and_of_25_hours_are_days() -> None:
    assert asked(warsaw("2017-03-25"), warsaw("2017-03-28"), chunk_days=1) == [
        ("2017-03-25 00:00:00", "2017-03-26 00:00:00"),
        ("2017-03-26 00:00:00", "2017-03-27 00:00:00"),
        ("2017-03-27 00:00:00", "2017-03-28 00:00:00"),
    ]
    assert asked(warsaw("2017-10-29"), warsaw("2017-10-30"), chunk_days=1) == [
        ("2017-10-29 00:00:00", "2017-10-30 00:00:00")
    ]


def test_parts_of_a_second_are_asked_for_whole() -> None:
    since = warsaw("2017-06-01 10:00:00.700")
    assert asked(since, warsaw("2017-06-01 11:00:00.200")) == [("2017-06-01 10:00:00", "2017-06-01 11:00:01")]


def test_in_the_hour_that_comes_twice_more_is_asked_for() -> None:
    """What happens at 02:10 for the second time comes after 02:30 for the first time."""
    first, second = warsaw("2017-10-29 02:30", fold=0), warsaw("2017-10-29 02:30", fold=1)
    assert (second - first).total_seconds() == 3600
    noon = warsaw("2017-10-29 12:00")
    assert asked(first, noon) == [("2017-10-29 01:30:00", "2017-10-29 12:00:00")]
    assert asked(warsaw("2017-10-29 00:00"), second) == [("2017-10-29 00:00:00", "2017-10-29 03:30:00")]


def test_nothing_is_asked_for_an_empty_period() -> None:
    assert asked(warsaw("2017-06-01"), warsaw("2017-06-01")) == []


JUNE_IN_UTC = "2017-05-31T22:00:00+00:00 2017-06-30T22:00:00+00:00"


def test_a_cursor_is_read_as_it_was_written_and_its_id_is_a_number() -> None:
    cursor = Cursor(1000, warsaw("2017-06-01"), warsaw("2017-07-01"))
    assert str(cursor) == f"1000 {JUNE_IN_UTC}"
    assert Cursor.read(str(cursor)) == cursor
    assert cursor.id > Cursor.read(f"999 {JUNE_IN_UTC}").id


@pytest.mark.parametrize(
    "text", ["999", f"x {JUNE_IN_UTC}", "999 2017-06-30T22:00:00+00:00", "999 yesterday today"]
)
def test_a_cursor_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="collect the period again"):
        Cursor.read(text)
