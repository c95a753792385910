"""What subscriptions owe, as a clerk would work it out with a calendar."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tollbook.billing.fees import Charged, Due, Standing, Terms, What, fees_due, part_of
from tollbook.billing.models import FeeKind
from tollbook.billing.periods import period_of, periods_later


def day(text: str) -> date:
    """06-11 is 11 June 2026; a year may stand before it."""
    return date.fromisoformat(text if len(text) > 5 else f"2026-{text}")


def subscription(starts_on: str, ends_on: str | None = None) -> Standing:
    return Standing(starts_on=day(starts_on), ends_on=day(ends_on) if ends_on else None)


def after(standing: Standing, due: Due) -> Standing:
    """The subscription when this is charged."""
    charged = tuple(
        Charged(one.what, one.since, one.until, one.amount, one.fee or Decimal(0)) for one in due.amounts
    )
    return Standing(
        starts_on=standing.starts_on,
        ends_on=standing.ends_on,
        charged_until=due.charged_until,
        charged=(*standing.charged, *charged),
    )


def ended(standing: Standing, ends_on: str) -> Standing:
    return Standing(
        starts_on=standing.starts_on,
        ends_on=day(ends_on),
        charged_until=standing.charged_until,
        charged=standing.charged,
    )


def said(due: Due) -> list[str]:
    """`fee 06-11 07-01 20`: what, for which days, how much."""
    return [
        " ".join(
            filter(
                None,
                (one.what, f"{one.since:%m-%d}", f"{one.until:%m-%d}", f"{one.amount.normalize():f}", one.reason),
            )
        )
        for one in due.amounts
    ]


THIRTY = Terms(fee=Decimal(30))


def test_a_period_that_begins_late_costs_its_days() -> None:
    """PortaBilling's example: June 11 is charged 20 days of 30, and the invoice has the next month too."""
    june = subscription("06-11")
    first = fees_due(THIRTY, june, upto=day("06-11"))
    assert said(first) == ["fee 06-11 07-01 20"]
    assert first.next_due_on == day("07-01")

    second = fees_due(THIRTY, after(june, first), upto=day("07-01"))

    assert said(second) == ["fee 07-01 08-01 30"]
    # It is due before July begins, so that June's invoice asks for it.
    assert [one.due_on for one in (*first.amounts, *second.amounts)] == [day("06-11"), day("06-30")]


def test_a_period_that_begins_late_may_cost_the_full_fee() -> None:
    full = Terms(fee=Decimal(30), prorates_start=False)
    assert said(fees_due(full, subscription("06-11"), upto=day("06-11"))) == ["fee 06-11 07-01 30"]


def test_nothing_is_owed_before_it_begins() -> None:
    due = fees_due(THIRTY, subscription("06-11"), upto=day("06-10"))
    assert (said(due), due.charged_until, due.next_due_on) == ([], None, day("06-11"))


def test_several_periods_are_paid_before_they_begin() -> None:
    quarterly = Terms(fee=Decimal(10), advance_periods=3)
    june = subscription("06-11")
    first = fees_due(quarterly, june, upto=day("06-30"))
    assert said(first) == ["fee 06-11 07-01 6.66667"]

    second = fees_due(quarterly, after(june, first), upto=day("07-01"))

    assert said(second) == ["fee 07-01 08-01 10", "fee 08-01 09-01 10", "fee 09-01 10-01 10"]
    assert second.next_due_on == day("10-01")


def test_in_arrears_a_month_is_charged_when_it_has_ended() -> None:
    arrears = Terms(fee=Decimal(30), charge_model="in_arrears")
    june = subscription("06-11")
    assert said(fees_due(arrears, june, upto=day("06-30"))) == []
    assert said(fees_due(arrears, june, upto=day("07-01"))) == ["fee 06-11 07-01 20"]
    assert said(fees_due(arrears, subscription("06-11", "06-21"), upto=day("06-21"))) == ["fee 06-11 06-21 10"]


def test_by_day_the_days_of_a_month_add_up_to_its_fee() -> None:
    """10.00 a month is 0.33333 a day; thirty times that is 9.99990, so some days cost 0.33334."""
    by_day = Terms(fee=Decimal(10), charge_model="by_day")
    now, amounts = subscription("06-01"), []
    for number in range(2, 32):
        due = fees_due(by_day, now, upto=day("06-01") + timedelta(days=number - 1))
        amounts += [one.amount for one in due.amounts]
        now = after(now, due)

    assert amounts[:3] == [Decimal("0.33333"), Decimal("0.33334"), Decimal("0.33333")]
    assert len(amounts) == 30
    assert sum(amounts) == Decimal(10)


@pytest.mark.parametrize(("fee", "daily"), [("45", "1.5"), ("10", "0.33333")], ids=["45 a month", "10 a month"])
def test_a_day_of_a_month_of_thirty(fee: str, daily: str) -> None:
    assert part_of(Decimal(fee), 1, 30, 5) == Decimal(daily)


def test_days_of_several_months_are_charged_month_by_month() -> None:
    by_day = Terms(fee=Decimal(90), period="quarter", charge_model="by_day")  # 91 days from April to June
    due = fees_due(by_day, subscription("05-30"), upto=day("06-03"))
    # 2/91 of 90 are 1.97802; 4/91 are 3.95604.
    assert said(due) == ["fee 05-30 06-01 1.97802", "fee 06-01 06-03 1.97802"]
    assert [one.due_on for one in due.amounts] == [day("05-31"), day("06-02")]


def test_ten_blocked_days_of_thirty_dollars_are_ten_dollars() -> None:
    """PortaBilling's example: the fee is charged in full, and what was blocked is credited beside it."""
    june = subscription("06-01")
    first = fees_due(THIRTY, june, upto=day("06-01"))
    blocked = {day("06-05") + timedelta(days=n): "blocked_by_customer" for n in range(10)}

    credited = fees_due(THIRTY, after(june, first), upto=day("06-20"), without_service=blocked)

    assert said(first) == ["fee 06-01 07-01 30"]
    assert said(credited)[:2] == [
        "waiver 06-05 06-06 -1 blocked_by_customer",
        "waiver 06-06 06-07 -1 blocked_by_customer",
    ]
    assert len(credited.amounts) == 10
    assert sum(one.amount for one in credited.amounts) == Decimal(-10)


def test_a_day_is_credited_when_it_has_passed_and_once() -> None:
    june = subscription("06-01")
    now = after(june, fees_due(THIRTY, june, upto=day("06-01")))
    blocked = {day("06-05"): "no_funds", day("06-06"): "no_funds"}

    sixth = fees_due(THIRTY, now, upto=day("06-06"), without_service=blocked)
    assert said(sixth) == ["waiver 06-05 06-06 -1 no_funds"]
    seventh = fees_due(THIRTY, after(now, sixth), upto=day("06-07"), without_service=blocked)
    assert said(seventh) == ["waiver 06-06 06-07 -1 no_funds"]


def test_a_month_without_any_service_comes_to_nothing_at_all() -> None:
    ten = Terms(fee=Decimal(10))
    whole = {day("06-01") + timedelta(days=n): "expired" for n in range(30)}
    due = fees_due(ten, subscription("06-01", "07-01"), upto=day("07-01"), without_service=whole)
    assert sum(one.amount for one in due.amounts) == 0
    assert due.amounts[1].amount == Decimal("-0.33333")


def test_what_was_paid_for_after_the_end_is_given_back() -> None:
    june = subscription("06-01")
    paid = after(june, fees_due(THIRTY, june, upto=day("06-01")))

    due = fees_due(THIRTY, ended(paid, "06-16"), upto=day("06-16"))

    assert said(due) == ["given_back 06-16 07-01 -15"]
    assert (due.charged_until, due.next_due_on) == (day("06-16"), None)
    assert [one.due_on for one in due.amounts] == [day("06-15")]


def test_an_end_that_is_known_before_costs_the_days_until_then() -> None:
    due = fees_due(THIRTY, subscription("06-01", "06-16"), upto=day("06-01"))
    assert said(due) == ["fee 06-01 06-16 15"]
    assert due.next_due_on == day("06-16")


def test_a_period_that_has_begun_may_have_to_be_paid_to_its_end() -> None:
    """What was paid for periods that never began is given back all the same."""
    whole = Terms(fee=Decimal(30), prorates_end=False, advance_periods=2)
    june = subscription("06-01")
    paid = after(june, fees_due(whole, june, upto=day("06-01")))
    assert said(fees_due(whole, ended(paid, "06-16"), upto=day("06-16"))) == ["given_back 07-01 08-01 -30"]


def test_a_day_credited_already_is_not_given_back_again() -> None:
    """Ended on the 20th with effect from the 10th, when two days after it had been credited as blocked."""
    june = subscription("06-01")
    paid = after(june, fees_due(THIRTY, june, upto=day("06-01")))
    blocked = {day("06-12"): "no_funds", day("06-13"): "no_funds"}
    credited = after(paid, fees_due(THIRTY, paid, upto=day("06-20"), without_service=blocked))

    due = fees_due(THIRTY, ended(credited, "06-10"), upto=day("06-20"), without_service=blocked)

    assert said(due) == ["given_back 06-10 07-01 -19"]  # 21 days less the two


def test_what_is_given_back_is_of_the_fee_that_was_paid() -> None:
    june = subscription("06-01")
    paid = after(june, fees_due(THIRTY, june, upto=day("06-01")))
    dearer = Terms(fee=Decimal(60))
    assert said(fees_due(dearer, ended(paid, "06-16"), upto=day("06-16"))) == ["given_back 06-16 07-01 -15"]


def test_ended_on_the_day_it_began_it_costs_nothing() -> None:
    june = subscription("06-11")
    paid = after(june, fees_due(THIRTY, june, upto=day("06-11")))
    assert said(fees_due(THIRTY, ended(paid, "06-11"), upto=day("06-11"))) == ["given_back 06-11 07-01 -20"]


def test_what_was_called_off_before_it_began_costs_nothing() -> None:
    with_activation = Terms(fee=Decimal(30), activation_fee=Decimal(5), minimum_periods=12)
    assert said(fees_due(with_activation, subscription("06-11", "06-11"), upto=day("06-11"))) == []


def test_the_activation_fee_is_charged_once() -> None:
    terms = Terms(fee=Decimal(30), activation_fee=Decimal("9.90"), charge_model="in_arrears")
    june = subscription("06-11")
    first = fees_due(terms, june, upto=day("06-11"))
    assert said(first) == ["activation 06-11 06-11 9.9"]
    assert said(fees_due(terms, after(june, first), upto=day("06-30"))) == []


def test_ended_before_the_minimum_term_the_fees_up_to_it_are_owed() -> None:
    """Three months from 11 June end on 11 September: August and 10 days of September are left."""
    terms = Terms(fee=Decimal(30), minimum_periods=3)
    june = subscription("06-11")
    paid = after(june, fees_due(terms, june, upto=day("07-01")))
    due = fees_due(terms, ended(paid, "08-01"), upto=day("08-01"))
    # August whole, and 10 of September's 30 days.
    assert said(due) == ["penalty 08-01 09-11 40"]


def test_a_penalty_may_be_an_amount() -> None:
    terms = Terms(fee=Decimal(30), minimum_periods=3, penalty=Decimal(50))
    due = fees_due(terms, subscription("06-01", "07-01"), upto=day("07-01"))
    assert said(due) == ["fee 06-01 07-01 30", "penalty 07-01 09-01 50"]
    assert said(fees_due(terms, subscription("06-01", "09-01"), upto=day("09-01")))[-1] == "fee 08-01 09-01 30"


def test_a_day_before_the_end_is_credited_after_it_was_settled_and_nothing_else_is_charged() -> None:
    terms = Terms(fee=Decimal(30), minimum_periods=3)
    over = subscription("06-01", "06-16")
    paid = after(over, fees_due(terms, over, upto=day("06-16")))
    settled = Standing(
        starts_on=paid.starts_on,
        ends_on=paid.ends_on,
        charged_until=paid.charged_until,
        is_settled=True,
        charged=paid.charged,
    )
    due = fees_due(terms, settled, upto=day("06-20"), without_service={day("06-15"): "no_funds"})
    assert said(due) == ["waiver 06-15 06-16 -1 no_funds"]
    assert due.next_due_on is None


def test_an_end_that_is_moved_costs_the_days_between() -> None:
    june = subscription("06-01", "06-16")
    paid = after(june, fees_due(THIRTY, june, upto=day("06-01")))
    assert said(fees_due(THIRTY, ended(paid, "06-20"), upto=day("06-16"))) == ["fee 06-16 06-20 4"]


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        ("day", "2026-05-14", "2026-05-15"),
        ("week", "2026-05-11", "2026-05-18"),  # 14 May 2026 is a Thursday
        ("month", "2026-05-01", "2026-06-01"),
        ("quarter", "2026-04-01", "2026-07-01"),
        ("year", "2026-01-01", "2027-01-01"),
    ],
)
def test_periods_are_those_of_the_calendar(period: str, begin: str, end: str) -> None:
    assert period_of(period, day("05-14")) == (date.fromisoformat(begin), date.fromisoformat(end))


def test_a_month_after_the_last_of_january_is_the_last_of_february() -> None:
    assert periods_later("month", day("01-31"), 1) == day("02-28")
    assert periods_later("month", day("01-31"), 12) == day("2027-01-31")


def test_the_words_are_those_of_the_database() -> None:
    assert {one.value for one in What} == set(FeeKind.values)
