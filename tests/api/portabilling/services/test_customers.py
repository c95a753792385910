"""Customers: what is shown, filtered, paged, made, changed and ended."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.portabilling.callers import NOON, customer, staff
from tests.api.portabilling.calling import call, fault
from tollbook.access.models import User
from tollbook.api.portabilling.shapes.zones import zone_number
from tollbook.customers.models import Customer, CustomField

pytestmark = pytest.mark.django_db


def add(code: str, **facts: Any) -> Customer:
    return Customer.objects.create(code=code, name=f"{code} Ltd", currency="EUR", created_at=NOON, **facts)


def names(answer: dict[str, Any]) -> list[str]:
    return [one["name"] for one in answer["customer_list"]]


def listed(**filters: Any) -> list[str]:
    return names(call(staff(), "Customer/get_customer_list", filters))


def shown(of: Customer) -> dict[str, Any]:
    info: dict[str, Any] = call(staff(), "Customer/get_customer_info", {"i_customer": of.pk})["customer_info"]
    return info


def test_a_customer_has_every_field_with_its_value_or_a_neutral_one() -> None:
    info = shown(add("acme", city="Leeds", timezone="Europe/Warsaw"))
    assert (info["name"], info["companyname"], info["city"], info["iso_4217"]) == (
        "acme",
        "acme Ltd",
        "Leeds",
        "EUR",
    )
    assert (info["creation_date"], info["i_billing_period"]) == ("2026-06-15 12:00:00", 4)
    # June ends in Warsaw at 22:00 UTC.
    assert (info["billed_to"], info["next_billed_to"]) == (None, "2026-06-30 22:00:00")
    assert (info["bill_status"], info["blocked"], info["balance"], info["credit_limit"]) == ("O", "N", 0, None)
    assert (info["phone1"], info["i_parent"], info["send_invoices"], info["credit_limit_warning"]) == (
        "",
        None,
        None,
        [],
    )
    assert "status" not in info
    assert "password" not in info


def test_patterns_are_sql_s() -> None:
    for code in ("ph1", "ph12", "ph_3", "back\\slash", "100%"):
        add(code)
    assert listed(name="ph%") == ["ph1", "ph12", "ph_3"]
    assert listed(name="ph_") == ["ph1"]
    assert listed(name=r"ph\_%") == ["ph_3"]
    assert listed(name=r"100\%") == ["100%"]
    assert listed(name="back\\slash") == ["back\\slash"]
    assert listed(name="%\\") == []  # a pattern that ends with an escape is no error
    assert listed(name="PH%") == []
    assert listed(companyname="PH1 LTD") == ["ph1"]
    assert listed(search={"search_by": ["name", "companyname"], "value": "%12%"}) == ["ph12"]


def test_closed_ones_are_listed_when_asked_for() -> None:
    add("open")
    add("over", state="closed")
    assert listed() == ["open"]
    assert listed(with_terminated=1) == ["open", "over"]
    assert listed(bill_status="C") == ["over"]
    assert listed(bill_status="E") == []


def test_pages_follow_one_another() -> None:
    for code in "abcde":
        add(code)
    caller = staff()
    first = call(caller, "Customer/get_customer_list", {"limit": "2", "get_total": 1})
    assert (names(first), first["total"]) == (["a", "b"], 5)
    assert "total" not in call(caller, "Customer/get_customer_list", {"limit": 2, "offset": 2})
    assert listed(limit=2, offset=4) == ["e"]
    assert listed(limit=2, offset=5) == []
    assert listed(offset=0) == ["a", "b", "c", "d", "e"]
    assert fault(caller, "Customer/get_customer_list", {"offset": 1}).endswith("limit.missing")
    assert fault(caller, "Customer/get_customer_list", {"limit": 10_001}).endswith("limit.invalid")


def test_a_list_takes_as_many_queries_for_a_thousand_as_for_one() -> None:
    add("first")
    few = _queries()
    Customer.objects.bulk_create(
        Customer(code=f"c{number}", name=f"C {number}", currency="EUR") for number in range(999)
    )
    assert _queries() == few <= 8


def _queries() -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        call(staff(), "Customer/get_customer_list", {"limit": 1000})
    return len(queries)


def test_what_clients_send_comes_back_and_the_password_does_not() -> None:
    sent: dict[str, Any] = {
        "name": "acme",
        "iso_4217": "EUR",
        "companyname": "Acme Ltd",
        "firstname": "Ann",
        "phone1": "+44 20 7946 0000",
    }
    sent |= {
        "i_customer_class": 3,
        "callshop_enabled": "Y",
        "baddr1": "1 High Street",
        "zip": "LS1",
        "refnum": "R-77",
    }
    made = call(
        staff(), "Customer/add_customer", {"customer_info": {**sent, "login": "ann", "password": "Right12345"}}
    )
    info = shown(Customer.objects.get(pk=made["i_customer"]))
    assert {name: info[name] for name in sent} == sent
    assert info["login"] == "ann"
    assert "Right12345" not in str(info)
    assert User.objects.get(login="ann").customer_id == made["i_customer"]
    assert call(staff(), "Customer/get_customer_info", {"refnum": "R-77"})["customer_info"]["name"] == "acme"
    assert call(staff(), "Customer/get_customer_info", {"login": "ann"})["customer_info"]["name"] == "acme"


def test_a_person_without_a_company_is_called_by_their_name() -> None:
    info = {"name": "p1", "iso_4217": "EUR", "firstname": "Jan", "lastname": "Kowalski"}
    made = call(staff(), "Customer/add_customer", {"customer_info": info})
    assert Customer.objects.get(pk=made["i_customer"]).name == "Jan Kowalski"
    assert shown(Customer.objects.get(pk=made["i_customer"]))["companyname"] == ""


def test_a_prepaid_customer_s_funds_are_a_negative_balance() -> None:
    info = {
        "name": "pete",
        "iso_4217": "USD",
        "i_balance_control_type": 2,
        "credit_limit": 0,
        "i_time_zone": zone_number("Asia/Tokyo"),
    }
    number = call(staff(), "Customer/add_customer", {"customer_info": info})["i_customer"]
    pete = Customer.objects.get(pk=number)
    assert (pete.is_prepaid, pete.credit_limit, pete.timezone) == (True, Decimal(0), "Asia/Tokyo")
    assert shown(pete)["status"] == "no_available_funds"
    paid = {"i_customer": number, "action": "Manual Payment", "amount": "23.61693"}
    assert call(staff(), "Customer/make_transaction", paid)["balance"] == Decimal("-23.61693")
    assert (shown(pete)["balance"], shown(pete)["credit_exceed"]) == (Decimal("-23.61693"), 0)
    assert "status" not in shown(pete)


def test_a_limit_that_is_reached_is_said() -> None:
    acme = add("acme", credit_limit=10)
    charge = {"i_customer": acme.pk, "action": "Manual charge", "amount": 10}
    call(staff(), "Customer/make_transaction", charge)
    info = shown(acme)
    assert (info["status"], info["credit_exceed"], info["perm_credit_limit"]) == ("credit_exceeded", 1, 10)


@pytest.mark.parametrize(
    "amount", [Decimal("1E400000000"), Decimal("1E9"), Decimal("1E-10"), Decimal("-1E9"), "NaN"]
)
def test_an_amount_is_a_number_of_moderate_size(amount: Decimal | str) -> None:
    asked = {"i_customer": add("acme").pk, "action": "Manual charge", "amount": amount}
    assert fault(staff(), "Customer/make_transaction", asked) == "Client.Customer.make_transaction.amount.invalid"
    made = call(staff(), "Customer/make_transaction", asked | {"amount": Decimal("999999999.99")})
    assert made["balance"] == Decimal("999999999.99")


def test_who_has_no_funds_left_is_found() -> None:
    """Carl owes nothing of 10; Dan has a limit of 0, and Pia, who pays before, has paid nothing."""
    add("anyone")
    add("carl", credit_limit=Decimal(10))
    add("dan", credit_limit=Decimal(0))
    add("pia", is_prepaid=True)
    assert listed(credit_limit_exceeded=1) == ["dan", "pia"]
    assert listed(credit_limit_exceeded=1, name="p%") == ["pia"]
    assert listed(credit_limit_exceeded=0) == ["anyone", "carl", "dan", "pia"]
    assert listed(spending_limit_reached=1) == []
    assert len(listed(spending_limit_reached=0)) == 4


def test_blocked_comes_before_suspended_and_closed_before_all() -> None:
    acme = add("acme")
    call(staff(), "Customer/suspend_customer", {"i_customer": acme.pk})
    assert (shown(acme)["bill_status"], shown(acme)["status"], shown(acme)["blocked"]) == ("S", "suspended", "N")
    assert listed(bill_status="S") == ["acme"]
    call(staff(), "Customer/update_customer", {"customer_info": {"i_customer": acme.pk, "blocked": "Y"}})
    assert (shown(acme)["bill_status"], shown(acme)["status"], shown(acme)["blocked"]) == ("S", "blocked", "Y")
    call(staff(), "Customer/unsuspend_customer", {"i_customer": acme.pk})
    assert (shown(acme)["bill_status"], shown(acme)["status"]) == ("O", "blocked")
    call(staff(), "Customer/update_customer", {"customer_info": {"i_customer": acme.pk, "blocked": 0}})
    assert "status" not in shown(acme)
    call(staff(), "Customer/terminate_customer", {"i_customer": acme.pk})
    assert (shown(acme)["bill_status"], shown(acme)["status"]) == ("C", "closed")


def test_only_who_never_had_anything_is_deleted() -> None:
    unused, used = add("unused"), add("used")
    call(staff(), "Customer/make_transaction", {"i_customer": used.pk, "action": "manual credit", "amount": 1})
    assert call(staff(), "Customer/delete_customer", {"i_customer": unused.pk}) == {"success": 1}
    assert fault(staff(), "Customer/delete_customer", {"i_customer": used.pk}).endswith("customer_in_use")
    assert listed() == ["used"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("i_customer_type", 2),
        ("i_billing_period", 1),
        ("opening_balance", "5.00"),
        ("i_balance_control_type", 3),
        ("i_time_zone", 1),
    ],
)
def test_what_cannot_be_here_is_refused(field: str, value: Any) -> None:
    info = {"name": "acme", "iso_4217": "EUR", field: value}
    assert fault(staff(), "Customer/add_customer", {"customer_info": info}).endswith(f".{field}.invalid")
    assert fault(staff(), "Customer/validate_customer_info", {"customer_info": info}).endswith(f".{field}.invalid")
    assert not Customer.objects.exists()


def test_validation_writes_nothing() -> None:
    info = {"name": "acme", "iso_4217": "EUR"}
    assert call(staff(), "Customer/validate_customer_info", {"customer_info": info}) == {"customer_info": info}
    assert fault(staff(), "Customer/validate_customer_info", {"customer_info": {"name": "acme"}}).endswith(
        "iso_4217.missing"
    )
    assert not Customer.objects.exists()


def test_customers_change_where_to_reach_them_and_nothing_else() -> None:
    acme, beta = add("acme"), add("beta")
    me = customer(acme)
    call(me, "Customer/update_customer", {"customer_info": {"phone1": "123", "email": "a@example.org"}})
    acme.refresh_from_db()
    assert (acme.details["phone1"], acme.email) == ("123", "a@example.org")
    for field, value in (
        ("credit_limit", 100),
        ("companyname", "Other"),
        ("blocked", "N"),
        ("tax_id", "1"),
        ("note", "x"),
    ):
        said = fault(me, "Customer/update_customer", {"customer_info": {field: value}})
        assert said == "Server.Customer.update_customer.access_denied", field
    others = {"customer_info": {"i_customer": beta.pk, "phone1": "1"}}
    assert fault(me, "Customer/update_customer", others).endswith("access_denied")
    assert "note" not in str(call(me, "Customer/get_customer_info")["customer_info"].get("note"))


def test_the_operator_s_own_fields_are_filled_by_staff() -> None:
    acme = add("acme")
    field = CustomField.objects.create(of="customer", name="Segment", default="retail")
    read = {"i_customer": acme.pk}
    (value,) = call(staff(), "Customer/get_custom_fields_values", read)["custom_fields_values"]
    assert value == {"i_custom_field": field.pk, "name": "Segment", "db_value": "retail", "text_value": "retail"}
    new = {"i_customer": acme.pk, "custom_fields_values": [{"name": "Segment", "db_value": "gold"}]}
    (value,) = call(staff(), "Customer/update_custom_fields_values", new)["custom_fields_values"]
    assert value["db_value"] == "gold"
    unknown = {"i_customer": acme.pk, "custom_fields_values": [{"name": "Colour", "db_value": "red"}]}
    assert fault(staff(), "Customer/update_custom_fields_values", unknown).endswith("custom_fields_values.invalid")
    assert shown(acme)["has_custom_fields"] == 1


def test_short_codes_are_the_customer_s_own() -> None:
    acme, beta = add("acme"), add("beta")
    info = {"abbreviated_number": "81", "number_to_dial": "442079460000", "description": "Office"}
    made = call(
        customer(acme), "Customer/add_abbreviated_dialing_number", {"abbreviated_dialing_number_info": info}
    )
    assert fault(
        customer(acme), "Customer/add_abbreviated_dialing_number", {"abbreviated_dialing_number_info": info}
    ).endswith("duplicate_id")
    (one,) = call(customer(acme), "Customer/get_abbreviated_dialing_number_list")[
        "abbreviated_dialing_number_list"
    ]
    assert (one["abbreviated_number"], one["number_to_dial"], one["description"]) == (
        "81",
        "442079460000",
        "Office",
    )
    assert (
        call(customer(beta), "Customer/get_abbreviated_dialing_number_list")["abbreviated_dialing_number_list"]
        == []
    )
    assert fault(customer(beta), "Customer/delete_abbreviated_dialing_number", made).endswith("access_denied")
    assert call(customer(acme), "Customer/delete_abbreviated_dialing_number", made) == {"success": 1}


def test_features_are_inherited_where_nothing_is_said() -> None:
    acme = add("acme")
    said = {"name": "clir", "flag_value": "Y", "attributes": [{"name": "blocked", "values": ["N"]}]}
    answer = call(customer(acme), "Customer/update_service_features", {"service_features": [said]})
    (feature,) = answer["service_features"]
    assert (feature["flag_value"], feature["effective_flag_value"]) == ("Y", "Y")
    assert feature["attributes"] == [{"name": "blocked", "values": ["N"], "effective_values": ["N"]}]


def test_cards_are_not_kept_and_not_charged() -> None:
    acme = add("acme")
    assert call(customer(acme), "Customer/get_payment_method_info") == {}
    assert fault(customer(acme), "Customer/update_payment_method").endswith("no_payment_processor")
    for action in ("E-commerce payment", "authorization only", "Capture Payment"):
        wanted = {"i_customer": acme.pk, "action": action, "amount": 1}
        assert fault(staff(), "Customer/make_transaction", wanted).endswith("no_payment_processor")
    unknown = {"i_customer": acme.pk, "action": "Gift", "amount": 1}
    assert fault(staff(), "Customer/make_transaction", unknown).endswith("action.invalid")
    nothing = {"i_customer": acme.pk, "action": "Manual payment", "amount": "-1"}
    assert fault(staff(), "Customer/make_transaction", nothing).endswith("amount.invalid")


def test_what_is_written_is_noted_without_secrets() -> None:
    caller = staff()
    info = {"name": "acme", "iso_4217": "EUR", "login": "ann", "password": "Right12345"}
    call(caller, "Customer/add_customer", {"customer_info": info})
    (written,) = caller.written
    assert written.after == {"name": "acme", "iso_4217": "EUR", "login": "ann"}
    assert datetime(2026, 6, 15, 12, tzinfo=UTC) == caller.now
