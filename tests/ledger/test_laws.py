"""What holds for whatever is posted: nothing is off, and a balance is the sum of its postings."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.books import add_customer, charges, post_usage, take_back
from tollbook.ledger.queries import balance, balances, trial_balance

pytestmark = pytest.mark.django_db

# Each example is rolled back, so that all begin with empty books.
on_empty_books = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

prices = st.integers(-(10**12), 10**12).map(lambda nanos: Decimal(nanos).scaleb(-9))
calls = st.builds(
    "{} {} {} {} {} {:f}".format,
    st.sampled_from(["acme", "bob"]),
    st.sampled_from(["voice_out", "sms_out"]),
    st.sampled_from(["0", "8", "23"]),
    st.sampled_from(["net", "gross"]),
    st.sampled_from(["EUR", "PLN"]),
    prices,
)


@pytest.mark.req("X6")
@on_empty_books
@given(sheet=st.lists(calls, min_size=1, max_size=12), data=st.data())
def test_books_balance_and_balances_are_sums(sheet: list[str], data: st.DataObject) -> None:
    with transaction.atomic():
        acme, bob = add_customer("acme"), add_customer("bob")
        post_usage("\n".join(sheet))
        taken_back = data.draw(st.lists(st.sampled_from(sheet), unique=True))
        if taken_back:
            take_back("\n".join(taken_back))

        assert off_balance() == []
        for currency in ("EUR", "PLN"):
            chart = [one.balance.amount for one in trial_balance() if one.balance.currency == currency]
            assert sum(chart) == 0
            owed = balance(acme, currency).amount + balance(bob, currency).amount
            of_all = [one.balance.amount for one in balances() if one.balance.currency == currency]
            assert sum(of_all) == owed
            receivable = [
                one.balance.amount
                for one in trial_balance()
                if one.kind == "receivable" and one.balance.currency == currency
            ]
            assert sum(receivable) == owed
        transaction.set_rollback(True)


@on_empty_books
@given(sheet=st.lists(calls, min_size=1, max_size=12), data=st.data())
def test_whatever_way_calls_are_taken_back_nothing_is_left(sheet: list[str], data: st.DataObject) -> None:
    with transaction.atomic():
        acme, bob = add_customer("acme"), add_customer("bob")
        charged = charges("\n".join(sheet))
        post_usage(charged)
        part_of_call = data.draw(st.lists(st.integers(0, 3), min_size=len(sheet), max_size=len(sheet)))
        for part in range(4):
            rows = [row for row, chosen in enumerate(part_of_call) if chosen == part]
            if rows:
                take_back(charged[rows])

        for customer in (acme, bob):
            assert balance(customer, "EUR").amount == 0
            assert balance(customer, "PLN").amount == 0
        assert [one for one in trial_balance() if one.balance.amount] == []
        transaction.set_rollback(True)


def off_balance() -> list[tuple[int, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT transaction_id, currency FROM ledger_posting GROUP BY 1, 2 HAVING sum(amount_nanos) <> 0"
        )
        return list(cursor.fetchall())
