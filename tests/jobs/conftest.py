from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.jobs.office import PRICES, Office, add_customer, price_tariff
from tests.jobs.toy_office import Toy
from tests.jobs.toy_platform import PLATFORMS, Platform
from tollbook.catalog.operations import set_product
from tollbook.connections.models import Connection
from tollbook.connectors import registry


@pytest.fixture
def office(db: None, tmp_path: Path, settings: LazySettings) -> Office:
    return open_office(tmp_path, settings)


def open_office(folder: Path, settings: LazySettings) -> Office:
    """Two customers with three numbers, one tariff, and a connection; nothing used yet."""
    settings.TOLLBOOK_HOME = folder
    price_tariff("standard", PRICES, folder)
    set_product(code="voice", name="Voice", tariffs={"voice_out": "standard", "voice_in": None})
    add_customer("ann", 23, {"ann-1": 48221000001, "ann-2": 48221000002})
    add_customer("bob", 0, {"bob-1": 48221000003})
    source = Connection.objects.create(
        name="office", layout="tollbook", number_rules={}, match_by=["account", "number"]
    )
    return Office(folder, source)


@pytest.fixture
def toy(office: Office, monkeypatch: pytest.MonkeyPatch) -> Toy:
    return open_toy(monkeypatch)


def open_toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """Ann is c1 and c2 at the toy platform, Bob is c3; its times are Warsaw's. Nothing collected yet."""
    kinds = {"toy": "ToyConnector", "whole-toy": "WholeToyConnector", "adding-toy": "AddingToyConnector"}
    for kind, name in kinds.items():
        monkeypatch.setitem(registry.CONNECTORS, kind, f"tests.jobs.toy_platform:{name}")
    connection = Connection.objects.create(
        name="toy", kind="toy", timezone="Europe/Warsaw", number_rules={}, match_by=["number"]
    )
    toy = Toy(connection, Platform())
    monkeypatch.setitem(PLATFORMS, "toy", toy.platform)
    toy.pair("ann", "c1")
    toy.pair("ann", "c2")
    toy.pair("bob", "c3")
    return toy
