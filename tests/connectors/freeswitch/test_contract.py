"""FreeSWITCH's connector keeps the contract of all connectors."""

from collections.abc import Iterator

import pytest

from simulators.faults import Faults
from simulators.freeswitch import make_month
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.freeswitch.event_socket import PASSWORD, Switch
from tests.connectors.freeswitch.sites import PUSH_SECRET, connector_at, messages


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        calls = make_month(count=60)
        with Switch() as switch:
            yield Bench(
                connector=lambda **settings: connector_at(
                    switch, **{"default_domain": "lantern.example.net"} | settings
                ),
                faults=Faults(),
                secrets=[PASSWORD, PUSH_SECRET],
                with_wrong_secret=lambda: connector_at(switch, password="guessed"),
                account_to_suspend="1001",
                messages=messages(leg for call in calls for leg in (call.other_leg, call.leg)),
                calls=60,
            )
