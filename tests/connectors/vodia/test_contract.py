"""Vodia's connector keeps the contract of all connectors, whichever way one logs in."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from simulators.vodia import Simulator, push
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.vodia.sites import LIGHTS, MAPLE, QUAY, connector_at, scope
from tollbook.connectors.pushed import Pushed

TENANTS = (LIGHTS, MAPLE, QUAY)


AT = datetime(2017, 7, 1, tzinfo=UTC)
CALLS_PUSHED = 60


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
        messages=[
            Pushed(received_at=AT, content_type=push.TYPES["json"], body=body)
            for call in vodia.calls[:CALLS_PUSHED]
            for body in push.messages(call)
        ],
        calls=CALLS_PUSHED,
    )


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self, vodia: Simulator) -> Bench:
        return bench_at(vodia, "basic")


class TestContractOfSessions(ConnectorContract):
    """Release 70: two steps, and a cookie that ends."""

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with Simulator(login="session") as vodia:
            yield bench_at(vodia, "session")
