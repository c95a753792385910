"""What can be changed: accounts, customers, aliases, DIDs, money."""

from typing import Any

import pytest

from simulators.faults import Fault
from simulators.portabilling import Simulator
from tests.simulators.portabilling.api import JUNE, Client

NEW = {"i_customer": 46170, "billing_model": 1, "i_product": 311, "id": "48220008001"}


def account(staff: Client, id: str) -> dict[str, Any]:
    return dict(staff.ask("Account/get_account_info", id=id)["account_info"])


def first_of(staff: Client, i_customer: int) -> dict[str, Any]:
    return dict(staff.ask("Account/get_account_list", i_customer=i_customer, limit=1)["account_list"][0])


def test_an_account_is_made_and_read_back(staff: Client) -> None:
    i_account = staff.ask("Account/add_account", account_info=NEW)["i_account"]
    made = account(staff, "48220008001")
    assert made["i_account"] == i_account
    assert (made["i_customer"], made["product_name"], made["bill_status"], made["blocked"]) == (
        46170,
        "Company Voice PLN",
        "O",
        "N",
    )


@pytest.mark.parametrize("field", ["i_customer", "billing_model", "i_product", "id"])
def test_a_missing_field_is_named_with_its_structure(staff: Client, field: str) -> None:
    info = {name: value for name, value in NEW.items() if name != field}
    reply = staff.reply("Account/add_account", account_info=info)
    assert reply.fault == f"Client.Account.add_account.{field}.missing"
    assert reply.json["faultstring"] == f"Missing mandatory field '{field}' of 'account_info'"


def test_a_missing_structure_is_named(staff: Client) -> None:
    assert staff.fault("Account/add_account") == "Client.Account.add_account.account_info.missing"
    assert staff.fault("Customer/update_customer") == "Client.Customer.update_customer.customer_info.missing"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "ph46170x100"}, "duplicate_id"),
        ({"id": "48220000500"}, "duplicate_id"),  # an alias
        ({"i_customer": 1}, "customer_not_found"),
        ({"i_product": 1}, "product_not_found"),
        ({"i_product": 312}, "wrong_currency"),
    ],
)
def test_an_account_that_cannot_be_is_refused(staff: Client, change: dict[str, object], reason: str) -> None:
    fault = staff.fault("Account/add_account", account_info=NEW | change)
    assert fault == f"Server.Account.add_account.{reason}"


def test_an_account_is_blocked_and_unblocked(staff: Client) -> None:
    i_account = account(staff, "ph46171x100")["i_account"]
    for blocked, status in (("Y", "blocked"), ("N", None)):
        staff.ask("Account/update_account", account_info={"i_account": i_account, "blocked": blocked})
        now = account(staff, "ph46171x100")
        assert (now["blocked"], now.get("status"), now["is_active"]) == (blocked, status, int(status is None))


@pytest.mark.parametrize("value", [1, True, "yes", ""])
def test_blocked_is_y_or_n_and_nothing_else(staff: Client, value: object) -> None:
    info = {"i_account": account(staff, "ph46171x100")["i_account"], "blocked": value}
    assert (
        staff.fault("Account/update_account", account_info=info) == "Client.Account.update_account.blocked.invalid"
    )
    info = {"i_customer": 46171, "blocked": value}
    assert staff.fault("Customer/update_customer", customer_info=info) == (
        "Client.Customer.update_customer.blocked.invalid"
    )


def test_a_blocked_customer_blocks_its_accounts(staff: Client) -> None:
    staff.ask("Customer/update_customer", customer_info={"i_customer": "46171", "blocked": "Y"})
    assert staff.ask("Customer/get_customer_info", i_customer=46171)["customer_info"]["status"] == "blocked"
    assert account(staff, "ph46171x100")["status"] == "customer_blocked"
    assert account(staff, "ph46171x100")["blocked"] == "N"


def test_a_suspended_customer_is_taken_up_again(staff: Client) -> None:
    assert first_of(staff, 46181)["status"] == "customer_suspended"
    assert staff.ask("Customer/unsuspend_customer", i_customer=46181) == {"success": 1}
    assert "status" not in first_of(staff, 46181)
    fault = staff.fault("Customer/unsuspend_customer", i_customer=46181)
    assert fault == "Server.Customer.unsuspend_customer.wrong_status"


def test_a_terminated_account_keeps_its_row_and_frees_its_id_and_did(staff: Client) -> None:
    old = account(staff, "ph46171x100")
    assert staff.ask("Account/terminate_account", i_account=old["i_account"]) == {"success": 1}
    kept = account(staff, "ph46171x100-old000")
    assert (kept["i_account"], kept["bill_status"], kept["status"]) == (old["i_account"], "C", "closed")
    assert staff.ask("DID/get_number_info", number=old["did_number"])["number_info"]["i_account"] is None
    again = staff.ask("Account/add_account", account_info=NEW | {"i_customer": 46171, "id": "ph46171x100"})
    staff.ask("Account/terminate_account", i_account=again["i_account"])
    assert account(staff, "ph46171x100-old001")["i_account"] == again["i_account"]
    info = {"i_account": old["i_account"], "blocked": "N"}
    assert (
        staff.fault("Account/update_account", account_info=info) == "Server.Account.update_account.account_closed"
    )


def test_a_terminated_customer_takes_its_accounts_along(staff: Client) -> None:
    assert staff.ask("Customer/terminate_customer", i_customer=46172) == {"success": 1}
    accounts = staff.ask("Account/get_account_list", i_customer=46172)["account_list"]
    assert {one["bill_status"] for one in accounts} == {"C"}


def test_a_customer_is_made_with_a_name_and_a_currency(staff: Client) -> None:
    made = staff.ask("Customer/add_customer", customer_info={"name": "Nowy", "iso_4217": "PLN"})
    info = staff.ask("Customer/get_customer_info", name="Nowy")["customer_info"]
    assert (info["i_customer"], info["bill_status"], info["balance"]) == (made["i_customer"], "O", 0)
    for field in ("name", "iso_4217"):
        short = {name: value for name, value in {"name": "N", "iso_4217": "PLN"}.items() if name != field}
        assert staff.fault("Customer/add_customer", customer_info=short) == (
            f"Client.Customer.add_customer.{field}.missing"
        )
    again = staff.fault("Customer/add_customer", customer_info={"name": "Nowy", "iso_4217": "PLN"})
    assert again == "Server.Customer.add_customer.duplicate_name"


def test_the_currency_is_for_ever_and_numbers_stay_numbers(staff: Client) -> None:
    change = {"i_customer": 46170, "iso_4217": "USD", "i_billing_period": "2", "note": "changed"}
    staff.ask("Customer/update_customer", customer_info=change)
    info = staff.ask("Customer/get_customer_info", i_customer=46170)["customer_info"]
    assert (info["iso_4217"], info["i_billing_period"], info["note"]) == ("PLN", 2, "changed")


def test_an_alias_is_given_and_taken(staff: Client) -> None:
    master = first_of(staff, 46174)["i_account"]
    alias = {"i_master_account": master, "id": "48220008002"}
    i_alias = staff.ask("Account/add_alias", alias_info=alias)["i_account"]
    listed = staff.ask("Account/get_alias_list", i_master_account=master)["alias_list"]
    assert [(one["i_account"], one["id"], one["billing_model"]) for one in listed] == [(i_alias, "48220008002", 2)]
    assert staff.fault("Account/add_alias", alias_info=alias) == "Server.Account.add_alias.duplicate_id"
    assert staff.ask("Account/delete_alias", alias_info={"id": "48220008002"}) == {"success": 1}
    assert staff.fault("Account/delete_alias", alias_info={"id": "48220008002"}) == (
        "Server.Account.delete_alias.alias_not_found"
    )


def test_a_did_goes_to_a_customer_then_to_an_account_and_back(staff: Client) -> None:
    made = staff.ask("DID/add_number", number_info={"number": "48220009300"})
    assert staff.ask("DID/assign_did_to_customer", i_customer=46174, **made) == {"success": 1}
    master = first_of(staff, 46174)["i_account"]
    assert staff.ask("DID/assign_did_to_account", i_master_account=master, **made) == {"success": 1}
    assert account(staff, "48220009300")["i_master_account"] == master
    assert staff.fault("DID/assign_did_to_account", i_master_account=master, **made) == (
        "Server.DID.assign_did_to_account.already_assigned"
    )
    staff.ask("DID/release_number", number="48220009300")
    assert staff.ask("Account/get_account_info", id="48220009300") == {}


@pytest.mark.parametrize(
    ("action", "difference"),
    [
        ("Manual payment", -12.5),
        ("MANUAL PAYMENT", -12.5),
        ("Manual Credit", -12.5),
        ("promotional credit", -12.5),
        ("Manual Charge", 12.5),
        ("Refund", 12.5),
        ("Authorization only", 0),
    ],
)
def test_money_moves_the_balance_whatever_the_case_of_the_letters(
    staff: Client, action: str, difference: float
) -> None:
    before = staff.ask("Customer/get_customer_info", i_customer=46170)["customer_info"]["balance"]
    answer = staff.ask("Customer/make_transaction", i_customer=46170, action=action, amount="12.50")
    assert round(answer["balance"] - before, 5) == difference
    assert {"i_payment_transaction", "transaction_id", "authorization", "result_code", "i_xdr"} <= set(answer)


def test_money_paid_to_a_debit_account_is_money_left(staff: Client) -> None:
    i_account = staff.ask("Account/add_account", account_info=NEW | {"billing_model": "-1"})["i_account"]
    paid = staff.ask("Account/make_transaction", i_account=i_account, action="Manual payment", amount=20)
    spent = staff.ask("Account/make_transaction", i_account=i_account, action="Manual charge", amount="0.33333")
    assert (paid["balance"], spent["balance"]) == (20, 19.66667)


def test_a_payment_is_an_xdr_of_the_customer(staff: Client) -> None:
    given = {"action": "Manual payment", "amount": 7, "transaction_id": "bank-1", "visible_comment": "Thanks"}
    answer = staff.ask("Customer/make_transaction", i_customer=46170, **given)
    assert answer["transaction_id"] == "bank-1"
    july = {"from_date": "2017-07-02 00:00:00", "to_date": "2017-07-03 00:00:00"}
    xdrs = staff.ask("Customer/get_customer_xdrs", i_customer=46170, **july)["xdr_list"]
    assert [(one["i_xdr"], one["charged_amount"], one["account_id"], one["description"]) for one in xdrs] == [
        (answer["i_xdr"], -7, "", "Thanks")
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"action": "Steal"}, "Client.Customer.make_transaction.action.invalid"),
        ({"amount": "-1"}, "Client.Customer.make_transaction.amount.invalid"),
        ({"amount": "much"}, "Client.Customer.make_transaction.amount.invalid"),
        ({"amount": None}, "Client.Customer.make_transaction.amount.missing"),
        ({"i_customer": 1}, "Server.Customer.make_transaction.customer_not_found"),
    ],
)
def test_a_transaction_without_sense_is_refused(staff: Client, change: dict[str, object], fault: str) -> None:
    given: dict[str, object] = {"i_customer": 46170, "action": "Manual payment", "amount": "1"}
    assert staff.fault("Customer/make_transaction", **given | change) == fault


def test_a_password_is_changed_with_the_old_one(platform: Simulator, staff: Client) -> None:
    given = {"i_customer": 46170, "old_password": "Secret46170", "new_password": "Better2017"}
    assert staff.ask("Customer/change_password", **given) == {"success": 1}
    assert Client(platform, realm="customer", login="c46170", password="Better2017")
    i_account = account(staff, "ph46170x100")["i_account"]
    given = {"i_account": i_account, "old_password": "wrong", "new_password": "Better2017"}
    assert set(staff.ask("Account/change_password", **given)["errors"]) == {"old_password"}


def test_passwords_are_shown_to_nobody_but_staff_who_ask(platform: Simulator, staff: Client) -> None:
    i_account = account(staff, "ph46170x100")["i_account"]
    assert "password" not in account(staff, "ph46170x100")
    shown = staff.ask("Account/get_account_info", i_account=i_account, get_auth_info=1)["account_info"]
    assert shown["password"] == f"Secret{i_account}"
    assert "password" not in staff.ask("Customer/get_customer_info", i_customer=46170)["customer_info"]
    customer = Client(platform, realm="customer", login="c46170", password="Secret46170")
    shown = customer.ask("Account/get_account_info", i_account=i_account, get_auth_info=1)["account_info"]
    assert "password" not in shown


def test_the_disaster_site_reads_and_does_not_write(platform: Simulator, staff: Client) -> None:
    platform.app.standalone = True
    assert staff.ask("Customer/get_customer_list", limit=1)
    assert staff.fault("Account/add_account", account_info=NEW) == "standalone_mode"


def test_any_code_can_be_ordered_for_any_request(platform: Simulator, staff: Client) -> None:
    platform.refuse("46170", "Server.Session.cannot_login_brute_force_activity")
    assert staff.ask("Customer/get_customer_info", i_customer=46171)
    assert staff.fault("Customer/get_customer_xdrs", i_customer=46170, **JUNE) == (
        "Server.Session.cannot_login_brute_force_activity"
    )
    assert staff.ask("Customer/get_customer_xdrs", i_customer=46170, **JUNE)


def test_a_write_that_was_done_and_not_answered_is_seen_in_the_log(platform: Simulator, staff: Client) -> None:
    platform.faults.add(Fault("timeout_after", match="add_account"))
    with pytest.raises(ConnectionError):
        staff.reply("Account/add_account", account_info=NEW)
    assert account(staff, "48220008001")
    log = platform.faults.requests()["log"]
    assert [one["fault"] for one in log if "add_account" in one["path"]] == ["timeout_after"]
