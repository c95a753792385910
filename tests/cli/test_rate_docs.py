"""What docs/operator/rate.md shows is what happens."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tollbook.catalog.price_list import COLUMNS

PAGE = Path(__file__).parents[2] / "docs/operator/rate.md"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
COMMANDS = [text for language, _, text in BLOCKS if language == "console"]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's files in the current folder."""
    for _, name, text in BLOCKS:
        if name:
            (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("shown", COMMANDS)
def test_the_examples_print_what_the_page_shows(tollbook: Callable[..., Any], shown: str) -> None:
    command, _, expected = shown.partition("\n")
    _, program, *arguments = shlex.split(command)

    run = tollbook(*arguments)

    assert program == "tollbook"
    assert run.status == 0
    assert run.stdout == expected


def test_the_page_has_examples_and_names_every_column() -> None:
    assert len(COMMANDS) == 3
    text = PAGE.read_text(encoding="utf-8")
    assert [column for column in COLUMNS if f"`{column}`" not in text] == []
