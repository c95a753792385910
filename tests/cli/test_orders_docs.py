"""What docs/operator/orders.md shows is what happens, tables and all."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from simulators.portabilling import Simulator
from tests.cli.test_operator_docs import BLOCK, PAGES

PLATFORM = "http://127.0.0.1:8443"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
FRAME = re.compile(r"[┏┡└┳╇┴━─┓┩┘]+")


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for table in ("credit_suspensionorder", "alarms_alarm"):  # numbers as on the page, after whatever tests
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER SEQUENCE {table}_id_seq RESTART")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "clerk")
    settings.TOLLBOOK_HOME = tmp_path
    examples = []
    for language, name, text in BLOCK.findall((PAGES / "orders.md").read_text(encoding="utf-8")):
        if language == "console":
            examples += [example.partition("\n") for example in text.removeprefix("$ ").split("\n$ ")]
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
    assert len(examples) == 16

    with Simulator() as platform:
        monkeypatch.setenv("TOLLBOOK_SECRET_TOKEN", platform.token)
        for command, _, expected in examples:
            words = shlex.split(command.replace(PLATFORM, platform.url()))[1:]
            run = tollbook(*words)
            assert run.stderr == ""
            assert lines(run.stdout) == lines(expected), command


def lines(printed: str) -> list[str]:
    """Each line, a row of a table as its cells."""
    found = []
    for line in printed.rstrip("\n").splitlines():
        if not FRAME.fullmatch(line):
            cells = [cell.strip() for cell in re.split("[│┃]", line)[1:-1]]
            found.append("|".join(cells) if cells else MOMENT.sub("THEN", line))
    return found
