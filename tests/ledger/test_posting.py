"""Usage becomes transactions; what is posted is balanced and final."""

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from django.db import IntegrityError, connection, transaction

from tests.ledger.books import JULY_1, add_customer, charges, post_usage, take_back
from tollbook.errors import BadInput
from tollbook.ledger.models import LedgerAccount, Posting, Transaction
from tollbook.ledger.operations import entries_of, post
from tollbook.ledger.queries import balance, trial_balance
from tollbook.money import INT64_MAX, Money

pytestmark = pytest.mark.django_db


def books() -> dict[str, str]:
    """Every ledger account that is not empty, with its sum; debit is positive."""
    return {
        f"{one.kind} {one.detail} {one.balance.currency}".replace("  ", " "): f"{one.balance.amount.normalize():f}"
        for one in trial_balance()
        if one.balance.amount
    }


def test_a_net_price_is_owed_with_its_tax_on_top() -> None:
    add_customer("acme")

    post_usage("acme voice_out 23 net EUR 10.00")

    assert books() == {"receivable EUR": "12.3", "revenue voice_out EUR": "-10", "tax 23.00 EUR": "-2.3"}


def test_a_gross_price_is_owed_as_it_is_with_its_tax_inside() -> None:
    add_customer("acme")

    post_usage("acme voice_out 23 gross EUR 12.30")

    assert books() == {"receivable EUR": "12.3", "revenue voice_out EUR": "-10", "tax 23.00 EUR": "-2.3"}


def test_without_tax_nothing_is_posted_to_it() -> None:
    add_customer("acme")

    (transaction_id,) = post_usage("acme sms_out 0 net EUR 0.08")

    legs = Posting.objects.filter(transaction_id=transaction_id).order_by("leg")
    assert [(leg.leg, leg.amount_nanos) for leg in legs] == [(0, 80_000_000), (1, -80_000_000)]


def test_one_transaction_for_each_customer_kind_tax_and_currency() -> None:
    add_customer("acme")
    add_customer("bob", "PLN")

    ids = post_usage("""
        acme  voice_out  23  net    EUR  0.0240
        bob   voice_out  23  net    PLN  0.5000
        acme  voice_out  23  net    EUR  0.0610
        acme  sms_out    23  net    EUR  0.0800
        acme  voice_out  23  gross  EUR  1.2300
        acme  voice_out  8   net    EUR  1.0000
    """)

    owed = Posting.objects.filter(leg=0).order_by("transaction_id").values_list("transaction_id", "amount_nanos")
    assert list(owed) == [
        (ids[0], 104_550_000),  # 0.0240 and 0.0610 with 0.00552 and 0.01403 of tax
        (ids[1], 615_000_000),
        (ids[2], 98_400_000),
        (ids[3], 1_230_000_000),
        (ids[4], 1_080_000_000),
    ]


def test_a_credit_is_owed_to_the_customer() -> None:
    acme = add_customer("acme")

    post_usage("acme voice_out 23 net EUR -1.00")

    assert balance(acme, "EUR") == Money(Decimal("-1.23"), "EUR")


def test_what_is_charged_and_taken_back_leaves_nothing() -> None:
    acme = add_customer("acme")
    calls = """
        acme voice_out 23 gross EUR 0.0013
        acme voice_out 23 gross EUR 0.0007
    """

    post_usage(calls)
    take_back(calls)

    assert balance(acme, "EUR").amount == 0
    assert books() == {}


def by_hand(legs: list[int], transaction_id: int) -> None:
    """Postings written past Tollbook, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_posting (transaction_id, leg, ledger_account_id, amount_nanos, currency)"
            " SELECT %s, leg, 1, amount, 'EUR' FROM unnest(%s::bigint[]) WITH ORDINALITY AS of (amount, leg)",
            [transaction_id, legs],
        )


def test_postings_that_are_off_are_refused_by_transaction_and_amount() -> None:
    with pytest.raises(
        IntegrityError, match="transaction 4711 is off balance by 1 nano-EUR: its postings must sum"
    ):
        by_hand([1_000_000_000, -999_999_999], transaction_id=4711)


def test_postings_at_the_border_are_added_without_wrapping() -> None:
    sum_of_four = 4 * INT64_MAX
    with pytest.raises(IntegrityError, match=f"off balance by {sum_of_four} nano-EUR"):
        by_hand([INT64_MAX] * 4, transaction_id=4711)


def test_a_leg_is_there_once() -> None:
    (transaction_id,) = post_usage_of_acme()

    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.create(
            transaction_id=transaction_id, leg=0, ledger_account_id=1, amount_nanos=0, currency="EUR"
        )


def post_usage_of_acme() -> list[int]:
    add_customer("acme")
    return post_usage("acme voice_out 23 net EUR 10.00")


@pytest.mark.parametrize(
    "change",
    [
        lambda: Posting.objects.filter(leg=0).update(amount_nanos=0),
        lambda: Posting.objects.filter(leg=0)._raw_delete("default"),
        lambda: Transaction.objects.update(kind=Transaction.Kind.USAGE_REVERSAL),
        lambda: Transaction.objects.all()._raw_delete("default"),
        lambda: connection.cursor().execute("TRUNCATE ledger_posting"),
        lambda: connection.cursor().execute("TRUNCATE ledger_transaction CASCADE"),
    ],
    ids=[
        "change amount",
        "delete leg",
        "change kind",
        "delete transaction",
        "empty postings",
        "empty transactions",
    ],
)
def test_what_is_posted_is_never_changed_or_deleted(change: Callable[[], object]) -> None:
    post_usage_of_acme()

    with pytest.raises(IntegrityError, match=r"never changed or deleted .* post a reversing entry instead"):
        change()


def test_the_largest_amount_is_posted_to_the_nano() -> None:
    acme = add_customer("acme")

    post_usage("acme voice_out 0 net EUR 9223372036.854775807")

    assert balance(acme, "EUR") == Money(Decimal("9223372036.854775807"), "EUR")
    take_back("acme voice_out 0 net EUR 9223372036.854775807")
    assert balance(acme, "EUR").amount == 0


def test_balances_go_beyond_what_one_posting_holds() -> None:
    acme = add_customer("acme")

    for _ in range(3):
        post_usage("acme voice_out 0 net EUR 9223372036.854775807")

    assert balance(acme, "EUR") == Money(Decimal("27670116110.564327421"), "EUR")


@pytest.mark.parametrize(
    ("sheet", "total"),
    [
        (
            "acme voice_out 0 net EUR 9223372036.854775807\nacme voice_out 0 net EUR 0.000000001",
            "9223372036.854775808",
        ),
        ("acme voice_out 23 net EUR 9000000000", "11070000000"),  # fits without its 2,070,000,000 of tax
        ("acme voice_out 0 net EUR -9000000000\n" * 3, "27000000000"),
    ],
    ids=["one nano more", "the tax makes it too much", "credits"],
)
def test_a_sum_that_one_posting_cannot_hold_is_refused_with_its_amount(sheet: str, total: str) -> None:
    acme = add_customer("acme")
    expected = rf"customer {acme.pk}, June 2017: usage comes to {total}\.?0* EUR, and one posting holds at most"

    with pytest.raises(BadInput, match=expected):
        post_usage(sheet)

    assert not Transaction.objects.exists()


def test_an_entry_that_one_posting_cannot_hold_is_refused_when_it_is_posted() -> None:
    acme = add_customer("acme")
    entry = entries_of(charges("acme voice_out 23 net EUR 1")).with_columns(net_nanos=pl.lit(INT64_MAX))

    with pytest.raises(BadInput, match=f"customer {acme.pk}, June 2017: .* one posting holds at most"):
        post(entry, kind=Transaction.Kind.USAGE, income=LedgerAccount.Kind.REVENUE, posted_at=JULY_1)


def test_parts_that_cancel_are_no_reason_to_refuse() -> None:
    acme = add_customer("acme")

    post_usage("acme voice_out 0 net EUR 9000000000\n" * 3 + "acme voice_out 0 net EUR -9000000000\n" * 3)

    assert balance(acme, "EUR").amount == 0


def test_the_lowest_64_bit_number_is_refused_not_wrapped() -> None:
    add_customer("acme")
    lowest = charges("acme voice_out 23 net EUR 1").with_columns(price_nanos=pl.lit(-(2**63)))

    with pytest.raises(BadInput, match="one posting holds at most"):
        post_usage(lowest)
