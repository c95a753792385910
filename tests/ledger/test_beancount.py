"""The export is read by Beancount's own checker, which knows nothing of us."""

import io
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.ledger.books import add_customer, charges, post_usage, take_back
from tollbook.catalog.models import Product
from tollbook.customers.models import Account, Customer
from tollbook.ledger.beancount import export_beancount
from tollbook.ledger.queries import balance, balances

pytestmark = pytest.mark.django_db

BEAN_CHECK = Path(sys.executable).with_name("bean-check")


def may(day: int, hour: int = 12) -> datetime:
    return datetime(2017, 5, day, hour, tzinfo=UTC)


@pytest.fixture
def in_may(db: None) -> None:
    """Two customers, two currencies, a correction, and amounts to the nano."""
    add_customer("acme")
    add_customer('"bob"/7', "PLN")
    post_usage("acme voice_out 23 net EUR 0.0240", may(1))
    post_usage('"bob"/7 voice_out 23 gross PLN 0.000000007', may(2))
    post_usage("acme sms_out 0 net EUR 0.08\nacme voice_out 8 net PLN 2.00", may(10, hour=0))
    take_back("acme voice_out 23 net EUR 0.0240", may(20))
    post_usage("acme voice_out 23 net EUR 100.000000001", may(31))


def export(customer: Customer | None = None, since: date | None = None, until: date | None = None) -> str:
    out = io.StringIO()
    export_beancount(out, customer=customer, since=since, until=until)
    return out.getvalue()


def complaints(text: str, folder: Path) -> str:
    """What Beancount's checker says; nothing when all is well."""
    file = folder / "ledger.beancount"
    file.write_text(text, encoding="utf-8")
    command: list[str | Path] = [BEAN_CHECK, "--no-cache", file]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert bool(checked.returncode) == bool(checked.stderr)
    return checked.stderr


def asserted(text: str) -> dict[str, str]:
    """The balances asserted at the end, by account and currency."""
    found = re.findall(r"^\S+ balance (\S+)  (\S+) ~ 0 (\S+)$", text, re.MULTILINE)
    return {f"{account} {currency}": amount for account, amount, currency in found}


@pytest.mark.req("X6")
def test_beancount_accepts_the_ledger_and_agrees_on_every_balance(in_may: None, tmp_path: Path) -> None:
    text = export()

    assert complaints(text, tmp_path) == ""
    assert asserted(text) == {
        "Assets:Receivable:Acme EUR": "123.080000001",
        "Assets:Receivable:Acme PLN": "2.16",
        "Assets:Receivable:X-bob--7 PLN": "0.000000007",
        "Income:Usage:SmsOut EUR": "-0.08",
        "Income:Usage:VoiceOut EUR": "-100.000000001",
        "Income:Usage:VoiceOut PLN": "-2.000000006",  # of 7 nano 1.3 are tax, so 1
        "Liabilities:Tax:23-00 EUR": "-23.00",
        "Liabilities:Tax:23-00 PLN": "-0.000000001",
        "Liabilities:Tax:8-00 PLN": "-0.16",
    }
    receivables = {"acme": "Assets:Receivable:Acme", '"bob"/7': "Assets:Receivable:X-bob--7"}
    assert {name: amount for name, amount in asserted(text).items() if name.startswith("Assets")} == {
        f"{receivables[one.customer_code]} {one.balance.currency}": f"{decimals(one.balance.amount)}"
        for one in balances()
    }


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("Assets:Receivable:Acme  123.000000001", "Assets:Receivable:Acme  123.000000002", "does not balance"),
        (
            "balance Assets:Receivable:Acme  123.080000001",
            "balance Assets:Receivable:Acme  123.08",
            "Balance failed",
        ),
    ],
    ids=["a posting", "a balance"],
)
def test_beancount_notices_a_single_nano(
    right: str, wrong: str, complaint: str, in_may: None, tmp_path: Path
) -> None:
    text = export()
    assert right in text

    assert complaint in complaints(text.replace(right, wrong), tmp_path)


def test_what_was_posted_before_is_one_opening_transaction(in_may: None, tmp_path: Path) -> None:
    text = export(since=date(2017, 5, 10), until=date(2017, 5, 31))

    assert complaints(text, tmp_path) == ""
    assert text.startswith(
        """\
option "title" "Tollbook ledger"

2017-05-10 open Assets:Receivable:Acme EUR,PLN
  customer: "acme"
2017-05-10 open Assets:Receivable:X-bob--7 PLN
  customer: "\\"bob\\"/7"
2017-05-10 open Income:Usage:SmsOut EUR
2017-05-10 open Income:Usage:VoiceOut EUR,PLN
2017-05-10 open Liabilities:Tax:23-00 EUR,PLN
2017-05-10 open Liabilities:Tax:8-00 PLN

2017-05-10 * "opening balances"
  Assets:Receivable:Acme  0.029520000 EUR
  Assets:Receivable:X-bob--7  0.000000007 PLN
  Income:Usage:VoiceOut  -0.024000000 EUR
  Income:Usage:VoiceOut  -0.000000006 PLN
  Liabilities:Tax:23-00  -0.005520000 EUR
  Liabilities:Tax:23-00  -0.000000001 PLN
"""
    )
    assert asserted(text)["Assets:Receivable:Acme EUR"] == "0.08"  # the reversed call leaves the message
    assert re.findall(r"^(\S+) \*", text, re.MULTILINE) == ["2017-05-10"] * 3 + ["2017-05-20"]
    assert set(re.findall(r"^(\S+) balance", text, re.MULTILINE)) == {"2017-05-31"}


def test_a_transaction_says_whose_and_what_it_is(in_may: None) -> None:
    (transaction_id,) = take_back("acme voice_out 23 net EUR 100.000000001", may(31))

    assert f"""
2017-05-31 * "acme" "usage taken back voice_out 2017-06"
  transaction: "{transaction_id}"
  customer: "acme"
  Assets:Receivable:Acme  -123.000000001 EUR
  Income:Usage:VoiceOut  100.000000001 EUR
  Liabilities:Tax:23-00  23.000000000 EUR
""" in export()


def test_a_transaction_names_the_account_that_made_the_usage(db: None) -> None:
    acme = add_customer("acme")
    voice = Product.objects.create(code="voice", name="Voice")
    desk = Account.objects.create(customer=acme, product=voice, code="acme-desk")

    post_usage(charges("acme sms_out 0 net EUR 0.08").with_columns(account_id=pl.lit(desk.pk, pl.Int64)), may(1))

    assert '  customer: "acme"\n  account: "acme-desk"\n' in export()


def test_one_customer_alone(in_may: None, tmp_path: Path) -> None:
    bob = Customer.objects.get(code='"bob"/7')

    text = export(customer=bob)

    assert complaints(text, tmp_path) == ""
    assert asserted(text) == {
        "Assets:Receivable:X-bob--7 PLN": decimals(balance(bob, "PLN").amount),
        "Income:Usage:VoiceOut PLN": "-0.000000006",
        "Liabilities:Tax:23-00 PLN": "-0.000000001",
    }
    assert '"acme"' not in text


def test_the_same_ledger_gives_the_same_text(in_may: None) -> None:
    assert export() == export()


def test_empty_books_are_a_valid_file(db: None, tmp_path: Path) -> None:
    assert complaints(export(), tmp_path) == ""
    assert complaints(export(since=date(2017, 5, 1), until=date(2017, 6, 1)), tmp_path) == ""


def decimals(amount: Decimal) -> str:
    """An exact amount as it stands in the file: at least two decimals, no zeros after them."""
    whole, _, rest = f"{amount:f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
