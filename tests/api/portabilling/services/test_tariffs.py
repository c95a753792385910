"""Tariffs and rates: lists in force at a moment, rates added as a new version of the whole list, and estimates."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.api.portabilling.callers import account as of_account
from tests.api.portabilling.callers import customer as of_customer
from tests.api.portabilling.callers import staff
from tests.api.portabilling.calling import call, fault
from tests.jobs.office import NOON, Office, price_tariff
from tollbook.api.portabilling.method import Upload
from tollbook.catalog.models import Tariff
from tollbook.catalog.operations import derive_tariff, set_destination_group
from tollbook.customers.models import Account, Customer
from tollbook.jobs.import_usage import import_usage
from tollbook.usage.models import UsageRecord

TODAY = datetime(2026, 6, 15, 12, tzinfo=UTC)  # when `staff()` calls
NEXT_MONTH = "2026-07-01 00:00:00"
PAST = "Client.Rate.add_rate.effective_from.invalid"


@pytest.fixture
def i_tariff(office: Office) -> int:
    return Tariff.objects.get(name="standard").pk


def rates(i_tariff: int, **asked: Any) -> dict[str, Decimal]:
    """Prefix to price of the first minute."""
    rows = call(staff(), "Rate/get_rate_list", {"i_tariff": i_tariff, **asked})["rate_list"]
    return {row["destination"]: row["price_1"] for row in rows}


def add(i_tariff: int, **info: Any) -> int:
    return int(call(staff(), "Rate/add_rate", {"rate_info": {"i_tariff": i_tariff, **info}})["i_rate"])


def test_a_list_shows_its_rates_by_prefix(i_tariff: int) -> None:
    answer = call(staff(), "Rate/get_rate_list", {"i_tariff": i_tariff, "limit": 2, "offset": 1, "get_total": 1})

    assert answer["total"] == 4
    assert [row["destination"] for row in answer["rate_list"]] == ["447", "4470"]
    mobile = answer["rate_list"][0]
    shown = (
        "country",
        "description",
        "interval_1",
        "interval_n",
        "price_1",
        "price_n",
        "connect_fee",
        "forbidden",
    )
    assert [mobile[name] for name in shown] == [
        "United Kingdom",
        "United Kingdom mobile",
        30,
        6,
        Decimal("0.06"),
        Decimal("0.06"),
        Decimal("0.01"),
        "N",
    ]
    assert call(staff(), "Rate/get_rate_info", {"i_rate": mobile["i_rate"]}) == {"rate_info": mobile}
    assert call(staff(), "Rate/get_rate_info", {"i_rate": 10**9}) == {}


def test_patterns_find_rates(i_tariff: int) -> None:
    def found(**asked: Any) -> list[str]:
        rows = call(staff(), "Rate/search_rate_list", {"i_tariff": i_tariff, **asked})["rate_list"]
        return [row["destination"] for row in rows]

    assert found(destination="44_%") == ["447", "4470"]
    assert found(description="united%") == ["44", "447"]
    assert found(description=r"united\%") == []


def test_an_added_rate_holds_from_now_and_the_old_one_before(i_tariff: int) -> None:
    before = {"44": Decimal("0.012"), "447": Decimal("0.06"), "4470": Decimal(1), "48": Decimal("0.03")}
    assert rates(i_tariff) == before

    add(
        i_tariff, destination="48", price_1="0.05", price_n=0.04, interval_1=60, interval_n=1, description="Poland"
    )
    add(i_tariff, destination="49", price_1="0.02")

    assert rates(i_tariff, effective_from="now") == before | {"48": Decimal("0.05"), "49": Decimal("0.02")}
    assert rates(i_tariff, effective_from="2026-06-14") == before
    assert Tariff.objects.get(pk=i_tariff).versions.count() == 3


def test_a_rate_for_later_waits_and_is_not_lost_by_what_is_added_meanwhile(i_tariff: int) -> None:
    add(i_tariff, destination="48", price_1="0.07", effective_from=NEXT_MONTH)
    add(i_tariff, destination="33", price_1="0.01", effective_from="now")

    assert (rates(i_tariff)["48"], rates(i_tariff)["33"]) == (Decimal("0.03"), Decimal("0.01"))
    later = rates(i_tariff, effective_from=NEXT_MONTH)
    assert (later["48"], later["33"]) == (Decimal("0.07"), Decimal("0.01"))


def test_a_list_that_comes_into_force_later_gets_the_rate_too(i_tariff: int, tmp_path: Any) -> None:
    july = "prefix,destination,price\n48,Poland,0.09\n"
    price_tariff("standard", july, tmp_path, datetime(2026, 7, 1, tzinfo=UTC))

    add(i_tariff, destination="33", price_1="0.01")

    assert rates(i_tariff)["48"] == Decimal("0.03")
    assert rates(i_tariff, effective_from=NEXT_MONTH) == {"33": Decimal("0.01"), "48": Decimal("0.09")}


def test_an_updated_rate_keeps_what_is_not_sent(i_tariff: int) -> None:
    rows = call(staff(), "Rate/get_rate_list", {"i_tariff": i_tariff})["rate_list"]
    mobile = next(row["i_rate"] for row in rows if row["destination"] == "447")

    new = call(staff(), "Rate/update_rate", {"rate_info": {"i_rate": mobile, "price_1": "0.08"}})["i_rate"]

    info = call(staff(), "Rate/get_rate_info", {"i_rate": new})["rate_info"]
    assert [info[name] for name in ("price_1", "price_n", "interval_1", "connect_fee")] == [
        Decimal("0.08"),
        Decimal("0.06"),
        30,
        Decimal("0.01"),
    ]
    assert info["effective_from"] == "2026-06-15 12:00:00"
    old = call(staff(), "Rate/get_rate_info", {"i_rate": mobile})["rate_info"]
    assert old["price_1"] == Decimal("0.06")  # what cites it can be explained for ever


def test_many_rates_make_one_version(i_tariff: int) -> None:
    asked = {
        "i_tariff": i_tariff,
        "rate_list": [{"destination": str(prefix), "price_1": "0.01"} for prefix in range(300, 340)],
    }
    assert call(staff(), "Rate/batch_add_rate", asked) == {"count": 40, "success": 1}

    assert Tariff.objects.get(pk=i_tariff).versions.count() == 2
    assert rates(i_tariff)["339"] == Decimal("0.01")


def test_a_file_adds_to_the_list_or_replaces_it(i_tariff: int) -> None:
    file = Upload("../rates.csv", b"prefix,destination,price\n49,Germany,0.02\n")

    assert call(staff(), "Rate/upload", {"i_tariff": i_tariff}, file) == {"count": 1, "success": 1}
    assert set(rates(i_tariff)) == {"44", "447", "4470", "48", "49"}
    call(staff(), "Rate/upload", {"i_tariff": i_tariff, "mode": "replace"}, file)
    assert set(rates(i_tariff)) == {"49"}
    assert set(rates(i_tariff, effective_from="2026-06-14")) == {"44", "447", "4470", "48"}


def test_usage_is_priced_by_what_was_added(office: Office, i_tariff: int) -> None:
    add(i_tariff, destination="33", price_1="0.30", interval_1=60, interval_n=60, description="France")

    start = TODAY + timedelta(minutes=5)
    text = f"""
        record_id, start, duration_s, cli, cld, answered
        x1, {start:%Y-%m-%dT%H:%M:%SZ}, 61, 48221000001, 33100000000, yes
        x2, 2026-06-14T08:00:00Z, 61, 48221000001, 33100000000, yes
    """
    import_usage(office.source, office.file(text), now=TODAY + timedelta(hours=1))

    records = {one.record_key: one for one in UsageRecord.objects.all()}
    assert records["x1"].price_nanos == 600_000_000  # two minutes of 0.30
    assert records["x2"].reason == "no_rate"  # the day before there was none


@pytest.mark.parametrize(
    ("info", "code"),
    [
        ({"price_1": 1}, "Client.Rate.add_rate.destination.missing"),
        ({"destination": "48"}, "Client.Rate.add_rate.price_1.missing"),
        ({"destination": "48x", "price_1": 1}, "Client.Rate.add_rate.rate_info.destination.invalid"),
        (
            {"destination": "48", "price_1": 1, "interval_n": 0},
            "Client.Rate.add_rate.rate_info.interval_n.invalid",
        ),
        ({"destination": "48", "price_1": 1, "i_service": 7}, "Client.Rate.add_rate.rate_info.i_service.invalid"),
        (
            {"destination": "48", "price_1": 1, "effective_from": "2026-06-01"},
            "Client.Rate.add_rate.effective_from.invalid",
        ),
        (
            {"destination": "48", "price_1": 1, "effective_from": "soon"},
            "Client.Rate.add_rate.effective_from.invalid",
        ),
    ],
)
def test_a_rate_that_cannot_be_is_refused(i_tariff: int, info: dict[str, Any], code: str) -> None:
    assert fault(staff(), "Rate/add_rate", {"rate_info": {"i_tariff": i_tariff, **info}}) == code
    assert Tariff.objects.get(pk=i_tariff).versions.count() == 1


def test_a_derived_tariff_has_no_rates_of_its_own(i_tariff: int) -> None:
    derive_tariff(name="plus", base="standard", markup_percent=Decimal(10), recorded_at=NOON)
    derived = Tariff.objects.get(name="plus").pk

    assert rates(derived)["48"] == Decimal("0.03")  # its base's
    info = {"i_tariff": derived, "destination": "48", "price_1": 1}
    assert fault(staff(), "Rate/add_rate", {"rate_info": info}).endswith("not_allowed")


def test_tariffs_are_listed_made_and_removed(i_tariff: int) -> None:
    info = {"name": "Wholesale", "iso_4217": "USD"}
    made = call(staff(), "Tariff/add_tariff", {"tariff_info": info})["i_tariff"]

    (shown,) = call(staff(), "Tariff/get_tariff_list", {"name": "W%"})["tariff_list"]
    assert shown == {"i_tariff": made, "name": "Wholesale", "iso_4217": "USD", "price_included_tax": "N"}
    assert call(staff(), "Tariff/get_tariff_list", {"get_total": 1, "limit": 1})["total"] == 2
    assert fault(staff(), "Tariff/add_tariff", {"tariff_info": info}).endswith("not_allowed")
    assert call(staff(), "Rate/get_rate_list", {"i_tariff": made}) == {"rate_list": []}
    add(made, destination="1", price_1="0.01")
    assert rates(made) == {"1": Decimal("0.01")}
    assert fault(staff(), "Tariff/delete_tariff", {"i_tariff": made}).endswith("not_allowed")
    empty = call(staff(), "Tariff/add_tariff", {"tariff_info": {"name": "Empty", "iso_4217": "USD"}})["i_tariff"]
    assert call(staff(), "Tariff/delete_tariff", {"i_tariff": empty}) == {"success": 1}


def test_an_estimate_is_what_the_call_will_cost(i_tariff: int, ann: Customer, bob: Customer) -> None:
    asked = {"cld": "+447700900000", "duration": "31"}
    account = Account.objects.get(code="ann-1")

    by_tariff = call(staff(), "Tariff/estimate_call_price", {**asked, "i_tariff": i_tariff})
    own = call(of_customer(ann), "Tariff/estimate_call_price", {**asked, "i_account": account.pk})

    # 31 s as 36 s: 0.01 + 0.06 × 36 / 60
    assert (by_tariff["price"], by_tariff["charged_quantity"]) == (Decimal("0.046"), 36)
    assert (by_tariff["destination"], by_tariff["iso_4217"]) == ("447", "EUR")
    assert own == by_tariff == call(of_account(account), "Tariff/estimate_call_price", asked)
    unlisted = {"cld": "33100000000", "i_account": account.pk}
    assert fault(staff(), "Tariff/estimate_call_price", unlisted).endswith("rate_not_found")
    others = {**asked, "i_account": account.pk}
    assert fault(of_customer(bob), "Tariff/estimate_call_price", others).endswith("access_denied")
    by_number = {**asked, "i_tariff": i_tariff}
    assert fault(of_customer(bob), "Tariff/estimate_call_price", by_number).endswith("i_account.missing")


def test_what_is_for_staff_is_for_staff(i_tariff: int, ann: Customer) -> None:
    for name in (
        "Tariff/get_tariff_list",
        "Rate/get_rate_list",
        "Rate/add_rate",
        "Destination/get_dest_group_list",
    ):
        assert fault(of_customer(ann), name, {"i_tariff": i_tariff}).endswith("access_denied")
    assert fault(staff(), "Tariff/rerate_xdrs", {"owner": "customer"}).endswith("not_supported")


def test_groups_of_destinations_have_their_prefixes(db: None) -> None:
    set_destination_group(name="EU", prefixes=["48", "33"])

    (group,) = call(staff(), "Destination/get_dest_group_list")["dest_group_list"]

    assert (group["name"], group["destinations"]) == ("EU", ["33", "48"])


@pytest.mark.parametrize(
    "name", ["Rate/add_rate_group", "DiscountPlan/add_discount_plan", "DiscountPlan/update_discount_plan"]
)
def test_what_is_known_by_name_alone_says_what_to_do_instead(name: str) -> None:
    assert fault(staff(), name, {}) == f"Server.{name.replace('/', '.')}.not_supported"
