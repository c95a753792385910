"""Prices as text and as decimals, exactly as they were rounded."""

from collections.abc import Iterator
from decimal import Decimal

import polars as pl
import pytest

from tollbook.ahead import begun, one_ahead
from tollbook.jobs.rated_output import SMALL_PRICES, WORTH_A_TABLE, price_text
from tollbook.jobs.rated_summary import Summary


@pytest.mark.req("X2")
@pytest.mark.parametrize(
    ("nanos", "decimals", "text"),
    [
        (24_000_000, 4, "0.0240"),
        (0, 4, "0.0000"),
        (-24_000_000, 4, "-0.0240"),
        (1, 9, "0.000000001"),
        (7_000_000_000, 0, "7"),
        (-7_000_000_000, 0, "-7"),
        (153_722_867_000_000_000, 2, "153722867.00"),
        (None, 4, None),
    ],
)
@pytest.mark.parametrize("how_many", [1, WORTH_A_TABLE])
def test_a_price_has_exactly_its_decimals(
    nanos: int | None, decimals: int, text: str | None, how_many: int
) -> None:
    prices = pl.Series("price_nanos", [nanos, *[0] * (how_many - 1)], dtype=pl.Int64)

    assert price_text(prices, decimals)[0] == text


@pytest.mark.req("X2")
def test_many_prices_at_once_are_the_same_as_one_by_one() -> None:
    # From below 0 to beyond the prices that are looked up, with holes.
    steps = [*range(-5, 5), *range(SMALL_PRICES - 5, SMALL_PRICES + 5), None] * (WORTH_A_TABLE // 20)
    prices = pl.Series("price_nanos", [None if step is None else step * 100_000 for step in steps], dtype=pl.Int64)

    written = price_text(prices, 4).to_list()

    assert written == [None if step is None else str(Decimal(step).scaleb(-4)) for step in steps]


def test_sums_of_a_summary_do_not_overflow() -> None:
    # Three prices of 9 billion: their nano-units do not fit 64 bits together.
    nine_billion = 9_000_000_000 * 10**9
    rated = pl.DataFrame(
        {
            "outcome": ["charged"] * 3,
            "reason": pl.Series([None] * 3, dtype=pl.String),
            "destination": ["UK"] * 3,
            "billed_s": [60] * 3,
            "price_nanos": [nine_billion] * 3,
        }
    )
    summary = Summary()
    for _ in range(2):
        summary.add(rated, pl.Series(["voice_out", "voice_out", "sms_out"]))

    (line,) = summary.outcomes()
    assert (line.records, line.billed_s, line.price) == (6, 240, Decimal(54_000_000_000))
    assert summary.total() == Decimal(54_000_000_000)


def test_work_done_ahead_gives_the_same_things_and_the_same_error() -> None:
    def things() -> Iterator[str | None]:
        yield from ("first", None, "third")
        raise ValueError("no fourth")

    seen: list[str | None] = []
    with pytest.raises(ValueError, match="no fourth"):
        seen.extend(one_ahead(things()))

    assert seen == ["first", None, "third"]


def test_work_begun_stays_so_much_ahead_and_ends_with_its_block() -> None:
    made: list[int] = []

    def things() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    with begun(things(), 3) as numbers:
        taken = [next(numbers), next(numbers)]

    assert taken == [0, 1]
    assert made == list(range(len(made)))
    assert len(made) <= 2 + 3


def test_all_of_the_work_begun_can_be_taken_and_its_error_with_it() -> None:
    def things() -> Iterator[int]:
        yield from range(4)
        raise ValueError("no fifth")

    seen: list[int] = []
    with pytest.raises(ValueError, match="no fifth"), begun(things(), 2) as numbers:
        seen.extend(numbers)

    assert seen == [0, 1, 2, 3]
