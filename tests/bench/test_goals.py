"""What the table says of a line: reached or not, not to be had here, or failed."""

from collections.abc import Iterator
from pathlib import Path

from bench.goals import Comparison, Finding, Goal, NotHere, WrongResult, findings
from bench.workshop import Workshop

FASTER = Goal(name="faster", what="ours against theirs", limit=2.5, meaning="")
SMALLER = Goal(name="smaller", what="memory", limit=2, at_most=True, unit="GB", meaning="")
SHOP = Workshop(Path("unused"))


def test_a_ratio_is_reached_from_its_limit_on_and_a_ceiling_up_to_it() -> None:
    assert [FASTER.is_reached(figure) for figure in (2.49, 2.5, 3)] == [False, True, True]
    assert [SMALLER.is_reached(figure) for figure in (1.9, 2, 2.01)] == [True, True, False]
    assert (FASTER.target, SMALLER.target) == ("at least 2.5 ×", "at most 2 GB")


def test_what_cannot_be_had_here_is_said_on_its_line_and_is_no_failure() -> None:
    def measure(shop: Workshop) -> Iterator[Finding]:
        yield Finding(FASTER, 3.0, "")
        raise NotHere("install it")

    found = list(findings(Comparison("some", (FASTER, SMALLER), measure), SHOP))

    assert [(finding.goal.name, finding.verdict, finding.detail) for finding in found] == [
        ("faster", "reached", ""),
        ("smaller", "not measured", "install it"),
    ]
    assert not any(finding.is_failure for finding in found)


def test_a_wrong_result_fails_every_line_that_it_kept_back() -> None:
    def measure(shop: Workshop) -> Iterator[Finding]:
        for sums in (1, 2):
            if sums == 1:
                raise WrongResult("sums differ")
            yield Finding(FASTER, 3.0, "")

    found = list(findings(Comparison("some", (FASTER, SMALLER), measure), SHOP))

    assert [finding.verdict for finding in found] == ["FAILED", "FAILED"]
    assert all(finding.is_failure and "sums differ" in finding.detail for finding in found)
