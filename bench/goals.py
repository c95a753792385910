"""What is measured and what is to be reached: the lines of the table."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.workshop import Workshop

LONGEST_COMPARISON_S = 1800


class NotHere(Exception):
    """Something to compare with cannot be had on this machine. The message says what, and how to get it."""


class WrongResult(Exception):
    """Two ways that must give the same did not. Their speed means nothing then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A line of the table."""

    name: str
    what: str  # as the table shows it
    limit: float
    at_most: bool = False  # the limit is a ceiling
    unit: str = "×"
    meaning: str  # how it is measured; for the page
    if_missed: str = ""  # where the time goes; for the page, when it is not reached

    @property
    def target(self) -> str:
        """The limit in words: "at least 2.5 ×"."""
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g} {self.unit}"

    def is_reached(self, figure: float) -> bool:
        return figure <= self.limit if self.at_most else figure >= self.limit


@dataclass(frozen=True, slots=True)
class Finding:
    """What came out for a line; a figure in the goal's unit, or why there is none."""

    goal: Goal
    figure: float | None
    detail: str  # the figures behind it; or what kept it from being measured
    is_failure: bool = False  # it should have been measured

    @property
    def verdict(self) -> str:
        """Reached, not reached, or what happened instead."""
        if self.figure is None:
            return "FAILED" if self.is_failure else "not measured"
        return "reached" if self.goal.is_reached(self.figure) else "NOT REACHED"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Lines that are measured together. `measure` yields a finding for each of its goals."""

    name: str
    goals: tuple[Goal, ...]
    measure: Callable[[Workshop], Iterator[Finding]]


def findings(comparison: Comparison, shop: Workshop) -> Iterator[Finding]:
    """A finding for every goal, whatever happens: what went wrong is said on the lines that it kept back."""
    left = {goal.name: goal for goal in comparison.goals}
    problem, is_failure = "", True
    try:
        with _bounded():
            for finding in comparison.measure(shop):
                del left[finding.goal.name]
                yield finding
    except NotHere as error:
        problem, is_failure = str(error), False
    except Exception as error:  # the other comparisons go on, and the table says why this one has no figure
        problem = f"{type(error).__name__}: {error}"
    for goal in left.values():
        yield Finding(goal, None, problem, is_failure)


@contextmanager
def _bounded() -> Iterator[None]:
    """Give up on what takes too long."""

    def too_long(*_: object) -> None:
        raise TimeoutError(f"not done after {LONGEST_COMPARISON_S // 60} minutes")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(LONGEST_COMPARISON_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
