"""Prices by what was used in the month. Poland costs Bob 0.03 a minute, and less by tiers: all figures by hand."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.jobs.included import became, counted, include, subscribe, use
from tests.jobs.office import NOON, Office, price_tariff
from tests.jobs.test_import_usage import owed
from tollbook.billing.models import TierTaken
from tollbook.catalog.operations import plans, set_product
from tollbook.catalog.operations.tiers import TierPrice, set_tiers
from tollbook.customers.models import Customer
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.reverse_usage import undo_import
from tollbook.ledger.models import Posting, Transaction
from tollbook.usage.queries import select_records

POLAND, UK, MOBILE = "48500600700", "442079460000", "447911123456"


@pytest.fixture(autouse=True)
def books_are_right(office: Office) -> Iterator[None]:
    """After each test: whatever was done, every law holds, and every price can be told and built again."""
    yield
    assert [finding for finding in check_ledger() if finding.problems] == []
    for record in select_records("price_nanos IS NOT NULL AND transaction_id IS NOT NULL", ())["id"]:
        assert explain_record(record)  # which fails where the explanation gives another price


def tiers(
    mode: str, *steps: tuple[int, str], name: str = "tiers", kind: str = "voice_out", **terms: object
) -> None:
    """From so many minutes (or messages, or bytes with a unit) on, this price."""
    unit = str(terms.pop("unit", ""))
    factor = 60 if kind == "voice_out" else 1
    prices = [TierPrice(begin * factor, Decimal(price), unit) for begin, price in steps]
    set_tiers(product="voice", name=name, kind=kind, mode=mode, steps=prices, **terms)  # type: ignore[arg-type]


def differences(code: str = "bob") -> list[Decimal]:
    """What was posted because a tier was reached, or left again."""
    owing = Posting.objects.filter(
        transaction__kind=Transaction.Kind.TIER, customer_id=Customer.objects.get(code=code).pk
    )
    amounts = owing.order_by("transaction_id").values_list("amount_nanos", flat=True)
    return [Decimal(nanos).scaleb(-9).normalize() for nanos in amounts]


def test_each_slice_costs_its_own(office: Office) -> None:
    tiers("graduated", (0, "0.03"), (2, "0.02"), (5, "0.01"))

    use(
        office,
        f"""
        a  3  2017-06-01T10:00  90   {POLAND}
        b  3  2017-06-02T10:00  60   {POLAND}
        c  3  2017-06-03T10:00  240  {POLAND}
        """,
    )

    # a: 1.5 min at 0.03. b: half a minute at 0.03, half at 0.02. c: 2.5 at 0.02, 1.5 at 0.01.
    assert became() == ["a 90 0.045", "b 60 0.025", "c 240 0.065"]
    assert owed("bob") == Decimal("0.135")
    assert differences() == []


def test_who_has_used_exactly_a_tiers_beginning_has_not_reached_it(office: Office) -> None:
    tiers("volume", (0, "0.03"), (2, "0.02"))

    use(office, f"a  3  2017-06-01T10:00  120  {POLAND}")

    assert became() == ["a 120 0.06"]
    assert differences() == []


def test_when_a_tier_is_passed_the_difference_for_what_was_posted_is_an_entry_of_its_own(office: Office) -> None:
    tiers("volume", (0, "0.03"), (2, "0.02"), (10, "0.01"))

    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}", "first.csv")
    assert (became(), differences()) == (["a 90 0.045"], [])
    use(office, f"b  3  2017-06-02T10:00  60  {POLAND}", "second.csv")

    # b reaches the second tier: it costs 0.02, and the 1.5 minutes before are 0.015 too dear.
    assert became() == ["a 90 0.045", "b 60 0.02"]
    assert differences() == [Decimal("-0.015")]
    assert owed("bob") == Decimal("0.05")  # 2.5 × 0.02


def test_the_difference_is_rounded_once_and_adds_up(office: Office) -> None:
    tiers("volume", (0, "0.0301"), (2, "0.0200"), (4, "0.0100"))

    use(office, f"a  3  2017-06-01T10:00  61  {POLAND}\nb  3  2017-06-02T10:00  61  {POLAND}", "first.csv")
    # a costs 61 × 0.0301 / 60 = 0.0306016…, b 0.0203333…; a should have cost 0.0203333…: −0.0102683… is −0.0103.
    assert became() == ["a 61 0.0306", "b 61 0.0203"]
    assert differences() == [Decimal("-0.0103")]

    use(office, f"c  3  2017-06-03T10:00  119  {POLAND}", "second.csv")
    # c costs 119 × 0.01 / 60 = 0.0198333…. All 241 s should come to 0.0401666…, and came to 0.0707683…: −0.0306016…
    # is −0.0306, of which −0.0103 is posted.
    assert became()[2] == "c 119 0.0198"
    assert differences() == [Decimal("-0.0103"), Decimal("-0.0203")]


def test_one_batch_or_several_give_the_same(office: Office) -> None:
    tiers("volume", (0, "0.0301"), (2, "0.0200"), (4, "0.0100"))
    calls = [f"{key}  3  2017-06-0{day}T10:00  61  {POLAND}" for day, key in enumerate("abcdefg", start=1)]

    run = use(office, "\n".join(calls), "all.csv")
    at_once = became(), owed("bob"), counted()
    undo_import(run, posted_at=NOON)
    assert (owed("bob"), counted()) == (Decimal(0), [(0, 0, Decimal(0))])
    for call in calls:
        use(office, call, f"{call[0]}.csv")

    assert (became(), owed("bob"), counted()) == at_once


def test_undoing_posts_the_opposite_when_a_tier_is_left_again(office: Office) -> None:
    tiers("volume", (0, "0.03"), (2, "0.02"))
    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}", "first.csv")
    second = use(office, f"b  3  2017-06-02T10:00  60  {POLAND}", "second.csv")

    undo_import(second, posted_at=NOON)

    assert differences() == [Decimal("-0.015"), Decimal("0.015")]
    assert owed("bob") == Decimal("0.045")
    assert TierTaken.objects.count() == 1


def test_undoing_what_came_before_the_tier_takes_its_difference_along(office: Office) -> None:
    tiers("volume", (0, "0.03"), (2, "0.02"))
    first = use(office, f"a  3  2017-06-01T10:00  60  {POLAND}", "first.csv")
    use(office, f"b  3  2017-06-02T10:00  180  {POLAND}", "second.csv")
    assert (became(), differences()) == (["a 60 0.03", "b 180 0.06"], [Decimal("-0.01")])

    undo_import(first, posted_at=NOON)

    assert owed("bob") == Decimal("0.06")  # three minutes at 0.02: the tier is reached without the first


def test_slices_of_what_is_undone_are_used_again_and_nothing_else_is_priced_anew(office: Office) -> None:
    tiers("graduated", (0, "0.03"), (2, "0.02"))
    first = use(office, f"a  3  2017-06-01T10:00  120  {POLAND}", "first.csv")
    use(office, f"b  3  2017-06-02T10:00  60  {POLAND}", "second.csv")

    undo_import(first, posted_at=NOON)
    use(office, f"c  3  2017-06-03T10:00  120  {POLAND}", "third.csv")

    assert became() == ["b 60 0.02", "c 120 0.05"]  # one minute is counted: c has one more at 0.03


def test_tiers_count_what_allowances_leave(office: Office) -> None:
    include(minutes=2)
    subscribe("bob-1")
    tiers("graduated", (0, "0.03"), (1, "0.02"))

    use(office, f"a  3  2017-06-01T10:00  150  {POLAND}\nb  3  2017-06-02T10:00  60  {POLAND}")

    # Of a 30 s are left, at 0.03; of b the first 30 s still are, the rest is in the second tier.
    assert became() == ["a 150 0.015", "b 60 0.025"]
    assert [units for units, _, _ in counted()] == [90]


def test_fee_minimum_and_maximum_stay_those_of_the_rate(office: Office, tmp_path: Path) -> None:
    prices = "prefix,price,increment,connect_fee,minimum_charge,maximum_charge\n48,0.60,1,0.01,0.05,0.20\n"
    price_tariff("standard", prices, tmp_path)
    tiers("graduated", (0, "0.06"))

    use(
        office,
        f"""
        a  3  2017-06-01T10:00  60   {POLAND}
        b  3  2017-06-02T10:00  10   {POLAND}
        c  3  2017-06-03T10:00  600  {POLAND}
        """,
    )

    assert became() == ["a 60 0.07", "b 10 0.05", "c 600 0.2"]


def test_each_month_counts_anew_in_the_customers_zone(office: Office) -> None:
    tiers("graduated", (0, "0.03"), (1, "0.02"))

    use(office, f"a  3  2017-05-31T23:59  60  {POLAND}\nb  3  2017-06-01T00:30  60  {POLAND}")

    assert became() == ["a 60 0.03", "b 60 0.03"]  # the second began in May by UTC, and in June by Warsaw


@pytest.mark.parametrize(("is_shared", "second"), [(False, "0.03"), (True, "0.02")])
def test_accounts_count_alone_or_together(office: Office, is_shared: bool, second: str) -> None:
    tiers("graduated", (0, "0.03"), (1, "0.02"), is_shared=is_shared)

    use(office, f"a  1  2017-06-01T10:00  60  {POLAND}\nb  2  2017-06-02T10:00  60  {POLAND}")

    assert became() == ["a 60 0.03", f"b 60 {second}"]


def test_a_shared_tier_posts_its_difference_for_the_customer_with_their_tax(office: Office) -> None:
    tiers("volume", (0, "0.03"), (1, "0.02"), is_shared=True)

    use(office, f"a  1  2017-06-01T10:00  60  {POLAND}\nb  2  2017-06-02T10:00  60  {POLAND}")

    # Ann pays 23 % tax on −0.01.
    assert differences("ann") == [Decimal("-0.0123")]
    assert Transaction.objects.get(kind=Transaction.Kind.TIER).account_id is None
    assert owed("ann") == Decimal("0.0492")  # 2 × 0.02 and tax


def test_the_first_scheme_that_fits_counts(office: Office) -> None:
    plans.set_destination_group(name="mobiles", prefixes=["447"])
    tiers("graduated", (0, "0.01"), name="all", place=2)
    tiers("graduated", (0, "0.02"), name="mobiles", group="mobiles", place=1)

    use(office, f"a  3  2017-06-01T10:00  60  {MOBILE}\nb  3  2017-06-02T10:00  60  {UK}")

    assert became() == ["a 60 0.03", "b 60 0.01"]  # 0.01 connect fee and 0.02; 0.01
    assert len(counted()) == 2


def test_special_prices_come_before_tiers(office: Office, tmp_path: Path) -> None:
    price_tariff("special", "prefix,price\n485,0.60\n", tmp_path)
    set_product(
        code="voice",
        name="Voice",
        tariffs={"voice_out": "standard", "voice_in": None},
        specials=[("voice_out", "special")],
    )
    tiers("graduated", (0, "0.01"))

    use(office, f"a  3  2017-06-01T10:00  60  {POLAND}\nb  3  2017-06-02T10:00  60  48221234567")

    assert became() == ["a 60 0.6", "b 60 0.01"]


def test_messages_and_data_are_counted_in_messages_and_bytes(office: Office, tmp_path: Path) -> None:
    price_tariff("mobile", "prefix,kind,per_unit,unit\n,sms_out,0.05,message\n,data,0.02,kB\n", tmp_path)
    set_product(code="voice", name="Voice", tariffs={"sms_out": "mobile", "data": "mobile"})
    tiers("graduated", (0, "0.05"), (2, "0.01"), name="messages", kind="sms_out", unit="message")
    tiers("graduated", (0, "3.00"), (1_000_000, "1.00"), name="data", kind="data", unit="MB")

    office.import_(
        """
        record_id, start,                     kind,    quantity,  cli,         cld
        a,         2017-06-01T10:00:00+02:00, sms_out, 3,         48221000003, 48500600700
        b,         2017-06-03T10:00:00+02:00, data,    500001,    48221000003, internet
        c,         2017-06-04T10:00:00+02:00, data,    1000000,   48221000003, internet
        """
    )

    # b is billed as 501 kB, at 3.00 a MB; c has 499 kB of the first slice and 501 of the second.
    assert became() == ["a 3 0.11", "b 501 1.503", "c 1000 1.998"]


def test_the_explanation_tells_slices_and_gives_the_price(office: Office) -> None:
    tiers("graduated", (0, "0.03"), (2, "0.02"))
    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}\nb  3  2017-06-02T10:00  60  {POLAND}")

    told = explain_record(select_records("record_key = 'b'", ())["id"][0]).as_text().splitlines()

    assert told[-4:] == [
        "  tiers tiers of voice (graduated) instead of the rate's prices: 0.025",
        "  after 90 s: 30 s at 0.03 per minute",
        "  after 120 s: 30 s at 0.02 per minute",
        "exactly 0.025, rounded half_up to 4 decimals",
    ]


def test_tiers_that_are_others_by_now_still_explain_what_they_made(office: Office) -> None:
    tiers("graduated", (0, "0.03"), (2, "0.02"))
    use(office, f"a  3  2017-06-01T10:00  90  {POLAND}")

    tiers("graduated", (0, "0.50"))

    told = explain_record(select_records("true", ())["id"][0]).as_text().splitlines()
    assert told[-2:] == [
        "  tiers tiers of voice (graduated) instead of the rate's prices: 0.045",
        "exactly 0.045, rounded half_up to 4 decimals",
    ]
