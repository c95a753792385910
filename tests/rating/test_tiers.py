"""Slices, and the tier that is reached."""

from datetime import UTC, datetime

import polars as pl
import pytest

from tollbook.errors import BadInput
from tollbook.rating.tiers import COUNTING, Mode, TierPrice, Tiers, count, slices

CENT = 10_000_000  # nano-units
STEPS = (
    TierPrice(from_units=0, nanos=6 * CENT),
    TierPrice(from_units=60, nanos=3 * CENT),
    TierPrice(from_units=120, nanos=1 * CENT),
)


def counted(tiers: Tiers, *units: int, before: int = 0) -> list[tuple[int, int, int]]:
    """Before, units and value in nano-units of records that come one after the other."""
    start = datetime(2026, 6, 1, tzinfo=UTC)
    rows = [(number, start, 1, before, amount) for number, amount in enumerate(units)]
    found = count(pl.DataFrame(rows, schema=COUNTING, orient="row"), tiers).sort("row")
    return [(was, amount, int(value) // 60) for was, amount, value in found.drop("row", "count").iter_rows()]


def test_graduated_slices_cost_each_its_own() -> None:
    tiers = Tiers(mode=Mode.GRADUATED, steps=STEPS)

    # 30 s and 60 s: half a minute at 6 cents, half of each of the first two; then 100 s over the end of the second.
    assert counted(tiers, 30, 60, 100) == [
        (0, 30, 3 * CENT),
        (30, 60, 3 * CENT + CENT * 3 // 2),
        (90, 100, CENT * 3 // 2 + CENT * 70 // 60),
    ]


def test_volume_costs_what_the_tier_costs_that_is_reached() -> None:
    tiers = Tiers(mode=Mode.VOLUME, steps=STEPS)

    assert counted(tiers, 60, 60, 60) == [(0, 60, 6 * CENT), (60, 60, 3 * CENT), (120, 60, CENT)]
    assert tiers.whole_sixtieths(180) == 60 * 3 * CENT


def test_what_was_counted_before_counts() -> None:
    assert counted(Tiers(mode=Mode.GRADUATED, steps=STEPS), 60, before=90) == [(90, 60, CENT * 3 // 2 + CENT // 2)]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("before", [0, 30, 60, 61, 119, 500])
@pytest.mark.parametrize("units", [1, 60, 61, 200])
def test_slices_told_come_to_the_value_counted(mode: Mode, before: int, units: int) -> None:
    tiers = Tiers(mode=mode, steps=STEPS)

    cut = slices(tiers, before, units)

    assert sum(one.units for one in cut) == units
    assert sum(one.sixtieths for one in cut) // 60 == counted(tiers, units, before=before)[0][2]


def test_more_than_can_be_counted_is_refused() -> None:
    with pytest.raises(BadInput, match="look for a wrong quantity"):
        counted(Tiers(mode=Mode.VOLUME, steps=STEPS), 2**62, 2**62)
