"""Where the measuring is done: a folder for the run, how large everything is, and the data that several share."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from bench import data

CALLS = 5_000_000
PREFIXES = 60_000
ACCOUNTS = 50_000
LEAST_CALLS = 1_000
LEAST_PREFIXES = 100
LEAST_ACCOUNTS = 50


@dataclass(frozen=True, slots=True)
class Workshop:
    """One run of the benchmarks."""

    folder: Path  # removed when the run ends
    scale: float = 1.0  # of everything that is counted
    _began: float = field(default_factory=time.monotonic)

    def size(self, full: int, least: int = LEAST_CALLS) -> int:
        """So many at this scale."""
        return max(least, int(full * self.scale))

    def rounds(self, full: int) -> int:
        """How often each thing is measured: once in a quick look, where figures mean nothing."""
        return full if self.scale == 1 else 1

    @property
    def accounts(self) -> int:
        """How many accounts the calls come from."""
        return self.size(ACCOUNTS, LEAST_ACCOUNTS)

    def price_list(self, prefixes: int = PREFIXES) -> pl.DataFrame:
        """A price list (RATES) of so many prefixes at full scale."""
        return data.price_list(self.size(prefixes, LEAST_PREFIXES))

    def calls(self, rates: pl.DataFrame, count: int = CALLS, *, evenly: bool = True) -> pl.DataFrame:
        """So many calls at full scale, to the prefixes of this list."""
        return data.calls(self.size(count), rates, accounts=self.accounts, evenly=evenly)

    def price_list_file(self) -> Path:
        """The price list of 60,000 prefixes as a file; made once."""
        path = self.folder / "rates.csv"
        if not path.exists():
            data.write_price_list(self.price_list(), path)
        return path

    def calls_file(self, count: int = CALLS) -> Path:
        """So many calls at full scale as a file; made once."""
        path = self.folder / f"calls-{count}.csv"
        if not path.exists():
            data.write_calls(self.calls(self.price_list(), count), path)
        return path

    def say(self, what: str) -> None:
        """Tell whoever waits what is being done."""
        print(f"{time.monotonic() - self._began:5.0f} s  {what}", file=sys.stderr, flush=True)
