"""What is sold: main products and add-ons, which go together, and what they cost by the month."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tollbook.catalog.models import Product
from tollbook.catalog.operations import set_plan, set_platform_tariff, set_product
from tollbook.catalog.queries import allowed_addons
from tollbook.customers.models import Account, AccountProduct, Customer
from tollbook.errors import BadInput

pytestmark = pytest.mark.usefixtures("db")

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def product(code: str, **facts: Any) -> Product:
    return set_product(**{"code": code, "name": code.title(), "tariffs": {}, **facts})


def test_an_add_on_goes_with_the_main_products_it_names() -> None:
    office, attendant, kiosk = product("office"), product("attendant"), product("kiosk")
    product("recording", is_addon=True, goes_with=["office", "attendant"])
    product("fax", is_addon=True, goes_with_any=True)
    product("old", is_addon=True, goes_with_any=True, is_hidden=True)

    assert [one.code for one in allowed_addons(office)] == ["fax", "recording"]
    assert [one.code for one in allowed_addons(attendant)] == ["fax", "recording"]
    assert [one.code for one in allowed_addons(kiosk)] == ["fax"]
    # What is not named any more is taken out of it.
    product("recording", is_addon=True, goes_with=["attendant"])
    assert [one.code for one in allowed_addons(office)] == ["fax"]


def test_a_product_says_what_it_is_to_whom() -> None:
    set_plan(code="line", name="Line", currency="USD", fee=Decimal(6))
    made = product(
        "office",
        plan="line",
        role="phone_line",
        end_user_name="Desk phone",
        needs_approval=True,
        checklist=["Emergency address", "ID seen"],
        features={"call_recording": "no"},
    )
    assert (made.plan is not None, made.role, made.end_user_name) == (True, "phone_line", "Desk phone")
    assert (made.needs_approval, made.checklist) == (True, ["Emergency address", "ID seen"])
    again = product("office")
    assert (again.plan, again.role, again.checklist, again.features) == (None, "universal", [], {})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"goes_with": ["office"]}, "it is a main product, and only an add-on goes with others"),
        ({"goes_with_any": True}, "only an add-on goes with others"),
        ({"is_addon": True, "goes_with": ["fax"]}, "'fax' is an add-on; an add-on goes with main products"),
        ({"is_addon": True, "goes_with": ["offise"]}, "no product 'offise'; did you mean 'office'"),
        ({"role": "robot"}, "role 'robot'"),
        ({"plan": "line2"}, "no plan 'line2'; did you mean 'line'"),
        ({"plan": "line", "tariffs": {"voice_out": "euros"}}, "plan 'line' is in USD, tariff 'euros' in EUR"),
        ({"checklist": [""]}, "a checklist has at most 50 texts"),
        ({"checklist": ["ID", "ID"]}, "checklist item 'ID' is named twice"),
        ({"name": "x" * 201}, "name has 201 characters; the limit is 200"),
    ],
)
def test_a_product_that_cannot_be_is_none(facts: dict[str, Any], message: str) -> None:
    set_plan(code="line", name="Line", currency="USD", fee=Decimal(6))
    set_platform_tariff(name="euros", currency="EUR", recorded_at=NOW)
    product("office")
    product("fax", is_addon=True, goes_with_any=True)
    with pytest.raises(BadInput, match=message):
        product("new", **facts)
    assert Product.objects.count() == 2


def test_what_somebody_has_stays_what_it_is() -> None:
    office, fax = product("office"), product("fax", is_addon=True)
    product("office", is_addon=True)  # nobody has it
    product("office")
    acme = Customer.objects.create(code="acme", name="Acme", currency="USD")
    phone = Account.objects.create(customer=acme, product=office, code="100")
    AccountProduct.objects.create(account=phone, product=fax, is_addon=True, active_from=NOW)

    with pytest.raises(BadInput, match="'office' is in use as a main product and stays one"):
        product("office", is_addon=True)
    with pytest.raises(BadInput, match="'fax' is in use as an add-on and stays one"):
        product("fax")
