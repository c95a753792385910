"""The month holds what makes real ones hard."""

from collections import Counter
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from simulators.portabilling import Simulator
from simulators.portabilling.month import make_month
from tests.simulators.portabilling.api import JUNE, Client, send

VOICE = 3
Xdrs = list[dict[str, Any]]


@pytest.fixture(scope="module")
def xdrs() -> Xdrs:
    """All of the default month."""
    return [dict(one) for one in make_month(1, "2017-06").xdrs]


@pytest.fixture(scope="module")
def answered(xdrs: Xdrs) -> Xdrs:
    return [one for one in xdrs if one["i_service"] == VOICE and not one["failed"]]


def test_the_same_seed_is_the_same_month_and_another_is_not() -> None:
    make_month.cache_clear()
    one = make_month(1, "2017-06")
    make_month.cache_clear()
    assert make_month(1, "2017-06") == one
    assert make_month(2, "2017-06").xdrs != one.xdrs
    assert make_month(1, "2017-07").since.isoformat() == "2017-07-01T00:00:00+00:00"


def test_it_is_as_large_as_a_small_operator(xdrs: Xdrs, answered: Xdrs) -> None:
    month = make_month(1, "2017-06")
    assert len(month.customers) == 42
    assert sum(one["billing_model"] == 1 for one in month.accounts) > 300
    assert len(xdrs) - sum(one["failed"] for one in xdrs) > 12_000
    assert len(answered) > 12_000
    assert len({one["i_xdr"] for one in xdrs}) == len(xdrs)


def test_ids_and_states_are_as_awkward_as_they_get() -> None:
    month = make_month(1, "2017-06")
    customers = {str(one["i_customer"]): one for one in month.customers}
    assert max(int(id) for id in customers) > 2**31
    assert {type(one["i_customer"]) for one in month.customers} == {int, str}
    assert {one["bill_status"] for one in month.customers} == {"O", "S", "C"}
    assert {one["iso_4217"] for one in month.customers} == {"PLN", "EUR"}
    assert customers["46184"]["blocked"] == "Y"
    twins = Counter(one["tax_id"] for one in month.customers if one["tax_id"])
    assert [id for id, count in twins.items() if count > 1] == ["1001283911"]
    assert customers["46188"]["tax_id"] == "0000000000"
    assert customers["46189"]["tax_id"] is None
    ids = [str(one["id"]) for one in month.accounts]
    assert len(set(ids)) == len(ids)
    for sign in ("ph2147490001x", "@msisdn", "-old000"):
        assert any(sign in id for id in ids), sign
    assert {one["blocked"] for one in month.accounts} == {"Y", "N"}


def test_calls_go_in_out_and_on_and_some_say_little(answered: Xdrs) -> None:
    assert {one["bit_flags"] & 12 for one in answered} == {4, 8, 12}
    assert all(one["charged_amount"] == 0 for one in answered if one["bit_flags"] & 12 == 8)
    assert any(one["CLI"] == "anonymous" for one in answered)
    assert any("call_id" not in one for one in answered)
    assert {type(one["unix_connect_time"]) for one in answered} == {int, str}
    assert {"PL", "GB", "DE", "IE", "FR", "SE", "US", "AU"} <= {one["country"] for one in answered}
    assert any(one["CLD"] == "112" and one["charged_amount"] == 0 for one in answered)
    assert max(one["used_quantity"] for one in answered) > 4 * 3600


def test_what_is_charged_is_at_least_what_was_talked(answered: Xdrs) -> None:
    for one in answered:
        if one["description"] != "Correction":
            assert one["charged_quantity"] >= one["used_quantity"] > 0
            assert one["used_quantity"] == int(one["unix_disconnect_time"]) - int(one["unix_connect_time"])
    assert any(one["charged_quantity"] > one["used_quantity"] for one in answered)


def test_prices_are_the_tariffs(answered: Xdrs) -> None:
    # 61 s to London at 0.015 EUR a minute, by whole minutes: two of them
    direct = next(one for one in answered if one["account_id"] == "" and one["i_customer"] == 46193)
    assert (direct["used_quantity"], direct["charged_quantity"], direct["charged_amount"]) == (61, 120, 0.03)
    # 60 s to Warsaw at 0.049 PLN a minute
    first = next(
        one for one in answered if one["connect_time"] == "2017-06-01 00:00:00" and one["i_customer"] == 46170
    )
    assert (first["charged_quantity"], first["charged_amount"]) == (60, 0.049)


def test_calls_cross_midnight_and_both_ends_of_the_month(answered: Xdrs) -> None:
    def crosses(began: str, billed: str) -> bool:
        return any(
            one["connect_time"].startswith(began) and one["bill_time"].startswith(billed) for one in answered
        )

    assert crosses("2017-06-14 23:58:00", "2017-06-15 00:0")
    assert crosses("2017-05-31 2", "2017-06-01 0")
    assert crosses("2017-06-30 23:50:00", "2017-07-01 00:16:30")
    assert crosses("2017-06-30 23:59:59", "2017-07-01 00:01:30")


def test_billing_is_minutes_to_hours_behind(answered: Xdrs) -> None:
    def behind(xdr: dict[str, Any]) -> float:
        billed, ended = (datetime.fromisoformat(xdr[name]) for name in ("bill_time", "disconnect_time"))
        return (billed - ended).total_seconds()

    delays = [behind(one) for one in answered if one["description"] != "Correction"]
    assert 60 <= min(delays) < 120
    assert 3 * 3600 < max(delays) <= 4 * 3600


def test_not_everything_is_a_call(xdrs: Xdrs) -> None:
    names = {one["service"] for one in xdrs}
    assert names == {"Voice Calls", "Payments", "Credits / Adjustments", "Subscriptions", "Taxes", "DID Usage"}
    assert all(one["charged_amount"] < 0 for one in xdrs if one["service"] == "Payments")
    assert {one["charged_amount"] > 0 for one in xdrs if one["service"] == "Credits / Adjustments"} == {
        True,
        False,
    }
    assert {bool(one["account_id"]) for one in xdrs if one["i_service"] == VOICE} == {True, False}


def test_a_correction_takes_a_call_back(answered: Xdrs) -> None:
    (back,) = [one for one in answered if one["charged_amount"] < 0]
    taken = next(one for one in answered if one["h323_conf_id"] == back["h323_conf_id"])
    # 600 s to Warsaw at 0.049 a minute
    assert (taken["charged_amount"], back["charged_amount"]) == (0.49, -0.49)


def test_a_balance_is_all_that_was_charged_and_a_prepaid_one_is_below_zero(xdrs: Xdrs) -> None:
    for customer in make_month(1, "2017-06").customers:
        charged = sum(one["charged_amount"] for one in xdrs if one["i_customer"] == customer["i_customer"])
        assert round(customer["opening_balance"] + charged - customer["balance"], 5) == 0
        assert (customer["i_balance_control_type"] == 2) <= (customer["balance"] < 0)


def test_xdrs_are_chosen_by_the_time_they_were_billed(reader: Client) -> None:
    def hour(since: str, until: str) -> set[str]:
        answer = reader.ask("Customer/get_customer_xdrs", i_customer=46170, from_date=since, to_date=until)
        return {str(one["connect_time"]) for one in answer["xdr_list"]}

    # begun on 31 May at 23:55:00, talked for 900 s, billed 90 s later
    assert "2017-05-31 23:55:00" in hour("2017-06-01 00:11:30", "2017-06-01 00:11:31")
    assert "2017-05-31 23:55:00" not in hour("2017-06-01 00:11:31", "2017-06-01 00:12:00")
    assert "2017-05-31 23:55:00" not in hour("2017-05-31 00:00:00", "2017-06-01 00:11:30")


def test_windows_laid_side_by_side_are_the_month(reader: Client) -> None:
    days = [f"2017-06-{day:02d} 00:00:00" for day in range(1, 31)] + ["2017-07-01 00:00:00"]
    whole = reader.ask("Customer/get_customer_xdrs", i_customer=46173, limit=5000, **JUNE)["xdr_list"]
    parts = [
        one["i_xdr"]
        for since, until in pairwise(days)
        for one in reader.ask(
            "Customer/get_customer_xdrs", i_customer=46173, from_date=since, to_date=until, limit=5000
        )["xdr_list"]
    ]
    assert sorted(parts) == sorted(one["i_xdr"] for one in whole)
    assert len(whole) > 500


def test_a_query_needs_both_ends_and_proper_times(reader: Client) -> None:
    method = "Customer/get_customer_xdrs"
    fault = "Client.Customer.get_customer_xdrs"
    assert reader.fault(method, i_customer=46170, to_date="now") == f"{fault}.from_date.missing"
    assert reader.fault(method, i_customer=46170, from_date=JUNE["from_date"]) == f"{fault}.to_date.missing"
    assert (
        reader.fault(method, i_customer=46170, from_date="2017-06-01", to_date="now")
        == f"{fault}.from_date.invalid"
    )
    assert reader.fault(method, **JUNE) == f"{fault}.i_customer.missing"
    assert reader.ask(method, i_customer=46170, from_date=JUNE["from_date"], to_date="now")["xdr_list"]


def test_the_unanswered_are_for_who_asks(reader: Client) -> None:
    def failures(**more: object) -> set[object]:
        given = {"i_customer": 46170, "limit": 5000, **JUNE, **more}
        return {one["failed"] for one in reader.ask("Customer/get_customer_xdrs", **given)["xdr_list"]}

    assert failures() == {0}
    assert failures(show_unsuccessful=1) == {0, 1}


def test_xdrs_are_told_apart_by_service_and_by_whom_they_charge(reader: Client) -> None:
    def listed(**more: object) -> Xdrs:
        given = {"i_customer": 46193, "limit": 5000, **JUNE, **more}
        return list(reader.ask("Customer/get_customer_xdrs", **given)["xdr_list"])

    assert {one["i_service"] for one in listed(i_service="3")} == {3}
    assert {bool(one["account_id"]) for one in listed(cdr_entity="A")} == {True}
    assert {one["account_id"] for one in listed(cdr_entity="C")} == {""}
    assert len(listed(cdr_entity="A")) + len(listed(cdr_entity="C")) == len(listed())


def test_ids_are_text_for_some(reader: Client) -> None:
    info = reader.ask("Customer/get_customer_info", i_customer=46183)["customer_info"]
    assert info["i_customer"] == "46183"
    xdr = reader.ask("Customer/get_customer_xdrs", i_customer=46183, limit=1, **JUNE)["xdr_list"][0]
    assert xdr["i_customer"] == "46183"


def test_late_records_are_billed_now_for_calls_of_days_ago(platform: Simulator, staff: Client) -> None:
    added = platform.switches.late(count=2, days=6)
    window = {"from_date": "2017-06-30 12:00:00", "to_date": "2017-06-30 12:00:01"}
    found = [
        one
        for customer in platform.month.customers
        for one in staff.ask("Customer/get_customer_xdrs", i_customer=customer["i_customer"], **window)["xdr_list"]
        if one["i_xdr"] in added
    ]
    assert [one["connect_time"] for one in found] == ["2017-06-24 12:00:00", "2017-06-24 11:59:00"]


def test_the_same_record_may_come_on_two_pages_and_none_is_lost(platform: Simulator, staff: Client) -> None:
    def pages() -> list[int]:
        found: list[int] = []
        given = {"i_customer": 46170, "limit": 100, **JUNE}
        offset = 0
        while page := staff.ask("Customer/get_customer_xdrs", offset=offset, **given)["xdr_list"]:
            found += [one["i_xdr"] for one in page]
            offset += 100
        return found

    plain = pages()
    platform.switches.duplicates()
    doubled = pages()
    assert len(plain) == len(set(plain))
    assert set(doubled) == set(plain)
    assert len(doubled) == len(plain) + 1
    assert doubled[99] == doubled[100]


def test_a_record_may_change_its_price_and_keep_its_id(platform: Simulator, staff: Client) -> None:
    given = {"i_customer": 46170, "limit": 5000, **JUNE}
    before = {one["i_xdr"]: one for one in staff.ask("Customer/get_customer_xdrs", **given)["xdr_list"]}
    changed = platform.switches.correct(count=5, i_customer=46170)
    after = {one["i_xdr"]: one for one in staff.ask("Customer/get_customer_xdrs", **given)["xdr_list"]}
    assert len(set(changed) & set(before)) == 5
    for id in before:
        difference = round(after[id]["charged_amount"] - before[id]["charged_amount"], 5)
        assert difference == (1 if id in changed else 0)


def test_stories_turn_the_switches_over_the_wire(platform: Simulator, staff: Client) -> None:
    reply = send(platform, "/_control/late", '{"count": 1, "days": 2}')
    assert len(reply.json["result"]) == 1
    assert send(platform, "/_control/correct").status == 200
    assert send(platform, "/_control/duplicates", '{"on": false}').status == 200
    assert send(platform, "/_control/late", '{"weeks": 1}').status == 400
    assert send(platform, "/_control/nothing").status == 404
