"""The benchmarks still run and compare like with like. At this size their figures mean nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import COMPARISONS

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs/benchmarks.md"
LONGEST_S = 300


@pytest.fixture(scope="module")
def quick_look() -> subprocess.CompletedProcess[str]:
    """One run of everything, in a process of its own: it has a database of its own."""
    command = [sys.executable, "-m", "bench", "--scale", "0.002"]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=LONGEST_S)


def test_everything_is_measured_and_gives_what_the_others_give(
    quick_look: subprocess.CompletedProcess[str],
) -> None:
    # Different totals than DuckDB's, another file than Polars', or any other failure is exit status 1.
    assert quick_look.returncode == 0, quick_look.stdout + quick_look.stderr


def test_every_line_is_in_the_table(quick_look: subprocess.CompletedProcess[str]) -> None:
    printed = " ".join(quick_look.stdout.replace("│", " ").split())

    targets = [goal.target for comparison in COMPARISONS for goal in comparison.goals]
    assert len(targets) == 24
    for target in targets:
        assert printed.count(target) == targets.count(target)
