"""The connector keeps its contract with our own server of the API, too: what it needs is what we serve."""

import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx
import pytest
import pytest_django

from simulators.faults import Faults
from simulators.web import Answer, Request, Server
from tests.api.portabilling.served import (
    ACCOUNTS,
    CALLS,
    CUSTOMERS,
    NUMBERS,
    PASSWORD,
    STAFF,
    TOKEN,
    XDRS_OF_MERIDIAN,
    Served,
    serve,
)
from tests.conftest import database_of_its_own
from tests.connectors.contract import Bench, ConnectorContract
from tollbook.connectors.base import Scope, Site
from tollbook.connectors.portabilling.connector import PortaBillingConnector
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account

JUNE, JULY = datetime(2017, 6, 1, tzinfo=UTC), datetime(2017, 7, 1, tzinfo=UTC)
ASKED = ("46170", "46171")
PASSED_ON = {"content-type", "content-disposition", "retry-after"}


class Between:
    """A gateway before the server, in which things go wrong."""

    def __init__(self, served: Served) -> None:
        self.faults = Faults(expire_sessions=served.end_all_sessions)
        self._client = httpx.Client(
            base_url=f"https://127.0.0.1:{served.ports['admin']}",
            verify=ssl.create_default_context(cafile=str(served.certificate)),
            trust_env=False,
        )
        self.server = Server(self.faults.guard(self._pass_on))

    def _pass_on(self, request: Request) -> Answer:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() in {"content-type", "authorization", "accept"}
        }
        answer = self._client.request(request.method, request.path, content=request.body, headers=headers)
        kept = tuple((name, value) for name, value in answer.headers.items() if name.lower() in PASSED_ON)
        return Answer(answer.status_code, kept, answer.content)


@pytest.fixture(scope="module")
def served(database_template: str, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[Served]:
    with (
        django_db_blocker.unblock(),
        database_of_its_own(database_template) as environment,
        serve(environment) as up,
    ):
        yield up


class TestContract(ConnectorContract):
    @pytest.fixture
    def bench(self, served: Served) -> Iterator[Bench]:
        between = Between(served)
        served.forget_failures()
        with between.server:

            def connector(
                secrets: Mapping[str, str] = {"token": TOKEN},
                **settings: str,
            ) -> PortaBillingConnector:
                usual = {"url": between.server.url, "login": STAFF, "retry_wait_s": "0", "timeout_s": "5"}
                return PortaBillingConnector(
                    Site(
                        name="ours",
                        settings={**usual, "attempts": "2", **settings},
                        secrets={name: Secret(text) for name, text in secrets.items()},
                    )
                )

            yield Bench(
                connector=connector,
                faults=between.faults,
                secrets=(TOKEN, PASSWORD),
                with_wrong_secret=lambda: connector({"token": "wrong-token"}),
                customers=CUSTOMERS,
                accounts=ACCOUNTS,
                numbers=NUMBERS,
                scopes=[Scope(customer_id=id, since=JUNE, until=JULY) for id in ASKED],
                records=XDRS_OF_MERIDIAN + CALLS,
                small_pages={"page_size": "10", "parallel": "2"},
                match_of=lambda scope: f'"i_customer": {scope.customer_id}',
                usage_match="get_customer_xdrs",
                is_record=lambda line: not line.startswith(b'{"note":'),
                account_to_suspend=str(Account.objects.get(code="ph46170x101").pk),
            )
