"""FusionPBX's connector keeps the contract of all connectors, by its database and by FS PBX's REST API."""

from pathlib import Path

import pytest

from simulators.faults import Fault, Faults
from simulators.fusionpbx import Simulator
from tests.connectors.contract import ONE_FAULT, Bench, ConnectorContract
from tests.connectors.fusionpbx.sites import MONTH, by_rest, connector_at, scope

# By REST calls are chosen by their start. Far legs are not listed there.
TENANTS = ("seaway.example.ca", "maple.example.ca")
JUNE = ("2017-06-01", "2017-07-01")


def is_call(line: bytes) -> bool:
    return b'"note":' not in line


class TestByDatabase(ConnectorContract):
    @pytest.fixture
    def bench(self, own: Simulator) -> Bench:
        return Bench(
            connector=lambda **settings: connector_at(own, **settings),
            faults=Faults(),  # those of HTTP; a database that goes away is in test_faults.py
            secrets=[own.password, own.control_password],
            with_wrong_secret=lambda: connector_at(
                own, db_user="nobody"
            ),  # the tests' server asks for no password
            customers=9,
            accounts=70,
            numbers=24,  # three of each tenant; those of the tenant that is switched off are, too
            scopes=[MONTH],
            records=own.count_calls(),
            is_record=is_call,
            account_to_suspend="2112@maple.example.ca",
        )

    @pytest.mark.parametrize("fault", [Fault("status")])  # nothing is asked over HTTP
    def test_after_any_fault_and_a_repeat_the_records_are_those_of_an_undisturbed_fetch(
        self,
        bench: Bench,
        fault: Fault,
        tmp_path: Path,  # noqa: ARG002
    ) -> None:
        connector = bench.connector()
        list(connector.usage(bench.scopes))
        connector.close()
        assert bench.faults.requests()["log"] == [], fault


class TestByRest(ConnectorContract):
    @pytest.fixture
    def bench(self, own: Simulator) -> Bench:
        asked = own.store.rows(
            "SELECT count(*) AS calls FROM v_xml_cdr WHERE coalesce(leg, 'a') = 'a' AND domain_name = ANY (%s)"
            " AND start_epoch BETWEEN %s AND %s",
            list(TENANTS),
            scope(*JUNE).since.timestamp(),
            scope(*JUNE).until.timestamp(),
        )
        own.faults.reset()
        return Bench(
            connector=lambda **settings: by_rest(own, **settings),
            faults=own.faults,
            secrets=[own.token],
            with_wrong_secret=lambda: by_rest(own, token="guessed"),
            customers=9,
            accounts=70,
            numbers=24,  # three of each tenant; those of the tenant that is switched off are, too
            scopes=[scope(*JUNE, tenant) for tenant in TENANTS],
            records=asked[0]["calls"],
            small_pages={"page_size": "40"},
            match_of=lambda asked: str(own.switchboard.by_name[asked.customer_id].uuid),
            usage_match="/cdrs",
            is_record=is_call,
            account_to_suspend="2112@maple.example.ca",
        )

    # A token that is revoked is for a person: there is no session to open anew.
    @pytest.mark.parametrize(
        "fault",
        [fault for fault in ONE_FAULT if fault.kind != "expire_session"],
        ids=lambda fault: f"{fault.kind}-{fault.status}",
    )
    def test_after_any_fault_and_a_repeat_the_records_are_those_of_an_undisturbed_fetch(
        self, bench: Bench, fault: Fault, tmp_path: Path
    ) -> None:
        super().test_after_any_fault_and_a_repeat_the_records_are_those_of_an_undisturbed_fetch(
            bench, fault, tmp_path
        )
