"""What tests of the compatible API share: who may log in, and time that does not pass by itself."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.api.portabilling.speaking import Speaker
from tollbook.access import passwords
from tollbook.access.models import RealmName, User
from tollbook.access.operations import add_user
from tollbook.access.options import options
from tollbook.api.portabilling.metrics import COUNTS
from tollbook.api.portabilling.pace import PACE

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
PASSWORD = "rosemary7"


@pytest.fixture(autouse=True)
def plain_house(request: pytest.FixtureRequest, settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    """A key of its own, a quick hash, and counts that begin at nothing; not where real processes serve."""
    if {"served", "start"} & set(request.fixturenames):
        yield
        return
    settings.TOLLBOOK_HOME = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    passwords._nobodys.cache_clear()  # it was made by the hasher of whatever test came before
    options.cache_clear()
    PACE._buckets.clear()
    COUNTS.unknown.clear()
    COUNTS.faults.clear()
    yield
    options.cache_clear()


@pytest.fixture
def ann(db: None) -> User:
    """One of the staff, who may do everything."""
    return add_user(realm=RealmName.STAFF, login="ann", password=PASSWORD, now=datetime.now(UTC))


@pytest.fixture
def speaker(ann: User) -> Speaker:
    """Ann, logged in."""
    speaker = Speaker()
    speaker.log_in("ann", PASSWORD)
    return speaker
