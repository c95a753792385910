"""Files at a web address behind the suite that every connector passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.faults import Faults
from simulators.web import Server
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.files.sources.places import Place
from tests.connectors.files.sources.test_web import KEY, PASSWORD, Export


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        faults = Faults()
        with Server(faults.guard(Export())) as server:
            settings = {"source": "http", "url": f"{server.url}/export/cdr%201.csv", "login": "operator"}
            place = Place(tmp_path, settings, {"password": PASSWORD, "url_secret": f"key={KEY}"})
            yield Bench(
                connector=place.connector,
                faults=faults,
                secrets=(PASSWORD, KEY),
                with_wrong_secret=lambda: place.connector(password="wrong"),
            )
