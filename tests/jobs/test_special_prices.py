"""Special price lists: of an account, a customer, a product; and then the product's tariff."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.jobs.office import NOON, Office, price_tariff
from tollbook.catalog.models import Product
from tollbook.catalog.operations import put_markups, set_platform_tariff, set_product
from tollbook.customers.models import MAX_SPECIALS, Account, Customer, SpecialTariff
from tollbook.customers.operations import remove_special, set_special
from tollbook.errors import BadInput
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.rate_usage import PriceBook
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.rating.explain import rebuild
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import ImportRun, UsageRecord

HEADER = "prefix,destination,price,increment,connect_fee,forbidden,grace_period\n"
LISTS = {
    # Ten cents a minute for everything that begins with 61, and the package puts 15 % on it.
    "retail": "61,Australia,0.1000,1/1,,,",
    # 1300 is a flat price, the rest of 13 a price for the call and one for its minutes; 1900 is not allowed.
    "numbers": "611300,1300,0,1/1,0.25,,\n6113,13,0.0500,1/1,0.10,,\n611900,1900,0,1/1,,yes,\n",
    # What is sold at a price of its own takes no markup.
    "custom": "6129,Sydney,0.0200,1/1,,,\n61131,131,0.9,1/1,,,",
    "ann's": "61130,130,0.0300,1/1,,,\n6128,Sydney,0.0600,1/1,,,",
    "ann-1's": "611305,1305,0.0700,1/1,,,10",
    "everything": ",Anywhere,0.0010,1/1,,,",
}


@pytest.fixture
def shop(office: Office) -> Office:
    """Ann and Bob have the package: retail with 15 %, special numbers, custom rates."""
    for name, rows in LISTS.items():
        price_tariff(name, HEADER + rows, office.folder)
    tariffs = put_markups({"voice_out": "retail"}, {"voice_out": Decimal(15)}, recorded_at=NOON)
    specials = [("voice_out", "numbers"), ("voice_out", "custom")]
    set_product(code="voice", name="Voice", tariffs=tariffs, specials=specials)
    return office


def give(owner: str, tariff: str, kind: str = "voice_out", **period: datetime) -> None:
    """A special list to a customer or, by a code with a dash, an account."""
    found = Account.objects.get(code=owner) if "-" in owner else Customer.objects.get(code=owner)
    set_special(owner=found, kind=kind, tariff=tariff, **{"since": None, "until": None} | period)


def make(office: Office, calls: str, start: str = "2017-06-19T08:00:00Z") -> ImportRun:
    """Calls, each a line with account, number called and seconds."""
    rows = [line.split() for line in calls.strip().splitlines()]
    lines = [
        f"{account}>{cld},{start},{seconds},48220000000,{cld},yes,{account}" for account, cld, seconds in rows
    ]
    return office.import_("\n".join(["record_id,start,duration_s,cli,cld,answered,account", *lines]))


def became(account: str, number: str) -> tuple[str, str | None]:
    """Price, or why there is none; and the tariff that said so."""
    standing = UsageRecord.objects.exclude(outcome__in=["superseded", "undone"])
    row = standing.get(record_key=f"{account}>{number}")
    price = row.reason or f"{Decimal(row.price_nanos or 0).scaleb(-9).normalize():f}"
    return price, explain_record(row.pk).tariff


def prices(calls: str) -> list[tuple[str, str | None]]:
    return [became(*line.split()[:2]) for line in calls.strip().splitlines()]


def test_the_most_specific_list_that_has_a_rate_gives_the_price(shop: Office) -> None:
    give("ann", "ann's")
    give("ann-1", "ann-1's")
    calls = """
        ann-1 611305000000 120
        ann-1 611300000000 120
        ann-2 611305000000 120
        ann-2 612800000000 60
        bob-1 611305000000 120
        bob-1 611300000000 120
        bob-1 611310000000 60
        bob-1 612900000000 60
        bob-1 612800000000 60
    """
    make(shop, calls)

    assert prices(calls) == [
        ("0.14", "ann-1's"),  # two minutes at 0.07
        ("0.06", "ann's"),  # two at 0.03: the customer's list comes before the product's 1300
        ("0.06", "ann's"),
        ("0.06", "ann's"),
        ("0.2", "numbers"),  # 0.10 for the call, and two minutes at 0.05
        ("0.25", "numbers"),  # flat; the longest prefix of the list
        ("0.15", "numbers"),  # the first list that has a rate, though the other has a longer prefix
        ("0.02", "custom"),  # without markup
        ("0.115", "retail +15 %"),  # 0.10 and 15 %
    ]
    for row in UsageRecord.objects.all():
        told = explain_record(row.pk)
        assert told.price is not None
        assert rebuild(told.price).price_nanos == row.price_nanos
    assert not [finding for finding in check_ledger() if finding.problems]


def test_what_a_special_list_forbids_or_gives_away_is_so(shop: Office) -> None:
    give("ann-1", "ann-1's")
    calls = "bob-1 611900000000 60\nann-1 611305000000 10\nbob-1 442079460000 60"
    make(shop, calls)

    assert prices(calls) == [("forbidden_destination", "numbers"), ("grace", "ann-1's"), ("no_rate", None)]


def test_an_empty_prefix_takes_all(shop: Office) -> None:
    give("bob", "everything")
    calls = "bob-1 611300000000 60\nbob-1 612900000000 60\nbob-1 442079460000 60\nann-1 611300000000 60"
    make(shop, calls)

    assert prices(calls) == [("0.001", "everything")] * 3 + [("0.25", "numbers")]


def test_a_list_counts_from_its_first_second_to_its_last(shop: Office) -> None:
    begin = datetime(2017, 6, 19, 8, 0, tzinfo=UTC)
    give("bob", "everything", since=begin, until=begin + timedelta(hours=1))
    for number, start in enumerate(("07:59:59", "08:00:00", "08:59:59", "09:00:00")):
        make(shop, f"bob-1 6129{number} 60", f"2017-06-19T{start}Z")

    tariffs = [became("bob-1", f"6129{number}")[1] for number in range(4)]
    assert tariffs == ["custom", "everything", "everything", "custom"]


def test_a_version_of_the_list_that_is_not_in_force_yet_takes_nothing(shop: Office) -> None:
    price_tariff("july", HEADER + ",Anywhere,9,1/1,,,", shop.folder, datetime(2017, 7, 1, tzinfo=UTC))
    give("bob", "july")
    make(shop, "bob-1 612900000000 60")

    assert became("bob-1", "612900000000") == ("0.02", "custom")


def test_a_kind_that_is_not_billed_is_where_a_list_has_a_rate(shop: Office) -> None:
    price_tariff("toll free", "prefix,kind,price,increment\n48800,voice_in,0.0600,60/60", shop.folder)
    specials = [("voice_in", "toll free")]
    set_product(code="voice", name="Voice", tariffs={"voice_in": None}, specials=specials)
    shop.import_(
        """
        record_id,         start,                duration_s, cli,         cld,         answered, account, kind
        bob-1>48800000001, 2017-06-19T08:00:00Z, 61,         33100000000, 48800000001, yes,      bob-1,   voice_in
        bob-1>48221000003, 2017-06-19T08:00:00Z, 61,         33100000000, 48221000003, yes,      bob-1,   voice_in
        bob-1>anonymous,   2017-06-19T08:00:00Z, 61,         33100000000, anonymous,   yes,      bob-1,   voice_in
        """
    )

    assert became("bob-1", "48800000001") == ("0.12", "toll free")
    assert became("bob-1", "48221000003") == ("not_billed", None)
    assert became("bob-1", "anonymous") == ("not_billed", None)


def test_a_list_never_charges_what_is_free_or_nobodys(shop: Office) -> None:
    give("bob", "everything")
    exclusions = [{"pattern": "6129*", "is_hidden": False}]
    set_product(code="voice", name="Voice", tariffs={}, exclusions=exclusions, on_net="operator")
    Account.objects.filter(code="ann-2").update(active_until=datetime(2017, 1, 1, tzinfo=UTC))
    calls = """
        bob-1 612900000000 60
        bob-1 48221000001 60
        bob-1 442079460000 0
        ann-2 442079460000 60
        ann-1 442079460000 60
    """
    make(shop, calls)

    reasons = [price for price, _ in prices(calls)]
    assert reasons == ["excluded", "no_tariff", "unanswered", "account_closed", "no_tariff"]


def test_a_list_in_another_currency_is_never_charged(shop: Office) -> None:
    Customer.objects.filter(code="bob").update(currency="PLN")
    make(shop, "bob-1 611300000000 60")

    assert became("bob-1", "611300000000") == ("currency_mismatch", "numbers")


def test_the_lists_of_today_price_what_is_tried_or_read_again(shop: Office) -> None:
    run = make(shop, "bob-1 611300000000 60\nbob-1 442079460000 60")
    assert became("bob-1", "442079460000") == ("no_rate", None)
    give("bob", "everything")

    assert retry_set_aside(shop.source, now=NOON).charged == 1
    assert became("bob-1", "442079460000") == ("0.001", "everything")
    assert became("bob-1", "611300000000") == ("0.25", "numbers")

    reprocess_usage(ImportRun.objects.get(pk=run.pk), now=NOON)
    assert became("bob-1", "611300000000") == ("0.001", "everything")
    assert not [finding for finding in check_ledger() if finding.problems]


def test_without_special_lists_there_is_nothing_to_ask(office: Office) -> None:
    assert PriceBook.current(office.source).specials == {}


def test_a_list_gets_a_new_end_and_may_come_again(shop: Office) -> None:
    march, april = datetime(2017, 3, 1, tzinfo=UTC), datetime(2017, 4, 1, tzinfo=UTC)
    give("bob", "everything", since=march)
    give("bob", "everything", since=march, until=april)
    give("bob", "everything", since=datetime(2017, 6, 1, tzinfo=UTC))
    rows = SpecialTariff.objects.order_by("place").values_list(
        "place", "active_from__month", "active_until__month"
    )
    assert list(rows) == [(0, 3, 4), (1, 6, None)]

    assert remove_special(owner=Customer.objects.get(code="bob"), kind="voice_out", tariff="everything") == 2
    with pytest.raises(BadInput, match="customer 'bob' has no special list 'everything' of voice_out"):
        remove_special(owner=Customer.objects.get(code="bob"), kind="voice_out", tariff="everything")


@pytest.mark.parametrize(
    ("owner", "tariff", "kind", "message"),
    [
        ("bob", "nothing", "voice_out", "customer 'bob': there is no tariff 'nothing'"),
        ("bob-1", "everything", "voice", "account 'bob-1': unknown kind 'voice'"),
        ("bob", "dollars", "voice_out", "'dollars' is in USD, and customer bob pays in EUR"),
        ("bob", "as is", "voice_out", "'as is' takes the platform's price"),
    ],
)
def test_a_list_that_cannot_be_is_refused(shop: Office, owner: str, tariff: str, kind: str, message: str) -> None:
    price_tariff("dollars", HEADER + "1,America,1,1/1,,,", shop.folder, settings=TariffSettings(currency="USD"))
    set_platform_tariff(name="as is", currency="EUR", recorded_at=NOON)
    with pytest.raises(BadInput, match=re.escape(message)):
        give(owner, tariff, kind)


def test_a_product_names_only_lists_it_can_use(shop: Office) -> None:
    price_tariff("dollars", HEADER + "1,America,1,1/1,,,", shop.folder, settings=TariffSettings(currency="USD"))
    tariffs: dict[str, str | None] = {"voice_out": "retail"}
    for special, message in (("dollars", "is in USD, and voice_out"), ("nothing", "there is no tariff 'nothing'")):
        with pytest.raises(BadInput, match=message):
            set_product(code="voice", name="Voice", tariffs=tariffs, specials=[("voice_out", special)])
    specials = Product.objects.get(code="voice").specials.order_by("place")
    assert [one.tariff.name for one in specials] == ["numbers", "custom"]


def test_there_are_not_too_many_lists(shop: Office) -> None:
    day = datetime(2017, 1, 1, tzinfo=UTC)
    for number in range(MAX_SPECIALS):
        give("bob", "everything", since=day + timedelta(days=number))
    with pytest.raises(BadInput, match=f"customer 'bob' has {MAX_SPECIALS} special lists of voice_out"):
        give("bob", "custom")
