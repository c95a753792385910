"""A month of a switch in Toronto: bad as it stands, and well with the rules that are suggested."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from simulators.fusionpbx import Simulator
from tests.connectors.fusionpbx.conftest import WORKER, server_dsn
from tests.connectors.fusionpbx.sites import month
from tollbook.phone import NumberRules
from tollbook.usage.number_fix import best_fix
from tollbook.usage.quality import added_up, judge, numbers_written

TORONTO = "1"
__all__ = ["server_dsn"]  # a fixture


@pytest.fixture
def written(server_dsn: str, tmp_path: Path) -> pl.DataFrame:
    with Simulator(server_dsn, generation="5.5", name=f"fusionpbx_quality_{WORKER}") as simulator:
        usage = month(simulator, tmp_path)
    return added_up([numbers_written(usage)])[0]


def unread(judged: pl.DataFrame) -> tuple[int, int]:
    """In how many outgoing calls the number called cannot be read, and of how many."""
    called = judged.filter(direction="out", field="called")
    return int(called.filter(~pl.col("is_well"))["records"].sum()), int(called["records"].sum())


def test_what_is_suggested_without_a_country_mends_the_month(written: pl.DataFrame) -> None:
    """Its people dial ten digits, or 011 and a country code; nothing of that can be rated as it is."""
    before = judge(written, NumberRules(), home=TORONTO)
    fix = best_fix(before, {}, countries=["GB", "CA"], home=TORONTO)

    bad, calls = unread(before)
    assert bad * 2 > calls
    assert fix is not None
    assert (dict(fix.changes), fix.spoils) == ({"country": "CA", "extension_lengths": [3, 4]}, 0)
    assert fix.reads == fix.wanting

    rules: dict[str, Any] = {**fix.changes}
    after = judge(written, NumberRules.from_mapping(rules), home=TORONTO)
    assert unread(after) == (0, calls)
    assert best_fix(after, rules, countries=["CA"], home=TORONTO) is None
