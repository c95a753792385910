"""What docs/operator/pairing.md shows is what happens, on the simulated Metroport. `…` stands for lines left out."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from simulators.metroport import Simulator
from tests.cli.test_operator_docs import BLOCK, PAGES
from tollbook.customers.models import Suggestion

PLATFORM = "http://127.0.0.1:8455"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path
    examples = []
    for language, name, text in BLOCK.findall((PAGES / "pairing.md").read_text(encoding="utf-8")):
        if language == "console":
            examples += [example.partition("\n") for example in text.removeprefix("$ ").split("\n$ ")]
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(examples) == 15

    with Simulator() as metroport:
        monkeypatch.setenv("TOLLBOOK_SECRET_PASSWORD", metroport.password)
        for command, _, expected in examples:
            arguments = shlex.split(command.replace(PLATFORM, metroport.url))[1:]
            if arguments[:2] in (["pairing", "accept"], ["pairing", "reject"]):
                arguments[2] = str(_suggestion(int(arguments[2])))
            run = tollbook(*arguments)
            assert run.status == 0, run.stderr
            assert_as_shown(run.stdout, expected)


def _suggestion(number: int) -> int:
    """Ids go on from test to test in one database; the page's begin with 7, after those of the dry run."""
    return min(Suggestion.objects.values_list("pk", flat=True)) + number - 7


def assert_as_shown(printed: str, expected: str) -> None:
    """Line by line; tables have tests of their own, and `…` stands for any lines."""
    left = iter(comparable(printed))
    is_skipping = False
    for line in comparable(expected):
        if line.strip() == "…":
            is_skipping = True
            continue
        found = next((other for other in left if not is_skipping or other == line), None)
        assert found == line, printed
        is_skipping = False
    assert is_skipping or next(left, None) is None, printed


def comparable(text: str) -> list[str]:
    lines = (line.rstrip() for line in text.splitlines() if line and line[0] not in "┏┌┃┡│└")
    return [MOMENT.sub("DATE", line) for line in lines if line]
