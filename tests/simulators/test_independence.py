"""A stand-in that borrowed from what it tests would share its mistakes."""

import ast
import sys
from pathlib import Path

SIMULATORS = Path(__file__).parents[2] / "simulators"
ALLOWED = {"simulators", "cryptography", "paramiko", "psycopg", "pyftpdlib", *sys.stdlib_module_names}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports from a relative place"
            found.add(str(node.module))
    return found


def test_simulators_import_nothing_of_tollbook() -> None:
    files = sorted(SIMULATORS.rglob("*.py"))
    assert len(files) > 3
    for path in files:
        assert {name.partition(".")[0] for name in imported(path)} <= ALLOWED, path
