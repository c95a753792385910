"""How soon a command begins and ends: whole processes with next to nothing to do."""

import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.goals import Comparison, Finding, Goal, NotHere
from bench.rate_command import TOLLBOOK
from bench.timing import run_process
from bench.workshop import Workshop

RUNS = 15
CHECKOUT = Path(__file__).resolve().parents[1]
SCRIPT = CHECKOUT / "bin/tollbook"

HELP = Goal(
    name="start-help",
    what="`tollbook --help`",
    limit=0.25,
    at_most=True,
    unit="s",
    meaning=f"The installed command as a whole process; the median of {RUNS} runs.",
)
TEN_CALLS = Goal(
    name="start-rate",
    what="`tollbook rate` on 10 calls",
    limit=0.6,
    at_most=True,
    unit="s",
    meaning="The same, with a price list of two rows, from CSV to CSV.",
)
WRAPPER = Goal(
    name="start-wrapper",
    what="what `bin/tollbook` adds to `tollbook --help`",
    limit=0.2,
    at_most=True,
    unit="s",
    meaning="The script that makes the environment when it is missing, when it is there: difference of the medians.",
)


def start(shop: Workshop) -> Iterator[Finding]:
    """Run the commands in turns."""
    shop.say("start: running short commands")
    calls, rates = shop.folder / "ten.csv", shop.folder / "two.csv"
    calls.write_text("start,duration_s,cld\n" + "2026-01-01T10:00:00Z,60,442079460000\n" * 10)
    rates.write_text("prefix,price\n44,0.0120\n447,0.0900\n")
    rate: list[str | Path] = [TOLLBOOK, "rate", calls, "--tariff", rates, "--out", shop.folder / "ten-rated.csv"]
    is_current = _is_current()
    commands: list[list[str | Path]] = [[TOLLBOOK, "--help"], rate]
    if is_current:
        commands.append([SCRIPT, "--help"])
    for command in commands:
        run_process(command)  # the first one reads files that the others find in memory
    runs = [[run_process(command).seconds for command in commands] for _ in range(shop.rounds(RUNS))]
    helped, rated, *wrapped = (statistics.median(seconds) for seconds in zip(*runs, strict=True))
    yield Finding(HELP, helped, "")
    yield Finding(TEN_CALLS, rated, "")
    if not is_current:
        raise NotHere("bin/tollbook would make another environment than this one; run bin/tollbook-bench instead")
    yield Finding(WRAPPER, wrapped[0] - helped, f"{wrapped[0]:.3f} s against {helped:.3f} s")


def _is_current() -> bool:
    """Whether bin/tollbook would run this environment as it is (see `wanted` in bin/environment.sh)."""
    made_of = CHECKOUT / ".venv/installed"
    wanted = f"{CHECKOUT}\n" + "".join(
        (CHECKOUT / name).read_text() for name in ("constraints.txt", "pyproject.toml")
    )
    return TOLLBOOK.parent == CHECKOUT / ".venv/bin" and made_of.exists() and made_of.read_text() == wanted


START = Comparison("start", (HELP, TEN_CALLS, WRAPPER), start)
