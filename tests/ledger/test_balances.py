"""What customers owe, and how it came to that."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.ledger.books import add_customer, post_usage, take_back
from tollbook.ledger.queries import (
    AccountBalance,
    CustomerBalance,
    StatementLine,
    balance,
    balances,
    statement,
    trial_balance,
)
from tollbook.money import Money

pytestmark = pytest.mark.django_db


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def pln(amount: str) -> Money:
    return Money(Decimal(amount), "PLN")


def may(day: int, hour: int = 12) -> datetime:
    return datetime(2017, 5, day, hour, tzinfo=UTC)


def test_balances_of_all_customers_by_code() -> None:
    add_customer("bob", "PLN")
    add_customer("acme")
    add_customer("silent", "CZK")
    post_usage("""
        acme  voice_out  23  net    EUR  1.0000
        bob   voice_out  23  gross  PLN  0.0001
        acme  sms_out    0   net    EUR  0.0800
        acme  data       0   net    PLN  0.5000
    """)

    assert list(balances()) == [
        CustomerBalance("acme", eur("1.31")),
        CustomerBalance("acme", pln("0.5")),
        CustomerBalance("bob", pln("0.0001")),
        CustomerBalance("silent", Money(Decimal(0), "CZK")),
    ]


def test_without_postings_nothing_is_owed() -> None:
    assert balance(add_customer("acme"), "EUR") == eur("0")


def test_trial_balance_comes_to_zero_in_every_currency() -> None:
    add_customer("acme")
    post_usage("""
        acme  voice_out  23  net  EUR  1.0000
        acme  sms_out    8   net  EUR  0.5000
        acme  voice_out  23  net  PLN  2.0000
    """)

    assert trial_balance() == [
        AccountBalance("receivable", "", eur("1.77")),
        AccountBalance("revenue", "sms_out", eur("-0.5")),
        AccountBalance("revenue", "voice_out", eur("-1")),
        AccountBalance("tax", "23.00", eur("-0.23")),
        AccountBalance("tax", "8.00", eur("-0.04")),
        AccountBalance("receivable", "", pln("2.46")),
        AccountBalance("revenue", "voice_out", pln("-2")),
        AccountBalance("tax", "23.00", pln("-0.46")),
    ]


def test_a_statement_runs_from_the_balance_before_it() -> None:
    acme = add_customer("acme")
    add_customer("bob")
    post_usage("acme voice_out 0 net EUR 5.00", may(1))
    (call,) = post_usage("acme voice_out 0 net EUR 1.25", may(10))
    post_usage("bob  voice_out 0 net EUR 9.99", may(11))
    post_usage("acme voice_out 0 net PLN 7.00", may(11))
    (message,) = post_usage("acme sms_out 0 net EUR 0.08", may(12))
    (reversal,) = take_back("acme voice_out 0 net EUR 1.25", may(12, hour=13))
    post_usage("acme voice_out 0 net EUR 3.00", may(20))

    assert [shown(line) for line in statement(acme, "EUR", since=may(10), until=may(20))] == [
        (call, "usage", "voice_out", "1.25", "6.25"),
        (message, "usage", "sms_out", "0.08", "6.33"),
        (reversal, "usage_reversal", "voice_out", "-1.25", "5.08"),
    ]


def shown(line: StatementLine) -> tuple[int, str, str | None, str, str]:
    amount, owed = (f"{money.amount.normalize():f}" for money in (line.amount, line.balance))
    return line.transaction_id, line.kind, line.usage_kind, amount, owed
