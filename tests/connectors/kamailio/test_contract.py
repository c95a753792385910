"""Kamailio's connector keeps the contract of all connectors, by either table."""

import pytest

from simulators.kamailio import Simulator
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.kamailio.sites import connector_at, scope


class TestContractByCalls(ConnectorContract):
    table = "acc_cdrs"

    @pytest.fixture
    def bench(self, kamailio: Simulator) -> Bench:
        return Bench(
            connector=lambda **settings: connector_at(kamailio, table=self.table, **settings),
            faults=kamailio.faults,
            secrets=[kamailio.password],
            scopes=[scope("2017-06-01", "2017-07-01")],
            records=len(kamailio.calls),
            small_pages={"chunk_days": "1"},
            usage_match="COPY",
            account_to_suspend=kamailio.users[0],
        )


class TestContractByRequests(TestContractByCalls):
    table = "acc"
