"""The page about fees shows what happens, as if it were the days it speaks of."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Self

import pytest
from django.conf import LazySettings

from tests.cli.test_operator_docs import PAGES, follow
from tollbook.billing.models import Subscription
from tollbook.cli import charge_fees, money, subscriptions


class Then(datetime):
    """A clock that stands still."""

    at = datetime(2026, 6, 11, 16, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(cls.at.timestamp(), tz)


@pytest.mark.usefixtures("db")
def test_the_examples_print_what_the_page_shows(
    tollbook: Callable[..., Any],
    tmp_path: Path,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path
    for module in (charge_fees, money, subscriptions):
        monkeypatch.setattr(module, "datetime", Then)

    def on_its_day(*arguments: str) -> Any:
        july = arguments[:3] == ("charge-fees", "--upto", "2026-07-01")
        monkeypatch.setattr(Then, "at", datetime(2026, 7 if july else 6, 1 if july else 11, 16, tzinfo=UTC))
        last = Subscription.objects.order_by("-pk").first()
        run = tollbook(*(str(last.pk) if last and one == "3" else one for one in arguments))
        return run._replace(stdout=re.sub(r"subscription \d+:", "subscription 3:", run.stdout))

    follow((PAGES / "fees.md").read_text(encoding="utf-8"), 19, on_its_day, tmp_path)

    again = ("subscriptions", "add", "acme", "ten-lines")
    assert "too" not in tollbook(*again).stdout
    first = Subscription.objects.latest("pk")
    assert f"acme pays for ten-lines by subscription {first.pk} too" in tollbook(*again).stdout
