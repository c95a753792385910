"""The command line as a process: how it starts, and how it ends."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tollbook.cli import COMMANDS, main

TOLLBOOK = [sys.executable, "-m", "tollbook"]
CHECKOUT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOLLBOOK, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=CHECKOUT,
        env={**os.environ, **environment},
    )


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    path.write_text("start,duration_s,cld\n" + "2026-03-02T10:00:00Z,60,442079460000\n" * 10)
    return path


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    path = tmp_path / "rates.csv"
    path.write_text("prefix,price\n44,0.01\n")
    return path


def test_help_names_every_command_and_imports_none() -> None:
    shown = run("--help", COLUMNS="200", PYTHONPROFILEIMPORTTIME="1")

    assert shown.returncode == 0
    for name in COMMANDS:
        assert name in shown.stdout
    for heavy in ("polars", "django", "numpy", "tollbook.cli.rate"):
        assert f" {heavy}\n" not in shown.stderr


def test_help_runs_as_wide_as_the_screen() -> None:
    """Not as wide as the source it is written in, which leaves rags."""
    shown = run("sync", "--help", COLUMNS="80").stdout

    paragraph = shown[shown.index("Without --customers") : shown.index("The exit status")]
    *full, _ = [line.strip() for line in paragraph.strip().splitlines()]
    assert all(len(line) > 60 for line in full), paragraph


def test_rate_needs_no_database(calls: Path, rates: Path) -> None:
    done = run("rate", str(calls), "--tariff", str(rates), PYTHONPROFILEIMPORTTIME="1")

    assert done.returncode == 0
    for database in ("django", "psycopg"):
        assert f" {database}\n" not in done.stderr


def test_an_error_is_a_message_and_a_traceback_only_when_asked_for(calls: Path) -> None:
    plain = run("rate", str(calls), "--tariff", "missing.csv")
    debug = run("rate", str(calls), "--tariff", "missing.csv", TOLLBOOK_DEBUG="1")

    assert plain.returncode == 2
    assert plain.stderr == "tollbook: missing.csv cannot be read: No such file or directory\n"
    assert "Traceback" in debug.stderr


def test_an_unknown_command_is_named_with_the_nearest(calls: Path) -> None:
    unknown = run("rat", str(calls))

    assert unknown.returncode == 2
    assert "Did you mean 'rate'" in unknown.stderr


def test_a_reader_that_stops_reading_is_no_error(rates: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    many.write_text("start,duration_s,cld\n" + "2026-03-02T10:00:00Z,60,442079460000\n" * 50_000)
    piped = f"{sys.executable} -m tollbook rate {many} --tariff {rates} | head -1"

    shown = subprocess.run(
        piped, shell=True, capture_output=True, text=True, check=False, timeout=60, cwd=CHECKOUT
    )

    assert shown.stdout.startswith("start,duration_s,cld,outcome")
    assert "Traceback" not in shown.stderr
    assert "Exception" not in shown.stderr


def test_ctrl_c_ends_with_130_and_no_half_file(rates: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.csv"
    many.write_text("start,duration_s,cld\n" + "2026-03-02T10:00:00Z,60,442079460000\n" * 1_000_000)
    command = [*TOLLBOOK, "rate", str(many), "--tariff", str(rates), "--out", str(tmp_path / "rated.csv")]

    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=CHECKOUT)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".rated.csv.*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Traceback" not in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many.csv", "rates.csv"]


def test_calls_may_come_through_a_pipe(calls: Path, rates: Path) -> None:
    piped = f"cat {calls} | {sys.executable} -m tollbook rate /dev/stdin --tariff {rates}"

    shown = subprocess.run(
        piped, shell=True, capture_output=True, text=True, check=False, timeout=60, cwd=CHECKOUT
    )

    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) == 11


def test_a_zone_that_is_none_is_refused_even_if_no_time_needs_it(calls: Path, rates: Path) -> None:
    refused = run("rate", str(calls), "--tariff", str(rates), "--calls-timezone", "Mars")

    assert refused.stderr == "tollbook: 'Mars' is no time zone; write it as Europe/Warsaw or UTC\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")

    refused = run("customers", "list", TOLLBOOK_HOME=str(tmp_path / "home"))

    assert refused.returncode == 2
    assert refused.stderr == (
        f"tollbook: {tmp_path}/home, where the data are to be kept, cannot be made (File exists): set TOLLBOOK_HOME "
        "to a folder of your own\n"
    )


def test_a_server_that_is_not_there_is_a_message_without_its_password() -> None:
    refused = run("customers", "list", DATABASE_URL="postgresql://tom:secret@127.0.0.1:1/tollbook")

    assert refused.returncode == 2
    assert refused.stderr.startswith("tollbook: DATABASE_URL: connection failed:")
    assert "Traceback" not in refused.stderr
    assert "secret" not in refused.stderr


def test_a_full_disk_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writing to a file that is open names no file."""

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tollbook.cli.command_line", lambda: SimpleNamespace(main=full))
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "tollbook: the disk of what is written: No space left on device; make room there, then run the command again\n"
    )
