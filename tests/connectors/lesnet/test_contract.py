"""The assumed portal behind the suite that every connector passes, with each way to protect its files."""

from collections.abc import Iterator

import pytest

from simulators.lesnet import Simulator
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.lesnet.portal import AUTH, Portal


class TestContract(ConnectorContract):
    @pytest.fixture(params=["basic", "cookie", "header"])
    def bench(self, request: pytest.FixtureRequest) -> Iterator[Bench]:
        with Simulator(auth=request.param) as simulator:
            portal = Portal(simulator, request.param)
            first = simulator.peers[0]
            yield Bench(
                connector=portal.connector,
                faults=simulator.faults,
                secrets=portal.hidden,
                with_wrong_secret=lambda: portal.connector(**dict.fromkeys(AUTH[request.param][1], "wrong=1")),
                account_to_suspend=f"{first.id} | {first.dids[0]}",
            )
