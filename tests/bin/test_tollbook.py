"""bin/tollbook in a checkout of its own, where the package is so small that it installs in a moment."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.config.embedded.commands import wait_until

BIN = Path(__file__).parents[2] / "bin"
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "tollbook"
version = "1"
"""
# Builds the package without fetching anything, and counts how often: in `builds`.
BACKEND = """
import pathlib, time, zipfile
HERE = pathlib.Path(__file__).parent
def build_editable(folder, settings=None, metadata=None):
    with (HERE / "builds").open("a") as builds:
        builds.write("x")
    while (HERE / "slow").exists():
        time.sleep(0.1)
    if (HERE / "broken").exists():
        raise RuntimeError("no such library")
    name = "tollbook-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr("tollbook.pth", f"{HERE}\\n")
        info = "tollbook-1.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: tollbook\\nVersion: 1\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    made = tmp_path / "check out"
    shutil.copytree(BIN, made / "bin")
    (made / "tollbook").mkdir()
    (made / "tollbook/__main__.py").write_text("import sys; print(sys.argv[1:])")
    (made / "pyproject.toml").write_text(PROJECT)
    (made / "backend.py").write_text(BACKEND)
    (made / "constraints.txt").write_text("")
    return made


def start(command: Path, *words: str, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [command, *words],
        cwd="/",
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def run(command: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    process = start(command, *words, **environment)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def builds(checkout: Path) -> int:
    return len((checkout / "builds").read_text())


def test_the_environment_is_made_once_and_again_when_the_checkout_asks_for_another(checkout: Path) -> None:
    link = checkout.parent / "tollbook"
    link.symlink_to(checkout / "bin/tollbook")

    status, out, err = run(link, "rate", "two words")
    assert (status, out) == (0, "['rate', 'two words']\n")
    assert "preparing .venv, 0 s" in err

    assert run(link) == (0, "[]\n", "")
    assert builds(checkout) == 1

    (checkout / "constraints.txt").write_text("# a newer library\n")
    assert run(link)[:2] == (0, "[]\n")
    assert builds(checkout) == 2

    moved = checkout.rename(checkout.with_name("moved"))
    assert run(moved / "bin/tollbook")[:2] == (0, "[]\n")


def test_two_first_runs_at_once_make_one_environment(checkout: Path) -> None:
    both = [start(checkout / "bin/tollbook") for _ in range(2)]

    assert [process.communicate(timeout=120)[0] for process in both] == ["[]\n", "[]\n"]
    assert builds(checkout) == 1


def test_an_interrupted_installation_is_done_again(checkout: Path) -> None:
    (checkout / "slow").touch()
    interrupted = start(checkout / "bin/tollbook")
    wait_until(lambda: (checkout / "builds").exists() and builds(checkout) == 1)
    os.killpg(interrupted.pid, 9)
    interrupted.communicate()
    (checkout / "slow").unlink()

    assert run(checkout / "bin/tollbook")[:2] == (0, "[]\n")
    assert builds(checkout) == 2


def test_a_failed_installation_shows_why_and_is_tried_again(checkout: Path) -> None:
    (checkout / "broken").touch()

    status, out, err = run(checkout / "bin/tollbook")

    assert (status, out) == (1, "")
    assert "RuntimeError: no such library" in err
    assert f"The end of {checkout}/.venv.log" in err
    (checkout / "broken").unlink()
    assert run(checkout / "bin/tollbook")[:2] == (0, "[]\n")


def test_an_old_python_is_named(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    for tool in ("sh", "cat", "readlink"):
        (tmp_path / "old" / tool).symlink_to(str(shutil.which(tool)))
    python = tmp_path / "old/python3"
    python.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\n')
    python.chmod(0o755)

    status, _, err = run(checkout / "bin/tollbook", PATH=str(tmp_path / "old"))

    assert status == 1
    assert "needs Python 3.11 or later, and here is Python 3.9.2; install python3.11" in err


def test_a_python_that_can_make_no_environment_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules |= {'ensurepip': None, 'pip': None}")

    status, _, err = run(checkout / "bin/tollbook", PYTHONPATH=str(tmp_path))

    assert status == 1
    assert "install its venv module (Debian, Ubuntu: python3-venv)" in err


def test_a_pip_without_the_venv_package_is_enough(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")

    assert run(checkout / "bin/tollbook", PYTHONPATH=str(tmp_path))[:2] == (0, "[]\n")
    assert not (checkout / ".venv/bin/pip").exists()
