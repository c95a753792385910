"""docs/operator/pushing.md: what it shows is what happens, records sent by curl and all."""

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.cli.conftest import Run
from tests.cli.test_operator_docs import PAGES, follow
from tollbook.api.push.gates import GATES
from tollbook.api.push.views import MAX_BODY_BYTES
from tollbook.connectors.push_gate import PUSH_SETTINGS
from tollbook.usage.pushing import KEPT_AFTER_TAKEN

PAGE = (PAGES / "pushing.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Run], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "clerk")
    monkeypatch.setenv("TOLLBOOK_SECRET_PUSH_SECRET", "f00dfeed0123456789abcdef")
    settings.TOLLBOOK_HOME = tmp_path
    GATES.forget()

    def run(*arguments: str) -> Any:
        if arguments[0] == "--data-binary":
            return sent((tmp_path / arguments[1].removeprefix("@")).read_bytes(), arguments[2])
        done = tollbook(*arguments)
        return Run(done.status, as_on_the_page(done.stdout), done.stderr)

    follow(PAGE, 10, run, tmp_path)


def sent(body: bytes, url: str) -> Run:
    more: dict[str, Any] = {"wsgi.input": BytesIO(body)}
    answer = Client().post(url.removeprefix("http://127.0.0.1:8000"), body, content_type="text/xml", **more)
    return Run(0 if answer.status_code == 200 else 22, answer.content.decode(), "")


def as_on_the_page(said: str) -> str:
    """Without what is another each time."""
    said = re.sub(r" on \d{4}-\d\d-\d\d \d\d:\d\d ", " on 2026-11-21 10:00 ", said)
    numbers = iter(range(1, 10))
    said = re.sub(r"^collect \d+", lambda _: f"collect {next(numbers) + ('0 messages' in said)}", said)
    return re.sub(r"[1-9][\d,]* bytes fetched", "1,000 bytes fetched", said)


def test_every_setting_and_limit_is_on_the_page() -> None:
    assert [setting.name for setting in PUSH_SETTINGS if f"`{setting.name}`" not in PAGE] == []
    assert f"{MAX_BODY_BYTES >> 20} MiB" in PAGE
    assert KEPT_AFTER_TAKEN.days == 7
    assert "seven days" in PAGE
