"""The page: machine, date, every line with what it means, and why where a figure is missed."""

from datetime import date

from bench.goals import Finding, Goal
from bench.report import page

SLOW = Goal(name="slow", what="ours | theirs", limit=2.5, meaning="Both do X.", if_missed="We also do Y.")
SMALL = Goal(
    name="small", what="memory", limit=2, at_most=True, unit="GB", meaning="Of a process.", if_missed="Z."
)


def test_the_page_names_the_machine_and_says_why_a_figure_is_missed() -> None:
    found = [Finding(SLOW, 2.0, "4 s against 8 s"), Finding(SMALL, 1.1, "20 s")]

    text = page(found, machine={"cores": "2"}, measured_on=date(2026, 3, 1))

    assert "Measured on 2026-03-01:\n\n* cores: 2\n" in text
    assert "| ours \\| theirs | at least 2.5 × | 2.00 × | NOT REACHED | 4 s against 8 s |\n" in text
    assert "| memory | at most 2 GB | 1.10 GB | reached | 20 s |\n" in text
    assert "**Memory.** Of a process.\n" in text
    assert "Both do X.\nNot reached: We also do Y.\n" in text
    assert "Z." not in text
