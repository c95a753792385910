"""The table: on the screen, and as a page of the documentation."""

from collections.abc import Iterator, Sequence
from datetime import date

from rich.console import Console
from rich.table import Table

from bench.goals import Finding

COLUMNS = ("what", "to reach", "measured", "", "figures behind it")
_INTRODUCTION = """\
# Benchmarks

Written by `bin/tollbook-bench`. Each line is a ratio of things measured in one run on one machine, or a time or size
with its limit. What is compared takes turns, and the best of its runs counts. Data is made with a fixed seed:
5 million calls from 50,000 accounts to 60,000 prefixes unless a line says otherwise.
"""


def show(found: Sequence[Finding], console: Console) -> None:
    """Print the table."""
    table = Table(show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for finding in found:
        table.add_row(*_cells(finding))
    console.print(table)


def page(found: Sequence[Finding], *, machine: dict[str, str], measured_on: date) -> str:
    """The page of the documentation, as Markdown."""
    return "\n".join([_INTRODUCTION, *_setting(machine, measured_on), *_table(found), *_meanings(found)]) + "\n"


def _setting(machine: dict[str, str], measured_on: date) -> Iterator[str]:
    yield f"Measured on {measured_on.isoformat()}:"
    yield ""
    yield from (f"* {name}: {value}" for name, value in machine.items())
    yield ""


def _table(found: Sequence[Finding]) -> Iterator[str]:
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---" * len(COLUMNS) + "|"
    for finding in found:
        yield "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in _cells(finding)) + " |"
    yield ""


def _meanings(found: Sequence[Finding]) -> Iterator[str]:
    yield "## What each line means"
    for finding in found:
        goal = finding.goal
        yield f"\n**{goal.what[0].upper()}{goal.what[1:]}.** {goal.meaning}"
        if finding.figure is not None and not goal.is_reached(finding.figure) and goal.if_missed:
            yield f"Not reached: {goal.if_missed}"


def _cells(finding: Finding) -> tuple[str, ...]:
    goal = finding.goal
    measured = "–" if finding.figure is None else f"{finding.figure:.{_decimals(goal.unit)}f} {goal.unit}"
    return goal.what, goal.target, measured, finding.verdict, finding.detail


def _decimals(unit: str) -> int:
    return {"%": 0, "s": 3}.get(unit, 2)
