"""docs/developer/new-connector.md, followed to the letter in a copy: it needs one folder and two lines."""

import difflib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs/developer/new-connector.md"
BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = (
    "tollbook",
    "simulators",
    "pyproject.toml",
    "tests/connectors/bench.py",
    "tests/connectors/contract.py",
    "tests/connectors/push_contract.py",
    "tests/connectors/conftest.py",
)
FOLDER = Path("tollbook/connectors/tollphone")
PATIENCE_S = 300


class Copy(NamedTuple):
    """A copy of the program with everything done that the page says."""

    path: Path
    before: dict[Path, list[str]]  # lines of its files, before anything was done


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        source, target = CHECKOUT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    before = program(copy)
    for language, name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "diff":
            _add_line(copy / name, text)
        else:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(text, encoding="utf-8")
    return Copy(copy, before)


def program(copy: Path) -> dict[Path, list[str]]:
    """Its files, by name, as lines."""
    files = [path for path in (copy / "tollbook").rglob("*") if path.suffix in {".py", ".toml"}]
    return {
        path.relative_to(copy): path.read_text(encoding="utf-8").splitlines()
        for path in (copy / "pyproject.toml", *sorted(files))
    }


def _add_line(file: Path, diff: str) -> None:
    """A line after another, as a diff shows it."""
    before, added = diff.splitlines()
    assert (before[0], added[0]) == (" ", "+")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines.count(before[1:]) == 1
    lines.insert(lines.index(before[1:]) + 1, added[1:])
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def in_copy(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


@pytest.mark.req("X13")
def test_a_platform_is_one_folder_and_two_lines_and_passes_the_contract(followed: Copy) -> None:
    ran = in_copy(
        followed.path, sys.executable, "-m", "pytest", "-q", "-p", "no:django", "tests/connectors/tollphone"
    )

    assert ran.returncode == 0, ran.stdout
    assert int(re.findall(r"(\d+) passed", ran.stdout)[-1]) > 30
    new, lines = what_changed(followed)
    assert {path.parent for path in new} == {FOLDER}
    assert lines == [
        'pyproject.toml: +    "tollbook.connectors.tollphone",',
        "tollbook/connectors/registry.py: "
        '+    "tollphone": "tollbook.connectors.tollphone.connector:TollphoneConnector",',
    ]


def what_changed(copy: Copy) -> tuple[list[Path], list[str]]:
    """New files of the program, and changed lines of old ones."""
    new, lines = [], []
    for name, now in program(copy.path).items():
        if name not in copy.before:
            new.append(name)
            continue
        difference = difflib.unified_diff(copy.before[name], now, n=0, lineterm="")
        lines += [
            f"{name}: {line}" for line in difference if line[0] in "+-" and not line.startswith(("+++", "---"))
        ]
    return new, lines


def test_it_keeps_the_order_of_imports(followed: Copy) -> None:
    linted = in_copy(followed.path, str(Path(sys.executable).with_name("lint-imports")), "--no-logo")

    assert linted.returncode == 0, linted.stdout


def test_it_is_written_as_the_rest_is(followed: Copy) -> None:
    ruff = str(Path(sys.executable).with_name("ruff"))
    files = [name for _, name, _ in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if name.endswith(".py")]
    for command in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        looked_at = in_copy(followed.path, ruff, *command, *files)
        assert looked_at.returncode == 0, looked_at.stdout


def test_it_knows_no_other_platform(followed: Copy) -> None:
    """The second line is what the import contract knows it by."""
    mapping = followed.path / FOLDER / "mapping.py"
    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(f"import tollbook.connectors.metroport.mapping  # noqa\n{text}", encoding="utf-8")
    try:
        linted = in_copy(followed.path, str(Path(sys.executable).with_name("lint-imports")), "--no-logo")
    finally:
        mapping.write_text(text, encoding="utf-8")

    assert linted.returncode == 1
    assert "Platforms know nothing of each other BROKEN" in linted.stdout
