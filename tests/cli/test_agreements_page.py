"""What the page about agreements shows is what happens; and what its lists say."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tests.cli.test_operator_docs import PAGES, follow
from tests.jobs.agreed import JUNE_1, customer, product, themselves
from tollbook.customers.actors import staff
from tollbook.customers.models import Account, Customer
from tollbook.jobs.open_account import open_account

Tollbook = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings.TOLLBOOK_HOME = tmp_path


def test_the_examples_print_what_the_page_shows(tollbook: Tollbook, tmp_path: Path) -> None:
    page = (PAGES / "agreements.md").read_text(encoding="utf-8")
    # The customer's id goes on from test to test in one database.
    before, after = page.split("## Accounts")
    follow(before, 6, tollbook, tmp_path)
    after = after.replace("ph1", f"ph{Customer.objects.get().pk}")
    follow(after, 14, tollbook, tmp_path)

    assert {one.code.partition("x")[2] for one in Account.objects.filter(code__contains="x")} == {"4665-old000"}
    listed = json.loads(tollbook("agreements", "list", "--customer", "acme", "--json").stdout)
    assert [(one["product"], one["agreed"], one["used"], one["free"]) for one in listed] == [
        ("basic", "unlimited", 1, ""),
        ("pbx", 10, 0, 10),
        ("recording", 1, 0, 1),
    ]
    numbers = json.loads(tollbook("numbers", "list", "--json").stdout)
    assert [(one["number"], one["customer"], one["account"]) for one in numbers] == [
        ("+12094555948", "acme", ""),
        ("+12094555949", "", ""),
    ]
    free = json.loads(tollbook("numbers", "list", "--free", "--json").stdout)
    assert [one["number"] for one in free] == ["+12094555949"]
    history = json.loads(
        tollbook("accounts", "history", Account.objects.get(code__contains="-old").code, "--json").stdout
    )
    assert [one["what"] for one in history] == [
        *("created", "extension_added", "number_added", "blocked", "unblocked"),
        *("number_ended", "extension_deleted", "terminated"),
    ]


def test_what_waits_for_staff_is_listed_ticked_and_activated(tollbook: Tollbook) -> None:
    sim = product("sim", needs_approval=True, checklist=["identity", "emergency address"])
    acme = customer(sim=None)
    open_account(actor=themselves(acme), customer=acme, product=sim, code="8948000001", now=JUNE_1)
    seen = tollbook("accounts", "approve", "8948000001", "--seen-to", "identity", "--only-tick")
    assert seen.stdout == "account 8948000001 is inactive\n"
    (waiting,) = json.loads(tollbook("accounts", "waiting", "--json").stdout)
    assert (waiting["account"], waiting["to_see_to"]) == ("8948000001", "emergency address")
    early = tollbook("accounts", "approve", "8948000001")
    assert (early.status, "not seen to yet: emergency address" in early.stderr) == (2, True)
    done = tollbook("accounts", "approve", "8948000001", "--seen-to", "emergency address")
    assert done.stdout == "account 8948000001 is active\n"
    assert tollbook("accounts", "waiting").stdout == "no account waits for anybody\n"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("agreements", "set", "acme", "pbx"), "'pbx' is not a product with a quantity"),
        (("agreements", "set", "acme", "pbx=0"), "0 is not a quantity"),
        (("agreements", "set", "acme", "pbz=1"), "there is no product 'pbz'"),
        (
            ("accounts", "open", "acme", "--product", "pbx", "--attendant", "--number", "12"),
            "'12' is not an E.164 number",
        ),
        (
            ("accounts", "open", "acme", "--product", "pbx"),
            "an account of acme needs a code: give --extension, --code or --attendant",
        ),
        (("numbers", "give", "+12094555948", "--customer", "acme"), "+12094555948 is not in stock"),
        (("accounts", "change", "8948"), "nothing to change is named for account 8948"),
        (("accounts", "change", "x", "--addon", "a", "--no-addons"), "contradict each other"),
        (("extensions", "delete", "1", "--customer", "acme"), "acme has no extension '1'"),
        (
            ("hunt-groups", "add", "Sales", "600", "--customer", "acme", "--sequence", "Loudest"),
            "'Loudest' is not one of",
        ),
        (("hunt-groups", "delete", "Sales", "--customer", "acme"), "acme has no hunt group 'Sales'"),
    ],
)
def test_what_cannot_be_done_is_said(tollbook: Tollbook, command: tuple[str, ...], message: str) -> None:
    pbx = product("pbx")
    open_account(actor=staff("eva"), customer=customer(), product=pbx, code="8948", now=JUNE_1)
    run = tollbook(*command)
    assert (run.status, message in run.stderr) == (2, True), run.stderr


def test_the_list_of_accounts_says_which_are_blocked(tollbook: Tollbook) -> None:
    open_account(actor=staff("eva"), customer=customer(), product=product("pbx"), code="8948", now=JUNE_1)
    assert [one["state"] for one in json.loads(tollbook("accounts", "list", "--json").stdout)] == ["active"]
    tollbook("accounts", "block", "8948")
    assert "blocked" in tollbook("accounts", "list").stdout
