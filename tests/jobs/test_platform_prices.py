"""A connection whose records carry prices: whose customer it is, and what they pay."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from django.conf import LazySettings

from tests.jobs.conftest import open_office
from tests.jobs.office import NOON, Office
from tollbook.catalog.models import Tariff
from tollbook.catalog.operations import set_platform_tariff, set_product
from tollbook.customers.models import Account, AccountLink, Customer, Pairing
from tollbook.errors import BadInput
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.post_usage import Batch, post_batch
from tollbook.jobs.rate_usage import PriceBook, Reading, rate_usage
from tollbook.ledger.queries import balance
from tollbook.money import Money, nanos_of
from tollbook.phone import NumberRules
from tollbook.records import USAGE
from tollbook.usage.evidence import keep_evidence
from tollbook.usage.models import ImportRun, UsageRecord
from tollbook.usage.operations import begin_or_continue_run

JUNE = datetime(2017, 6, 5, 10, 0, tzinfo=UTC)


@pytest.fixture
def platform(db: None, tmp_path: Path, settings: LazySettings) -> Office:
    """Ann pays what the platform says, with 10 % on it, for calls; text messages as they are."""
    office = open_office(tmp_path, settings)
    set_platform_tariff(name="plus ten", currency="EUR", markup_percent=Decimal(10), recorded_at=NOON)
    set_platform_tariff(name="as is", currency="EUR", recorded_at=NOON)
    set_product(
        code="voice", name="Voice", tariffs={"voice_out": "plus ten", "sms_out": "as is", "voice_in": None}
    )
    for customer, account, foreign in (("ann", "ann-1", "11"), ("bob", "bob-1", "12")):
        Pairing.objects.create(
            customer=Customer.objects.get(code=customer),
            connection=office.source,
            foreign_id=f"c{foreign}",
            decided_at=NOON,
            decided_by="a person",
            why="they said so",
        )
        AccountLink.objects.create(
            account=Account.objects.get(code=account), connection=office.source, foreign_id=foreign, seen_at=NOON
        )
    return office


def record(
    key: str, tenant: str | None, account: str | None, price: str | None, **changes: object
) -> dict[str, object]:
    fields: dict[str, object] = dict.fromkeys(USAGE)
    fields |= {
        "line": 1,
        "record_key": key,
        "kind": "voice_out",
        "start": JUNE,
        "answered": True,
        "duration_us": 60_000_000,
        "cli": "+48221000001",
        "cld": "+442079460000",
        "tenant_ref": tenant,
        "account_ref": account,
        "platform_price_nanos": None if price is None else nanos_of(Decimal(price)),
        "platform_currency": "EUR",
    }
    return fields | changes


def posted(office: Office, *records: dict[str, object]) -> ImportRun:
    path = office.folder / "raw.jsonl"
    path.write_text("\n".join(str(one["record_key"]) for one in records))
    run = begin_or_continue_run(
        source=office.source, evidence=keep_evidence(path, received_at=NOON), started_at=NOON
    )
    book = PriceBook.current(office.source)
    book.pairs_customers = True  # as a connector that offers customers says
    book.compile()
    rated = rate_usage(
        pl.DataFrame(list(records), schema=USAGE),
        book=book,
        reading=Reading(rules=NumberRules.from_mapping({}), ways=["platform", "number"]),
        received_at=NOON,
    )
    post_batch(Batch(run, rated, may_be_corrected=True), posted_at=NOON)
    run.refresh_from_db()
    return run


def became(key: str) -> tuple[str, str | None, int | None]:
    row = UsageRecord.objects.exclude(outcome="superseded").get(record_key=key)
    return row.outcome, row.reason, row.price_nanos


def owed(code: str) -> Money:
    return balance(Customer.objects.get(code=code), "EUR")


def test_the_customer_pays_the_platforms_price_with_the_markup(platform: Office) -> None:
    posted(platform, record("1", "c11", "11", "0.20"))

    assert became("1") == ("charged", None, 220_000_000)
    assert owed("ann") == Money(Decimal("0.2706"), "EUR")  # 0.22 and 23 % of tax
    told = explain_record(UsageRecord.objects.get().pk).as_text()
    assert "tariff plus ten, version 1" in told
    assert "the platform's price is 0.2, taken with a markup of 10 %" in told
    assert not [finding for finding in check_ledger() if finding.problems]


def test_messages_cost_just_what_the_platform_says(platform: Office) -> None:
    posted(platform, record("1", "c11", "11", "0.08130", kind="sms_out", duration_us=None, quantity=1))

    assert became("1") == ("charged", None, 81_300_000)


def test_a_fee_or_payment_is_kept_and_never_charged(platform: Office) -> None:
    run = posted(
        platform,
        record("1", "c11", None, "9.90", defect="fee", kind=None, duration_us=None),
        record("2", "c11", None, "-50.00", defect="payment", kind=None, duration_us=None),
    )

    assert (run.records_in, run.not_usage) == (2, 2)
    assert became("1") == ("not_usage", "fee", None)
    assert UsageRecord.objects.get(record_key="2").platform_price_nanos == -50_000_000_000
    assert owed("ann") == Money(Decimal(0), "EUR")


def test_the_platforms_customer_must_be_paired_and_the_account_theirs(platform: Office) -> None:
    posted(
        platform,
        record("unpaired", "c99", "11", "1.00"),
        record("mixed up", "c12", "11", "1.00"),  # bob's customer there, ann's account here
        record("by number", "c11", "unknown", "1.00"),  # no link; the CLI is ann's
        record("nobody's", "c11", "unknown", "1.00", cli="+48999999999"),
    )

    assert became("unpaired") == ("set_aside", "unpaired_customer", None)
    assert became("mixed up") == ("set_aside", "other_customer", None)
    assert became("by number") == ("charged", None, 1_100_000_000)
    assert became("nobody's") == ("set_aside", "no_account", None)
    assert owed("bob") == Money(Decimal(0), "EUR")


def test_a_pairing_holds_from_its_day_on(platform: Office) -> None:
    Pairing.objects.filter(foreign_id="c11").update(active_from=JUNE)

    posted(
        platform,
        record("before", "c11", "11", "1.00", start=datetime(2017, 6, 5, 9, 59, 59, tzinfo=UTC)),
        record("then", "c11", "11", "1.00"),
    )

    assert became("before") == ("set_aside", "unpaired_customer", None)
    assert became("then") == ("charged", None, 1_100_000_000)


def test_money_back_for_nothing_talked_is_given_and_waits_where_anything_else_would(platform: Office) -> None:
    Account.objects.filter(code="bob-1").update(active_until=datetime(2017, 6, 1, tzinfo=UTC))
    nothing = {"duration_us": 0}
    posted(
        platform,
        record("given", "c11", "11", "-0.20", **nothing),
        record("another currency", "c11", "11", "-0.20", platform_currency="PLN", **nothing),
        record("unpaired", "c99", "11", "-0.20", **nothing),
        record("nobody's", "c11", "unknown", "-0.20", cli="+48999999999", **nothing),
        record("closed", "c12", "12", "-0.20", **nothing),
        record("no tariff", "c11", "11", "-0.20", kind="data", duration_us=None, quantity=0),
        record("not billed", "c11", "11", "-0.20", kind="voice_in", **nothing),
        record("no money in it", "c99", "11", "0", **nothing),
    )

    assert became("given") == ("charged", None, -220_000_000)
    assert became("another currency") == ("set_aside", "currency_mismatch", None)
    assert became("unpaired") == ("set_aside", "unpaired_customer", None)
    assert became("nobody's") == ("set_aside", "no_account", None)
    assert became("closed") == ("set_aside", "account_closed", None)
    assert became("no tariff") == ("set_aside", "no_tariff", None)
    assert became("not billed") == ("free", "unanswered", 0)
    assert became("no money in it") == ("free", "unanswered", 0)
    assert owed("ann") == Money(Decimal("-0.2706"), "EUR")  # 0.22 and 23 % of tax
    assert not [finding for finding in check_ledger() if finding.problems]


def test_a_price_in_another_currency_is_not_taken(platform: Office) -> None:
    posted(platform, record("1", "c11", "11", "1.00", platform_currency="PLN"))

    assert became("1") == ("set_aside", "currency_mismatch", None)


def test_another_price_for_the_same_record_is_a_correction(platform: Office) -> None:
    posted(platform, record("1", "c11", "11", "1.00"))
    posted(platform, record("1", "c11", "11", "0.40", line=2))

    assert became("1") == ("charged", None, 440_000_000)
    assert owed("ann") == Money(Decimal("0.5412"), "EUR")  # 0.44 and 23 %
    assert not [finding for finding in check_ledger() if finding.problems]


def test_nobody_needs_the_number_of_a_call_that_is_not_billed(platform: Office) -> None:
    posted(platform, record("1", "c11", "11", "0", kind="voice_in", cld="ph46170x101"))

    assert became("1") == ("free", "not_billed", 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("currency", "markup", "message"),
    [
        ("pln", "5", "currency 'pln'; write three capital letters like EUR"),
        ("PLN", "-200", "markup -200 %; write -100 to 10000"),
        ("PLN", "1.234", "markup 1.234 %; write -100 to 10000 with at most two decimals"),
        ("PLN", "NaN", "markup NaN %; write -100 to 10000"),
    ],
)
def test_a_tariff_that_makes_no_sense_is_refused(currency: str, markup: str, message: str) -> None:
    with pytest.raises(BadInput, match=re.escape(message)):
        set_platform_tariff(name="odd", currency=currency, markup_percent=Decimal(markup), recorded_at=NOON)
    assert not Tariff.objects.filter(name="odd").exists()
