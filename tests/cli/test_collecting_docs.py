"""What docs/operator/collecting.md shows is what happens."""

import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.cli.test_operator_docs import BLOCK, PAGES, comparable
from tollbook.usage.models import ImportRun

# Another each time: ids go on from test to test, and the clock goes on.
OTHERS = re.compile(r"\b(collect) \d+|(on) \d{4}-\d\d-\d\d \d\d:\d\d|(sha256) \w+")
TUESDAY = 1_497_916_800


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "clerk")
    settings.TOLLBOOK_HOME = tmp_path / "home"
    (tmp_path / "cdr").mkdir()
    examples = []
    for language, name, text in BLOCK.findall((PAGES / "collecting.md").read_text(encoding="utf-8")):
        if language == "console":
            examples += [example.partition("\n") for example in text.removeprefix("$ ").split("\n$ ")]
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
            os.utime(tmp_path / name, (TUESDAY, TUESDAY))
    assert len(examples) == 12

    for command, _, expected in examples:
        words = shlex.split(command.replace("/srv/cdr", str(tmp_path / "cdr")))[1:]
        if words[:2] in (["usage", "raw"], ["usage", "reprocess"]):
            words[2] = str(ImportRun.objects.get().pk)
        run = tollbook(*words)
        assert run.status == 0, run.stderr
        assert steady(run.stdout) == steady(expected), command


def steady(printed: str) -> str:
    return OTHERS.sub(r"\1\2\3 N", comparable(printed))
