"""Products, add-ons and plans: staff see all, customers what their agreement lists; fees for every billing period."""

from decimal import Decimal
from typing import Any

import pytest

from tests.api.portabilling.callers import account as of_account
from tests.api.portabilling.callers import customer as of_customer
from tests.api.portabilling.callers import staff
from tests.api.portabilling.calling import call, fault
from tests.jobs.office import NOON
from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.catalog.operations import set_allowance, set_destination_group, set_plan, set_product
from tollbook.customers.models import Account, Customer
from tollbook.customers.operations.agreements import set_agreement


@pytest.fixture
def catalog(ann: Customer) -> None:
    """Cloud PBX for 45 a month; call recording, an add-on to it for 10; a line without fees; an old line, hidden."""
    set_plan(code="pbx", name="Cloud PBX", currency="EUR", fee=Decimal(45))
    set_plan(code="rec", name="Recording", currency="EUR", fee=Decimal(10), invoice_text="Call recording")
    set_product(
        code="pbx", name="Cloud PBX", tariffs={"voice_out": "standard"}, plan="pbx", end_user_name="Extension"
    )
    set_product(code="rec", name="Call recording", tariffs={}, plan="rec", is_addon=True, goes_with=["pbx"])
    set_product(code="fax", name="Fax", tariffs={}, is_addon=True, goes_with_any=True)
    set_product(code="old", name="Old line", tariffs={}, is_hidden=True)
    agreed = {"pbx": 10, "rec": None, "old": 5}
    conditions = {Product.objects.get(code=code): quantity for code, quantity in agreed.items()}
    set_agreement(customer=ann, conditions=conditions, by="clerk", now=NOON)


def names(caller: Any, method: str = "Product/get_product_list", **asked: Any) -> list[str]:
    return [one["name"] for one in call(caller, method, asked)["product_list"]]


def pk(code: str) -> int:
    return Product.objects.get(code=code).pk


def test_staff_see_every_product_and_choose_by_pattern(catalog: None, ann: Customer) -> None:
    assert names(staff()) == ["Voice", "Cloud PBX", "Call recording", "Fax", "Old line"]
    assert names(staff(), name="C%") == ["Cloud PBX", "Call recording"]
    assert names(staff(), name="Fa_") == ["Fax"]
    assert names(staff(), name=r"C\%") == []
    assert names(staff(), product_addon="Y") == ["Call recording", "Fax"]
    assert names(staff(), i_customer=str(ann.pk)) == ["Cloud PBX", "Call recording", "Old line"]
    assert names(staff(), limit=2, offset=1) == ["Cloud PBX", "Call recording"]
    assert call(staff(), "Product/get_product_list", {"limit": 1, "get_total": 1})["total"] == 5


def test_a_customer_sees_what_is_agreed_and_nothing_hidden(catalog: None, ann: Customer, bob: Customer) -> None:
    assert names(of_customer(ann)) == ["Cloud PBX", "Call recording"]
    assert names(of_customer(bob)) == []
    assert "product_info" in call(of_customer(ann), "Product/get_product_info", {"i_product": pk("pbx")})
    for hidden in ("fax", "old"):
        assert call(of_customer(ann), "Product/get_product_info", {"i_product": pk(hidden)}) == {}
    assert fault(of_customer(ann), "Product/get_product_list", {"i_customer": bob.pk}).endswith("access_denied")
    assert fault(of_account(Account.objects.get(code="ann-1")), "Product/get_product_list").endswith(
        "access_denied"
    )


def test_the_add_ons_of_a_product_come_with_their_fees(catalog: None, ann: Customer) -> None:
    asked = {"i_product": pk("pbx"), "detailed_info": 1, "with_subscription": 1}

    assert names(staff(), "Product/get_allowed_addons", **asked) == ["Call recording", "Fax"]
    assert names(staff(), "Product/get_allowed_addons", i_product=pk("voice")) == ["Fax"]
    (recording,) = call(of_customer(ann), "Product/get_allowed_addons", asked)["product_list"]
    assert recording["allowed_products"] == [pk("pbx")]
    assert (recording["product_addon"], recording["allowed_with_any_product"]) == ("Y", "N")
    fees = recording["product_subscription"]
    assert (fees["name"], fees["invoice_description"], fees["fee"]) == ("Recording", "Call recording", 10)
    plain = call(staff(), "Product/get_allowed_addons", {"i_product": pk("pbx")})["product_list"]
    assert "product_subscription" not in plain[0]
    other = {"i_product": pk("voice")}
    assert fault(of_customer(ann), "Product/get_allowed_addons", other).endswith("access_denied")


@pytest.mark.parametrize(
    ("code", "fees"),
    [
        ("pbx", {1: "1.5", 2: "10.5", 3: "22.5", 4: "45"}),  # as the platform scales 45
        ("rec", {1: "0.33333", 2: "2.33333", 3: "5", 4: "10"}),
    ],
)
def test_a_monthly_fee_is_scaled_to_every_billing_period(catalog: None, code: str, fees: dict[int, str]) -> None:
    number = SubscriptionPlan.objects.get(code=code).pk
    asked = {"i_subscription": number, "with_fees": 1}

    info = call(staff(), "Subscription/get_subscription_info", asked)["subscription_info"]

    scaled = {one["i_billing_period"]: one["fee"] for of_period in info["periodic_fees"] for one in of_period}
    assert scaled == {period: Decimal(fee) for period, fee in fees.items()}
    listed = call(staff(), "Subscription/get_subscription_list", {"i_subscription": number, "with_fees": 1})
    assert listed["subscriptions"] == [info]


def test_a_quarters_fee_is_scaled_from_three_months(db: None) -> None:
    plan = set_plan(code="q", name="Quarter", currency="EUR", fee=Decimal(90), period="quarter")

    info = call(staff(), "Subscription/get_subscription_info", {"i_subscription": plan.pk, "with_fees": "1"})

    fees = [one[0]["fee"] for one in info["subscription_info"]["periodic_fees"]]
    assert fees == [1, 7, 15, 30]


def test_plans_are_for_staff_and_absent_ones_are_nothing(catalog: None, ann: Customer) -> None:
    assert call(staff(), "Subscription/get_subscription_info", {"i_subscription": 10**9}) == {}
    assert "periodic_fees" not in call(staff(), "Subscription/get_subscription_list")["subscriptions"][0]
    for name in ("Subscription/get_subscription_list", "DiscountPlan/get_discount_plan_list"):
        assert fault(of_customer(ann), name) == f"Server.{name.replace('/', '.')}.access_denied"


def test_what_a_plan_includes_is_a_discount_plan(catalog: None) -> None:
    set_destination_group(name="EU", prefixes=["33", "48", "49"])
    set_allowance(plan="pbx", name="EU minutes", kind="voice_out", amount=6000, group="EU", carry_over=600)

    (plan,) = call(staff(), "DiscountPlan/get_discount_plan_list")["discount_plan_list"]

    assert (plan["name"], plan["iso_4217"]) == ("Cloud PBX", "EUR")
    (one,) = plan["discounts"]
    assert (one["name"], one["i_service"], one["destination_group"]) == ("EU minutes", 3, "EU")
    assert (one["amount"], one["rollover_limit"], one["shared"]) == (6000, 600, "N")
    asked = {"i_vd_plan": plan["i_vd_plan"]}
    assert call(staff(), "DiscountPlan/get_discount_plan_info", asked) == {"discount_plan_info": plan}
    without = {"i_vd_plan": SubscriptionPlan.objects.get(code="rec").pk}
    assert call(staff(), "DiscountPlan/get_discount_plan_info", without) == {}
    topup = fault(staff(), "DiscountPlan/get_topup_option_info", {"i_vd_topup": 3})
    assert topup == "Server.DiscountPlan.get_topup_option_info.not_found"


def test_a_product_is_made_changed_and_removed(catalog: None) -> None:
    info = {"name": "Front desk", "end_user_name": "Desk", "iso_4217": "EUR", "product_addon": "N", "hidden": "N"}
    plan = SubscriptionPlan.objects.get(code="pbx").pk
    made = call(staff(), "Product/add_product", {"product_info": {**info, "i_subscription": str(plan)}})[
        "i_product"
    ]
    product = Product.objects.get(pk=made)
    assert (product.code, product.name, product.plan_id) == ("front-desk", "Front desk", plan)

    change = {"i_product": made, "hidden": "Y", "i_account_role": 3, "i_subscription": None}
    call(staff(), "Product/update_product", {"product_info": change})

    shown = call(staff(), "Product/get_product_info", {"i_product": made})["product_info"]
    assert (shown["name"], shown["hidden"], shown["i_account_role"]) == ("Front desk", "Y", 3)
    assert shown["i_subscription"] is None
    caller = staff()
    assert call(caller, "Product/delete_product", {"i_product": made}) == {"success": 1}
    assert (caller.written[0].before["name"], caller.written[0].after) == ("Front desk", {})
    assert not Product.objects.filter(pk=made).exists()


def test_a_change_leaves_what_is_not_sent(catalog: None) -> None:
    call(staff(), "Product/update_product", {"product_info": {"i_product": pk("pbx"), "description": "for desks"}})

    product = Product.objects.get(code="pbx")
    assert (product.description, product.end_user_name, product.plan and product.plan.code) == (
        "for desks",
        "Extension",
        "pbx",
    )
    assert [one.kind for one in product.tariffs.all()] == ["voice_out"]


def test_what_is_wrong_with_a_product_is_refused(catalog: None, ann: Customer) -> None:
    def refusal(method: str, **info: Any) -> str:
        return fault(staff(), f"Product/{method}", {"product_info": info})

    assert refusal("add_product", description="?") == "Client.Product.add_product.name.missing"
    assert refusal("update_product", name="?") == "Client.Product.update_product.i_product.missing"
    assert refusal("update_product", i_product=10**9) == "Server.Product.update_product.not_found"
    assert refusal("update_product", i_product=pk("pbx"), iso_4217="USD").endswith("iso_4217.invalid")
    assert refusal("update_product", i_product=pk("pbx"), i_account_role=9).endswith("i_account_role.invalid")
    assert fault(staff(), "Product/delete_product", {"i_product": pk("pbx")}).endswith(
        "delete_product.not_allowed"
    )
    for name in ("add_product", "update_product"):
        assert fault(of_customer(ann), f"Product/{name}", {"product_info": {"name": "x"}}).endswith(
            "access_denied"
        )


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    catalog: None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):
        call(staff(), "Product/get_product_list", {"limit": 2})
    with django_assert_num_queries(4):
        call(staff(), "Product/get_product_list")
