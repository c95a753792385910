"""What the options of `tollbook metroport-sync` mean, on 20 November 2017 at noon in Warsaw unless said otherwise."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tollbook.cli.metroport_sync.wish import Given, Wish, wish_of
from tollbook.errors import BadInput

WARSAW = ZoneInfo("Europe/Warsaw")
NOON = datetime(2017, 11, 20, 11, tzinfo=UTC)


def period(given: Given, now: datetime = NOON) -> tuple[str, str]:
    """From the first second to the one after the last, by Warsaw's clock."""
    wish = wish_of(given, now=now, zone=WARSAW)
    assert wish.since is not None
    return tuple(f"{moment.astimezone(WARSAW):%Y-%m-%d %H:%M:%S}" for moment in (wish.since, wish.until))  # type: ignore[return-value]


@pytest.mark.req("L1")
@pytest.mark.parametrize(
    ("now", "since", "until"),
    [
        (NOON, "2017-10-01 00:00:00", "2017-11-01 00:00:00"),
        (datetime(2018, 1, 1, 11, tzinfo=UTC), "2017-12-01 00:00:00", "2018-01-01 00:00:00"),
        # 23:30 in UTC on 31 October is November in Warsaw already.
        (datetime(2017, 10, 31, 23, 30, tzinfo=UTC), "2017-10-01 00:00:00", "2017-11-01 00:00:00"),
        (datetime(2017, 10, 31, 22, 30, tzinfo=UTC), "2017-09-01 00:00:00", "2017-10-01 00:00:00"),
    ],
)
def test_without_a_period_it_is_the_previous_calendar_month(now: datetime, since: str, until: str) -> None:
    assert period(Given(), now) == (since, until)


@pytest.mark.parametrize(
    ("start", "end", "since", "until"),
    [
        ("2017-06-01 00:00:00", "2017-06-30 23:59:59", "2017-06-01 00:00:00", "2017-07-01 00:00:00"),
        ("2017-06-01", "2017-06-30", "2017-06-01 00:00:00", "2017-07-01 00:00:00"),
        ("2017-06-05 08:30:00", "2017-06-05 08:30:00", "2017-06-05 08:30:00", "2017-06-05 08:30:01"),
        ("2017-06-15", None, "2017-06-15 00:00:00", "2017-07-15 00:00:00"),
        ("2017-01-31", None, "2017-01-31 00:00:00", "2017-02-28 00:00:00"),
        (None, "2017-10-10", "2017-10-01 00:00:00", "2017-10-11 00:00:00"),
        # An end that is not over yet becomes the end of yesterday.
        ("2017-11-01", "2017-11-30", "2017-11-01 00:00:00", "2017-11-20 00:00:00"),
        ("2017-11-01", "2017-11-20", "2017-11-01 00:00:00", "2017-11-20 00:00:00"),
        ("2017-11-01", None, "2017-11-01 00:00:00", "2017-11-20 00:00:00"),
    ],
)
def test_a_period_that_is_given(start: str | None, end: str | None, since: str, until: str) -> None:
    assert period(Given(start=start, end=end)) == (since, until)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2017-06-02", "2017-06-01"), ("2017-11-20", None), ("2017-11-20", "2017-11-30"), (None, "2017-09-30")],
)
def test_an_empty_period_is_fatal(start: str | None, end: str | None) -> None:
    with pytest.raises(BadInput, match="is empty"):
        wish_of(Given(start=start, end=end), now=NOON, zone=WARSAW)


@pytest.mark.parametrize("text", ["yesterday", "01.06.2017", "2017-06-31", "2017-06-01T00:00:00+02:00", ""])
def test_a_time_that_is_none_is_named(text: str) -> None:
    with pytest.raises(BadInput, match=r'--start-date .* write it as "YYYY-MM-DD HH:MM:SS"'):
        wish_of(Given(start=text), now=NOON, zone=WARSAW)


def test_a_period_is_read_again_whole_and_increments_go_on_to_this_moment() -> None:
    assert wish_of(Given(), now=NOON, zone=WARSAW).again
    assert wish_of(Given(incremental=True), now=NOON, zone=WARSAW) == Wish(
        since=None, until=NOON, again=False, settings={"incremental": "id", "chunk_days": "1"}
    )
    from_a_day = wish_of(Given(incremental=True, start="2017-11-20"), now=NOON, zone=WARSAW)
    assert (from_a_day.since, from_a_day.until) == (datetime(2017, 11, 19, 23, tzinfo=UTC), NOON)


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        (Given(), {}),
        (Given(mode="provider"), {"mode": "provider"}),
        (Given(incremental=True, use_last_id=True), {"incremental": "id", "chunk_days": "1"}),
        (Given(incremental=True, use_call_start_time=True), {"incremental": "time", "chunk_days": "1"}),
        (Given(incremental=True, chunking=False), {"incremental": "id", "chunk_days": "0"}),
        (Given(chunking=True), {"chunk_days": "1"}),
        (Given(chunking=False), {"chunk_days": "0"}),
        (Given(chunk_size=5), {"chunk_days": "5"}),
    ],
)
def test_how_records_are_asked_for(given: Given, settings: dict[str, str]) -> None:
    assert wish_of(given, now=NOON, zone=WARSAW).settings == settings


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Given(incremental=True, use_last_id=True, use_call_start_time=True), "exclude each other"),
        (Given(use_last_id=True), "give that, too"),
        (Given(use_call_start_time=True), "give that, too"),
        (Given(chunking=False, chunk_size=3), "exclude each other"),
        (Given(chunk_size=0), "--chunk-size 0; it is 1 to 400 days"),
    ],
)
def test_options_that_exclude_each_other_are_fatal(given: Given, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        wish_of(given, now=NOON, zone=WARSAW)
