"""`tollbook ledger`: what it prints and writes, and how it ends."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from tests.cli.conftest import Run
from tests.ledger.books import add_customer, post_usage

Tollbook = Callable[..., Run]


@pytest.fixture
def books(db: None) -> None:
    add_customer("acme")
    add_customer("bob", "PLN")
    post_usage("acme voice_out 0 net EUR 0.0240", datetime(2017, 5, 1, 12, tzinfo=UTC))
    post_usage("bob  voice_out 0 net PLN 5.00", datetime(2017, 6, 1, 12, tzinfo=UTC))


def test_balance_lists_what_is_owed(books: None, tollbook: Tollbook) -> None:
    table = tollbook("ledger", "balance")

    assert table.status == 0
    rows = [line.replace("│", " ").split() for line in table.stdout.splitlines()]
    assert ["acme", "0.024", "EUR"] in rows
    assert ["bob", "5.00", "PLN"] in rows


def test_balance_of_one_customer_as_json(books: None, tollbook: Tollbook) -> None:
    found = tollbook("ledger", "balance", "acme", "--json")

    assert json.loads(found.stdout) == [{"customer": "acme", "balance": "0.024", "currency": "EUR"}]


def test_an_unknown_customer_is_named(books: None, tollbook: Tollbook) -> None:
    for command in (("balance", "amce"), ("export", "--format", "beancount", "--customer", "amce")):
        refused = tollbook("ledger", *command)

        assert refused.status == 2
        assert "there is no customer 'amce'; `tollbook customers list` shows them all" in refused.stderr


def test_check_says_that_every_law_holds(books: None, tollbook: Tollbook) -> None:
    by_force("DELETE FROM ledger_transaction", "DELETE FROM ledger_posting")  # of no usage records

    checked = tollbook("ledger", "check")

    assert checked.status == 0
    assert all(line.startswith("holds  ") for line in checked.stdout.splitlines())


def by_force(*statements: str) -> None:
    """Change what the database protects."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")


def test_check_fails_and_names_what_is_wrong(books: None, tollbook: Tollbook) -> None:
    by_force("UPDATE ledger_posting SET amount_nanos = 1 WHERE amount_nanos = 24000000")

    checked, as_json = tollbook("ledger", "check"), tollbook("ledger", "check", "--json")

    assert (checked.status, as_json.status) == (1, 1)
    assert (
        "WRONG  the postings of a transaction sum to zero in every currency\n       transaction" in checked.stdout
    )
    assert "is off balance by -23999999 nano-EUR" in checked.stdout
    wrong = {finding["law"]: finding["problems"] for finding in json.loads(as_json.stdout) if finding["problems"]}
    assert "the postings of a transaction sum to zero in every currency" in wrong


def test_export_writes_a_whole_file(books: None, tollbook: Tollbook, tmp_path: Path) -> None:
    file = tmp_path / "ledger.beancount"

    written = tollbook("ledger", "export", "--format", "beancount", "--out", file)

    assert written.status == 0
    assert written.stderr == f"2 transactions in {file}\n"
    assert file.read_text() == tollbook("ledger", "export", "--format", "beancount").stdout
    assert list(tmp_path.iterdir()) == [file]


def test_export_of_one_customer_and_some_days(books: None, tollbook: Tollbook) -> None:
    days = ("--since", "2017-05-01", "--until", "2017-06-01")

    of_may = tollbook("ledger", "export", "--format", "beancount", *days).stdout
    of_bob_in_may = tollbook("ledger", "export", "--format", "beancount", "--customer", "bob", *days).stdout

    assert "2017-06-01 balance Assets:Receivable:Acme  0.024 ~ 0 EUR" in of_may
    assert "Bob" not in of_may
    assert "Assets" not in of_bob_in_may


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--format", "beancount", "--since", "2017-06-01", "--until", "2017-06-01"), "is not after --since"),
        (("--format", "beancount", "--since", "1.6.2017"), "does not match the format"),
        (("--format", "qif"), "is not one of 'beancount'"),
        ((), "Missing option '--format'"),
    ],
)
def test_what_cannot_be_exported_is_refused(options: tuple[str, ...], reason: str, tollbook: Tollbook) -> None:
    refused = tollbook("ledger", "export", *options)

    assert refused.status == 2
    assert reason in " ".join(refused.stderr.replace("│", " ").split())
