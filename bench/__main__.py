"""`python -m bench`, or `bin/tollbook-bench`: measure everything, print the table, write the page."""

import argparse
import atexit
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench.api import ANSWERING
from bench.collecting import COLLECTING
from bench.engine import AGAINST_DUCKDB, WITH_FEATURES
from bench.goals import Finding, findings
from bench.growth import PRICE_LISTS, USAGE_TABLE
from bench.included import WITH_ALLOWANCES
from bench.intake import INTAKE
from bench.machine import machine
from bench.prefix_peer import AGAINST_PREFIX
from bench.pushing import PUSHING
from bench.rate_command import AGAINST_POLARS, IN_MEMORY
from bench.report import page, show
from bench.start import START
from bench.uploading import UPLOADING
from bench.workshop import Workshop

COMPARISONS = (
    AGAINST_DUCKDB,
    AGAINST_PREFIX,
    WITH_FEATURES,
    WITH_ALLOWANCES,
    AGAINST_POLARS,
    INTAKE,
    COLLECTING,
    PUSHING,
    ANSWERING,
    UPLOADING,
    PRICE_LISTS,
    USAGE_TABLE,
    IN_MEMORY,
    START,
)
PAGE = Path(__file__).resolve().parents[1] / "docs/benchmarks.md"
TABLE_WIDTH = 140  # where nobody watches


def main() -> int:
    """Exit status 1 when something could not be measured that should have been."""
    names = [comparison.name for comparison in COMPARISONS]
    parser = argparse.ArgumentParser(prog="tollbook-bench", description="Measure Tollbook beside other ways.")
    parser.add_argument("--only", choices=names, action="append", help="only this comparison; may be repeated")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of the full size, as 0.02 for a quick look"
    )
    parser.add_argument("--no-write", action="store_true", help=f"leave docs/{PAGE.name} as it is")
    asked = parser.parse_args()
    if not 0 < asked.scale <= 1:
        parser.error(f"--scale is {asked.scale}; it must be above 0 and at most 1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends like any other run: nothing is left behind
    shop = Workshop(_folder(), asked.scale)
    chosen = [comparison for comparison in COMPARISONS if not asked.only or comparison.name in asked.only]
    found = [finding for comparison in chosen for finding in findings(comparison, shop)]
    show(found, Console(width=None if sys.stdout.isatty() else TABLE_WIDTH))
    is_whole = len(chosen) == len(COMPARISONS) and asked.scale == 1
    if is_whole and not asked.no_write:
        _write(found)
    return 1 if any(finding.is_failure for finding in found) else 0


def _folder() -> Path:
    """The folder of this run; it goes when the process ends, after the database server in it was stopped."""
    folder = Path(tempfile.mkdtemp(prefix="tollbook-bench-"))
    folder.chmod(0o711)  # as root the servers run as users of their own, who must pass
    atexit.register(
        shutil.rmtree, folder, ignore_errors=True
    )  # before the server registers its stop: runs after it
    return folder


def _write(found: list[Finding]) -> None:
    PAGE.write_text(page(found, machine=machine(), measured_on=datetime.now(UTC).date()), encoding="utf-8")
    print(f"written: docs/{PAGE.name}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
