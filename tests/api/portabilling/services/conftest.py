from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import Office
from tollbook.customers.models import Customer


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings) -> Office:
    """Ann has two accounts, Bob has one; nothing used yet."""
    return open_office(tmp_path, settings)


@pytest.fixture
def ann(office: Office) -> Customer:
    return Customer.objects.get(code="ann")


@pytest.fixture
def bob(office: Office) -> Customer:
    return Customer.objects.get(code="bob")
