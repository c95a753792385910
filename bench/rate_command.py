"""`tollbook rate` as a whole process: its time against Polars alone, and its memory."""

import filecmp
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bench.goals import Comparison, Finding, Goal, WrongResult
from bench.timing import best_of, run_process
from bench.workshop import CALLS, Workshop
from tollbook.jobs.rate_file import EXPLANATION, RESULT

MANY_CALLS = 20_000_000
TOLLBOOK = Path(sys.executable).with_name("tollbook")
_READ_AND_WRITE = Path(__file__).with_name("read_and_write.py")

TIME = Goal(
    name="rate-time",
    what="`tollbook rate`, 5 M calls from CSV to CSV, whole process, against Polars reading and writing alone",
    limit=1.5,
    at_most=True,
    meaning="The other process only reads the same file of calls with Polars, sets the finished result columns"
    " (kept uncompressed in memory-mapped form) beside it and writes them, streaming. Both write the same file,"
    " byte for byte.",
    if_missed="Reading takes the largest part. Every line, time and number is checked and has its reason when it"
    " is refused; Polars alone would take what it cannot read as text.",
)
MEMORY = Goal(
    name="rate-memory",
    what="memory of `tollbook rate`, 20 M calls",
    limit=2.0,
    at_most=True,
    unit="GB",
    meaning="The largest resident size of the process, in GB of 10^9 bytes.",
)


def against_polars(shop: Workshop) -> Iterator[Finding]:
    """Rate a file; read and write the same file with Polars alone."""
    shop.say("rate: making the files")
    rated, copied, result = (shop.folder / name for name in ("rated.csv", "copied.csv", "result.arrow"))
    command = _rate(shop, CALLS, rated)
    peer: list[str | Path] = [sys.executable, "-I", _READ_AND_WRITE, shop.calls_file(), result, copied]
    run_process(command)
    columns = [name for name in RESULT if name != EXPLANATION]
    pl.read_csv(rated, columns=columns, infer_schema=False).write_ipc(result)
    run_process(peer)
    if not filecmp.cmp(rated, copied, shallow=False):
        raise WrongResult("what Polars wrote differs from what tollbook rate wrote")
    shop.say("rate: rating, reading and writing")
    best = best_of({"rate": lambda: run_process(command), "polars": lambda: run_process(peer)}, shop.rounds(3))
    for path in (rated, copied, result):
        path.unlink()
    yield Finding(TIME, best["rate"] / best["polars"], f"{best['rate']:.1f} s against {best['polars']:.1f} s")


def memory(shop: Workshop) -> Iterator[Finding]:
    """Rate a file of 20 million calls."""
    shop.say("memory: making the file")
    rated = shop.folder / "rated.csv"
    command = _rate(shop, MANY_CALLS, rated)
    shop.say("memory: rating")
    done = run_process(command)
    size = rated.stat().st_size
    rated.unlink()
    shop.calls_file(MANY_CALLS).unlink()
    yield Finding(MEMORY, done.peak_bytes / 1e9, f"{done.seconds:.0f} s, {size / 1e9:.1f} GB written")


def _rate(shop: Workshop, calls: int, out: Path) -> list[str | Path]:
    return [TOLLBOOK, "rate", shop.calls_file(calls), "--tariff", shop.price_list_file(), "--out", out]


AGAINST_POLARS = Comparison("rate", (TIME,), against_polars)
IN_MEMORY = Comparison("memory", (MEMORY,), memory)
