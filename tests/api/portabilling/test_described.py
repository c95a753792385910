"""The API as it describes itself: only what a realm has, and nothing but declared answers to whatever is asked.

Schemathesis makes requests of the description, right ones and wrong ones. Half of them name things that are there, and
each is undone, so that one cannot lock out the next.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.portabilling.conftest import PASSWORD
from tests.api.portabilling.speaking import Speaker
from tollbook.access.models import RealmName, User
from tollbook.access.operations import set_login
from tollbook.api.portabilling.method import METHODS
from tollbook.api.portabilling.openapi import INTERFACES, document
from tollbook.catalog.models import Product
from tollbook.customers.actors import Realm
from tollbook.customers.models import Account, Customer

EXAMPLES = 2  # of each method, right and wrong ones each
LOGINS = {"AdminInterface": "ann", "CustomerInterface": "dora", "AccountInterface": "line1"}
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
INTERNAL = b"Server.api.internal_error"
load_all_checks()


@pytest.fixture
def ids(ann: User) -> dict[str, int]:
    """Somebody to ask about."""
    now = datetime.now(UTC)
    dora = Customer.objects.create(
        code="dora", name="Dora", currency="USD", email="dora@example.com", created_at=now
    )
    product = Product.objects.create(code="pbx", name="Cloud PBX")
    line = Account.objects.create(customer=dora, product=product, code="line1", created_at=now)
    set_login(realm=RealmName.CUSTOMER, customer=dora, login="dora", password=PASSWORD, by="ann", now=now)
    set_login(realm=RealmName.ACCOUNT, account=line, login="line1", password=PASSWORD, by="ann", now=now)
    return {"i_customer": dora.pk, "i_account": line.pk, "i_product": product.pk, "i_user": ann.pk}


@pytest.fixture
def one_connection(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests use the test's own transaction: nobody closes its connection between them."""
    monkeypatch.setattr(type(connections["default"]), "close_if_unusable_or_obsolete", lambda _: None)


def planted(value: Any, ids: dict[str, int]) -> Any:
    """The same, naming things that are there."""
    if isinstance(value, dict):
        return {name: ids[name] if name in ids else planted(one, ids) for name, one in value.items()}
    return [planted(one, ids) for one in value] if isinstance(value, list) else value


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize("interface", INTERFACES)
def test_whatever_is_asked_the_answer_is_a_declared_one(interface: str, ids: dict[str, int]) -> None:
    speaker = Speaker()
    speaker.log_in(LOGINS[interface], PASSWORD)
    schema = schemathesis.openapi.from_wsgi(f"/doc/api/{interface}.json", get_wsgi_application())
    wrong: list[str] = []
    for operation in (found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                attempt(operation, mode, ids, speaker.headers)()
            except (Exception, FailureGroup) as error:  # all that is wrong is said at once
                wrong.append(f"{operation.path}, {mode.value} request: {error}")
    assert wrong == []


def attempt(
    operation: Any, mode: GenerationMode, ids: dict[str, int], headers: dict[str, str]
) -> Callable[[], None]:
    """A method, asked a few times."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_planted=st.booleans())
    def ask(case: Any, is_planted: bool) -> None:
        if is_planted and isinstance(case.body, dict):
            case.body = planted(case.body, ids)
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        case.validate_response(answer, checks=CHECKS)
        assert INTERNAL not in answer.content, f"{answer.content!r} to {case.body!r}"

    return ask


@pytest.mark.parametrize(("interface", "realm"), INTERFACES.items())
def test_a_realm_is_told_of_its_own_methods_alone(interface: str, realm: Realm, db: None) -> None:
    answer = Speaker().send(f"/doc/api/{interface}.json", verb="GET")
    described = json.loads(answer.content)
    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]) == {f"/rest/{name}" for name, one in METHODS.items() if realm in one.realms}


def test_a_port_describes_its_own_realm_alone(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLBOOK_API_REALM", "customer")
    codes = [Speaker().send(f"/doc/api/{name}.json", verb="GET").status_code for name in (*INTERFACES, "Moon")]
    assert codes == [500, 200, 500, 500]


def test_every_method_says_what_it_does() -> None:
    for interface in INTERFACES:
        for path, item in document(interface)["paths"].items():
            assert item["post"]["summary"].endswith("."), path
