"""What the pages of docs/operator show is what happens, each from its first command to its last."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from simulators.portabilling import Simulator as PortaBilling
from tollbook.customers.account_sheet import COLUMNS as ACCOUNT_COLUMNS
from tollbook.customers.customer_sheet import COLUMNS as CUSTOMER_COLUMNS

PAGES = Path(__file__).parents[2] / "docs/operator"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOW = re.compile(r"recorded at: .*")
# Ids go on from test to test in one database.
COUNTED = re.compile(r"\b(run|record) \d+")


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("page", "commands"),
    [("customers-and-tariffs.md", 18), ("usage-and-invoices.md", 17), ("running.md", 5), ("numbers.md", 14)],
)
def test_the_examples_print_what_the_page_shows(
    page: str,
    commands: int,
    tollbook: Callable[..., Any],
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path
    follow((PAGES / page).read_text(encoding="utf-8"), commands, tollbook, tmp_path)


@pytest.mark.usefixtures("db")
def test_the_examples_with_a_platform_print_what_the_page_shows(
    tollbook: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PortaBilling() as platform:
        monkeypatch.setenv("TOLLBOOK_SECRET_TOKEN", platform.token)
        page = (PAGES / "connections.md").read_text(encoding="utf-8")
        follow(page.replace("https://billing.example.net", platform.url()), 11, tollbook, tmp_path)


def follow(page: str, commands: int, tollbook: Callable[..., Any], tmp_path: Path) -> None:
    """Write the files of a page, run its commands, hold what they print to what it shows."""
    examples = []
    for language, name, text in BLOCK.findall(page):
        if language == "console":
            examples += [example.partition("\n") for example in text.removeprefix("$ ").split("\n$ ")]
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(examples) == commands

    last_record = ""
    for command, _, expected in examples:
        arguments = shlex.split(command)[1:]
        if arguments[:2] == ["usage", "explain"]:
            arguments[2] = last_record
        run = tollbook(*arguments)
        assert run.status == 0, run.stderr
        last_record = next(iter(re.findall(r"^record (\d+)", run.stdout, re.MULTILINE)), last_record)
        assert comparable(run.stdout) == comparable(expected)


def comparable(printed: str) -> str:
    """Without tables, whose sums have tests of their own, and without what is another each time."""
    lines = (line for line in printed.splitlines() if not line.startswith(("┏", "┌", "┃", "┡", "│", "└")))
    return COUNTED.sub(r"\1 N", NOW.sub("", "\n".join(lines))).rstrip()


def test_the_page_names_every_column() -> None:
    text = (PAGES / "customers-and-tariffs.md").read_text(encoding="utf-8")
    columns = [column.name for column in (*CUSTOMER_COLUMNS, *ACCOUNT_COLUMNS)]
    assert [name for name in columns if f"`{name}`" not in text] == []
