from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.alarms.postoffice import PostOffice, post_office
from tollbook.connections.models import Connection


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """A mail server, and the environment that leads to it."""
    with post_office() as opened:
        monkeypatch.setenv("TOLLBOOK_SMTP_URL", f"smtp://127.0.0.1:{opened.port}")
        monkeypatch.setenv("TOLLBOOK_MAIL_FROM", "tollbook@example.com")
        yield opened


@pytest.fixture
def switch(db: None, tmp_path: Path, settings: LazySettings) -> Connection:
    settings.TOLLBOOK_HOME = tmp_path  # where the key of secrets is made
    return Connection.objects.create(name="switch")
