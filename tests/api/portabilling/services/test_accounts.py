"""Accounts as staff, customers and accounts themselves make, see and change them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.api.portabilling import callers
from tests.api.portabilling.calling import call, fault
from tests.jobs.agreed import EVA, JUNE_1, JUNE_11, customer, give, product
from tollbook.alarms.models import Alarm
from tollbook.api.portabilling.caller import Caller
from tollbook.catalog.models import Product, SubscriptionPlan
from tollbook.customers.models import Account, Customer, DialCode
from tollbook.customers.operations.service_passwords import service_password
from tollbook.jobs.approve_account import tick
from tollbook.jobs.open_account import open_account

pytestmark = pytest.mark.django_db


def staff(now: datetime = JUNE_11) -> Caller:
    return callers.staff(now)


def them(of: Customer) -> Caller:
    return callers.customer(of, now=JUNE_11)


def itself(of: Account) -> Caller:
    return callers.account(of, now=JUNE_11)


def info(caller: Caller, number: int) -> dict[str, Any]:
    shown: dict[str, Any] = call(caller, "Account/get_account_info", {"i_account": number})["account_info"]
    return shown


def extension(caller: Caller, number: str, wanted: Product, **more: Any) -> dict[str, Any]:
    asked = {"id": number, "i_product": wanted.pk, **more}
    made: dict[str, Any] = call(caller, "Customer/add_customer_extension", asked)
    return made


def update(caller: Caller, number: int, **said: Any) -> dict[str, Any]:
    answer: dict[str, Any] = call(
        caller, "Account/update_account", {"account_info": {"i_account": number, **said}}
    )
    return answer


def refused(caller: Caller, number: int, **said: Any) -> str:
    return fault(caller, "Account/update_account", {"account_info": {"i_account": number, **said}}).rpartition(
        "."
    )[2]


def add(caller: Caller, code: str, wanted: Product, **more: Any) -> int:
    said = {"id": code, "billing_model": 1, "i_product": wanted.pk, **more}
    return int(call(caller, "Account/add_account", {"account_info": said})["i_account"])


def test_the_customer_sees_and_uses_what_is_agreed() -> None:
    pbx, fax = product("pbx"), product("fax")
    acme = customer(pbx=2)
    me = them(acme)
    extension(me, "101", pbx)
    (condition,) = call(me, "Customer/get_agreement_condition_list")["agreement_condition_list"]
    assert (condition["i_product"], condition["max_offered_quantity"], condition["used_quantity"]) == (
        pbx.pk,
        2,
        1,
    )
    second = extension(me, "102", pbx)["i_account"]
    asked = {"id": "103", "i_product": pbx.pk}
    assert fault(me, "Customer/add_customer_extension", asked).endswith("agreement_limit_exceeded")
    asked = {"id": "103", "i_product": fax.pk}
    assert fault(me, "Customer/add_customer_extension", asked).endswith("product_not_in_agreement")
    nothing = {"id": "103", "i_product": 999_999}
    assert fault(me, "Customer/add_customer_extension", nothing).endswith("product_not_in_agreement")
    assert refused(me, second, i_product=fax.pk) == "product_not_in_agreement"
    assert extension(staff(), "103", fax, i_customer=acme.pk)["i_account"]  # staff are not bound by it
    update(me, second, blocked="Y")
    assert fault(me, "Customer/add_customer_extension", {"id": "104", "i_product": pbx.pk}).endswith("_exceeded")
    call(me, "Account/terminate_account", {"i_account": second})
    assert extension(me, "104", pbx)["i_account"]


def test_zero_and_null_are_unlimited_and_others_stay() -> None:
    pbx, fax, _ = product("pbx"), product("fax"), product("sim")
    acme = customer(pbx=1, sim=3)
    said = [{"i_product": pbx.pk, "max_offered_quantity": 0}, {"i_product": fax.pk, "max_offered_quantity": None}]
    asked = {"i_customer": acme.pk, "agreement_condition_list": said}
    assert call(staff(), "Customer/update_agreement_conditions", asked) == {"success": 1}
    listed = call(staff(), "Customer/get_agreement_conditions", {"i_customer": acme.pk})[
        "agreement_condition_list"
    ]
    assert {one["name"]: one["max_offered_quantity"] for one in listed} == {"pbx": 0, "fax": 0, "sim": 3}
    assert fault(them(acme), "Customer/update_agreement_conditions", asked).endswith("access_denied")


def test_an_extension_is_an_account_of_its_name() -> None:
    Customer.objects.create(pk=46170, code="meridian", name="Meridian", currency="USD")
    pbx = product("pbx")
    made = extension(staff(), "4665", pbx, i_customer=46170, name="Reception", published="Y")
    shown = info(staff(), made["i_account"])
    assert (shown["id"], shown["i_account_role"], shown["extension_id"]) == ("ph46170x4665", 1, "4665")
    assert (shown["extension_name"], shown["lastname"], shown["bill_status"]) == ("Reception", "Reception", "O")
    listed = call(staff(), "Customer/get_extensions_list", {"i_customer": 46170, "extension": "4%"})[
        "extensions_list"
    ]
    assert [(one["id"], one["type"], one["published"], one["account_id"]) for one in listed] == [
        ("4665", "Account", "Y", "ph46170x4665")
    ]


def test_only_numbers_given_to_the_customer_become_aliases() -> None:
    pbx = product("pbx")
    acme, beta = customer("acme", pbx=None), customer("beta", pbx=None)
    give(acme, 12094555948)
    give(beta, 12094555949)
    account = extension(them(acme), "101", pbx)["i_account"]
    alias = {"i_master_account": account, "id": "12094555948"}
    made = call(them(acme), "Account/add_alias", {"alias_info": alias})["i_account"]
    assert made > 1_000_000_000_000
    for digits in ("12094555949", "12094555950"):  # somebody else's, and nobody's: the same answer
        other = {"alias_info": {"i_master_account": account, "id": digits}}
        assert fault(them(acme), "Account/add_alias", other).endswith("number_not_available")
    shown = info(them(acme), account)
    assert (shown["did_number"], [one["id"] for one in shown["alias_list"]]) == ("12094555948", ["12094555948"])
    found = call(them(acme), "Account/get_account_list", {"did_number": "1209%"})["account_list"]
    assert [one["i_account"] for one in found] == [account]
    assert fault(them(beta), "Account/delete_alias", {"alias_info": {"i_account": made}}).endswith("access_denied")
    assert call(them(acme), "Account/delete_alias", {"alias_info": {"i_account": made}}) == {"success": 1}
    assert call(them(acme), "Account/get_alias_list", {"i_master_account": account})["alias_list"] == []


def test_what_needs_approval_waits_for_staff() -> None:
    sim = product("sim", needs_approval=True, checklist=["emergency address"])
    acme = customer(sim=None)
    number = add(them(acme), "sim-1", sim)
    assert (info(them(acme), number)["bill_status"], info(them(acme), number)["status"]) == ("I", "inactive")
    assert refused(them(acme), number, bill_status="O") == "waits_for_approval"
    update(them(acme), number, bill_status="I")  # as it was read
    assert refused(staff(), number, bill_status="O") == "not_allowed"  # nobody saw to the address yet
    tick(actor=EVA, account=Account.objects.get(pk=number), item="emergency address", now=JUNE_11)
    update(staff(), number, bill_status="O")
    assert info(them(acme), number)["bill_status"] == "O"


def test_who_blocked_it_unblocks_it() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    number = extension(them(acme), "101", pbx)["i_account"]
    update(them(acme), number, blocked="Y")
    assert (info(them(acme), number)["blocked"], info(them(acme), number)["status"]) == ("Y", "blocked")
    update(them(acme), number, blocked="N")
    assert info(them(acme), number)["blocked"] == "N"
    update(staff(), number, blocked="Y")
    assert refused(them(acme), number, blocked="N") == "blocked_by_administrator"
    assert refused(them(acme), number, lastname="Other") == "blocked_by_administrator"
    gone = fault(them(acme), "Account/terminate_account", {"i_account": number})
    assert gone.endswith("blocked_by_administrator")
    assert info(them(acme), number)["bill_status"] == "O"
    update(staff(), number, blocked="N")
    assert info(them(acme), number)["blocked"] == "N"


def test_products_and_add_ons_change_within_the_agreement() -> None:
    pbx, basic = product("pbx"), product("basic")
    recording, fax = product("recording", is_addon=True), product("to-mail", is_addon=True)
    acme = customer(pbx=1, basic=None, recording=1)
    me = them(acme)
    first = extension(me, "101", pbx)["i_account"]
    second = extension(me, "102", basic)["i_account"]
    update(me, first, assigned_addons=[{"i_product": recording.pk}])
    (addon,) = info(me, first)["assigned_addons"]
    assert (addon["name"], addon["addon_effective_from"]) == ("recording", "2026-06-11 09:00:00")
    assert refused(me, second, assigned_addons=[{"i_product": recording.pk}]) == "agreement_limit_exceeded"
    assert refused(me, first, assigned_addons=[{"i_product": fax.pk}]) == "product_not_in_agreement"
    assert refused(me, second, i_product=pbx.pk) == "agreement_limit_exceeded"
    update(me, first, i_product=basic.pk)  # frees the slot; without assigned_addons they stay
    assert [one["name"] for one in info(me, first)["assigned_addons"]] == ["recording"]
    update(me, second, i_product=pbx.pk)
    update(me, first, assigned_addons=[])
    assert info(me, first)["assigned_addons"] == []
    update(me, second, assigned_addons=[{"i_product": recording.pk}])


def test_an_account_changes_what_is_its_own_and_harmless() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    number = extension(them(acme), "101", pbx)["i_account"]
    me = itself(Account.objects.get(pk=number))
    call(me, "Account/update_account", {"account_info": {"lastname": "Kowalska", "email": "k@example.org"}})
    shown = call(me, "Account/get_account_info")["account_info"]
    assert (shown["lastname"], shown["email"]) == ("Kowalska", "k@example.org")
    for said in (
        {"blocked": "Y"},
        {"i_product": pbx.pk},
        {"h323_password": "Other12345"},
        {"expiration_date": None},
    ):
        asked = {"account_info": said}
        assert fault(me, "Account/update_account", asked).endswith("access_denied"), said
    forward = {"number_info": {"redirect_number": "442079460000", "timeout": 20}}
    made = call(me, "Account/add_followme_number", forward)
    (one,) = call(me, "Account/get_account_followme")["followme_numbers"]
    assert (one["redirect_number"], one["timeout"], one["active"]) == ("442079460000", 20, "Y")
    assert call(me, "Account/delete_followme_number", made) == {"success": 1}
    entry = call(me, "Account/add_phonebook", {"phonebook_info": {"name": "Mum", "phone_number": "48221000001"}})
    assert (
        call(me, "Account/get_phonebook_list", {"name": "mu%"})["phonebook_list"][0]["phone_number"]
        == "48221000001"
    )
    assert call(me, "Account/delete_phonebook", entry) == {"success": 1}
    assert not DialCode.objects.exists()
    forwarding = {"service_features": [{"name": "forward_mode", "flag_value": "C"}]}
    assert call(me, "Account/update_service_features", forwarding)["service_features"][0]["flag_value"] == "C"
    barring = {"service_features": [{"name": "call_barring", "flag_value": "N"}]}
    assert fault(me, "Account/update_service_features", barring).endswith("access_denied")
    assert fault(me, "Account/get_mailbox_message_list") == "Server.Account.unified_messaging_disabled"


def test_features_come_from_the_account_then_the_product_then_the_customer() -> None:
    pbx = product("pbx")
    Product.objects.filter(pk=pbx.pk).update(features={"clip": "Y", "music": "N"})
    acme = customer(pbx=None)
    said = {"i_customer": acme.pk, "service_features": [{"name": "music", "flag_value": "Y"}]}
    said["service_features"] += [{"name": "fax", "flag_value": "Y"}]  # type: ignore[operator]
    call(staff(), "Customer/update_service_features", said)
    number = extension(them(acme), "101", pbx)["i_account"]
    own = {"i_account": number, "service_features": [{"name": "clip", "flag_value": "N"}]}
    features = call(them(acme), "Account/update_service_features", own)["service_features"]
    assert {one["name"]: (one["flag_value"], one["effective_flag_value"]) for one in features} == {
        "clip": ("N", "N"), "fax": ("~", "Y"), "music": ("~", "N")
    }  # fmt: skip


def test_a_subscription_that_uses_up_the_funds_is_noticed_at_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    plan = SubscriptionPlan.objects.create(code="vpn", name="VPN", currency="USD", fee=Decimal(45))
    pbx = product("pbx")
    acme = customer(pbx=None)
    number = extension(them(acme), "101", pbx)["i_account"]
    Customer.objects.filter(pk=acme.pk).update(credit_limit=30)  # 45 × 20/30
    with django_capture_on_commit_callbacks(execute=True):
        asked = {"i_account": number, "subscription_info": {"i_subscription": plan.pk}}
        call(staff(), "Account/add_subscription", asked)
    assert [alarm.subject for alarm in Alarm.objects.all()] == ["acme"]


def test_subscriptions_begin_end_and_are_charged() -> None:
    plan = SubscriptionPlan.objects.create(code="vpn", name="VPN", currency="USD", fee=Decimal(45))
    pbx = product("pbx", monthly="10")
    acme = customer(pbx=None)
    number = extension(them(acme), "101", pbx)["i_account"]
    asked = {"i_account": number, "subscription_info": {"i_subscription": plan.pk}}
    made = call(staff(), "Account/add_subscription", asked)["i_account_subscription"]
    of_product, own = call(them(acme), "Account/get_subscriptions", {"i_account": number})["subscriptions"]
    assert (of_product["name"], of_product["monthly_fee"], of_product["obligatory"]) == ("pbx fee", 10, "Y")
    assert (own["monthly_fee"], own["int_status"], own["start_date"]) == (45, 1, "2026-06-11")
    assert own["billed_to"] == "2026-06-30"  # 20 of 30 days in advance
    # 45 × 20/30 = 30, and 10 × 20/30 = 6.66667
    assert info(staff(), number)["balance"] == Decimal("36.66667")
    brought = {"i_account_subscription": of_product["i_account_subscription"]}
    assert fault(staff(), "Account/close_subscription", brought).endswith("obligatory")
    assert call(staff(), "Account/close_subscription", {"i_account_subscription": made}) == {"success": 1}
    own = call(them(acme), "Customer/get_accounts_subscriptions")["subscriptions"][1]
    assert own["finish_date"] == "2026-06-11"
    assert call(staff(), "Account/activate_subscriptions", {"i_account": number}) == {"success": 1}
    assert call(staff(), "Account/charge_subscription_fees", {"i_account": number}) == {"success": 1}
    assert fault(them(acme), "Account/add_subscription", asked).endswith("access_denied")


def test_the_service_password_is_shown_to_who_asks_for_it_by_name() -> None:
    acme, pbx = customer(), product("pbx")
    number = add(staff(), "desk", pbx, i_customer=acme.pk, h323_password="Sip12345")
    assert "Sip12345" not in str(info(staff(), number))
    asked = {"i_account": number, "get_auth_info": 1}
    assert call(staff(), "Account/get_account_info", asked)["account_info"]["h323_password"] == "Sip12345"
    assert service_password(Account.objects.get(pk=number)).reveal() == "Sip12345"
    caller = staff()
    update(caller, number, h323_password="Other12345")
    assert "Other12345" not in str(caller.written)


def test_what_accounts_cannot_be_here_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    acme, pbx = customer(), product("pbx")
    said = {"id": "desk", "billing_model": 1, "i_product": pbx.pk, "i_customer": acme.pk}
    for field, value in (("billing_model", -1), ("credit_limit", 5), ("i_account_role", 9), ("bill_status", "C")):
        assert fault(staff(), "Account/add_account", {"account_info": {**said, field: value}}).endswith(
            f"{field}.invalid"
        )
    for field in said:
        lacking = {name: value for name, value in said.items() if name != field}
        assert fault(staff(), "Account/add_account", {"account_info": lacking}).endswith(f"{field}.missing")
    assert call(staff(), "Account/validate_account_info", {"account_info": said})["account_info"] == said
    monkeypatch.setenv("TOLLBOOK_API_DEMANDS_BILL_STATUS", "1")
    assert fault(staff(), "Account/add_account", {"account_info": said}).endswith("bill_status.missing")
    assert call(staff(), "Account/add_account", {"account_info": {**said, "bill_status": "O"}})
    assert fault(staff(), "Account/add_account", {"account_info": {**said, "bill_status": "O"}}).endswith(
        "duplicate_id"
    )


def test_an_account_sent_back_as_it_was_read_changes_nothing() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    number = extension(them(acme), "101", pbx)["i_account"]
    before = info(them(acme), number)
    update(staff(), number, **{name: value for name, value in before.items() if name != "balance"})
    assert info(them(acme), number) == before


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31"])
def test_a_day_before_anything_was_billed_is_refused(day: str) -> None:
    acme, pbx = customer(), product("pbx")
    said = {"i_customer": acme.pk, "id": "a", "billing_model": 1, "i_product": pbx.pk, "activation_date": day}
    code = fault(staff(), "Account/add_account", {"account_info": said})
    assert code.startswith("Client.Account.add_account.")
    assert code.endswith("activation_date.invalid")
    number, started = add(staff(), "b", pbx, i_customer=acme.pk), {"i_subscription": 1, "start_date": day}
    asked = {"i_account": number, "subscription_info": started}
    code = fault(staff(), "Account/add_subscription", asked)
    assert code == "Client.Account.add_subscription.subscription_info.start_date.invalid"


def test_expired_comes_after_blocked_and_before_its_customer() -> None:
    acme, pbx = customer(), product("pbx")
    number = add(staff(), "desk", pbx, i_customer=acme.pk, expiration_date="2026-06-11")
    assert Account.objects.get(pk=number).expires_on == date(2026, 6, 11)
    call(staff(), "Customer/suspend_customer", {"i_customer": acme.pk})
    assert (info(staff(), number)["status"], info(staff(), number)["customer_bill_status"]) == ("expired", "S")
    update(staff(), number, expiration_date="2027-01-01")
    assert (info(staff(), number)["status"], info(staff(), number)["is_active"]) == ("customer_suspended", 0)
    call(staff(), "Customer/update_customer", {"customer_info": {"i_customer": acme.pk, "blocked": "Y"}})
    assert (info(staff(), number)["status"], info(staff(), number)["customer_blocked"]) == (
        "customer_blocked",
        "Y",
    )
    update(staff(), number, blocked="Y")
    assert info(staff(), number)["status"] == "blocked"


def test_an_account_may_switch_its_hunt_groups_off() -> None:
    pbx = product("pbx")
    acme = customer(pbx=None)
    made = extension(them(acme), "101", pbx)
    group = {"id": "600", "name": "Sales", "add_extensions": [{"i_c_ext": made["i_c_ext"]}], "pickup_allowed": "Y"}
    number = call(them(acme), "Customer/add_customer_huntgroup", group)["i_c_group"]
    me = itself(Account.objects.get(pk=made["i_account"]))
    assert call(me, "Account/update_huntgroups_subscription", {"unsubscribe": [number]}) == {"success": 1}
    shown = call(them(acme), "Customer/get_huntgroup_info", {"i_c_group": number})["huntgroup_info"]
    assert (shown["assigned_extensions"][0]["hunt_active"], shown["pickup_allowed"]) == ("N", "Y")
    extension(them(acme), "102", pbx)
    added = {"i_c_group": number, "add_extensions": [{"account_id": f"ph{acme.pk}x102"}]}
    call(them(acme), "Customer/update_customer_huntgroup", added)
    shown = call(them(acme), "Customer/get_huntgroup_info", {"i_c_group": number})["huntgroup_info"]
    assert [one["hunt_active"] for one in shown["assigned_extensions"]] == ["N", "Y"]
    assert fault(me, "Account/update_huntgroups_subscription", {"subscribe": [number + 1]}).endswith(
        "access_denied"
    )


def test_a_list_takes_as_many_queries_for_three_hundred_as_for_one() -> None:
    acme, pbx = customer(), product("pbx")
    open_account(actor=EVA, customer=acme, product=pbx, extension="1", now=JUNE_1)
    few = _queries()
    Account.objects.bulk_create(Account(customer=acme, product=pbx, code=f"a{one}") for one in range(299))
    assert _queries() == few <= 15


def _queries() -> int:
    with CaptureQueriesContext(connection) as queries:
        call(staff(), "Account/get_account_list", {"limit": 300, "detailed_info": 1, "with_aliases": 1})
    return len(queries)


def test_the_moment_an_account_was_made_is_told_in_utc() -> None:
    acme, pbx = customer(), product("pbx")
    number = add(callers.staff(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)), "desk", pbx, i_customer=acme.pk)
    assert info(staff(), number)["issue_date"] == "2026-06-30"
