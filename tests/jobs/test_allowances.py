"""Included usage as a clerk would take it off by hand.

Poland costs 0.03 a minute by the second, the United Kingdom 0.012 by the minute, its mobiles 0.06 by 30/6 seconds
with a connect fee of 0.01. Ann has two accounts, ann-1 and ann-2, Bob has bob-1; all are in Warsaw.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.jobs.included import became, include, left, plan, subscribe, use
from tests.jobs.office import NOON, Office, price_tariff
from tests.jobs.test_import_usage import owed
from tollbook.billing.models import AllowanceTaken, Subscription
from tollbook.catalog.operations import plans, set_product
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.jobs.reverse_usage import undo_import
from tollbook.rating.frames import TariffSettings
from tollbook.usage.queries import select_records

POLAND, UK, MOBILE = "48500600700", "442079460000", "447911123456"


@pytest.fixture(autouse=True)
def books_are_right(office: Office) -> Iterator[None]:
    """After each test: whatever was done, every law holds, and every price can be told and built again."""
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []
    for record in select_records("price_nanos IS NOT NULL AND transaction_id IS NOT NULL", ())["id"]:
        assert explain_record(record)  # which fails where the explanation gives another price


def test_calls_take_minutes_in_the_order_in_which_they_began(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")

    use(
        office,
        f"""
        c  3  2017-06-03T10:00  30  {POLAND}
        a  3  2017-06-01T10:00  70  {POLAND}
        b  3  2017-06-02T10:00  80  {POLAND}
        """,
    )

    # 120 s are included: 70 for the first, 50 for the second, whose other 30 s cost 0.0005 each; nothing is left.
    assert became() == ["a 70 allowance", "b 80 0.015", "c 30 0.015"]
    assert left() == {"minutes bob-1 2017-06-01": "120 of 120"}
    assert owed("bob") == Decimal("0.03")


def test_what_is_taken_is_billed_time_and_the_rest_pays_the_price_of_its_own_seconds(
    office: Office, tmp_path: Path
) -> None:
    price_tariff(
        "standard", "prefix,first_price,next_price,increment,connect_fee\n48,0.60,0.30,60/6,0.05\n", tmp_path
    )
    include(amount=63)
    subscribe("bob-1")

    use(office, f"a  3  2017-06-01T10:00  61  {POLAND}\nb  3  2017-06-02T10:00  61  {POLAND}")

    # 61 s are billed as 66: 63 are included, 3 s of the second step cost 0.005 each, and the connect fee is due.
    assert became() == ["a 66 0.065", "b 66 0.68"]  # 0.05 + 0.60 + 6 × 0.005


def test_steps_and_windows_are_those_of_the_seconds_that_are_charged(office: Office, tmp_path: Path) -> None:
    prices = """\
prefix,from_s,price,increment,weekdays,from_time,until_time
48,0,0.60,1,,08:00,20:00
48,0,0.06,1,,,
"""
    price_tariff("standard", prices, tmp_path, settings=TariffSettings(timezone="Europe/Warsaw"))
    include(minutes=1)
    subscribe("bob-1")

    use(office, f"a  3  2017-06-01T19:59:30  100  {POLAND}")

    # 60 s are included, 30 of them at the price of the day: the 40 s left are all talked after eight, at 0.001.
    assert became() == ["a 100 0.04"]


@pytest.mark.parametrize(
    ("connect_fee", "whole", "part"),
    [
        ("always", "30 0.01", "60 0.04"),  # the fee; the fee and 30 s at 0.001
        ("when_charged", "30 allowance", "60 0.04"),
        ("never", "30 allowance", "60 0.03"),
    ],
)
def test_the_connect_fee_is_charged_as_the_allowance_says(
    office: Office, connect_fee: str, whole: str, part: str
) -> None:
    include(minutes=1, connect_fee=connect_fee)
    subscribe("bob-1")

    use(office, f"a  3  2017-06-01T10:00  30  {MOBILE}\nb  3  2017-06-02T10:00  60  {MOBILE}")

    assert became() == [f"a {whole}", f"b {part}"]


def test_minimum_and_maximum_are_those_of_what_is_charged(office: Office, tmp_path: Path) -> None:
    head = "prefix,price,increment,minimum_charge,maximum_charge\n"
    price_tariff("standard", f"{head}48,0.60,1,0.10,0.20\n", tmp_path)
    include(amount=75)
    subscribe("bob-1")

    use(
        office,
        f"""
        a  3  2017-06-01T10:00  60  {POLAND}
        b  3  2017-06-02T10:00  16  {POLAND}
        c  3  2017-06-03T10:00  60  {POLAND}
        """,
    )

    # a is covered, and no minimum makes it dear; of b one second is left, 0.01, lifted to 0.10; c is cut at 0.20.
    assert became() == ["a 60 allowance", "b 16 0.1", "c 60 0.2"]


def test_only_its_destinations_take_an_allowance(office: Office) -> None:
    plans.set_destination_group(name="the UK", prefixes=["44", "441", "442"])
    plans.set_destination_group(name="UK mobiles", prefixes=["447"])
    include(minutes=10, name="land", group="the UK", place=2)
    include(minutes=1, name="mobiles", group="UK mobiles", place=1)
    subscribe("bob-1")

    use(
        office,
        f"""
        a  3  2017-06-01T10:00  60   {UK}
        b  3  2017-06-02T10:00  90   {MOBILE}
        c  3  2017-06-03T10:00  60   {POLAND}
        """,
    )

    # A mobile takes its own minute first (order number 1), then 30 s of all the UK's.
    assert became() == ["a 60 allowance", "b 90 allowance", "c 60 0.03"]
    assert left() == {"land bob-1 2017-06-01": "90 of 600", "mobiles bob-1 2017-06-01": "60 of 60"}


def test_in_its_hours_alone_by_the_start_of_the_call(office: Office) -> None:
    evenings = {"weekdays": "1-5", "from_time": "20:00", "until_time": "06:00"}
    include(minutes=10, windows=[evenings])
    subscribe("bob-1")

    use(
        office,
        f"""
        a  3  2017-06-01T19:59:59  60  {POLAND}
        b  3  2017-06-01T20:00:00  60  {POLAND}
        c  3  2017-06-03T05:59:59  60  {POLAND}
        d  3  2017-06-03T20:00:00  60  {POLAND}
        """,
    )

    # The first of June 2017 was a Thursday; Friday's night ends on Saturday at six, and Saturday has none.
    assert became() == ["a 60 0.03", "b 60 allowance", "c 60 allowance", "d 60 0.03"]


def test_shared_minutes_come_after_own_ones_and_all_accounts_use_them(office: Office) -> None:
    include(minutes=1, of="own", place=9)
    include(minutes=1, of="family", name="shared", is_shared=True)
    subscribe("ann-1", "own")
    subscribe("ann-2", "family")

    use(
        office,
        f"""
        a  1  2017-06-01T10:00  90  {POLAND}
        b  2  2017-06-02T10:00  40  {POLAND}
        c  3  2017-06-03T10:00  60  {POLAND}
        """,
    )

    # ann-1 takes its own minute and 30 s of the shared one, ann-2 what is left of it; Bob has nothing.
    assert became() == ["a 90 allowance", "b 40 0.005", "c 60 0.03"]
    assert left() == {"minutes ann-1 2017-06-01": "60 of 60", "shared ann-2 2017-06-01": "60 of 60"}


def test_two_subscriptions_to_shared_minutes_are_one_stock(office: Office) -> None:
    include(minutes=1, is_shared=True)
    subscribe("ann-1")
    subscribe("ann-2")

    use(office, f"a  1  2017-06-01T10:00  90  {POLAND}\nb  2  2017-06-02T10:00  40  {POLAND}")

    assert became() == ["a 90 allowance", "b 40 0.005"]
    assert left() == {"minutes ann-1 2017-06-01": "60 of 60", "minutes ann-2 2017-06-01": "60 of 60"}


def test_a_subscription_of_the_customer_is_for_all_accounts(office: Office) -> None:
    include(minutes=2)
    subscribe("ann")

    use(office, f"a  1  2017-06-01T10:00  90  {POLAND}\nb  2  2017-06-02T10:00  40  {POLAND}")

    assert became() == ["a 90 allowance", "b 40 0.005"]


def test_each_month_of_the_customers_zone_has_its_own(office: Office) -> None:
    include(minutes=1)
    subscribe("bob-1", since=date(2017, 5, 1))

    # In Warsaw the first call is in June, in UTC it was May.
    use(office, f"a  3  2017-06-01T00:30  60  {POLAND}\nb  3  2017-05-31T23:30  60  {POLAND}")

    assert became() == ["a 60 allowance", "b 60 allowance"]
    assert left() == {"minutes bob-1 2017-05-01": "60 of 60", "minutes bob-1 2017-06-01": "60 of 60"}


def test_each_day_has_its_own_and_one_that_is_there_once_ends(office: Office) -> None:
    include(minutes=1, name="daily", period="day", place=1)
    include(minutes=2, name="welcome", period="once", ends_on=date(2017, 6, 3), place=2)
    subscribe("bob-1")

    use(
        office,
        f"""
        a  3  2017-06-01T10:00  90  {POLAND}
        b  3  2017-06-02T10:00  90  {POLAND}
        c  3  2017-06-03T10:00  90  {POLAND}
        """,
    )

    # Each day 60 s; the first two days 30 s more of the welcome, whose last 60 s are lost on the third.
    assert became() == ["a 90 allowance", "b 90 allowance", "c 90 0.015"]
    assert left()["welcome bob-1 2017-06-01"] == "60 of 120"


def test_what_is_left_is_carried_over_up_to_the_limit(office: Office) -> None:
    include(minutes=10, carry_over=120)
    subscribe("bob-1", since=date(2017, 4, 1))

    use(
        office,
        f"""
        a  3  2017-05-10T10:00  660  {POLAND}
        b  3  2017-06-10T10:00  700  {POLAND}
        """,
    )

    # April was not used: of its 600 s 120 go into May, which has 720, uses 660 and hands on 60. June has 660.
    assert became() == ["a 660 allowance", "b 700 0.02"]
    assert left() == {
        "minutes bob-1 2017-04-01": "0 of 600, 120 carried on",
        "minutes bob-1 2017-05-01": "660 of 720, 60 carried on",
        "minutes bob-1 2017-06-01": "660 of 660",
    }


def test_what_was_carried_over_cannot_be_taken_twice(office: Office) -> None:
    include(minutes=10, carry_over=120)
    subscribe("bob-1", since=date(2017, 5, 1))
    use(office, f"a  3  2017-06-10T10:00  60  {POLAND}", "june.csv")

    use(office, f"b  3  2017-05-10T10:00  600  {POLAND}", "late.csv")

    # 120 s of May are June's by now: of the late 600 s 480 are covered, 120 cost 0.0005 each.
    assert became() == ["a 60 allowance", "b 600 0.06"]


@pytest.mark.parametrize(("prorates", "amount"), [(True, 300), (False, 900)])
def test_a_part_of_a_period_has_a_part_of_the_amount(office: Office, prorates: bool, amount: int) -> None:
    include(minutes=15, prorates=prorates)
    subscribe("bob-1", since=date(2017, 6, 21))

    use(office, f"a  3  2017-06-20T10:00  60  {POLAND}\nb  3  2017-06-21T10:00  60  {POLAND}")

    assert became() == ["a 60 0.03", "b 60 allowance"]  # 10 of June's 30 days: a third of 900 s
    assert left() == {"minutes bob-1 2017-06-21": f"60 of {amount}"}


def test_a_subscription_that_ends_in_the_middle_leaves_its_part(office: Office) -> None:
    include(minutes=15, prorates=True)
    subscription = subscribe("bob-1")
    use(office, f"a  3  2017-06-01T10:00  200  {POLAND}", "first.csv")

    Subscription.objects.filter(pk=subscription.pk).update(ends_on=date(2017, 6, 11))
    use(office, f"b  3  2017-06-10T10:00  200  {POLAND}\nc  3  2017-06-11T10:00  10  {POLAND}", "second.csv")

    # Ten days of thirty: 300 s, of which 200 were taken; of b 100 s are charged, and c has nothing to take.
    assert became() == ["a 200 allowance", "b 200 0.05", "c 10 0.005"]


def test_late_usage_takes_what_is_left_and_prices_nothing_anew(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    use(office, f"b  3  2017-06-20T10:00  90  {POLAND}", "first.csv")

    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}", "late.csv")

    assert became() == ["a 90 0.03", "b 90 allowance"]


def test_undoing_gives_back_and_reading_again_takes_the_same(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    run = use(office, f"a  3  2017-06-01T10:00  90  {POLAND}\nb  3  2017-06-02T10:00  90  {POLAND}")
    before = became(), left()

    undo_import(run, posted_at=NOON)

    assert (became(), left(), owed("bob")) == ([], {"minutes bob-1 2017-06-01": "0 of 120"}, Decimal(0))
    assert not AllowanceTaken.objects.exists()

    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}\nb  3  2017-06-02T10:00  90  {POLAND}")

    assert (became(), left()) == before


def test_the_same_file_again_takes_nothing(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    file = f"a  3  2017-06-01T10:00  50  {POLAND}\nb  3  2017-06-02T10:00  50  {POLAND}"
    use(office, file)

    use(office, file, "again.csv")

    assert left() == {"minutes bob-1 2017-06-01": "100 of 120"}


def test_a_correction_gives_back_before_it_takes(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    use(office, f"a  3  2017-06-01T10:00  100  {POLAND}", "first.csv")

    use(office, f"a  3  2017-06-01T10:00  130  {POLAND}", "corrected.csv")

    assert became() == ["a 130 0.005"]
    assert left() == {"minutes bob-1 2017-06-01": "120 of 120"}


def test_what_waited_takes_when_it_is_rated(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    use(office, "a  3  2017-06-01T10:00  90  33142685300")
    assert became() == ["a None no_rate"]

    price_tariff("standard", "prefix,price\n33,0.60\n", office.folder)
    retry_set_aside(office.source, now=NOON)

    assert became() == ["a 90 allowance"]
    assert left() == {"minutes bob-1 2017-06-01": "90 of 120"}


def test_messages_and_data_take_what_they_are_billed(office: Office, tmp_path: Path) -> None:
    prices = "prefix,kind,per_unit,unit\n,sms_out,0.05,message\n,data,0.02,MB\n"
    price_tariff("mobile", prices, tmp_path)
    set_product(code="voice", name="Voice", tariffs={"sms_out": "mobile", "data": "mobile"})
    include(amount=2, kind="sms_out", name="messages")
    include(amount=2_500_000, kind="data", name="data")
    subscribe("bob-1")

    office.import_(
        """
        record_id, start,                     kind,    quantity,  cli,         cld
        a,         2017-06-01T10:00:00+02:00, sms_out, 1,         48221000003, 48500600700
        b,         2017-06-02T10:00:00+02:00, sms_out, 2,         48221000003, 48500600700
        c,         2017-06-03T10:00:00+02:00, data,    1000001,   48221000003, internet
        d,         2017-06-04T10:00:00+02:00, data,    1000000,   48221000003, internet
        """
    )

    # c is billed as 2 MB and takes 2,000,000 bytes; half a MB is left, which is no unit, so d pays for its one.
    assert became() == ["a 1 allowance", "b 2 0.05", "c 2 allowance", "d 1 0.02"]
    assert left() == {"messages bob-1 2017-06-01": "2 of 2", "data bob-1 2017-06-01": "2000000 of 2500000"}


def test_free_calls_and_those_of_others_take_nothing(office: Office) -> None:
    include(minutes=2)
    plan("empty")
    subscribe("bob-1")
    subscribe("ann-1", "empty")

    use(office, f"a  3  2017-06-01T10:00  0  {POLAND}\nb  1  2017-06-01T10:00  60  {POLAND}")

    assert became() == ["a 0 unanswered", "b 60 0.03"]
    assert left() == {}


def test_the_explanation_names_the_allowance_and_what_is_left_to_pay(office: Office, tmp_path: Path) -> None:
    price_tariff(
        "standard", "prefix,first_price,next_price,increment,connect_fee\n48,0.60,0.30,60/6,0.05\n", tmp_path
    )
    include(amount=63)
    subscribe("bob-1")
    use(office, f"a  3  2017-06-01T10:00  61  {POLAND}")

    record = select_records("true", ())["id"][0]

    assert explain_record(record).as_text().splitlines()[3:] == [
        "charged 0.065 EUR without tax",
        "voice_out to 48500600700, from 48221000003, on 2017-06-01T08:00:00+00:00, 61 s",
        "prefix 48, price list line 2",
        "  63 s are included: minutes of flat",
        "  from 63: 3 s at 0.3 per minute (line 2)",
        "  connect fee 0.05",
        "exactly 0.065, rounded half_up to 4 decimals",
    ]


def test_the_explanation_of_a_free_call_names_all_that_it_took(office: Office) -> None:
    include(minutes=1, place=2)
    include(minutes=1, name="first", place=1)
    subscribe("bob-1")
    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}")

    told = explain_record(select_records("true", ())["id"][0]).as_text().splitlines()

    assert told[3] == "free: an allowance covers it (allowance)"
    assert told[-2:] == ["  60 s are included: first of flat", "  30 s are included: minutes of flat"]


def test_a_changed_allowance_changes_no_explanation_of_what_was_taken_before(office: Office) -> None:
    include(minutes=1, connect_fee="always")
    subscribe("bob-1")
    use(office, f"a  3  2017-06-01T10:00  30  {MOBILE}")

    include(minutes=5, connect_fee="never")

    assert "charged 0.01 EUR without tax" in explain_record(select_records("true", ())["id"][0]).as_text()


def test_a_subscription_that_waits_for_its_first_use_begins_with_it(office: Office) -> None:
    include(minutes=1)
    made = datetime(2017, 6, 2, tzinfo=UTC)
    Subscription.objects.filter(pk=subscribe("bob-1").pk).update(starts_on=None, due_on=None, created_at=made)

    use(office, f"a  3  2017-06-01T10:00  30  {POLAND}\nb  3  2017-06-05T10:00  30  {POLAND}")

    assert became() == ["a 30 0.015", "b 30 allowance"]
    assert Subscription.objects.get().starts_on == date(2017, 6, 5)
