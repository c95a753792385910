"""PortaBilling keeps the contract of connectors."""

from collections.abc import Iterator

import pytest

from simulators.portabilling import Simulator
from tests.connectors.contract import Bench, ConnectorContract
from tests.connectors.portabilling.platform import BIG, MERIDIAN, connector, scopes

ALIAS, RETAIL = 2, 1
ASKED = (MERIDIAN, "46183", BIG, "46191")  # one with ids of text, one with a large id


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with Simulator() as platform:
            month = platform.month
            yield Bench(
                connector=lambda **settings: connector(platform, **{"attempts": "2", **settings}),
                faults=platform.faults,
                secrets=(platform.token, platform.password),
                with_wrong_secret=lambda: connector(platform, secrets={"token": "wrong-token"}),
                customers=sum(one["i_customer_type"] == RETAIL for one in month.customers),
                accounts=sum(one["billing_model"] != ALIAS for one in month.accounts),
                numbers=len(month.numbers),
                scopes=scopes(ASKED),
                records=sum(
                    str(one["i_customer"]) in ASKED and "2017-06-01" <= one["bill_time"] < "2017-07-01"
                    for one in month.xdrs
                ),
                small_pages={"page_size": "50", "parallel": "2"},
                match_of=lambda scope: f'"i_customer": {scope.customer_id}',
                usage_match="get_customer_xdrs",
                is_record=lambda line: not line.startswith(b'{"note":'),
                account_to_suspend=str(
                    next(
                        one["i_account"]
                        for one in month.accounts
                        if one["billing_model"] == 1 and one["bill_status"] == "O" and one["blocked"] == "N"
                    )
                ),
            )
