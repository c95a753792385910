"""Packages: a tariff with a markup, which follows its base version for version, and what its calls cost."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from django.db import DatabaseError, IntegrityError, transaction

from tests.jobs.office import NOON, Office, price_tariff
from tollbook.billing.queries import calls_of_customer
from tollbook.catalog.models import Markup, PricesOf, Product, Tariff, TariffVersion
from tollbook.catalog.operations import derive_tariff, put_markups, set_platform_tariff, set_product
from tollbook.catalog.queries import compiled_version, tariff_list
from tollbook.catalog.rate_lookup import version_in_force
from tollbook.connections.models import PriceIs
from tollbook.customers.models import Account, Customer
from tollbook.errors import BadInput
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.margin import margin
from tollbook.jobs.rate_usage import PriceBook
from tollbook.jobs.reprocess_usage import reprocess_usage
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.money import nanos_of
from tollbook.rating.explain import rebuild
from tollbook.rating.frames import TariffSettings
from tollbook.usage.models import ImportRun, UsageRecord

HEADER = "prefix,destination,price,increment,connect_fee\n"
ONE_MINUTE = """
    record_id, start,                duration_s, cli,         cld,          answered
    call,      2017-06-19T08:00:00Z, 60,         48221000001, 442079460000, yes
"""


@pytest.fixture
def retail(office: Office) -> Office:
    """A cent a minute to 44; and Ann's product has it with 15 %."""
    price_tariff("retail", f"{HEADER}44,UK,0.0100,1/1,\n", office.folder)
    package(office, "15")
    return office


def package(office: Office, markup: str) -> None:
    tariffs = put_markups({"voice_out": "retail"}, {"voice_out": Decimal(markup)}, recorded_at=NOON)
    set_product(code="voice", name="Voice", tariffs=tariffs)


def derive(name: str = "gold", base: str = "retail", markup: str = "15", **more: datetime) -> Tariff:
    return derive_tariff(name=name, base=base, markup_percent=Decimal(markup), **{"recorded_at": NOON} | more)


def price(key: str = "call") -> str | None:
    nanos = UsageRecord.objects.exclude(outcome__in=["superseded", "undone"]).get(record_key=key).price_nanos
    return None if nanos is None else f"{Decimal(nanos).scaleb(-9).normalize():f}"


def in_force(name: str, *days: str) -> list[tuple[int, str]]:
    """Of each day the version of the base, and the markup in percent."""
    versions = [version_in_force(name, at=datetime.fromisoformat(day).replace(tzinfo=UTC)) for day in days]
    return [
        (one.base_version.number if one.base_version else 0, f"{Decimal(one.markup_basis_points or 0) / 100:f}")
        for one in versions
    ]


def test_a_package_is_its_tariff_with_the_markup(retail: Office) -> None:
    retail.import_(ONE_MINUTE)

    assert price() == "0.0115"
    told = explain_record(UsageRecord.objects.get().pk)
    assert told.as_text().splitlines()[2:] == [
        "tariff retail +15 %, version 1, derived from retail, version 1",
        "charged 0.0115 EUR without tax",
        "voice_out to 442079460000, from 48221000001, on 2017-06-19T08:00:00+00:00, 60 s",
        "prefix 44 (UK), price list line 2",
        "  from 0: 60 s at 0.01 per minute (line 2)",
        "  a markup of 15 % on that",
        "exactly 0.0115, rounded half_up to 4 decimals",
    ]
    assert told.price is not None
    assert rebuild(told.price).price_nanos == nanos_of(Decimal("0.0115"))
    assert not [finding for finding in check_ledger() if finding.problems]


def test_the_invoice_and_the_margin_know_the_destination(retail: Office) -> None:
    retail.import_(ONE_MINUTE)

    record = UsageRecord.objects.get()
    month = datetime(2017, 6, 1, tzinfo=UTC).date()
    customer = Customer.objects.get(code="ann")
    calls = calls_of_customer(customer, [month], month, pl.Series([record.transaction_id]))
    assert calls["destination"].to_list() == ["UK"]
    retail.source.price_is = PriceIs.COST
    lines = margin(retail.source, by="destination", since=month, until=NOON.date())
    assert [(line.of, line.charged_nanos) for line in lines] == [("UK", 11_500_000)]


def test_versions_and_markups_are_never_changed(retail: Office) -> None:
    for rows in (Markup.objects.all(), TariffVersion.objects.exclude(base_version=None)):
        with pytest.raises(DatabaseError, match="is never changed"), transaction.atomic():
            rows.delete()


def test_a_version_has_rates_or_a_markup_on_something(retail: Office) -> None:
    rates = TariffVersion.objects.get(tariff__name="retail")
    derived = TariffVersion.objects.get(tariff__name="retail +15 %")
    for changed in ({"markup_basis_points": None}, {"rate_count": 1}, {"markup_basis_points": -10_001}):
        fields = {field.attname: getattr(derived, field.attname) for field in TariffVersion._meta.fields}
        fields |= {"id": None, "number": 2, "base_version_id": rates.pk} | changed
        with pytest.raises(IntegrityError), transaction.atomic():
            TariffVersion.objects.create(**fields)


def test_a_derived_version_has_no_rates_and_shares_its_bases_tables(retail: Office) -> None:
    version = TariffVersion.objects.get(tariff__name="retail +15 %")
    assert (version.prices_of, version.rate_count, version.active_from) == (PricesOf.BASE, 0, None)
    book = PriceBook.current(retail.source)
    book.compile()
    assert book.compiled[version.pk].tables is book.compiled[version.base_version_id].tables  # type: ignore[index]
    assert compiled_version(version.pk).settings.rate_markup_basis_points == 1_500
    facts = {row["name"]: (row["derived_from"], row["platform_price"], row["rates"]) for row in tariff_list()}
    assert facts["retail +15 %"] == ("retail +15 %", "", 1)


def test_a_new_list_of_the_base_is_one_of_the_derived_from_the_same_moment(retail: Office) -> None:
    july = datetime(2017, 7, 1, tzinfo=UTC)
    price_tariff("retail", f"{HEADER}44,UK,0.0200,1/1,\n", retail.folder, july, TariffSettings(decimals=3))

    assert in_force("retail +15 %", "2017-06-30", "2017-07-01") == [(1, "15"), (2, "15")]
    newest = TariffVersion.objects.get(tariff__name="retail +15 %", number=2)
    assert (newest.decimals, newest.active_from, newest.recorded_at) == (3, july, NOON)
    retail.import_(
        """
        record_id, start,                duration_s, cli,         cld,          answered
        june,      2017-06-30T23:59:59Z, 60,         48221000001, 442079460000, yes
        july,      2017-07-01T00:00:00Z, 60,         48221000001, 442079460000, yes
        """
    )
    assert (price("june"), price("july")) == ("0.0115", "0.023")


def test_a_list_for_any_date_replaces_the_first_and_no_other(retail: Office) -> None:
    price_tariff("retail", f"{HEADER}44,UK,0.0200,1/1,\n", retail.folder, datetime(2017, 7, 1, tzinfo=UTC))
    price_tariff("retail", f"{HEADER}44,UK,0.0300,1/1,\n", retail.folder)

    assert in_force("retail +15 %", "2017-06-30", "2017-07-01") == [(3, "15"), (2, "15")]
    assert TariffVersion.objects.filter(tariff__name="retail +15 %").count() == 3


def test_another_markup_holds_from_its_day_on_over_all_lists(retail: Office) -> None:
    derive("gold", markup="10")
    derive("gold", markup="20", active_from=datetime(2017, 6, 15, tzinfo=UTC))
    price_tariff("retail", f"{HEADER}44,UK,0.0200,1/1,\n", retail.folder, datetime(2017, 7, 1, tzinfo=UTC))

    days = ("2017-06-14", "2017-06-15", "2017-07-01")
    assert in_force("gold", *days) == [(1, "10"), (1, "20"), (2, "20")]
    # A list for any date lies under both markups.
    price_tariff("retail", f"{HEADER}44,UK,0.0300,1/1,\n", retail.folder)
    assert in_force("gold", *days) == [(3, "10"), (3, "20"), (2, "20")]
    # The markup of the beginning was wrong.
    derive("gold", markup="12.5")
    assert in_force("gold", *days) == [(3, "12.5"), (3, "20"), (2, "20")]


def test_calls_before_a_markup_begins_have_no_price(retail: Office) -> None:
    derive("gold", active_from=datetime(2017, 6, 15, tzinfo=UTC))
    with pytest.raises(BadInput, match="no version in force"):
        in_force("gold", "2017-06-14")


def test_what_was_known_when_stays_known(retail: Office) -> None:
    later = NOON + timedelta(days=1)
    derive("gold", markup="10")
    derive("gold", markup="12", recorded_at=later)
    may = datetime(2017, 5, 1, tzinfo=UTC)
    assert version_in_force("gold", at=may, known_at=NOON).markup_basis_points == 1_000
    assert version_in_force("gold", at=may, known_at=later).markup_basis_points == 1_200


def test_the_same_again_makes_no_version(retail: Office) -> None:
    for _ in range(3):
        derive("gold")
        package(retail, "15")
    assert TariffVersion.objects.filter(tariff__name="gold").count() == 1
    assert TariffVersion.objects.filter(tariff__name="retail +15 %").count() == 1


def test_what_was_priced_stays_until_it_is_read_again(retail: Office) -> None:
    run = retail.import_(ONE_MINUTE)
    package(retail, "20")
    assert price() == "0.0115"

    reprocess_usage(ImportRun.objects.get(pk=run.pk), now=NOON)

    assert price() == "0.012"
    assert not [finding for finding in check_ledger() if finding.problems]


def test_what_waited_for_a_rate_is_charged_with_the_markup(retail: Office) -> None:
    retail.import_(ONE_MINUTE.replace("442079460000", "33100000000"))
    assert price() is None
    price_tariff("retail", f"{HEADER}33,France,0.1000,1/1,\n", retail.folder)

    assert retry_set_aside(retail.source, now=NOON).charged == 1
    assert price() == "0.115"


INCOMING = """
    record_id, start,                duration_s, cli,         cld,         answered, kind
    landline,  2017-06-19T08:00:00Z, 61,         33100000000, 48221000001, yes,      voice_in
    toll_free, 2017-06-19T08:00:00Z, 61,         33100000000, 48800000001, yes,      voice_in
"""


@pytest.mark.req("W2")
def test_incoming_calls_have_increments_and_prices_of_their_own_by_the_did_called(retail: Office) -> None:
    rows = ("prefix,kind,price,increment", "48,voice_in,0.0100,60/60", "48800,voice_in,0.0600,1/1")
    price_tariff("inbound", "\n".join(rows), retail.folder)
    Account.objects.get(code="ann-1").numbers.create(digits=48800000001)
    tariffs = {"voice_out": "retail", "voice_in": "inbound"}
    marked_up = put_markups(tariffs, {"voice_out": Decimal(15), "voice_in": Decimal(50)}, recorded_at=NOON)
    set_product(code="voice", name="Voice", tariffs=marked_up)

    retail.import_(INCOMING)
    retail.import_(ONE_MINUTE, "outgoing.csv")

    assert price("landline") == "0.03"  # two minutes at 0.01, and half of that
    assert price("toll_free") == "0.0915"  # 61 s at 0.06 are 0.061, and half of that
    assert price("call") == "0.0115"


def test_with_inbound_billing_off_incoming_calls_are_free(retail: Office) -> None:
    set_product(code="voice", name="Voice", tariffs={"voice_out": "retail", "voice_in": None})
    retail.import_(INCOMING)

    row = UsageRecord.objects.get(record_key="landline")
    assert (row.outcome, row.reason, row.price_nanos) == ("free", "not_billed", 0)


@pytest.mark.parametrize(
    ("name", "base", "markup", "message"),
    [
        ("gold", "retial", "15", "tariff 'gold': there is no tariff 'retial' to derive it from"),
        ("gold", "retail +15 %", "5", "'retail +15 %' is derived itself, from 'retail'"),
        ("gold", "as is", "5", "'as is' takes the platform's price"),
        ("gold", "retail", "-100.01", "markup -100.01 %; write -100 to 10000 with at most two decimals"),
        ("gold", "retail", "1.234", "markup 1.234 %"),
        ("standard", "retail", "15", "tariff 'standard' has prices of its own"),
        ("retail +15 %", "standard", "15", "tariff 'retail +15 %' is derived from 'retail'"),
    ],
)
def test_what_cannot_be_derived_is_refused(
    retail: Office, name: str, base: str, markup: str, message: str
) -> None:
    set_platform_tariff(name="as is", currency="EUR", recorded_at=NOON)
    with pytest.raises(BadInput, match=re.escape(message)):
        derive(name, base, markup)
    assert not Tariff.objects.filter(name="gold").exists()


def test_a_derived_tariff_takes_no_lists_and_a_base_no_platform_prices(retail: Office, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is derived from 'retail' and follows its versions"):
        price_tariff("retail +15 %", f"{HEADER}44,UK,1,1/1,\n", tmp_path)
    with pytest.raises(BadInput, match=r"'retail \+15 %' is derived from its price list"):
        set_platform_tariff(name="retail", currency="EUR", recorded_at=NOON)
    with pytest.raises(BadInput, match="markup of voice_in: the kind has no tariff"):
        put_markups({"voice_in": None}, {"voice_in": Decimal(1)}, recorded_at=NOON)
    assert Product.objects.get(code="voice").tariffs.get().tariff == Tariff.objects.get(name="retail +15 %")
