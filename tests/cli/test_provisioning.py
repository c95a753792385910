"""`tollbook provisioning`, and the page about it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from simulators.portabilling import Simulator
from tests.cli.test_operator_docs import follow
from tests.connectors.portabilling.platform import MERIDIAN
from tests.jobs.fee_office import add_customer, add_product
from tollbook.catalog.models import Product
from tollbook.connections.operations import set_connection
from tollbook.connectors.secret import Secret
from tollbook.customers.models import Account, AccountState, Pairing

PAGE = (Path(__file__).parents[2] / "docs/operator/provisioning.md").read_text(encoding="utf-8")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.usefixtures("db")
def test_the_page_shows_what_happens(
    tollbook: Callable[..., Any], tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TOLLBOOK_HOME = tmp_path
    with Simulator() as platform:
        where = {"url": platform.url(), "login": platform.login}
        north = set_connection(
            name="north", kind="portabilling", settings=where, secrets={"token": Secret(platform.token)}
        )
        customer = add_customer("meridian")
        Pairing.objects.create(
            customer=customer, connection=north, foreign_id=MERIDIAN, decided_at=NOW, decided_by="me", why="known"
        )
        Account.objects.create(customer=customer, product=add_product("line"), code="ph46170x4665")

        def run(*arguments: str) -> Any:
            done = tollbook(*arguments)
            return done._replace(stdout=re.sub(r'"order": \d+', '"order": N', done.stdout))

        follow(PAGE, 3, run, tmp_path)

        for code in ("ph46170x4666", "ph46170x4667"):
            Account.objects.create(customer=customer, product=Product.objects.get(code="line"), code=code)
        Account.objects.filter(code="ph46170x4667").update(state=AccountState.TERMINATED)
        asked = json.loads(tollbook("provisioning", "ask", "--customer", "meridian", "--json").stdout)
        assert [(one["account"], one["state"]) for one in asked] == [
            ("ph46170x4665", "done"),
            ("ph46170x4666", "done"),
        ]


@pytest.mark.usefixtures("db")
def test_what_makes_no_sense_is_said(tollbook: Callable[..., Any]) -> None:
    for arguments, says in (
        (("policy", "nowhere", "--on"), "nowhere"),
        (("policy", "north", "--product", "lime=Extension PLN"), "there is no product 'lime'"),
        (("try", "7"), "there is no order 7"),
        (("ask", "nobody"), "there is no account 'nobody'"),
        (("ask",), "name accounts, or a customer with --customer"),
        (("ask", "--customer", "nobody"), "there is no customer 'nobody'"),
    ):
        run = tollbook("provisioning", *arguments)
        assert run.status == 2
        assert says in run.stderr
