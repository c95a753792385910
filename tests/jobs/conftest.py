from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.jobs.office import PRICES, Office, add_customer, price_tariff
from tollbook.catalog.operations import set_product
from tollbook.usage.models import Connection


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings) -> Office:
    settings.TOLLBOOK_HOME = tmp_path
    price_tariff("standard", PRICES, tmp_path)
    set_product(code="voice", name="Voice", tariffs={"voice_out": "standard", "voice_in": None})
    add_customer("ann", 23, {"ann-1": 48221000001, "ann-2": 48221000002})
    add_customer("bob", 0, {"bob-1": 48221000003})
    source = Connection.objects.create(
        name="office", layout="tollbook", number_rules={}, match_by=["account", "number"]
    )
    return Office(tmp_path, source)
