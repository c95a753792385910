"""Metroport's connector keeps the contract of all connectors."""

import pytest

from simulators.metroport import Simulator, users
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.metroport.sites import connector_at, scope

CUSTOMERS = (users.DASHED_NIP, users.TOWN_HALL, users.SCHOOL)


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self, metroport: Simulator) -> Bench:
        return Bench(
            # All users: the office of the provider has a SIM card, too.
            connector=lambda **settings: connector_at(
                metroport, **{"usertype": "-", "chunk_days": "0"} | settings
            ),
            faults=metroport.faults,
            secrets=[metroport.password],
            with_wrong_secret=lambda: connector_at(metroport, password="guessed"),
            customers=len(metroport.platform.month.users),
            accounts=len(metroport.mobiles),
            scopes=[scope("2017-06-01", "2017-07-01", id) for id in CUSTOMERS],
            records=sum(record.userid in CUSTOMERS for record in metroport.records),
            small_pages={"chunk_days": "3"},
            match_of=lambda asked: f"userid={asked.customer_id}",
            usage_match="/Mvno/Billings?",
        )
