"""Vodia's connector keeps the contract of all connectors, whichever way one logs in."""

import pytest

from simulators.vodia import Simulator
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.vodia.sites import LIGHTS, MAPLE, QUAY, connector_at, scope

TENANTS = (LIGHTS, MAPLE, QUAY)


def bench_at(vodia: Simulator, login_style: str) -> Bench:
    return Bench(
        connector=lambda **settings: connector_at(vodia, **{"login_style": login_style} | settings),
        faults=vodia.faults,
        secrets=[vodia.password],
        with_wrong_secret=lambda: connector_at(vodia, password="guessed-it-wrong", login_style=login_style),
        customers=len(vodia.tenants),
        accounts=sum(len(tenant.extensions) for tenant in vodia.tenants),
        numbers=sum(len(account.dids) for tenant in vodia.tenants for account in tenant.accounts),
        scopes=[scope(tenant) for tenant in TENANTS],
        records=sum(call.tenant in TENANTS for call in vodia.calls),
        small_pages={"page_size": "40"},
        match_of=lambda asked: f"/rest/domain/{asked.customer_id}/",
        usage_match="/cdrs?",
        is_record=lambda line: not line.startswith(b'{"note"'),
        account_to_suspend=f"201@{LIGHTS}",
    )


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self, vodia: Simulator) -> Bench:
        return bench_at(vodia, "basic")
