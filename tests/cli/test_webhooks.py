"""`tollbook webhooks`, and the page about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from simulators.web import Answer
from tests.changes.receiver import receiver
from tests.cli.test_operator_docs import follow
from tollbook.changes.events import EVENTS

PAGE = (Path(__file__).parents[2] / "docs/operator/webhooks.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def home(db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    monkeypatch.setenv("TOLLBOOK_WEBHOOK_SECRET", "0123456789abcdef")


def test_the_page_shows_what_happens(tollbook: Callable[..., Any], tmp_path: Path) -> None:
    follow(PAGE.replace("```\nPOST", "```http request\nPOST"), 5, tollbook, tmp_path)


def test_the_page_names_every_entity() -> None:
    assert {name.partition("/")[0] for name in EVENTS} == {
        name for name in ("Customer", "Subscriber", "DID", "Invoice") if f"`{name}/…`" in PAGE
    }


def test_a_receiver_is_tried_out(tollbook: Callable[..., Any]) -> None:
    with receiver() as there:
        tollbook("webhooks", "add", there.url, "--auth", "custom", "--type", "Token")
        there.next += [Answer(200), Answer(404)]
        taken, refused = tollbook("webhooks", "test", there.url), tollbook("webhooks", "test", there.url)
    assert (taken.status, taken.stdout.strip()) == (0, f"{there.url}: answered 200: the receiver has it")
    assert (refused.status, refused.stdout.strip()) == (
        1,
        f"{there.url}: answered 404: the receiver does not want it",
    )
    assert there.requests[0].headers["Authorization"] == "Token 0123456789abcdef"
    listed = tollbook("webhooks", "list", "--json")
    assert there.url in listed.stdout
    assert "0123456789abcdef" not in listed.stdout
