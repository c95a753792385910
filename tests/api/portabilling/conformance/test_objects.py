"""Making, changing and ending things, with what the vendor's guides show."""

from typing import Any

import pytest

from tests.api.portabilling.conformance.wire import Params, Said, Wire
from tests.api.portabilling.served import PASSWORD, STAFF, Served


class Staff:
    """Somebody logged in, calling by the encoding that most clients use."""

    def __init__(self, wire: Wire, login: str = STAFF) -> None:
        self.wire = wire
        self.session = wire.login(login, PASSWORD)["session_id"]

    def say(self, method: str, params: Params) -> Said:
        return self.wire.form(method, params, {"session_id": self.session})

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        return self.say(method, params).json


@pytest.fixture
def staff(admin: Wire) -> Staff:
    return Staff(admin)


@pytest.fixture
def meridian(customer: Wire) -> Staff:
    return Staff(customer, "meridian")


def test_a_customer_needs_a_name_and_a_currency(staff: Staff) -> None:
    made = staff("Customer/add_customer", customer_info={"name": "Minimal", "iso_4217": "EUR"})
    assert set(made) == {"i_customer"}
    for lacking in ("name", "iso_4217"):
        info = {"name": "Other", "iso_4217": "EUR"}
        del info[lacking]
        said = staff.say("Customer/add_customer", {"customer_info": info})
        assert lacking in said.faultstring
        assert "customer_info" in said.faultstring
        assert said.fault.startswith("Client.Customer.add_customer.")
    again = staff.say("Customer/add_customer", {"customer_info": {"name": "Minimal", "iso_4217": "EUR"}})
    assert again.fault == "Server.Customer.add_customer.duplicate_id"
    changed = staff("Customer/update_customer", customer_info={"i_customer": made["i_customer"], "city": "Gdynia"})
    assert changed == made
    info = staff("Customer/get_customer_info", i_customer=made["i_customer"])["customer_info"]
    assert (info["name"], info["iso_4217"], info["city"]) == ("Minimal", "EUR", "Gdynia")
    assert staff("Customer/terminate_customer", i_customer=made["i_customer"]) == {"success": 1}
    info = staff("Customer/get_customer_info", i_customer=made["i_customer"])["customer_info"]
    assert (info["bill_status"], info["status"]) == ("C", "closed")


def test_an_account_is_made_without_bill_status_as_clients_do(staff: Staff, served: Served) -> None:
    wanted = {
        "i_customer": "46170",
        "billing_model": 1,
        "i_product": served.product("Cloud PBX"),
        "id": "made-by-hand",
        "blocked": False,
    }
    made = staff("Account/add_account", account_info=wanted)
    assert set(made) >= {"i_account"}
    info = staff("Account/get_account_info", i_account=made["i_account"])["account_info"]
    assert (info["id"], info["blocked"], info["bill_status"]) == ("made-by-hand", "N", "O")
    for field in ("i_customer", "billing_model", "i_product", "id"):
        lacking = {name: value for name, value in wanted.items() if name != field}
        said = staff.say("Account/add_account", {"account_info": {**lacking}})
        assert field in said.faultstring, field
        assert "account_info" in said.faultstring
    assert staff.say("Account/add_account", {"account_info": wanted}).fault.endswith(".duplicate_id")


def test_an_ended_account_stays_listed_and_its_id_is_free(staff: Staff, served: Served) -> None:
    wanted = {
        "i_customer": 46170,
        "billing_model": 1,
        "i_product": served.product("Cloud PBX"),
        "id": "used-twice",
    }
    first = staff("Account/add_account", account_info=wanted)["i_account"]
    assert staff("Account/terminate_account", i_account=first) == {"success": 1}
    second = staff("Account/add_account", account_info=wanted)["i_account"]
    assert second != first
    old = staff("Account/get_account_info", i_account=first)["account_info"]
    assert (old["bill_status"], old["status"]) == ("C", "closed")
    assert old["id"].startswith("used-twice")
    listed = staff("Account/get_account_list", i_customer=46170, limit=1000)["account_list"]
    assert {first, second} <= {one["i_account"] for one in listed}
    open_ones = staff("Account/get_account_list", i_customer=46170, limit=1000, get_not_closed_accounts=1)
    assert first not in {one["i_account"] for one in open_ones["account_list"]}


def test_extension_4665_is_the_account_of_the_guide(meridian: Staff, served: Served) -> None:
    made = meridian(
        "Customer/add_customer_extension", id="4665", i_product=served.product("Cloud PBX"), name="Desk"
    )
    info = meridian("Customer/get_customer_extension_info", i_c_ext=made["i_c_ext"])["extension_info"]
    assert (info["id"], info["type"], info["published"]) == ("4665", "Account", "N")
    account = meridian("Account/get_account_info", i_account=info["i_account"])["account_info"]
    assert (account["id"], account["i_account_role"]) == ("ph46170x4665", 1)


def test_an_auto_attendant_takes_its_did_as_an_alias(meridian: Staff, staff: Staff, served: Served) -> None:
    wanted = {
        "i_customer": 46170,
        "billing_model": 1,
        "i_product": served.product("Auto Attendant"),
        "id": "ph46170aa1",
        "i_account_role": 3,
    }
    made = staff("Account/add_account", account_info=wanted)["i_account"]
    alias = {"i_master_account": made, "id": "12094555948"}
    assert meridian("Account/add_alias", alias_info=alias)["i_account"] > 0
    listed = meridian("Account/get_alias_list", i_master_account=made)["alias_list"]
    assert [one["id"] for one in listed] == ["12094555948"]
    assert meridian("Account/delete_alias", alias_info=alias) == {"success": 1}
    assert meridian("Account/get_alias_list", i_master_account=made)["alias_list"] == []
    foreign = meridian.say("Account/add_alias", {"alias_info": {"i_master_account": made, "id": "12094550000"}})
    assert foreign.fault  # a number of nobody's


def test_the_agreement_is_said_and_read(staff: Staff, served: Served) -> None:
    product = served.product("Fax")
    said = staff(
        "Customer/update_agreement_conditions",
        i_customer=46170,
        agreement_condition_list=[{"i_product": product, "max_offered_quantity": 2}],
    )
    assert said
    listed = staff("Customer/get_agreement_condition_list", i_customer=46170)["agreement_condition_list"]
    assert next(one for one in listed if one["i_product"] == product)["max_offered_quantity"] == 2


def test_a_hunt_group_rings_its_extensions(meridian: Staff) -> None:
    extensions = meridian("Customer/get_extensions_list", extension="10_")["extensions_list"]
    made = meridian(
        "Customer/add_customer_huntgroup",
        id="600",
        name="Sales",
        hunt_sequence="Simultaneous",
        pickup_allowed="Y",
        add_extensions=[{"i_c_ext": one["i_c_ext"]} for one in extensions],
    )["i_c_group"]
    info = meridian("Customer/get_huntgroup_info", i_c_group=made)["huntgroup_info"]
    assert (info["id"], info["name"]) == ("600", "Sales")
    assert [one["id"] for one in info["assigned_extensions"]] == ["101", "102"]
    assert {one["hunt_active"] for one in info["assigned_extensions"]} == {"Y"}
    listed = meridian("Customer/get_huntgroup_list", get_total=1)
    assert listed["total"] == len(listed["huntgroup_list"]) == 1
    assert meridian("Customer/update_customer_huntgroup", i_c_group=made, name="Support")["i_c_group"] == made
    assert meridian("Customer/delete_customer_huntgroup", i_c_group=made) == {"success": 1}


@pytest.mark.parametrize("action", ["Manual payment", "Manual Payment", "manual payment"])
def test_actions_may_be_written_in_any_case(staff: Staff, action: str) -> None:
    before = staff("Customer/get_customer_info", i_customer=46171)["customer_info"]["balance"]
    paid = staff("Customer/make_transaction", i_customer=46171, action=action, amount="1")
    assert paid["i_payment_transaction"]
    assert paid["balance"] == pytest.approx(before - 1)


def test_one_transaction_id_is_one_transaction(staff: Staff) -> None:
    wanted = {"i_customer": 46171, "action": "Manual payment", "amount": 5.25, "transaction_id": "bank-0001"}
    first, second = (staff("Customer/make_transaction", **wanted) for _ in range(2))
    assert first == second
    other = staff.say("Customer/make_transaction", {**wanted, "amount": 6})
    assert "bank-0001" in other.faultstring


def test_charges_raise_and_credits_lower_what_is_owed(staff: Staff) -> None:
    before = staff("Customer/get_customer_info", i_customer=46171)["customer_info"]["balance"]
    owed = staff("Customer/make_transaction", i_customer=46171, action="Manual charge", amount=10)["balance"]
    assert owed == pytest.approx(before + 10)
    left = staff("Customer/make_transaction", i_customer=46171, action="Manual credit", amount=4)["balance"]
    assert left == pytest.approx(before + 6)


def test_blocked_by_an_administrator_stays_blocked_for_the_customer(staff: Staff, meridian: Staff) -> None:
    account = staff("Account/get_account_info", id="ph46170x102")["account_info"]["i_account"]
    assert meridian("Account/update_account", account_info={"i_account": account, "blocked": "Y"})
    assert meridian("Account/update_account", account_info={"i_account": account, "blocked": "N"})
    staff("Account/update_account", account_info={"i_account": account, "blocked": "Y"})
    said = meridian.say("Account/update_account", {"account_info": {"i_account": account, "blocked": "N"}})
    assert said.fault
    info = staff("Account/get_account_info", i_account=account)["account_info"]
    assert (info["blocked"], info["status"]) == ("Y", "blocked")
    staff("Account/update_account", account_info={"i_account": account, "blocked": "N"})


def test_extensions_come_from_a_file(customer: Wire) -> None:
    bearer = customer.bearer("meridian", PASSWORD)
    rows = "\n".join(f"{number},Desk {number},,,,,Cloud PBX," for number in range(701, 713))
    head = "Extension number,Name,DID numbers,Published,Email,Timezone,Product,Huntgroup\n"
    said = customer.multipart(
        "Customer/upload_extensions", {}, None, ("extensions.csv", (head + rows).encode()), headers=bearer
    )
    assert said.status == 200, said.body
    listed = customer.object(
        "Customer/get_extensions_list", {"extension": "7__", "limit": 50}, headers=bearer
    ).json
    assert [one["id"] for one in listed["extensions_list"]] == [str(number) for number in range(701, 713)]
    again = customer.multipart(
        "Customer/upload_extensions", {}, None, ("extensions.csv", (head + rows).encode()), headers=bearer
    )
    assert "701" in again.body.decode()  # taken, and said so; nothing is made twice
    assert (
        customer.object("Customer/get_extensions_list", {"extension": "7__", "limit": 50}, headers=bearer).json
        == listed
    )
