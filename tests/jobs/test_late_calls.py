"""Late calls of an account that changed its product, its add-ons, or whose code is somebody else's by now."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.jobs.agreed import EVA
from tests.jobs.office import Office, price_tariff
from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_product
from tollbook.customers.models import Account, Customer
from tollbook.jobs.change_account import change_account
from tollbook.jobs.check_ledger import check_ledger
from tollbook.jobs.end_account import terminate_account
from tollbook.jobs.explain_usage import explain_record
from tollbook.jobs.open_account import open_account
from tollbook.jobs.rate_search import buyers_of, rate_for_buyer, rates_of_every_list
from tollbook.jobs.retry_set_aside import retry_set_aside
from tollbook.usage.models import UsageRecord

HEADER = "prefix,destination,price,increment,connect_fee\n"
JUNE_10 = datetime(2017, 6, 10, tzinfo=UTC)
JUNE_20 = datetime(2017, 6, 20, tzinfo=UTC)


def prices() -> dict[str, Decimal | None]:
    """By record: what it costs, or nothing when it was set aside."""
    return {
        record.record_key: None if record.price_nanos is None else Decimal(record.price_nanos).scaleb(-9)
        for record in UsageRecord.objects.exclude(outcome__in=["superseded", "undone"])
    }


@pytest.fixture
def shop(office: Office) -> Office:
    """Two main products, a cent and three cents a minute; two add-ons that price messages, five and nine cents."""
    for name, price in (("cheap", "0.01"), ("dear", "0.03")):
        price_tariff(name, f"{HEADER}44,UK,{price},60/60,\n", office.folder)
        set_product(code=name, name=name.title(), tariffs={"voice_out": name})
    for name, price in (("a-text", "0.05"), ("b-text", "0.09")):
        price_tariff(name, f"prefix,destination,per_unit,kind\n44,UK,{price},sms_out\n", office.folder)
        set_product(code=name, name=name, tariffs={"sms_out": name}, is_addon=True, goes_with_any=True)
    office.source.match_by = ["account"]
    office.source.save()
    return office


def product(code: str) -> Product:
    return Product.objects.get(code=code)


def line(customer: Customer, name: str, **more: object) -> Account:
    started = datetime(2017, 6, 1, tzinfo=UTC)
    return open_account(
        actor=EVA,
        customer=customer,
        product=product(name),
        code="line",
        now=started,
        **more,  # type: ignore[arg-type]
    )


LATE = """
    record_id, start,                duration_s, cli, cld,          answered, account
    before,    2017-06-09T23:59:59Z, 60,         1,   442079460000, yes,      line
    at,        2017-06-10T00:00:00Z, 60,         1,   442079460000, yes,      line
    between,   2017-06-15T08:00:00Z, 60,         1,   442079460000, yes,      line
    after,     2017-06-20T00:00:00Z, 60,         1,   442079460000, yes,      line
"""


def test_a_late_call_costs_what_it_would_have_cost_in_time(shop: Office) -> None:
    account = line(Customer.objects.get(code="ann"), "cheap")
    change_account(actor=EVA, account=account, product=product("dear"), now=JUNE_10)
    change_account(actor=EVA, account=account, product=product("cheap"), now=JUNE_20)

    shop.import_(LATE)

    cent, three = Decimal("0.01"), Decimal("0.03")
    assert prices() == {"before": cent, "at": three, "between": three, "after": cent}
    for record in UsageRecord.objects.all():
        explain_record(record.pk)  # raises when it is not what was charged
    assert [finding for finding in check_ledger() if finding.problems] == []


def test_a_late_call_that_names_a_code_is_theirs_who_had_it(shop: Office) -> None:
    ann, bob = (Customer.objects.get(code=code) for code in ("ann", "bob"))
    first = line(ann, "cheap")
    terminate_account(actor=EVA, account=first, now=JUNE_10)
    second = open_account(actor=EVA, customer=bob, product=product("dear"), code="line", now=JUNE_20)

    shop.import_(LATE)

    whose = {one.record_key: one.account_id for one in UsageRecord.objects.all()}
    assert (whose["before"], whose["after"]) == (first.pk, second.pk)
    assert prices() == {
        "before": Decimal("0.01"),
        "at": None,  # it had ended at that moment
        "between": None,  # nobody had the code: a person decides
        "after": Decimal("0.03"),
    }


def test_the_rate_of_a_day_is_that_of_the_product_of_the_day(shop: Office) -> None:
    account = line(Customer.objects.get(code="ann"), "cheap", addons=[product("b-text")])
    change_account(actor=EVA, account=account, product=product("dear"), now=JUNE_10)
    (buyer,) = buyers_of(account)

    def rate(kind: str, at: datetime) -> str:
        found = rate_for_buyer(buyer, "442079460000", kind=kind, at=at)
        assert found is not None
        assert [one.version.pk for one in rates_of_every_list(buyer, "442079460000", kind=kind, at=at)] == [
            found.version.pk
        ]
        return found.product

    assert rate("voice_out", JUNE_10 - timedelta(seconds=1)) == "cheap"
    assert rate("voice_out", JUNE_10) == "dear"
    assert rate("sms_out", JUNE_20) == "b-text"


MESSAGES = """
    record_id, kind,    start,                quantity, cli, cld,          answered, account
    none,      sms_out, 2017-06-09T08:00:00Z, 1,        1,   442079460000, yes,      line
    both,      sms_out, 2017-06-15T08:00:00Z, 1,        1,   442079460000, yes,      line
    one,       sms_out, 2017-06-25T08:00:00Z, 1,        1,   442079460000, yes,      line
"""


def test_addons_price_what_the_product_does_not_name(shop: Office) -> None:
    account = line(Customer.objects.get(code="ann"), "cheap")
    change_account(actor=EVA, account=account, addons=[product("b-text"), product("a-text")], now=JUNE_10)
    change_account(actor=EVA, account=account, addons=[product("b-text")], now=JUNE_20)

    shop.import_(MESSAGES)

    assert prices() == {"none": None, "both": Decimal("0.05"), "one": Decimal("0.09")}
    (waiting,) = UsageRecord.objects.filter(outcome="set_aside")
    assert waiting.reason == "no_tariff"
    # Mended by a tariff of the product's own, which counts from then on for what was set aside.
    price_tariff("own", "prefix,destination,per_unit,kind\n44,UK,0.02,sms_out\n", shop.folder)
    set_product(code="cheap", name="Cheap", tariffs={"voice_out": "cheap", "sms_out": "own"})
    retry_set_aside(shop.source, now=datetime(2017, 7, 2, tzinfo=UTC))
    assert prices()["none"] == Decimal("0.02")


def test_what_a_sheet_corrects_is_the_product_of_now_alone(shop: Office) -> None:
    account = line(Customer.objects.get(code="ann"), "dear")
    change_account(actor=EVA, account=account, product=product("cheap"), now=JUNE_10)
    Account.objects.filter(pk=account.pk).update(product=product("dear"))  # as an import of accounts does
    shop.import_(LATE)
    assert set(prices().values()) == {Decimal("0.03")}
