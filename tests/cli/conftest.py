"""The real command line in this process: arguments in; exit status, standard output and error out."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.rate_sheets import CALLS, RATES, sheet
from tollbook.cli import main


class Run(NamedTuple):
    """What a command did."""

    status: int
    stdout: str
    stderr: str


@pytest.fixture
def tollbook(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """`tollbook("rate", path, …)` runs that command."""

    def run(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["tollbook", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code
        return Run(code if isinstance(code, int) else 0 if code is None else 1, printed.out, printed.err)

    return run


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    return sheet(tmp_path / "rates.csv", RATES)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return sheet(tmp_path / "calls.csv", CALLS)
