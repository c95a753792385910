"""How much of an allowance there is in a period."""

from datetime import date

import pytest

from tollbook.rating.allowances import Period
from tollbook.rating.periods import Grant, Pool, pool_of, pools_until, whole_period


def grant(**terms: object) -> Grant:
    return Grant(**{"amount": 300, "since": date(2026, 1, 1), **terms})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        (Period.BILLING, date(2026, 2, 1), date(2026, 3, 1)),
        (Period.MONTH, date(2026, 2, 1), date(2026, 3, 1)),
        (Period.DAY, date(2026, 2, 28), date(2026, 3, 1)),
    ],
)
def test_a_period_is_one_of_the_calendar(period: Period, begin: date, end: date) -> None:
    assert whole_period(period, date(2026, 2, 28)) == (begin, end)


@pytest.mark.parametrize(
    ("since", "until", "amount"),
    [
        (date(2026, 6, 21), date(2026, 7, 1), 100),  # ten days of thirty
        (date(2026, 6, 1), date(2026, 6, 2), 10),
        (date(2026, 6, 30), date(2026, 8, 1), 10),
    ],
)
def test_a_part_of_a_period_has_that_part(since: date, until: date, amount: int) -> None:
    found = pool_of(grant(prorates=True, since=since, until=until), date(2026, 6, 30))

    assert found is not None
    assert found.amount == amount


def test_a_part_is_never_cut_below_its_second() -> None:
    found = pool_of(grant(prorates=True, amount=100, since=date(2026, 6, 30)), date(2026, 6, 30))

    assert found is not None
    assert found.amount == 4  # 3.33…


def test_before_and_after_the_subscription_there_is_nothing() -> None:
    of = grant(since=date(2026, 2, 1), until=date(2026, 3, 1))

    assert [pool_of(of, day) is None for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 1))] == [
        True,
        False,
        True,
    ]


def test_what_is_left_goes_along_month_after_month_up_to_the_limit() -> None:
    used = Pool(since=date(2026, 1, 1), until=date(2026, 2, 1), amount=300, taken=280)

    january, february, march = pools_until(grant(carry_over=200), date(2026, 3, 15), used)

    assert (january.carried_out, february.amount, february.carried_out) == (20, 320, 200)
    assert (march.amount, march.left) == (500, 500)


def test_without_carrying_over_one_pool_is_made() -> None:
    assert [pool.since for pool in pools_until(grant(), date(2026, 5, 5), None)] == [date(2026, 5, 1)]
