"""Fields of the operator's own: made by a command, filled through the API, not lost by accident."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tollbook.api.portabilling import services  # noqa: F401  serves the methods
from tollbook.api.portabilling.caller import Caller
from tollbook.api.portabilling.method import invoke
from tollbook.customers.actors import Realm
from tollbook.customers.models import Customer

Tollbook = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("db")


def test_a_field_is_made_filled_and_kept_while_it_says_something(tollbook: Tollbook) -> None:
    made = tollbook("custom-fields", "set", "customer", "Contract no.", "--default", "none yet")
    assert made.status == 0, made.stderr
    assert "'Contract no.' of every customer" in made.stdout
    acme = Customer.objects.create(code="acme", name="Acme", currency="EUR")
    staff = Caller(realm=Realm.STAFF, user_id=1, login="boss", now=datetime(2026, 1, 1, tzinfo=UTC))
    asked = {"i_customer": acme.pk, "custom_fields_values": [{"name": "Contract no.", "db_value": "C-17"}]}

    invoke("Customer/update_custom_fields_values", staff, asked)

    [shown] = json.loads(tollbook("custom-fields", "list", "--json").stdout)
    assert (shown["of"], shown["name"], shown["default"]) == ("customer", "Contract no.", "none yet")
    refused = tollbook("custom-fields", "remove", "customer", "Contract no.")
    assert refused.status == 2
    assert "has a value with 1 customers" in refused.stderr
    unknown = tollbook("custom-fields", "remove", "account", "Contract no.")
    assert (unknown.status, "no account has a field 'Contract no.'" in unknown.stderr) == (2, True)
    Customer.objects.update(custom={})
    assert tollbook("custom-fields", "remove", "customer", "Contract no.").status == 0
    assert "there is none" in tollbook("custom-fields", "list").stderr + tollbook("custom-fields", "list").stdout
