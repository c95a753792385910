"""What docs/operator/customers-and-tariffs.md shows is what happens, from its first command to its last."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tollbook.customers.account_sheet import COLUMNS as ACCOUNT_COLUMNS
from tollbook.customers.customer_sheet import COLUMNS as CUSTOMER_COLUMNS

PAGE = Path(__file__).parents[2] / "docs/operator/customers-and-tariffs.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = re.compile(r"recorded at: .*")


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = []
    for language, name, text in BLOCK.findall(TEXT):
        if language == "console":
            shown.append(text)
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(shown) == 8

    for example in shown:
        command, _, expected = example.partition("\n")
        run = tollbook(*shlex.split(command)[2:])
        assert run.status == 0, run.stderr
        printed = "".join(line for line in run.stdout.splitlines(keepends=True) if line[0] not in "┏┃┡│└")
        assert NOW.sub("", printed) == NOW.sub("", expected)


def test_the_page_names_every_column() -> None:
    columns = [column.name for column in (*CUSTOMER_COLUMNS, *ACCOUNT_COLUMNS)]
    assert [name for name in columns if f"`{name}`" not in TEXT] == []
