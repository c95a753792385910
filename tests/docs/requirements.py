"""Makes docs/requirements.md from the `req` marks of the tests: `python -m tests.docs.requirements`."""

import ast
import re
from collections import defaultdict
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGE = CHECKOUT / "docs" / "requirements.md"
INTRO = """\
# What is proved, and where

Each requirement that a test proves, with the tests that do. Made by `python -m tests.docs.requirements`.

| id | test |
|---|---|
"""


def page() -> str:
    """The page as it should be."""
    proofs = _proofs()
    rows = [f"| {key} | {'<br>'.join(proofs[key])} |" for key in sorted(proofs, key=_letter_then_number)]
    return INTRO + "\n".join(rows) + "\n"


def _proofs() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((CHECKOUT / "tests").rglob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                for key in _marks(function):
                    said = function.name.removeprefix("test_").replace("_", " ")
                    found[key].append(f"{said} (`{path.relative_to(CHECKOUT)}`)")
    return found


def _marks(function: ast.FunctionDef) -> list[str]:
    calls = [mark for mark in function.decorator_list if isinstance(mark, ast.Call)]
    marks = [call for call in calls if ast.unparse(call.func) == "pytest.mark.req"]
    return [str(ast.literal_eval(argument)) for call in marks for argument in call.args]


def _letter_then_number(key: str) -> tuple[str, int]:
    parts = re.fullmatch(r"([A-Z]+)(\d+)", key)
    assert parts is not None, key
    return parts[1], int(parts[2])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
