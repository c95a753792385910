"""A month of calls: what must be in it, and that a seed gives the same again."""

import pytest

from simulators.fusionpbx import Simulator
from simulators.fusionpbx.month import make_month


def test_a_month_has_about_three_thousand_calls(fusionpbx: Simulator) -> None:
    assert 2_900 < fusionpbx.count_calls() < 3_100


def test_a_seed_gives_the_same_month_again() -> None:
    again = make_month(seed=1, month="2017-06")
    assert again == make_month(seed=1, month="2017-06")
    assert again.rows != make_month(seed=2, month="2017-06").rows


@pytest.mark.parametrize(
    "kind",
    ["b_leg", "lose_race", "ring_group_double", "ring_group_orphan", "forwarded_out", "late_insert", "plus"],
)
def test_every_awkward_kind_comes_three_times(fusionpbx: Simulator, kind: str) -> None:
    assert len(fusionpbx.awkward[kind]) == 3
