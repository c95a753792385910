"""Our words in Beancount's."""

import pytest

from tollbook.ledger.beancount_text import account_name, amount, customer_names, decimals_needed, legal, quoted
from tollbook.ledger.models import LedgerAccount


@pytest.mark.parametrize(
    ("kind", "detail", "name"),
    [
        ("revenue", "voice_out", "Income:Usage:VoiceOut"),
        ("revenue", "sms_in", "Income:Usage:SmsIn"),
        ("tax", "23.00", "Liabilities:Tax:23-00"),
        ("rounding", "", "Income:Rounding"),
    ],
)
def test_names_of_the_chart(kind: str, detail: str, name: str) -> None:
    assert account_name(kind, detail) == name


def test_every_kind_of_account_has_a_name() -> None:
    assert all(account_name(kind, "") for kind in LedgerAccount.Kind)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("Acme", "Acme"),
        ("acme", "Acme"),
        ("4711", "4711"),
        ("acme.ltd/PL 7", "Acme-ltd-PL-7"),
        ("Żabka", "X-abka"),
        ("-", "X-"),
        ("Assets:Receivable", "Assets-Receivable"),
    ],
)
def test_a_code_becomes_part_of_a_name(code: str, name: str) -> None:
    assert legal(code) == name


def test_no_two_customers_have_one_name() -> None:
    assert customer_names([(7, "a b"), (3, "a-b"), (9, "A-b-7"), (8, "A.b")]) == {
        3: "Assets:Receivable:A-b",
        7: "Assets:Receivable:A-b-7",
        8: "Assets:Receivable:A-b-8",
        9: "Assets:Receivable:A-b-7-9",
    }


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (0, "0.00"),
        (1_500_000_000, "1.50"),
        (-1_500_000_000, "-1.50"),
        (85_000_000, "0.085"),
        (-1, "-0.000000001"),
        (9_223_372_036_854_775_807, "9223372036.854775807"),
        (36_893_488_147_419_103_228, "36893488147.419103228"),
    ],
)
def test_amounts_are_written_to_the_nano_without_more_zeros_than_cents_need(nanos: int, text: str) -> None:
    assert amount(nanos, decimals_needed([nanos])) == text


def test_amounts_of_a_transaction_have_the_same_decimals() -> None:
    legs = [29_520_000, -24_000_000, -5_520_000]

    assert [amount(leg, decimals_needed(legs)) for leg in legs] == ["0.02952", "-0.02400", "-0.00552"]


def test_text_is_quoted() -> None:
    assert quoted('the "best"\nof C:\\') == r'"the \"best\"\nof C:\\"'
