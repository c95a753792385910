"""Measuring time and memory, so that what is compared had the same chances."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LONGEST_PROCESS_S = 900
_WATCH = Path(__file__).with_name("watch.py")


def best_of(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The shortest time of each way in seconds. They take turns, so that a slow moment of the machine hits all."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            best[name] = min(best[name], seconds_of(way))
    return best


def seconds_of(way: Callable[[], object]) -> float:
    """How long one call takes, without freeing what comes back."""
    began = time.perf_counter()
    result = way()
    seconds = time.perf_counter() - began
    del result
    return seconds


@dataclass(frozen=True, slots=True)
class Finished:
    """What a process took."""

    seconds: float  # from start to end
    peak_bytes: int  # largest resident size


def run_process(command: Sequence[str | Path]) -> Finished:
    """Run a command to its end.

    A small process in between starts it: the peak of a process begins with the size of the one that started it.

    Raises:
        RuntimeError: it did not end well, or took more than a quarter of an hour.
    """
    watched = [sys.executable, "-I", str(_WATCH), str(LONGEST_PROCESS_S), *map(str, command)]
    done = subprocess.run(watched, capture_output=True, text=True, check=False)
    if done.returncode:
        last_words = "".join(done.stderr.splitlines()[-1:])
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}: {last_words}")
    said = json.loads(done.stdout)
    return Finished(said["seconds"], said["peak_bytes"])
